public import MarketTypes
public import OpenAIWire

/// Money that a meter set aside for one call.
public struct MeterEntry: Hashable, Sendable {
    /// What the meter knows it by.
    public let bytes: [UInt8]

    /// Names an entry.
    public init(bytes: [UInt8]) {
        self.bytes = bytes
    }
}

/// Counts what whoever makes a call may spend, outside of the wallet that pays: a key's budgets.
///
/// ```
/// reserve ──▶ (voucher is signed and written down) ──▶ bind ──▶ (voucher is sent)
///    └────────── release ───────────────────────────────┘            │
///                                          CallEndings.ended ◀───────┘
/// ```
/// So after a crash, what is not bound was never sent, and what is bound is settled by what the
/// wallet's journal says.
public protocol CallMeter: Sendable {
    /// Sets the most that an attempt can cost aside.
    ///
    /// - Throws: what the client is told; nothing is set aside then.
    func reserve(
        model: String,
        denomination: Denomination,
        chargeMax: Amount
    ) async throws(APIFailure) -> MeterEntry

    /// Binds what was set aside to the voucher that may be charged.
    ///
    /// - Throws: what the client is told; the voucher is not sent then.
    func bind(_ entry: MeterEntry, to voucher: Digest) async throws(APIFailure)

    /// Gives back what was set aside for an attempt that sent no voucher.
    func release(_ entry: MeterEntry) async
}

/// Is told how vouchers ended, whenever that becomes known: with an answer, by a look-up minutes
/// later, or at the next start.
public protocol CallEndings: Sendable {
    /// The vouchers whose end was not heard yet, of this wallet and of others.
    func awaited() async throws -> Set<Digest>

    /// A voucher cost so much, and will cost no more.
    func ended(_ voucher: Digest, charge: Amount) async
}
