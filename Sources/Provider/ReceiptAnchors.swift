import CanonicalCoding
import Identity
import Journal
import MarketTypes
import SettlementCore

/// Where the receipts of paid claims stand: a value that is built as the journal is written, or
/// read back (PRF-17).
///
/// It keeps eight bytes of each receipt's digest and its place; the digests that a path is made
/// of stay in the journal. It has a limit, and forgets the oldest claims first.
struct ReceiptAnchors: Hashable, Sendable {
    /// A claim that the ledger recorded.
    struct Claim: Hashable, Sendable {
        let channel: ChannelID
        /// Its number among the channel's recorded claims, as far as this journal knows.
        let index: UInt32
        let root: Digest
        let count: UInt64
        /// Where its first receipt is in the journal.
        let first: RecordPosition
    }

    /// A receipt's claim, and its leaf in that claim's tree.
    struct Place: Hashable, Sendable {
        let claim: Claim
        let leaf: Int
    }

    /// The most receipts of one claim that are indexed.
    static let claimReceiptsMax = 1 << 20

    private struct Leaf: Hashable {
        let prefix: UInt64
        let position: RecordPosition
    }

    private struct Index: Hashable {
        let serial: UInt64
        let leaf: UInt32
    }

    private var pending: [ChannelID: [Leaf]] = [:]
    private var claims: [UInt64: Claim] = [:]
    private var counts: [ChannelID: UInt32] = [:]
    private var places: [UInt64: Index] = [:]
    private var oldestSerial: UInt64 = 0
    private var nextSerial: UInt64 = 0
    private let receiptsMax: Int

    /// Creates an empty index of at most `receiptsMax` receipts of paid claims.
    init(receiptsMax: Int = 1 << 20) {
        self.receiptsMax = receiptsMax
    }

    /// How many receipts can be found.
    var count: Int { places.count }

    /// Takes in a change that stands at `position`, before it is made in `book`.
    mutating func take(_ change: BookChange, at position: RecordPosition, before book: ChannelBook)
    {
        switch change {
        case .receipt(let receipt):
            let channel = receipt.document.channel
            guard pending[channel, default: []].count < Self.claimReceiptsMax else { return }
            let leaf = Leaf(prefix: receipt.digest.words.0, position: position)
            pending[channel, default: []].append(leaf)
        case .claimPaid(let channel):
            guard let claim = book.accounts[channel]?.claim else { return }
            close(claim)
        case .forgotten(let channel):
            pending[channel] = nil
            counts[channel] = nil
        case .terms, .offer, .voucher, .passVoucher, .claimBegun, .claimDropped, .settled: break
        }
    }

    /// The place of a receipt by its digest; who asks compares the digest itself.
    func place(of receipt: Digest) -> Place? {
        guard let index = places[receipt.words.0], let claim = claims[index.serial] else {
            return nil
        }
        return Place(claim: claim, leaf: Int(index.leaf))
    }

    /// The claim covers the first receipts that wait; those that came since wait on.
    private mutating func close(_ drafted: DraftedClaim) {
        let waiting = pending[drafted.channel] ?? []
        let count = Int(clamping: drafted.receipts.count)
        pending[drafted.channel] = Array(waiting.dropFirst(count))
        // The ledger records no claim without lanes: its receipts had nothing to claim.
        guard !drafted.calls.isEmpty else { return }
        let index = counts[drafted.channel] ?? 0
        counts[drafted.channel] = index + 1
        guard count > 0, count <= waiting.count, let first = waiting.first else { return }
        claims[nextSerial] = Claim(
            channel: drafted.channel,
            index: index,
            root: drafted.receipts.root,
            count: drafted.receipts.count,
            first: first.position
        )
        for (leaf, receipt) in waiting.prefix(count).enumerated() {
            places[receipt.prefix] = Index(serial: nextSerial, leaf: UInt32(leaf))
        }
        nextSerial += 1
        if places.count > receiptsMax { forgetOldest() }
    }

    /// Goes an eighth below the limit, so that it is not needed for every claim.
    private mutating func forgetOldest() {
        var left = places.count
        while left > receiptsMax - receiptsMax / 8, oldestSerial < nextSerial {
            left -= Int(clamping: claims.removeValue(forKey: oldestSerial)?.count ?? 0)
            oldestSerial += 1
        }
        places = places.filter { $0.value.serial >= oldestSerial }
    }
}
