import CanonicalCoding
import LedgerCore
import LedgerStore
import MarketTypes

/// What a simulated node writes for its genesis and for each block: one record, all or nothing.
struct StoreRecord: CanonicalCodable {
    /// The most changes of one block.
    static let changesMax = 1 << 16

    let chain: ChainID
    let head: StoredHead
    let changes: [StateChange]
    let results: [UInt8]
    let transactions: [Digest]

    init(
        chain: ChainID,
        head: StoredHead,
        changes: [StateChange],
        results: [UInt8],
        transactions: [Digest]
    ) {
        self.chain = chain
        self.head = head
        self.changes = changes
        self.results = results
        self.transactions = transactions
    }

    func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(chain.digest)
        encoder.encode(head)
        encoder.encode(UInt32(changes.count))
        for change in changes {
            encoder.encode(bytes: change.key.bytes)
            encoder.encode(change.value != nil)
            if let value = change.value { encoder.encode(bytes: value) }
        }
        encoder.encode(bytes: results)
        encoder.encode(UInt32(transactions.count))
        for transaction in transactions { encoder.encode(transaction) }
    }

    init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        chain = ChainID(try decoder.decodeDigest())
        head = try StoredHead(from: &decoder)
        var changes: [StateChange] = []
        let count = try decoder.decodeUInt32()
        guard count <= Self.changesMax else { throw .tooLong }
        for _ in 0..<count {
            let key = try decoder.decodeBytes(bytesMax: StateKey.bytesMax)
            guard !key.isEmpty else { throw .invalidValue }
            let isThere = try decoder.decodeBool()
            let value = isThere ? try decoder.decodeBytes(bytesMax: 1 << 24) : nil
            changes.append(StateChange(key: StateKey(bytes: key), value: value))
        }
        self.changes = changes
        results = try decoder.decodeBytes(bytesMax: 1 << 24)
        var transactions: [Digest] = []
        let named = try decoder.decodeUInt32()
        guard named <= Self.changesMax else { throw .tooLong }
        for _ in 0..<named { transactions.append(try decoder.decodeDigest()) }
        self.transactions = transactions
    }
}
