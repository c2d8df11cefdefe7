import CanonicalCoding
import Identity
import Journal
import LedgerCore
public import MarketTypes
import SettlementCore

/// Reads the receipts in a gateway's journal, also while the gateway runs.
///
/// Memory is bounded by the lanes and offers in the journal, not by its length.
public struct ReceiptArchive: Sendable {
    /// The journal's directory.
    public let directory: String

    /// Reads the journal in `directory`.
    public init(directory: String) {
        self.directory = directory
    }

    /// The chain that the journal belongs to, or nil if it has no channel yet.
    ///
    /// - Throws: ``GatewayError`` if the journal cannot be read.
    public func chain() throws(GatewayError) -> ChainID? {
        var found: ChainID?
        do {
            try Journal.read(directory: directory) { _, bytes in
                if case .channel(_, _, let chain) = try JournalRecord(canonicalBytes: bytes) {
                    found = chain
                }
                return found == nil
            }
        } catch {
            throw GatewayError(journal: error)
        }
        return found
    }

    /// The last `limit` calls that have a receipt, the newest first.
    ///
    /// - Throws: ``GatewayError`` if the journal cannot be read.
    public func recent(limit: Int) throws(GatewayError) -> [StoredCall] {
        var newest: [StoredCall] = []
        try forEach { call in
            newest.append(call)
            // Trimmed now and then, so that each record costs no more than its copy.
            if newest.count >= 2 * max(1, limit) { newest.removeFirst(newest.count - limit) }
            return true
        }
        return newest.suffix(max(0, limit)).reversed()
    }

    /// The calls whose receipt digests begin with `prefix` in hex, at most `limit`.
    ///
    /// - Throws: ``GatewayError`` if the journal cannot be read.
    public func find(
        digestPrefix prefix: String,
        limit: Int = 2
    ) throws(GatewayError) -> [StoredCall] {
        let prefix = prefix.lowercased()
        var found: [StoredCall] = []
        try forEach { call in
            if call.digest.description.hasPrefix(prefix) { found.append(call) }
            return found.count < limit
        }
        return found
    }

    /// Calls `body` with every call that has a receipt, in order, until it returns false.
    ///
    /// - Throws: ``GatewayError`` if the journal cannot be read.
    public func forEach(_ body: (StoredCall) -> Bool) throws(GatewayError) {
        var papers = Papers()
        do {
            try Journal.read(directory: directory) { _, bytes in
                guard let call = papers.read(try JournalRecord(canonicalBytes: bytes)) else {
                    return true
                }
                return body(call)
            }
        } catch {
            throw GatewayError(journal: error)
        }
    }

    /// What receipts refer to.
    private struct Papers {
        private struct LaneName: Hashable {
            let channel: ChannelID
            let lane: LaneID
        }

        private var offers: [OfferID: Offer] = [:]
        private var channels: [ChannelID: ChannelTerms] = [:]
        private var vouchers: [LaneName: Signed<Voucher>] = [:]

        /// Takes in a record, and returns the call if it completes one.
        mutating func read(_ record: JournalRecord) -> StoredCall? {
            switch record {
            case .channel(let id, let channel, let chain):
                channels[id] = channel.terms(id: id, chain: chain)
            case .offer(let offer): offers[offer.id] = offer
            case .voucher(let voucher, _, _):
                let promise = voucher.document
                vouchers[LaneName(channel: promise.channel, lane: promise.lane)] = voucher
            case .receipt(let receipt):
                let paper = receipt.document
                let lane = LaneName(channel: paper.channel, lane: paper.lane)
                guard let voucher = vouchers[lane], let offer = offers[paper.offer] else {
                    return nil
                }
                return StoredCall(
                    voucher: voucher,
                    receipt: receipt,
                    offer: offer,
                    channel: channels[paper.channel]
                )
            case .withdrawn, .struckOff: break
            }
            return nil
        }
    }
}
