import CanonicalCoding
import CometBFTTypes
import FoundationEssentials
import LedgerClient
import LedgerCore
import MarketTypes

/// What a node says happened in a block, checked as far as validators signed it.
struct BlockContents: Sendable {
    let results: [RPCDocuments.ExecutionDocument]
    let blockEvents: [RPCDocuments.EventDocument]

    init(_ answer: RPCDocuments.Results, at height: BlockHeight) throws(RPCFailure) {
        guard answer.height.value == Int64(clamping: height.rawValue) else {
            throw RPCFailure(.unproven, "a node answers with the results of another block")
        }
        results = answer.txs_results ?? []
        blockEvents = answer.finalize_block_events ?? []
    }

    /// Checks the results against the header after them.
    func check(against next: Header) throws(RPCFailure) {
        let root = AgreedResult.root(of: results.map(\.agreed))
        guard next.lastResultsHash == root else {
            throw RPCFailure(.unproven, "a node's results are not those that were agreed on")
        }
    }

    /// The result of transaction `index`, as the ledger words it.
    func result(_ index: Int) throws(RPCFailure) -> TransactionResult {
        guard results.indices.contains(index) else {
            throw RPCFailure(.unproven, "a block has fewer results than transactions")
        }
        let found = results[index]
        let agreed = found.agreed
        // Accepted means no data; refused means one byte, which message it was.
        guard agreed.data.count == (agreed.code == 0 ? 0 : 1) else {
            throw RPCFailure(.unproven, "a result is not one of a Stoa ledger")
        }
        var encoder = CanonicalEncoder()
        encoder.encode(CanonicalEncoder.version)
        encoder.encode(agreed.code)
        encoder.encode(agreed.data.first ?? 0)
        encoder.encode(list: Self.events(found.events ?? []))
        guard let result = try? TransactionResult(canonicalBytes: encoder.bytes) else {
            throw RPCFailure(.unproven, "a result has events that are none")
        }
        return result
    }

    /// The block's transactions with what became of them; `bytes` are those of the block.
    func transactions(_ bytes: [[UInt8]]) throws(RPCFailure) -> [BlockTransaction] {
        var outcomes: [TransactionResult] = []
        for index in bytes.indices { outcomes.append(try result(index)) }
        return BlockTransaction.all(of: bytes, results: outcomes)
    }

    /// The events of the whole block in order: those of its transactions, then the block's own.
    var events: [Event] {
        results.flatMap { Self.events($0.events ?? []) }
            + Self.events(blockEvents, countMax: Self.blockEventsMax)
    }

    /// The most events of a block besides those of its transactions.
    private static let blockEventsMax = 1 << 20

    /// Events that are not the ledger's are left out: the engine adds none, and none is signed.
    private static func events(
        _ documents: [RPCDocuments.EventDocument],
        countMax: Int = TransactionResult.eventsMax
    ) -> [Event] {
        documents.prefix(countMax).compactMap { document in
            guard document.type == "stoa", let attribute = document.attributes?.first,
                attribute.key == "event", let bytes = Hex.decode(attribute.value)
            else { return nil }
            return try? Event(canonicalBytes: bytes)
        }
    }
}
