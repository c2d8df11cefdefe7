import CanonicalCoding
import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes
import WebServing

extension MarketAPI {
    /// The most entries that one page of a filtered list looks at.
    static let scannedEntriesMax = 1024

    /// An entry, decoded, and the height that it was read at; nil if there is none.
    func read<Value: CanonicalCodable>(
        _ type: Value.Type,
        _ key: StateKey
    ) async throws -> (value: Value, height: BlockHeight)? {
        let entry = try await ledger.entry(key, proven: false)
        guard let bytes = entry.value else { return nil }
        return (try Self.decode(type, bytes), entry.height)
    }

    static func decode<Value: CanonicalCodable>(
        _ type: Value.Type,
        _ bytes: [UInt8]
    ) throws(LedgerClientError) -> Value {
        do {
            return try Value(canonicalBytes: bytes)
        } catch {
            throw LedgerClientError(.malformedAnswer, "an entry of the state does not decode")
        }
    }

    /// Reads a thing by its name and shows it.
    func one<Value: CanonicalCodable>(
        _ type: Value.Type,
        _ key: StateKey,
        _ what: String,
        _ make: (Value) async throws -> JSON
    ) async throws -> APIAnswer {
        guard let (value, height) = try await read(type, key) else {
            throw Problem.notFound(what)
        }
        return .one(try await make(value), at: height)
    }

    /// A page of the entries under a prefix, in order of their keys.
    ///
    /// - Parameter make: shows an entry, or returns nil to leave it out.
    func list(
        _ request: APIRequest,
        under prefix: StateKey,
        _ make: (StateListing) async throws -> JSON?
    ) async throws -> APIAnswer {
        let height = try await ledger.status().height
        let cursor = QuestionCursor(request)
        var after = try cursor.key(request.text("cursor"), under: prefix.bytes)
            .map { StateKey(bytes: $0) }
        var items: [JSON] = []
        var scanned = 0
        while true {
            // Where entries are left out, most may be: then it asks for all that it may look at.
            let isFiltered = items.count < scanned
            let wanted =
                isFiltered
                ? Self.scannedEntriesMax - scanned + 1 : request.limit - items.count + 1
            let page = try await ledger.entries(
                prefix: prefix,
                after: after,
                limit: min(256, wanted)
            )
            if page.isEmpty { return .list(items, next: nil, at: height) }
            for listing in page {
                guard listing.key.bytes.starts(with: prefix.bytes),
                    after.map({ $0 < listing.key }) ?? true
                else { throw LedgerClientError(.malformedAnswer, "a list is out of order") }
                if items.count == request.limit || scanned == Self.scannedEntriesMax {
                    return .list(items, next: after.map { cursor.text($0.bytes) }, at: height)
                }
                if let item = try await make(listing) { items.append(item) }
                after = listing.key
                scanned += 1
            }
        }
    }
}

extension StateKey {
    /// What the keys of kinds of entries begin with of which the ledger itself never lists all
    /// (docs/spec/ledger.md).
    static let allChannels = StateKey(bytes: [0x20])
    static let allBonds = StateKey(bytes: [0x30])
    static let allPasses = StateKey(bytes: [0x63])
    static let allOrders = StateKey(bytes: [0x6c])
}

extension StateListing {
    /// The digest that the key ends with.
    var name: Digest {
        get throws(LedgerClientError) {
            guard let digest = Digest(bytes: key.bytes.suffix(Digest.byteCount)) else {
                throw LedgerClientError(.malformedAnswer, "a key of a list is too short")
            }
            return digest
        }
    }
}

/// Where a page of a list in order of keys ended, for one question: the same cursor in another is
/// refused.
struct QuestionCursor {
    private let fingerprint: [UInt8]

    init(_ request: APIRequest) {
        let ignored = ["limit", "cursor", "fields"]
        let query = request.query.filter { !ignored.contains($0.key) }.sorted { $0.key < $1.key }
        let path = request.path.sorted { $0.key < $1.key }
        let parts = [request.operation.id] + path.map { "\($0.key)=\($0.value)" }
        let question = parts + query.map { "\($0.key)=\($0.value.line)" }
        let text = question.joined(separator: "\n")
        fingerprint = Array(Digest(sha256: Array(text.utf8)).bytes.prefix(8))
    }

    func text(_ key: [UInt8]) -> String { Hex.encode(fingerprint + key) }

    /// The key behind which the page begins; nil for the first.
    func key(_ text: String?, under prefix: [UInt8] = []) throws(Problem) -> [UInt8]? {
        guard let text else { return nil }
        guard let bytes = Hex.decode(text), Hex.encode(bytes) == text,
            bytes.starts(with: fingerprint + prefix),
            (1...StateKey.bytesMax).contains(bytes.count - fingerprint.count)
        else { throw .badRequest("is not one of this question", at: "?cursor") }
        return Array(bytes.dropFirst(fingerprint.count))
    }
}
