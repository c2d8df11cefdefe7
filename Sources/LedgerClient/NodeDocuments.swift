import CanonicalCoding
import Identity
public import LedgerCore
import MarketTypes

/// The JSON documents that a node speaks (docs/spec/node-api.md).
///
/// Numbers that may exceed 2⁵³ are strings; what is hashed or proven is canonical bytes in hex.
public enum NodeDocuments {
    /// The answer to `GET /stoa/v1/status`.
    public struct Status: Codable, Sendable {
        let chain, name: String
        let height, timeMilliseconds: UInt64
        let stateRoot, feeMinimumObol, feePerByteObol: String
        let closingDelayBlocks, unbondingDelayBlocks: UInt64
        /// The canonical parameters in hex.
        let parameters: String

        /// Writes a status down.
        public init(_ status: LedgerStatus) {
            chain = status.chain.digest.description
            name = status.name
            height = status.height.rawValue
            timeMilliseconds = status.time.milliseconds
            stateRoot = status.stateRoot.description
            feeMinimumObol = String(status.parameters.feeMinimum.obol)
            feePerByteObol = String(status.parameters.feePerByte.obol)
            closingDelayBlocks = status.parameters.closingDelayBlocks
            unbondingDelayBlocks = status.parameters.unbondingDelayBlocks
            parameters = Hex.encode(status.parameters.canonicalBytes)
        }

        func status() throws(LedgerClientError) -> LedgerStatus {
            LedgerStatus(
                chain: ChainID(try digest(chain)),
                name: name,
                height: BlockHeight(height),
                time: Timestamp(milliseconds: timeMilliseconds),
                stateRoot: try digest(stateRoot),
                parameters: try decode(LedgerParameters.self, parameters)
            )
        }
    }

    /// The answer to `POST /stoa/v1/transactions`.
    public struct Outcome: Codable, Sendable {
        let digest: String
        let height: UInt64
        let code: UInt32
        let refusal: String?
        /// The canonical result in hex.
        let result: String

        /// Writes an outcome down.
        public init(_ outcome: TransactionOutcome) {
            digest = outcome.digest.description
            height = outcome.height.rawValue
            code = outcome.result.code
            refusal = outcome.result.refusal?.name
            result = Hex.encode(outcome.result.canonicalBytes)
        }

        func outcome() throws(LedgerClientError) -> TransactionOutcome {
            TransactionOutcome(
                digest: try NodeDocuments.digest(digest),
                height: BlockHeight(height),
                result: try decode(TransactionResult.self, result)
            )
        }
    }

    /// The answer to `GET /stoa/v1/state/<key>`.
    public struct Entry: Codable, Sendable {
        let height: UInt64
        let value, proof, header: String?

        /// Writes an entry down.
        public init(_ entry: StateEntry) {
            height = entry.height.rawValue
            value = entry.value.map { Hex.encode($0) }
            proof = entry.proof.map { Hex.encode($0.canonicalBytes) }
            header = entry.header.map { Hex.encode($0.canonicalBytes) }
        }

        func entry() throws(LedgerClientError) -> StateEntry {
            StateEntry(
                value: try value.map(bytes),
                height: BlockHeight(height),
                proof: try proof.map { text throws(LedgerClientError) in
                    try decode(StateProof.self, text)
                },
                header: try header.map { text throws(LedgerClientError) in
                    try decode(Signed<BlockHeader>.self, text)
                }
            )
        }
    }

    /// The answer to `GET /stoa/v1/state?prefix=…`.
    public struct Listing: Codable, Sendable {
        struct Item: Codable, Sendable {
            let key, value: String
        }

        let entries: [Item]

        /// Writes a listing down.
        public init(_ listings: [StateListing]) {
            entries = listings.map {
                Item(key: Hex.encode($0.key.bytes), value: Hex.encode($0.value))
            }
        }

        func listings() throws(LedgerClientError) -> [StateListing] {
            var found: [StateListing] = []
            for item in entries {
                let key = try bytes(item.key)
                guard (1...StateKey.bytesMax).contains(key.count) else {
                    throw LedgerClientError(.malformedAnswer, "a key has an impossible length")
                }
                found.append(StateListing(key: StateKey(bytes: key), value: try bytes(item.value)))
            }
            return found
        }
    }

    /// One event of `GET /stoa/v1/blocks`.
    public struct Summary: Codable, Sendable {
        let height, timeMilliseconds: UInt64
        let transactions: Int
        /// The canonical events in hex.
        let events: [String]
        /// The canonical ``BlockTransaction``s in hex; nil from a node that does not tell.
        let included: [String]?

        /// Writes a summary down.
        public init(_ summary: BlockSummary) {
            height = summary.height.rawValue
            timeMilliseconds = summary.time.milliseconds
            transactions = summary.transactions
            events = summary.events.map { Hex.encode($0.canonicalBytes) }
            included = summary.included.map { Hex.encode($0.canonicalBytes) }
        }

        /// About how many bytes it takes in JSON.
        public var byteCount: Int {
            let texts = [events, included ?? []].joined()
            return texts.reduce(100) { $0 + $1.utf8.count + 3 }
        }

        func summary() throws(LedgerClientError) -> BlockSummary {
            var decoded: [Event] = []
            for event in events { decoded.append(try decode(Event.self, event)) }
            var transactions: [BlockTransaction] = []
            for entry in included ?? [] {
                transactions.append(try decode(BlockTransaction.self, entry))
            }
            return BlockSummary(
                height: BlockHeight(height),
                time: Timestamp(milliseconds: timeMilliseconds),
                transactions: self.transactions,
                events: decoded,
                included: transactions
            )
        }
    }

    /// What went wrong, as RFC 9457 writes it down, with the ledger's own numbers.
    public struct Problem: Codable, Sendable {
        let type, title: String
        let status: Int
        let detail: String
        let code: UInt32?
        let moneyMoved: Bool
        let hint: String

        /// Describes a problem; money never moved when a node answers with one.
        public init(title: String, status: Int, detail: String, refusal: Refusal?, hint: String) {
            type = "about:blank"
            self.title = title
            self.status = status
            self.detail = detail
            code = refusal?.code
            moneyMoved = false
            self.hint = hint
        }

        func error() -> LedgerClientError {
            let kind: LedgerClientError.Code =
                switch status {
                case 409, 422: .refused
                case 429, 503: .overloaded
                case 400..<500: .badRequest
                default: .unreachable
                }
            return LedgerClientError(kind, detail, refusal: code.flatMap(Refusal.init(code:)))
        }
    }

    private static func bytes(_ hex: String) throws(LedgerClientError) -> [UInt8] {
        guard let bytes = Hex.decode(hex) else {
            throw LedgerClientError(.malformedAnswer, "the node's hex does not decode")
        }
        return bytes
    }

    private static func digest(_ hex: String) throws(LedgerClientError) -> Digest {
        guard let digest = Digest(hex: hex) else {
            throw LedgerClientError(.malformedAnswer, "the node's digest does not decode")
        }
        return digest
    }

    private static func decode<Value: CanonicalCodable>(
        _ type: Value.Type,
        _ hex: String
    ) throws(LedgerClientError) -> Value {
        do {
            return try Value(canonicalBytes: try bytes(hex))
        } catch let error as LedgerClientError {
            throw error
        } catch {
            throw LedgerClientError(.malformedAnswer, "the node's \(type) does not decode")
        }
    }
}
