public import CanonicalCoding
public import Identity
public import MarketTypes

/// How a call ended; the numbers are part of the canonical encoding and append-only.
public enum CallStatus: UInt8, Hashable, Sendable {
    /// The whole answer was sent.
    case delivered = 1
    /// The stream ended early; only the chunks that were sent are charged.
    case partial = 2
    /// Nothing useful was sent; the charge is zero, by rule.
    case failed = 3

    /// The name used in JSON and on the command line.
    public var name: String {
        switch self {
        case .delivered: "delivered"
        case .partial: "partial"
        case .failed: "failed"
        }
    }
}

/// A sampling parameter as the request spelled it, such as `temperature` and `0.2`.
public struct CallParameter: Hashable, Sendable {
    /// The most parameters one receipt lists.
    public static let countMax = 16
    /// The longest name or value in bytes.
    public static let textBytesMax = 64

    /// The parameter's name.
    public let name: String
    /// The value's JSON text, byte for byte.
    public let value: String

    /// Creates a parameter.
    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// The payee's signed statement of what one call delivered and cost (SET-6, promise P5).
public struct Receipt: SignableDocument {
    public static var signingTag: DomainTag { .receipt }

    /// The chain that settles it.
    public let chain: ChainID
    /// The channel that pays.
    public let channel: ChannelID
    /// The lane of the channel.
    public let lane: LaneID
    /// The number of the call in its lane.
    public let sequence: UInt64
    /// The signing digest of the voucher that paid.
    public let voucher: Digest
    /// The offer whose prices applied.
    public let offer: OfferID
    /// How the call ended.
    public let status: CallStatus
    /// What was used; units that were not used are absent.
    public let units: UnitCounts
    /// The price of `units`, and nothing else.
    public let charge: Amount
    /// The lane's running total after this call.
    public let total: Amount
    /// The digest of what was asked.
    public let request: Digest
    /// The head of the chain over the chunks sent.
    public let response: Digest
    /// The number of chunks sent.
    public let chunks: UInt32
    /// The digest of the weights that answered.
    public let weights: Digest
    /// The sampling parameters that applied, by ascending name.
    public let parameters: [CallParameter]
    /// When the work started.
    public let startedAt: Timestamp
    /// When the last chunk was ready.
    public let finishedAt: Timestamp

    /// Creates a receipt; the fields that repeat the voucher are taken from it.
    public init(
        voucher: Verified<Voucher>,
        status: CallStatus,
        units: UnitCounts,
        charge: Amount,
        total: Amount,
        response: ResponseChain,
        weights: Digest,
        parameters: [CallParameter],
        startedAt: Timestamp,
        finishedAt: Timestamp
    ) {
        chain = voucher.document.chain
        channel = voucher.document.channel
        lane = voucher.document.lane
        sequence = voucher.document.sequence
        self.voucher = voucher.digest
        offer = voucher.document.offer
        self.status = status
        self.units = units.withoutZeros  // a zero has no encoding
        self.charge = charge
        self.total = total
        request = voucher.document.request
        self.response = response.head
        chunks = response.chunks
        self.weights = weights
        self.parameters = parameters
        self.startedAt = startedAt
        self.finishedAt = finishedAt
    }
}

extension Receipt: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(chain.digest)
        encoder.encode(channel.digest)
        encoder.encode(lane.rawValue)
        encoder.encode(sequence)
        encoder.encode(voucher)
        encoder.encode(offer.digest)
        encoder.encode(status.rawValue)
        encoder.encode(units: units)
        encoder.encode(charge)
        encoder.encode(total)
        encoder.encode(request)
        encoder.encode(response)
        encoder.encode(chunks)
        encoder.encode(weights)
        encoder.encode(list: parameters)
        encoder.encode(startedAt.milliseconds)
        encoder.encode(finishedAt.milliseconds)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        chain = ChainID(try decoder.decodeDigest())
        channel = ChannelID(try decoder.decodeDigest())
        lane = LaneID(try decoder.decodeUInt16())
        sequence = try decoder.decodeUInt64()
        voucher = try decoder.decodeDigest()
        offer = OfferID(try decoder.decodeDigest())
        guard let status = CallStatus(rawValue: try decoder.decodeUInt8()) else {
            throw .unknownTag
        }
        self.status = status
        units = try decoder.decodeUnits()
        charge = try decoder.decodeAmount()
        total = try decoder.decodeAmount()
        request = try decoder.decodeDigest()
        response = try decoder.decodeDigest()
        chunks = try decoder.decodeUInt32()
        weights = try decoder.decodeDigest()
        parameters = try decoder.decodeList(
            of: CallParameter.self,
            countMax: CallParameter.countMax
        )
        for index in parameters.indices.dropFirst()
        where !parameters[index - 1].name.utf8.lexicographicallyPrecedes(
            parameters[index].name.utf8
        ) {
            throw .invalidValue
        }
        startedAt = Timestamp(milliseconds: try decoder.decodeUInt64())
        finishedAt = Timestamp(milliseconds: try decoder.decodeUInt64())
    }
}

extension CallParameter: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(name)
        encoder.encode(value)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        name = try decoder.decodeString(bytesMax: Self.textBytesMax)
        value = try decoder.decodeString(bytesMax: Self.textBytesMax)
    }
}
