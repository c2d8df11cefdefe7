public import MarketTypes
public import OpenAIWire

/// Counts what whoever makes a call may spend, outside of the wallet that pays: a key's budgets.
///
/// ```
/// (voucher is signed and written down) ──▶ reserve ──▶ (voucher is sent) ──▶ CallEndings.ended
///                                             └─ refused ──▶ (voucher is withdrawn)
/// ```
/// So after a crash, what was not reserved was never sent, and what was is settled by what the
/// wallet's journal says.
public protocol CallMeter: Sendable {
    /// Sets the most that an attempt can cost aside, for the voucher that pays for it.
    ///
    /// - Throws: what the client is told; nothing is set aside and the voucher is not sent then.
    func reserve(
        model: String,
        denomination: Denomination,
        chargeMax: Amount,
        for voucher: Digest
    ) async throws(APIFailure)

    /// Whether there is room for an attempt now: asked before a channel is opened for it.
    ///
    /// - Throws: what the client is told if there is none.
    func check(
        model: String,
        denomination: Denomination,
        chargeMax: Amount
    ) async throws(APIFailure)
}

/// Is told how vouchers ended, whenever that becomes known: with an answer, by a look-up minutes
/// later, or at the next start.
public protocol CallEndings: Sendable {
    /// The vouchers whose end was not heard yet, of this wallet and of others.
    func awaited() async throws -> Set<Digest>

    /// A voucher cost so much, and will cost no more.
    func ended(_ voucher: Digest, charge: Amount) async

    /// An account has receipts, which its journal holds: one after a call, or when a wallet opens
    /// the newest that it has, in order. It may have been told of them before.
    func made(_ receipts: [BoughtCall], of account: AccountID) async
}
