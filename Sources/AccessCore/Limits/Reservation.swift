public import MarketTypes

/// Names a reservation: 16 random bytes, or half of the digest of its voucher.
public struct ReservationID: Hashable, Sendable, CustomStringConvertible {
    /// The name's bytes.
    public let bytes: [UInt8]
    /// The name as lower-case hex.
    public var description: String { Hex.encode(bytes) }

    /// Wraps 16 bytes; nil for another count.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        self.bytes = bytes
    }
}

/// Money set aside for a call that runs.
///
/// ```
/// open ──bind(voucher)──▶ bound ──settle(charge)──▶ (gone)
///   └──────release──────────┴──────release────────▶ (gone)
/// ```
/// It is bound before the voucher leaves the process. So after a crash one that is not bound was
/// never paid for and is released, and one that is bound is settled by its receipt.
public struct Reservation: Hashable, Sendable {
    /// Its name.
    public let id: ReservationID
    /// For what, and how much.
    public let request: SpendingRequest
    /// When it was made.
    public let created: Timestamp
    /// The voucher that may be charged, once there is one.
    public private(set) var voucher: Digest?

    /// A reservation as it is stored.
    public init(
        id: ReservationID,
        request: SpendingRequest,
        created: Timestamp,
        voucher: Digest? = nil
    ) {
        self.id = id
        self.request = request
        self.created = created
        self.voucher = voucher
    }

    /// Binds it to a voucher; doing so again with the same one changes nothing.
    ///
    /// - Throws: ``BudgetRefusal/boundElsewhere``.
    public mutating func bind(to voucher: Digest) throws(BudgetRefusal) {
        guard self.voucher == nil || self.voucher == voucher else { throw .boundElsewhere }
        self.voucher = voucher
    }

    /// Checks that it may end with a charge.
    ///
    /// - Throws: ``BudgetRefusal``.
    public func checkSettling(_ charge: Amount) throws(BudgetRefusal) {
        guard voucher != nil || charge.isZero else { throw .unbound }
        guard charge <= request.amount else { throw .aboveReservation }
    }
}

/// How a reservation ends.
public struct Settlement: Hashable, Sendable {
    /// Which one.
    public let reservation: ReservationID
    /// What the receipt charged; nothing if there is none or the call failed.
    public let charge: Amount

    /// Ends a reservation with a charge.
    public init(_ reservation: ReservationID, charge: Amount) {
        self.reservation = reservation
        self.charge = charge
    }
}
