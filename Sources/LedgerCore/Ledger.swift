import CanonicalCoding
public import MarketTypes

/// Where in the chain a transaction executes.
public struct BlockContext: Hashable, Sendable {
    /// The height of the block.
    public let height: BlockHeight
    /// The block's time, which never runs backwards.
    public let time: Timestamp

    /// Creates a context.
    public init(height: BlockHeight, time: Timestamp) {
        self.height = height
        self.time = time
    }
}

/// The state machine: one transaction at a time, on a staged view of the state.
///
/// A pure value: no clock, storage, randomness or logging. Every node that applies the same
/// transactions to the same state gets the same changes (promise P12). A transaction that cannot
/// enter a block changes nothing; one that is refused later changes its sender's sequence and
/// pays its fee, and nothing else.
public struct Ledger<Base: StateReading> {
    /// The chain whose transactions this accepts.
    public let chain: ChainID
    /// The rules' numbers, as they stood when the block began.
    public let parameters: LedgerParameters
    var state: StagedState<Base>

    /// Opens the ledger on a state that has its genesis.
    public init(chain: ChainID, base: Base) {
        self.chain = chain
        state = StagedState(base: base)
        guard let parameters = state.read(LedgerParameters.self, .parameters) else {
            preconditionFailure("the state has no parameters: genesis was never applied")
        }
        self.parameters = parameters
    }

    /// The changes of everything applied so far, in ascending order of key.
    public var changes: [StateChange] { state.changes }

    /// Decides whether a transaction can enter a block at `context`, and takes its fee.
    ///
    /// - Throws: ``TransactionRefusal`` from `wrongChain` on; nothing has changed then.
    public mutating func admit(
        _ transaction: CheckedTransaction,
        at context: BlockContext
    ) throws(TransactionRefusal) {
        let body = transaction.transaction
        guard body.chain == chain else { throw .wrongChain }
        try authorize(transaction, at: context)
        guard context.height <= body.validUntil else { throw .expired }
        var account = state.account(body.sender)
        guard body.sequence > account.sequence else { throw .staleSequence }
        guard body.sequence - account.sequence == 1 else { throw .sequenceGap }
        guard body.fee >= parameters.fee(bytes: transaction.bytes) else { throw .feeTooLow }
        guard body.fee <= account.balance else { throw .cannotPayFee }
        account.sequence = body.sequence
        account.balance = Amount(obol: account.balance.obol - body.fee.obol)
        state.write(account, .account(body.sender))
        state.take(body.fee, .native)
        state.payIntoFeePool(body.fee)
        state.writeSession()
        state.keepTransaction()
    }

    /// Applies a transaction: its fee in any case, its messages all or none.
    public mutating func apply(
        _ transaction: CheckedTransaction,
        at context: BlockContext
    ) -> TransactionResult {
        do {
            try admit(transaction, at: context)
        } catch {
            return TransactionResult(refusal: .transaction(error), messageIndex: 0)
        }
        var events: [Event] = []
        for (index, message) in transaction.messages.enumerated() {
            let origin = MessageOrigin(
                sender: transaction.transaction.sender,
                sequence: transaction.transaction.sequence,
                messageIndex: UInt8(index),
                context: context
            )
            do {
                events += try apply(message, from: origin)
                try state.chargeSession()
            } catch {
                state.dropTransaction()
                return TransactionResult(refusal: error, messageIndex: UInt8(index))
            }
        }
        state.keepTransaction()
        return TransactionResult(events: events)
    }

    private mutating func apply(
        _ message: CheckedMessage,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        switch message {
        case .plain(let plain): try apply(plain, from: origin)
        case .claim(let claim, let calls): try claimChannel(claim, calls: calls, from: origin)
        case .fraud(let proof, let receipts):
            try reportFraud(proof, receipts: receipts, from: origin)
        case .registration(let registration, let proof):
            try registerValidator(registration, proof: proof, from: origin)
        }
    }

    private mutating func apply(
        _ message: Message,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        switch message {
        case .transfer(let account, let denomination, let amount):
            try transfer(amount, denomination, to: account, from: origin)
        case .publishAsset(let publication): try publishAsset(publication, from: origin)
        case .publishAssetVersion(let asset, let version):
            try publishAssetVersion(version, of: asset, from: origin)
        case .publishOffer(let offer): try publishOffer(offer, from: origin)
        case .withdrawOffer(let offer): try withdrawOffer(offer, from: origin)
        case .openChannel(let opening): try openChannel(opening, from: origin)
        case .topUpChannel(let channel, let amount):
            try topUpChannel(channel, by: amount, from: origin)
        case .closeChannel(let channel): try closeChannel(channel, from: origin)
        case .withdrawChannel(let channel): try withdrawChannel(channel, from: origin)
        case .depositBond(let amount): try depositBond(amount, from: origin)
        case .unbond(let amount): try unbond(amount, from: origin)
        case .withdrawBond: try withdrawBond(from: origin)
        case .staking(let message): try apply(message, from: origin)
        case .lineage(let message): try apply(message, from: origin)
        case .shares(let message): try apply(message, from: origin)
        case .units(let message): try apply(message, from: origin)
        case .passes(let message): try apply(message, from: origin)
        case .exchange(let message): try apply(message, from: origin)
        case .escrows(let message): try apply(message, from: origin)
        case .disputes(let message): try apply(message, from: origin)
        case .governance(let message): try apply(message, from: origin)
        case .authorization(let message): try apply(message, from: origin)
        case .claimChannel, .reportFraud:
            preconditionFailure("\(message) was not checked for the signatures inside it")
        }
    }
}

/// Who sent a message, and its place, which makes names derived from it unique.
struct MessageOrigin: Sendable {
    let sender: AccountID
    let sequence: UInt64
    let messageIndex: UInt8
    let context: BlockContext

    var height: BlockHeight { context.height }
}

extension Ledger: Sendable where Base: Sendable {}
