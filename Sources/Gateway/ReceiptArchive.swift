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

    /// The call of a receipt that is among the newest; nil if it is not, or if what it refers to is
    /// too old.
    ///
    /// The journal is read from its end, segment by segment: it costs no more in a long one.
    ///
    /// - Parameters:
    ///   - digest: the receipt's.
    ///   - segmentsMax: in how many segments the receipt is looked for.
    ///   - referencesMax: in how many the offer, the channel and the voucher are, which costs a
    ///     fraction of that.
    /// - Throws: ``GatewayError`` if the journal cannot be read.
    public func newest(
        _ digest: Digest,
        segmentsMax: Int,
        referencesMax: Int
    ) throws(GatewayError) -> StoredCall? {
        var papers = Papers()
        var receipt: Signed<Receipt>?
        do {
            let segments = try Journal.segments(directory: directory).reversed()
            for (place, number) in segments.enumerated() {
                let isNear = place < (receipt == nil ? segmentsMax : referencesMax)
                guard isNear else { break }
                let hasVoucher = receipt.map { papers.hasVoucher(of: $0) } ?? false
                var older = Papers()
                try Journal.read(directory: directory, segment: number) { bytes in
                    guard !hasVoucher || JournalRecord.isReference(bytes) else { return true }
                    let record = try JournalRecord(canonicalBytes: bytes)
                    guard case .receipt(let signed) = record else {
                        _ = older.read(record)
                        return true
                    }
                    guard receipt == nil, signed.document.signingDigest == digest else {
                        return true
                    }
                    receipt = signed
                    return false
                }
                guard let receipt else { continue }
                papers.add(older)
                if let call = papers.call(of: receipt), call.channel != nil { return call }
            }
        } catch {
            throw GatewayError(journal: error)
        }
        return receipt.flatMap { papers.call(of: $0) }
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

            init(_ voucher: Voucher) {
                channel = voucher.channel
                lane = voucher.lane
            }

            init(_ receipt: Receipt) {
                channel = receipt.channel
                lane = receipt.lane
            }
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
                vouchers[LaneName(voucher.document)] = voucher
            case .receipt(let receipt): return call(of: receipt)
            case .withdrawn, .struckOff: break
            }
            return nil
        }

        /// Adds what was written before all of this, and is not known by something later.
        mutating func add(_ older: Papers) {
            offers.merge(older.offers) { known, _ in known }
            channels.merge(older.channels) { known, _ in known }
            vouchers.merge(older.vouchers) { known, _ in known }
        }

        func hasVoucher(of receipt: Signed<Receipt>) -> Bool {
            vouchers[LaneName(receipt.document)] != nil
        }

        /// The call that a receipt completes; nil if what it refers to is not known.
        func call(of receipt: Signed<Receipt>) -> StoredCall? {
            let paper = receipt.document
            guard let voucher = vouchers[LaneName(paper)], let offer = offers[paper.offer] else {
                return nil
            }
            return StoredCall(
                voucher: voucher,
                receipt: receipt,
                offer: offer,
                channel: channels[paper.channel]
            )
        }
    }
}
