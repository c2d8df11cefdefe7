import LedgerCore
import MarketTypes

/// The limits of what may wait for a block.
public struct MempoolLimits: Hashable, Sendable {
    /// The most transactions that may wait.
    public var transactionsMax = 16_384
    /// The most bytes of transactions that may wait.
    public var bytesMax = 64 << 20
    /// The most transactions of one sender that may wait.
    public var transactionsPerSenderMax = 1024

    /// Creates the standard limits.
    public init() {}
}

/// The transactions that wait for a block, first come, first served.
///
/// A plain value: whoever holds it decides under its own lock.
struct Mempool: Sendable {
    /// A transaction that waits, and who waits for it.
    struct Entry: Sendable {
        let bytes: [UInt8]
        let transaction: CheckedTransaction
    }

    /// Why a transaction may not wait.
    enum Full: Error { case transactions, bytes, sender }

    private let limits: MempoolLimits
    private(set) var entries: [Entry] = []
    private var bytes = 0
    private var digests: Set<Digest> = []
    private var perSender: [AccountID: Int] = [:]

    init(limits: MempoolLimits) {
        self.limits = limits
    }

    var isEmpty: Bool { entries.isEmpty }

    func contains(_ digest: Digest) -> Bool { digests.contains(digest) }

    /// Whether there is room for another transaction of `sender`.
    func checkRoom(_ size: Int, sender: AccountID) throws(Full) {
        guard entries.count < limits.transactionsMax else { throw .transactions }
        guard bytes + size <= limits.bytesMax else { throw .bytes }
        guard perSender[sender, default: 0] < limits.transactionsPerSenderMax else {
            throw .sender
        }
    }

    mutating func append(_ entry: Entry) {
        entries.append(entry)
        bytes += entry.bytes.count
        digests.insert(entry.transaction.digest)
        perSender[entry.transaction.transaction.sender, default: 0] += 1
    }

    /// Takes the transactions that fit one block, from the front.
    mutating func takeBlock(transactionsMax: Int, bytesMax: Int) -> [Entry] {
        var count = 0
        var (size, work) = (0, TransactionWork())
        for entry in entries.prefix(transactionsMax) {
            size += entry.bytes.count
            work = work.adding(entry.transaction.work)
            guard size <= bytesMax, work.fitsBlock else { break }
            count += 1
        }
        let taken = Array(entries.prefix(count))
        entries.removeFirst(count)
        for entry in taken { forget(entry) }
        return taken
    }

    /// Takes out the transactions for which `stays` is false.
    mutating func removeAll(where leaves: (Entry) -> Bool) -> [Entry] {
        let gone = entries.filter(leaves)
        guard !gone.isEmpty else { return [] }
        let names = Set(gone.map(\.transaction.digest))
        entries.removeAll { names.contains($0.transaction.digest) }
        for entry in gone { forget(entry) }
        return gone
    }

    private mutating func forget(_ entry: Entry) {
        bytes -= entry.bytes.count
        digests.remove(entry.transaction.digest)
        let sender = entry.transaction.transaction.sender
        let left = perSender[sender, default: 1] - 1
        perSender[sender] = left == 0 ? nil : left
    }
}
