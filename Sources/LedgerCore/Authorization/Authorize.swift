import MarketTypes

extension Ledger {
    /// Checks that whoever signed may act for the sender (AUT-1), writing nothing.
    ///
    /// - Throws: `wrongSigner`, `sessionEnded`, `outsideSession` or `sessionLimit`.
    mutating func authorize(
        _ transaction: CheckedTransaction,
        at context: BlockContext
    ) throws(TransactionRefusal) {
        state.session = nil
        let body = transaction.transaction
        let authority = state.authority(of: body.sender).signer(at: context.height)
        if transaction.signer == authority { return }
        let key = StateKey.session(body.sender, transaction.signer)
        guard var session = state.read(Session.self, key) else { throw .wrongSigner }
        guard session.isLive(at: context.height, authority: authority) else {
            throw .sessionEnded
        }
        guard body.messages.allSatisfy({ isInside(session.grant.scope, $0) }) else {
            throw .outsideSession
        }
        session.renew(at: context.height)
        guard session.spend(body.fee, .native) else { throw .sessionLimit }
        state.session = OpenSession(account: body.sender, key: key, record: session)
    }

    /// Whether a session may send a message, as the state stands before the transaction.
    private func isInside(_ scope: SessionScope, _ message: Message) -> Bool {
        guard scope.messages.contains(message.tag) else { return false }
        guard !scope.payees.isEmpty else { return true }
        switch payee(of: message) {
        case .known(let payee): return scope.payees.contains(payee)
        case .nobody: return true
        case .unknown: return false
        }
    }

    /// Who is paid by a message, as the state stands before the transaction.
    private enum Payee {
        case known(AccountID)
        case nobody
        case unknown

        init(_ account: AccountID?) { self = account.map { .known($0) } ?? .unknown }
    }

    /// What the same transaction opens or publishes is not known yet.
    private func payee(of message: Message) -> Payee {
        switch message {
        case .transfer(let recipient, _, _): .known(recipient)
        case .openChannel(let opening): .known(opening.payee)
        case .topUpChannel(let channel, _):
            Payee(state.read(Channel.self, .channel(channel))?.payee)
        case .passes(.buyPass(let plan, _)), .passes(.renewPass(let plan, _)),
            .passes(.startTrial(let plan)):
            Payee(state.read(Plan.self, .plan(plan))?.seller)
        case .claimChannel, .closeChannel, .withdrawChannel: .nobody
        default: .unknown
        }
    }
}

/// The session whose key signed the transaction at hand, and what has left the account since.
///
/// What leaves is counted whole: what comes in at the same time does not make room, or a key that
/// may close channels could spend all that was ever locked in them.
struct OpenSession: Sendable {
    fileprivate let account: AccountID
    fileprivate let key: StateKey
    fileprivate let record: Session
    private var left = SortedMap<Denomination, Amount>()

    fileprivate init(account: AccountID, key: StateKey, record: Session) {
        self.account = account
        self.key = key
        self.record = record
    }

    /// Counts an amount that leaves `account`, if that is the session's.
    mutating func note(_ amount: Amount, _ denomination: Denomination, from account: AccountID) {
        guard account == self.account else { return }
        let (sum, overflow) = (left[denomination] ?? .zero).obol
            .addingReportingOverflow(amount.obol)
        left[denomination] = Amount(obol: overflow ? .max : sum)
    }

    /// The session's entry with all that left, or nil if that is more than it may spend.
    fileprivate var charged: Session? {
        var session = record
        for (denomination, amount) in left.entries {
            guard session.spend(amount, denomination) else { return nil }
        }
        return session
    }
}

extension StagedState {
    /// Notes the fee that a session's key has spent.
    mutating func writeSession() {
        guard let session else { return }
        write(session.record, session.key)
    }

    /// Notes what a session's key has spent so far.
    ///
    /// - Throws: `sessionLimit` if it is too much.
    mutating func chargeSession() throws(Refusal) {
        guard let session else { return }
        guard let charged = session.charged else { throw .authorization(.sessionLimit) }
        write(charged, session.key)
    }
}
