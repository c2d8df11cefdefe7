import CanonicalCoding
import Identity
import LedgerCore
import MarketTypes
import SettlementCore

/// Why the auditor expects a refusal: the number that docs/spec/ledger.md gives.
struct AuditorRefusal: Error {
    let code: UInt32
    init(_ code: UInt32) { self.code = code }
}

/// What the auditor expects of a transaction.
struct ExpectedResult: Hashable {
    let code: UInt32
    let messageIndex: UInt8

    /// Whatever the rules say: the auditor has no model of it.
    static let unmodelled = ExpectedResult(code: .max, messageIndex: 0)
}

/// A claim that was paid, as anybody can read it from the blocks.
struct PaidClaim {
    let height: UInt64
    let channel: ChannelID
    let receipts: [Signed<Receipt>]
}

/// A second ledger beside the nodes', written from docs/spec/ledger.md to be obviously right
/// instead of fast.
///
/// It shares the documents with the nodes, and no rule: plain dictionaries that nothing iterates
/// over in a way that matters, plain integers, and a copy of everything before each transaction.
struct Auditor {
    struct Holder {
        var sequence: UInt64 = 0
        var balance: UInt128 = 0
    }
    struct Work {
        let owner: AccountID
        let publication: AssetPublication
        var versions: [AssetVersion]
    }
    struct Listing {
        let offer: Offer
        let height: UInt64
        /// 1 current, 2 superseded, 3 withdrawn.
        var standing: UInt8
    }
    struct Record {
        let root: Digest
        let count: UInt64
        let paid: UInt128
        let height: UInt64
    }
    struct Pot {
        let payer, payee: AccountID
        let voucherKey: PublicKey
        let lanes: UInt16
        var deposit: UInt128
        var paid: UInt128 = 0
        var isClosed = false
        var closesAt: UInt64?
        var settled: [UInt16: (sequence: UInt64, total: UInt128)] = [:]
        var records: [Record] = []
    }
    struct Stake {
        var active: UInt128 = 0
        var parts: [(amount: UInt128, height: UInt64)] = []
    }
    struct Crime: Hashable {
        let channel: ChannelID
        let lane: UInt16
        let sequence: UInt64
    }

    let chain: ChainID
    let parameters: LedgerParameters
    let supply: UInt128
    /// Whose messages this has no model of: it only counts their fees and numbers.
    let dealers: Set<AccountID>
    var holders: [AccountID: Holder] = [:]
    var pool: UInt128 = 0
    var works: [AssetID: Work] = [:]
    var listings: [OfferID: Listing] = [:]
    var pots: [ChannelID: Pot] = [:]
    /// The channels in the order in which they were opened.
    var potOrder: [ChannelID] = []
    var stakes: [AccountID: Stake] = [:]
    var crimes: Set<Crime> = []
    var lastDeadline: UInt64 = 0
    /// The claims that were paid, in order.
    var paidClaims: [PaidClaim] = []
    /// The transactions of the last block that took effect.
    private(set) var effects: [Transaction] = []

    /// Who sent the message at hand, and when.
    var sender = AccountID(.zero)
    var sequence: UInt64 = 0
    var index: UInt8 = 0
    var height: UInt64 = 0
    var time: UInt64 = 0

    init(_ genesis: Genesis, dealers: Set<AccountID>) {
        self.dealers = dealers
        chain = genesis.chain
        parameters = genesis.parameters
        supply = genesis.supply.obol
        for allocation in genesis.allocations {
            holders[allocation.account] = Holder(balance: allocation.amount.obol)
        }
    }

    /// What becomes of a block's transactions.
    mutating func apply(_ transactions: [[UInt8]], at context: BlockContext) -> [ExpectedResult] {
        height = context.height.rawValue
        time = context.time.milliseconds
        effects = []
        return transactions.map { apply($0) }
    }

    private mutating func apply(_ bytes: [UInt8]) -> ExpectedResult {
        let transaction: Transaction
        do {
            transaction = try form(bytes)
            try admit(transaction, size: bytes.count)
        } catch {
            return ExpectedResult(code: error.code, messageIndex: 0)
        }
        guard !dealers.contains(transaction.sender) else { return .unmodelled }
        let before = self
        for (place, message) in transaction.messages.enumerated() {
            index = UInt8(place)
            do {
                try perform(message)
            } catch {
                self = before
                return ExpectedResult(code: error.code, messageIndex: UInt8(place))
            }
        }
        effects.append(transaction)
        return ExpectedResult(code: 0, messageIndex: 0)
    }

    /// LED-3.
    func form(_ bytes: [UInt8]) throws(AuditorRefusal) -> Transaction {
        guard bytes.count <= 262_144 else { throw AuditorRefusal(102) }
        guard let signed = try? Signed<Transaction>(canonicalBytes: bytes) else {
            throw AuditorRefusal(101)
        }
        let transaction = signed.document
        guard transaction.chain == chain else { throw AuditorRefusal(103) }
        do {
            _ = try signed.verified()
            for message in transaction.messages {
                switch message {
                case .claimChannel(let claim):
                    for lane in claim.lanes { _ = try lane.verified() }
                case .reportFraud(let proof):
                    for receipt in proof.receipts { _ = try receipt.verified() }
                default: break
                }
            }
        } catch {
            throw AuditorRefusal(105)
        }
        // Only dealers let others sign.
        guard signed.key.accountID == transaction.sender || dealers.contains(transaction.sender)
        else { throw AuditorRefusal(104) }
        return transaction
    }

    /// LED-5.
    private mutating func admit(
        _ transaction: Transaction,
        size: Int
    ) throws(AuditorRefusal) {
        sender = transaction.sender
        sequence = transaction.sequence
        guard height <= transaction.validUntil.rawValue else { throw AuditorRefusal(106) }
        var holder = holders[sender] ?? Holder()
        guard sequence > holder.sequence else { throw AuditorRefusal(107) }
        guard sequence == holder.sequence + 1 else { throw AuditorRefusal(108) }
        let fee = transaction.fee.obol
        let least = parameters.feeMinimum.obol + parameters.feePerByte.obol * UInt128(size)
        guard fee >= least else { throw AuditorRefusal(109) }
        holder.sequence = sequence
        if !dealers.contains(sender) {
            guard fee <= holder.balance else { throw AuditorRefusal(110) }
            holder.balance -= fee
        }
        holders[sender] = holder
        pool += fee
    }

    private mutating func perform(_ message: Message) throws(AuditorRefusal) {
        switch message {
        case .transfer(let to, _, let amount):
            guard amount.obol > 0 else { throw AuditorRefusal(201) }
            try debit(sender, amount.obol)
            credit(to, amount.obol)
        case .publishAsset(let publication): try publish(publication)
        case .publishAssetVersion(let asset, let version): try publish(version, of: asset)
        case .publishOffer(let offer): try publish(offer)
        case .withdrawOffer(let offer): try withdraw(offer)
        case .openChannel(let opening): try open(opening)
        case .topUpChannel(let channel, let amount): try topUp(channel, amount.obol)
        case .claimChannel(let claim): try self.claim(claim)
        case .closeChannel(let channel): try close(channel)
        case .withdrawChannel(let channel): try withdraw(channel)
        case .depositBond(let amount): try deposit(amount.obol)
        case .unbond(let amount): try unbond(amount.obol)
        case .reportFraud(let proof): try report(proof)
        default: try performRest(message)
        }
    }

    private mutating func performRest(_ message: Message) throws(AuditorRefusal) {
        guard case .withdrawBond = message else {
            throw AuditorRefusal(.max)  // a message that no actor here sends
        }
        try withdrawBond()
    }

    mutating func debit(_ account: AccountID, _ amount: UInt128) throws(AuditorRefusal) {
        let balance = holders[account]?.balance ?? 0
        guard amount <= balance else { throw AuditorRefusal(202) }
        holders[account, default: Holder()].balance = balance - amount
    }

    /// Cannot overflow: everything here is native, and the supply fits.
    mutating func credit(_ account: AccountID, _ amount: UInt128) {
        guard amount > 0 else { return }
        holders[account, default: Holder()].balance += amount
    }

    /// Something waits until `blocks` from now; returns until when.
    mutating func wait(_ blocks: UInt64) -> UInt64 {
        let until = height + blocks
        lastDeadline = max(lastDeadline, until)
        return until
    }
}
