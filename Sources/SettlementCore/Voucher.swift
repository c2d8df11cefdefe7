public import CanonicalCoding
public import Identity
public import MarketTypes

/// The payer's signed promise for one call: "after this call, this lane may have cost me at most
/// `cap` in all" (SET-4).
public struct Voucher: SignableDocument {
    public static var signingTag: DomainTag { .voucher }

    /// The chain that will settle it.
    public let chain: ChainID
    /// The channel that pays.
    public let channel: ChannelID
    /// The lane of the channel; calls in one lane are in sequence.
    public let lane: LaneID
    /// The number of this call in its lane, from 1, without gaps.
    public let sequence: UInt64
    /// The limit on the lane's running total after this call.
    public let cap: Amount
    /// The offer whose prices apply.
    public let offer: OfferID
    /// The digest of what is asked, see ``RequestDigest``.
    public let request: Digest
    /// The last moment at which the call may start.
    public let expiresAt: Timestamp

    /// Creates a voucher.
    public init(
        chain: ChainID,
        channel: ChannelID,
        lane: LaneID,
        sequence: UInt64,
        cap: Amount,
        offer: OfferID,
        request: Digest,
        expiresAt: Timestamp
    ) {
        self.chain = chain
        self.channel = channel
        self.lane = lane
        self.sequence = sequence
        self.cap = cap
        self.offer = offer
        self.request = request
        self.expiresAt = expiresAt
    }
}

extension Voucher: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(chain.digest)
        encoder.encode(channel.digest)
        encoder.encode(lane.rawValue)
        encoder.encode(sequence)
        encoder.encode(cap)
        encoder.encode(offer.digest)
        encoder.encode(request)
        encoder.encode(expiresAt.milliseconds)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        chain = ChainID(try decoder.decodeDigest())
        channel = ChannelID(try decoder.decodeDigest())
        lane = LaneID(try decoder.decodeUInt16())
        sequence = try decoder.decodeUInt64()
        cap = try decoder.decodeAmount()
        offer = OfferID(try decoder.decodeDigest())
        request = try decoder.decodeDigest()
        expiresAt = Timestamp(milliseconds: try decoder.decodeUInt64())
    }
}

/// What a voucher and its receipt say was asked: the path and the exact bytes of the body.
public enum RequestDigest {
    /// Hashes the length of the path, the path and the body.
    public static func of(path: String, body: [UInt8]) -> Digest {
        var encoder = CanonicalEncoder(capacityBytes: body.count + path.utf8.count + 8)
        encoder.encode(path)
        encoder.encode(bytes: body)
        return Digest(.request, encoder.bytes)
    }
}

/// The running digest of an answer, chunk by chunk: its head after k chunks proves exactly those
/// k chunks, so a stream that stops early can still be charged for what arrived (SET-7).
public struct ResponseChain: Hashable, Sendable {
    /// The digest after the chunks so far; it starts as the voucher's digest.
    public private(set) var head: Digest
    /// The number of chunks so far.
    public private(set) var chunks: UInt32 = 0

    /// Starts the chain of the answer to one voucher.
    public init(voucher: Digest) {
        head = voucher
    }

    /// Appends one chunk as it was sent: head = H(tag, head ‖ chunk).
    public mutating func append(_ chunk: [UInt8]) {
        var hasher = SHA256Hasher(.chunk)
        hasher.update(head)
        hasher.update(chunk)
        head = hasher.finalize()
        if chunks < .max { chunks += 1 }  // the head still tells longer answers apart
    }
}
