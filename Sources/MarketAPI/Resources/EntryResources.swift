import CanonicalCoding
import HTTPTypes
import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes
import WebServing

extension MarketAPI {
    /// The door itself, where the ledger stands, its money, and its state with proofs.
    var entryHandlers: [String: OperationTable.Handler] {
        [
            "getRoot": { try await root($0) },
            "getContract": { .one($0.server.contract.document, at: nil) },
            "getStatus": { _ in try await status() },
            "getSupply": { _ in try await supply() },
            "getProof": { try await proof($0) },
        ]
    }

    private func root(_ request: APIRequest) async throws -> APIAnswer {
        let chain = try await ledger.status().chain
        let reads = request.server.contract.operations.filter { $0.method == .get }
        let links = reads.map { (name: $0.id, value: JSON.text(Self.prefix + $0.path)) }
        let version = request.server.contract.document["info"]?["version"] ?? .null
        let document = JSON.object(
            "root",
            [("version", version), ("chain", .digest(chain.digest)), ("links", .object(links))]
        )
        return .one(document, at: nil)
    }

    private func status() async throws -> APIAnswer {
        let status = try await ledger.status()
        let index = try await index.status()
        let standing = JSON.object([
            ("height", .height(at: index.place.height)), ("time", .time(index.place.time)),
            ("transactions", .number(index.transactions)), ("events", .number(index.events)),
            ("assets", .number(index.assets)), ("offers", .number(index.offers)),
            ("trades", .number(index.trades)),
        ])
        let parameters = status.parameters
        let document = JSON.object(
            "status",
            [
                ("chain", .digest(status.chain.digest)), ("name", .text(status.name)),
                ("height", .height(at: status.height)), ("time", .time(status.time)),
                ("stateRoot", .digest(status.stateRoot)),
                ("feeMinimum", .obol(parameters.feeMinimum)),
                ("feePerByte", .obol(parameters.feePerByte)),
                ("closingDelayBlocks", .number(parameters.closingDelayBlocks)),
                ("unbondingDelayBlocks", .number(parameters.unbondingDelayBlocks)),
                ("index", standing),
            ]
        )
        return .one(document, at: status.height)
    }

    private func supply() async throws -> APIAnswer {
        let height = try await ledger.status().height
        let amount = try await ledger.read(StoredAmount.self, .supply(.native))?.amount ?? .zero
        var counted = JSON.null
        if let counting = ledger as? any SupplyCounting {
            let count = try await counting.supply().sorted { $0.key < $1.key }
            counted = .object(count.map { (name: $0.key, value: .text($0.value)) })
        }
        let document = JSON.object(
            "supply",
            [
                ("denomination", .unit(.native)), ("amount", .obol(amount)),
                ("treasury", .obol(try await ledger.treasury(of: .native))), ("counted", counted),
            ]
        )
        return .one(document, at: height)
    }

    private func proof(_ request: APIRequest) async throws -> APIAnswer {
        guard let bytes = Hex.decode(request.name("stateKey")),
            (1...StateKey.bytesMax).contains(bytes.count)
        else { throw Problem.badRequest("is no key of the state", at: "{stateKey}") }
        let entry = try await ledger.entry(StateKey(bytes: bytes), proven: true)
        let document = JSON.object(
            "proof",
            [
                ("key", .text(Hex.encode(bytes))),
                ("value", .optional(entry.value.map { Hex.encode($0) })),
                ("height", .height(at: entry.height)),
                ("proof", .optional(entry.proof.map { Hex.encode($0.canonicalBytes) })),
                ("header", .optional(entry.header.map { Hex.encode($0.canonicalBytes) })),
            ]
        )
        return .one(document, at: entry.height)
    }
}
