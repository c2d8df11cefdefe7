import LedgerIndex
import WebServing

/// The AsyncAPI document, read once: what is served, and what each message of a client is checked
/// against.
struct FeedContract: Sendable {
    /// The document as it is served.
    let document: JSON
    private let schemas: SchemaTable
    private let messages: [String: SchemaTable.Place]

    /// Reads the document that this program was built with.
    static func load() throws(ContractError) -> FeedContract {
        let document = try ContractText.tree(FeedContractText.text)
        guard let components = document["components"] else { throw .missing("components") }
        var schemas = SchemaTable(components: components)
        var messages: [String: SchemaTable.Place] = [:]
        for name in ["Subscribe", "Unsubscribe"] {
            guard let payload = components["messages"]?[name]?["payload"] else {
                throw .missing("message \(name)")
            }
            let kind = payload["properties"]?["type"]?["const"]?.string ?? ""
            messages[kind] = try schemas.add(payload)
        }
        return FeedContract(document: document, schemas: schemas, messages: messages)
    }

    /// Reads what a client says.
    ///
    /// - Throws: ``Problem`` for anything that is not in the document.
    func read(_ bytes: [UInt8]) throws(Problem) -> FeedRequest {
        let tree: JSON
        do {
            tree = try JSONReading.object(bytes)
        } catch {
            throw .badRequest("is no JSON object that is taken here: \(error)", at: "#")
        }
        guard let kind = tree["type"]?.string, let place = messages[kind] else {
            throw .badRequest("must be subscribe or unsubscribe", at: "#/type")
        }
        let faults = schemas.faults(in: tree, place, at: "#")
        guard faults.isEmpty else { throw .badRequest(faults) }
        var topics: Set<FeedTopic> = []
        for (index, text) in (tree["topics"]?.elements ?? []).enumerated() {
            guard let topic = FeedTopic(text: text.string ?? "") else {
                throw .badRequest("is no topic", at: "#/topics/\(index)")
            }
            topics.insert(topic)
        }
        guard kind == "subscribe" else { return .unsubscribe(topics) }
        guard let text = tree["cursor"]?.string else { return .subscribe(topics, nil) }
        guard let cursor = FeedPosition(text: text) else {
            throw .badRequest("is no place", at: "#/cursor")
        }
        return .subscribe(topics, cursor)
    }
}

/// What a client asks of a feed.
enum FeedRequest: Hashable, Sendable {
    case subscribe(Set<FeedTopic>, FeedPosition?)
    case unsubscribe(Set<FeedTopic>)
}
