public import AccessCore
public import MarketTypes

/// So many tokens from one bucket.
public struct BucketUse: Hashable, Sendable {
    /// The longest name in bytes.
    public static let nameBytesMax = 96

    /// Whose bucket it is.
    public let bucket: String
    /// By which policy.
    public let policy: RatePolicy
    /// How many tokens.
    public let tokens: UInt64

    /// Asks for tokens; a name that is too long is cut.
    public init(_ bucket: String, _ policy: RatePolicy, tokens: UInt64 = 1) {
        self.bucket = String(decoding: bucket.utf8.prefix(Self.nameBytesMax), as: UTF8.self)
        self.policy = policy
        self.tokens = tokens
    }
}

/// One line of what a key spent.
public struct SpendingLine: Hashable, Sendable {
    /// All together or a model, in total or on a day.
    public let slot: CounterSlot
    /// Counted in what.
    public let denomination: Denomination
    /// What was spent and what may yet be.
    public let counter: BudgetCounter
}

/// Counts requests; shared by everyone who has the same store.
public protocol RateStore: Sendable {
    /// Takes tokens from all buckets, or from none if one has not enough.
    ///
    /// - Returns: an answer for each bucket up to the first that has not enough.
    func take(_ uses: [BucketUse], at now: Timestamp) async throws -> [RateDecision]
}

/// Counts money; one count for enforcing and reporting, shared by everyone who has the same store.
public protocol BudgetStore: Sendable {
    /// Sets money aside before a call.
    ///
    /// - Parameter voucher: pays for the call, if it is made already and not sent yet: then the
    ///   reservation is bound to it from the start.
    /// - Throws: ``BudgetRefusal``; nothing is set aside then.
    func reserve(
        _ request: SpendingRequest,
        under rules: BudgetRules,
        boundTo voucher: Digest?,
        at now: Timestamp
    ) async throws -> Reservation

    /// Binds a reservation to the voucher that pays for the call, before the voucher is sent.
    ///
    /// - Throws: ``BudgetRefusal``.
    func bind(_ reservation: ReservationID, to voucher: Digest) async throws

    /// Ends a reservation: what was charged is spent, the rest is free again.
    ///
    /// - Throws: ``BudgetRefusal``; `unknownReservation` also if it ended before.
    func settle(_ settlement: Settlement) async throws

    /// Ends the reservations that are bound to vouchers, in one change; a voucher without one, and
    /// one that was charged more than it set aside, change nothing.
    ///
    /// - Returns: the vouchers that were charged more, or whose rows are damaged: somebody must
    ///   look at them.
    func settle(vouchers: [(voucher: Digest, charge: Amount)]) async throws -> [Digest]

    /// The vouchers whose charge is not known yet, the oldest first.
    func boundVouchers(limit: Int) async throws -> [Digest]

    /// Releases reservations that were made before `moment` and never bound: whoever made them
    /// does not run any more, since an attempt binds or releases within its own time limits.
    ///
    /// - Returns: how many.
    func releaseUnbound(before moment: Timestamp) async throws -> Int

    /// Reservations that have not ended, oldest first: after a restart, what is not bound is
    /// released, and what is bound is settled by its receipt.
    func openReservations(limit: Int) async throws -> [Reservation]

    /// What a key spent: in total, today and by model.
    func spending(of key: APIKeyID, at now: Timestamp) async throws -> [SpendingLine]

    /// What keys, by their holders' names for them, spent on some days, by day, key and model.
    ///
    /// - Returns: at most ``DaySpending/linesMax`` lines, of the latest days.
    func spending(
        of labels: [APIKeyID: String],
        days: ClosedRange<UInt32>
    ) async throws -> [DaySpending]
}

extension BudgetStore {
    /// Sets money aside before a call, whose voucher is not made yet.
    ///
    /// - Throws: ``BudgetRefusal``; nothing is set aside then.
    public func reserve(
        _ request: SpendingRequest,
        under rules: BudgetRules,
        at now: Timestamp
    ) async throws -> Reservation {
        try await reserve(request, under: rules, boundTo: nil, at: now)
    }
}

extension Reservation {
    /// What a store sets aside now. A voucher is made once, so half of its digest names what is set
    /// aside for it; what has none yet has a random name.
    init(_ request: SpendingRequest, boundTo voucher: Digest?, at now: Timestamp) throws {
        let name = voucher.map { Array($0.bytes.prefix(16)) } ?? randomBytes(16)
        guard let id = ReservationID(bytes: name) else { throw BudgetRefusal.unknownReservation }
        self.init(id: id, request: request, created: now, voucher: voucher)
    }
}

/// Limits that hold over every gateway of one store.
public typealias LimitStore = BudgetStore & RateStore

/// What a store of limits keeps at most.
public enum LimitBounds {
    /// Reservations of one key that are open at once.
    public static let openPerKeyMax = 1_024
    /// Models that one key is counted for.
    public static let modelsPerKeyMax = 512
    /// Buckets; those that are full first make room.
    public static let bucketsMax = 200_000
    /// How long the count of a day is kept.
    public static let daysKept: UInt32 = 400
    /// Reservations that are listed at once.
    public static let reservationPageMax = 1_000
    /// Vouchers that are listed at once.
    public static let boundVouchersMax = 100_000
}
