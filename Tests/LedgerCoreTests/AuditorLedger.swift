import CanonicalCoding
import Identity
import LedgerCore
import MarketTypes
import SettlementCore

/// Why the auditor refuses: the number that docs/spec/ledger.md gives.
struct AuditorRefusal: Error {
    let code: UInt32
    init(_ code: UInt32) { self.code = code }
}

/// A second ledger, written from docs/spec/ledger.md to be obviously right instead of fast.
///
/// It shares the documents with the first one, and no rule: plain dictionaries, plain integers,
/// a copy of everything before each transaction.
struct AuditorLedger {
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
        let denomination: Denomination
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
    struct Issued: Hashable {
        let account: AccountID
        let unit: Digest
    }

    let chain: ChainID
    let parameters: LedgerParameters
    var supplies: [Digest: UInt128]
    var holders: [AccountID: Holder] = [:]
    var issued: [Issued: UInt128] = [:]
    var pool: UInt128 = 0
    var works: [AssetID: Work] = [:]
    var listings: [OfferID: Listing] = [:]
    var pots: [ChannelID: Pot] = [:]
    var stakes: [AccountID: Stake] = [:]
    var crimes: Set<Crime> = []
    var lastDeadline: UInt64 = 0
    var staking: AuditorStaking

    /// Who sent the message at hand, and when.
    var sender = AccountID(.zero)
    var sequence: UInt64 = 0
    var index: UInt8 = 0
    var height: UInt64 = 0
    var time: UInt64 = 0

    init(_ harness: LedgerHarness) {
        chain = harness.chain
        parameters = harness.genesis.parameters
        supplies = [.zero: harness.genesis.supply.obol]
        for allocation in harness.genesis.allocations {
            holders[allocation.account] = Holder(balance: allocation.amount.obol)
        }
        staking = AuditorStaking(harness.genesis)
        for validator in harness.genesis.validators {
            holders[validator.operator]?.balance -= validator.selfBond.obol
        }
        guard case .issued(let unit) = LedgerHarness.token else { return }
        for actor in Person.all {
            let balance = harness.tokens(actor)
            guard balance > 0 else { continue }
            issued[Issued(account: actor.id, unit: unit)] = balance
            supplies[unit, default: 0] += balance
        }
    }

    /// What becomes of a transaction's bytes.
    mutating func apply(_ bytes: [UInt8], at context: BlockContext) -> (UInt32, UInt8) {
        height = context.height.rawValue
        time = context.time.milliseconds
        let transaction: Transaction
        do {
            transaction = try form(bytes)
            try admit(transaction, size: bytes.count)
        } catch {
            return (error.code, 0)
        }
        let before = self
        for (place, message) in transaction.messages.enumerated() {
            index = UInt8(place)
            do {
                try perform(message)
            } catch {
                self = before
                return (error.code, UInt8(place))
            }
        }
        return (0, 0)
    }

    /// LED-3.
    private func form(_ bytes: [UInt8]) throws(AuditorRefusal) -> Transaction {
        guard bytes.count <= 262_144 else { throw AuditorRefusal(102) }
        guard let signed = try? Signed<Transaction>(canonicalBytes: bytes) else {
            throw AuditorRefusal(101)
        }
        let transaction = signed.document
        guard transaction.chain == chain else { throw AuditorRefusal(103) }
        guard signed.key.accountID == transaction.sender else { throw AuditorRefusal(104) }
        do {
            _ = try signed.verified()
            for message in transaction.messages {
                switch message {
                case .claimChannel(let claim):
                    for lane in claim.lanes { _ = try lane.verified() }
                case .reportFraud(let proof):
                    for receipt in proof.receipts { _ = try receipt.verified() }
                case .staking(.registerValidator(let registration)):
                    _ = try registration.proof.verified()
                default: break
                }
            }
        } catch {
            throw AuditorRefusal(105)
        }
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
        guard fee <= holder.balance else { throw AuditorRefusal(110) }
        holder.sequence = sequence
        holder.balance -= fee
        holders[sender] = holder
        pool += fee
    }

    private mutating func perform(_ message: Message) throws(AuditorRefusal) {
        switch message {
        case .transfer(let to, let denomination, let amount):
            guard amount.obol > 0 else { throw AuditorRefusal(201) }
            try debit(sender, amount.obol, denomination)
            try credit(to, amount.obol, denomination)
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
        case .withdrawBond: try withdrawBond()
        case .reportFraud(let proof): try report(proof)
        case .staking(let message): try perform(message)
        case .lineage, .shares, .units, .passes, .exchange, .escrows, .disputes, .governance,
            .authorization:
            preconditionFailure("the crowd sends none: these components have models of their own")
        }
    }

    // MARK: money

    func exists(_ denomination: Denomination) -> Bool {
        switch denomination {
        case .native: true
        case .issued(let unit): supplies[unit] != nil
        }
    }

    func balance(_ account: AccountID, _ denomination: Denomination) -> UInt128 {
        switch denomination {
        case .native: holders[account]?.balance ?? 0
        case .issued(let unit): issued[Issued(account: account, unit: unit)] ?? 0
        }
    }

    mutating func debit(
        _ account: AccountID,
        _ amount: UInt128,
        _ denomination: Denomination
    ) throws(AuditorRefusal) {
        let balance = balance(account, denomination)
        guard amount <= balance else { throw AuditorRefusal(202) }
        set(account, balance - amount, denomination)
    }

    mutating func credit(
        _ account: AccountID,
        _ amount: UInt128,
        _ denomination: Denomination
    ) throws(AuditorRefusal) {
        guard amount > 0 else { return }
        let (sum, overflow) = balance(account, denomination).addingReportingOverflow(amount)
        guard !overflow else { throw AuditorRefusal(203) }
        set(account, sum, denomination)
    }

    private mutating func set(
        _ account: AccountID,
        _ balance: UInt128,
        _ denomination: Denomination
    ) {
        switch denomination {
        case .native: holders[account, default: Holder()].balance = balance
        case .issued(let unit):
            issued[Issued(account: account, unit: unit)] = balance == 0 ? nil : balance
        }
    }

    /// Something waits until `blocks` from now; returns until when.
    mutating func wait(_ blocks: UInt64) -> UInt64 {
        let (sum, overflow) = height.addingReportingOverflow(blocks)
        let until = overflow ? .max : sum
        lastDeadline = max(lastDeadline, until)
        return until
    }
}
