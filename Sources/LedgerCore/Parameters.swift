public import CanonicalCoding
public import MarketTypes

/// The numbers of the rules; they stand in the state, set by genesis until a vote changes them.
public struct LedgerParameters: Hashable, Sendable {
    /// The least fee of any transaction, in obol.
    public let feeMinimum: Amount
    /// The additional fee for each byte of a transaction, in obol.
    public let feePerByte: Amount
    /// How many blocks pass between a payer's request to close a channel and its end.
    ///
    /// A channel keeps what this was when it opened, so no channel's exit can be lengthened after
    /// that.
    public let closingDelayBlocks: UInt64
    /// How many blocks a bond stays at risk after its owner asked for it back.
    public let unbondingDelayBlocks: UInt64

    /// Creates parameters.
    public init(
        feeMinimum: Amount,
        feePerByte: Amount,
        closingDelayBlocks: UInt64,
        unbondingDelayBlocks: UInt64
    ) {
        self.feeMinimum = feeMinimum
        self.feePerByte = feePerByte
        self.closingDelayBlocks = closingDelayBlocks
        self.unbondingDelayBlocks = unbondingDelayBlocks
    }

    /// The numbers of a new chain unless its genesis says otherwise.
    public static let standard = LedgerParameters(
        feeMinimum: Amount(obol: 1_000),
        feePerByte: Amount(obol: 10),
        closingDelayBlocks: 600,
        unbondingDelayBlocks: 7200
    )

    /// The least fee of a transaction of `bytes` bytes.
    public func fee(bytes: Int) -> Amount {
        let (size, overflow) = feePerByte.obol.multipliedReportingOverflow(by: UInt128(bytes))
        let (sum, carry) = feeMinimum.obol.addingReportingOverflow(size)
        return Amount(obol: overflow || carry ? .max : sum)
    }
}

extension LedgerParameters: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(feeMinimum)
        encoder.encode(feePerByte)
        encoder.encode(closingDelayBlocks)
        encoder.encode(unbondingDelayBlocks)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        feeMinimum = try decoder.decodeAmount()
        feePerByte = try decoder.decodeAmount()
        closingDelayBlocks = try decoder.decodeUInt64()
        unbondingDelayBlocks = try decoder.decodeUInt64()
    }
}

extension StateKey {
    /// Where the parameters stand.
    public static let parameters = StateKey(.parameters)
    /// Where the height stands up to which something is still waiting for blocks to pass.
    public static let lastDeadline = StateKey(.lastDeadline)
}

extension StagedState {
    /// Notes that something becomes possible at `height`, so that an otherwise idle chain goes
    /// on making blocks until then.
    mutating func awaitHeight(_ height: BlockHeight) {
        let known = read(StoredHeight.self, .lastDeadline)?.height ?? BlockHeight(0)
        if height > known { write(StoredHeight(height), .lastDeadline) }
    }
}

/// A height as an entry of its own.
public struct StoredHeight: CanonicalCodable {
    /// The height.
    public let height: BlockHeight

    init(_ height: BlockHeight) { self.height = height }

    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(height.rawValue)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        height = BlockHeight(try decoder.decodeUInt64())
    }
}
