import CanonicalCoding
public import Identity
import Journal
public import MarketTypes
public import SettlementCore

/// A call as the seller's journal keeps it, and where its receipt is anchored.
public struct SoldCall: Hashable, Sendable {
    /// What the buyer promised.
    public let voucher: Signed<Voucher>
    /// What the seller delivered and charged.
    public let receipt: Signed<Receipt>
    /// Where the receipt is under a paid claim; nil if no paid claim covers it.
    public let anchor: ReceiptAnchor?
}

/// Reads sold calls in a provider's journal, also while the provider runs.
public struct ClaimArchive: Sendable {
    /// The journal's directory.
    public let directory: String

    /// Reads the journal in `directory`.
    public init(directory: String) {
        self.directory = directory
    }

    /// Whether a provider has the journal open.
    public var isInUse: Bool { Journal.isInUse(directory: directory) }

    /// The chain that the journal belongs to, or nil if it has no channel yet.
    ///
    /// - Throws: ``ProviderError`` if the journal cannot be read.
    public func chain() throws(ProviderError) -> ChainID? {
        var found: ChainID?
        try read { _, bytes in
            if case .terms(let terms) = try BookChange(canonicalBytes: bytes) {
                found = terms.chain
            }
            return found == nil
        }
        return found
    }

    /// The calls whose receipt digests begin with `prefix` in hex, at most `limit`.
    ///
    /// - Throws: ``ProviderError`` if the journal cannot be read.
    public func find(
        digestPrefix prefix: String,
        limit: Int = 2
    ) throws(ProviderError) -> [SoldCall] {
        let prefix = prefix.lowercased()
        var book = ChannelBook()
        var anchors = ReceiptAnchors(receiptsMax: .max)
        var found: [(call: SettledCall, digest: Digest)] = []
        try read { position, bytes in
            let change = try BookChange(canonicalBytes: bytes)
            anchors.take(change, at: position, before: book)
            try book.apply(change)
            guard case .receipt(let receipt) = change, found.count < limit,
                receipt.digest.description.hasPrefix(prefix)
            else { return true }
            let paper = receipt.document
            let lane = Int(paper.lane.rawValue)
            if let call = book.accounts[paper.channel]?.channel.lanes[lane].last {
                found.append((call, receipt.digest))
            }
            return true
        }
        var calls: [SoldCall] = []
        for (call, digest) in found {
            calls.append(
                SoldCall(
                    voucher: call.voucher.signed,
                    receipt: call.receipt.signed,
                    anchor: try anchors.place(of: digest).map { place throws(ProviderError) in
                        try anchor(of: digest, at: place)
                    } ?? nil
                )
            )
        }
        return calls
    }

    private func anchor(
        of receipt: Digest,
        at place: ReceiptAnchors.Place
    ) throws(ProviderError) -> ReceiptAnchor? {
        var collector = LeafCollector(place.claim)
        try read { position, bytes in
            if position >= place.claim.first { try collector.take(bytes) }
            return !collector.isComplete
        }
        return ReceiptAnchor(receipt, at: place, leaves: collector.leaves)
    }

    private func read(
        _ body: (RecordPosition, [UInt8]) throws -> Bool
    ) throws(ProviderError) {
        do {
            try Journal.read(directory: directory, body)
        } catch {
            throw ProviderError(journal: error)
        }
    }
}
