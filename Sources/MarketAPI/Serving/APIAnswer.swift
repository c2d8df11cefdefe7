import HTTPTypes
import Hummingbird
import LedgerIndex
import MarketTypes

/// What an operation answers, before it is written down.
struct APIAnswer: Sendable {
    /// How long an answer stays true.
    enum Freshness: String, Sendable {
        /// It may change with the next block: caches ask again, with the answer's tag.
        case current = "no-cache"
        /// It never changes: it is of a block, or of the contract's own version.
        case settled = "public, max-age=31536000, immutable"
        /// It is for the asker alone.
        case personal = "no-store"
    }

    var status = HTTPResponse.Status.ok
    /// The document.
    var document: JSON
    /// The height it is of; nil if it depends on no block.
    var height: BlockHeight?
    var freshness = Freshness.current
    /// Further fields of the head.
    var headers: HTTPFields = [:]
    /// Whether it is a list, whose items `fields` is about.
    var isList = false
    /// Writes an answer that has no end; the document is nothing then.
    var stream: (@concurrent @Sendable (inout any ResponseBodyWriter) async throws -> Void)?

    /// One object.
    static func one(
        _ document: JSON,
        at height: BlockHeight?,
        _ freshness: Freshness = .current
    ) -> APIAnswer {
        APIAnswer(document: document, height: height, freshness: freshness)
    }

    /// A part of a list.
    static func list(_ items: [JSON], next: String?, at height: BlockHeight) -> APIAnswer {
        let document = JSON.object(
            "list",
            [
                ("data", .array(items)), ("has_more", .flag(next != nil)),
                ("next_cursor", .optional(next)), ("height", .height(at: height)),
            ]
        )
        return APIAnswer(document: document, height: height, isList: true)
    }

    /// A page of the index.
    static func page<Item>(_ page: Page<Item>, _ make: (Item) -> JSON) -> APIAnswer {
        list(page.items.map(make), next: page.next, at: page.height)
    }

    /// The document with those members alone, of each item if it is a list; kind and name stay.
    func choosing(_ fields: [String]?) -> APIAnswer {
        guard let fields else { return self }
        var answer = self
        if isList, let members = document.members {
            answer.document = .object(
                members.map { member in
                    guard member.name == "data", let items = member.value.elements else {
                        return member
                    }
                    return (member.name, .array(items.map { Self.choose(fields, $0) }))
                }
            )
        } else {
            answer.document = Self.choose(fields, document)
        }
        return answer
    }

    private static func choose(_ fields: [String], _ item: JSON) -> JSON {
        guard let members = item.members else { return item }
        let kept = members.filter {
            fields.contains($0.name) || $0.name == "object" || $0.name == "id"
        }
        return .object(kept)
    }

    /// What the answer's tag is made of: all but the height, which each block changes.
    var taggedBytes: [UInt8] {
        guard isList, let members = document.members else { return document.bytes }
        return JSON.object(members.filter { $0.name != "height" }).bytes
    }
}
