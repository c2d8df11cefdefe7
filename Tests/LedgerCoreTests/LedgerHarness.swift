import CanonicalCoding
import Identity
import MarketTypes
import SettlementCore
import Testing

@testable import LedgerCore

/// A committed state in memory; a dictionary to look things up in, never to iterate over.
struct MemoryState: StateReading, Sendable {
    private(set) var entries: [StateKey: [UInt8]] = [:]
    /// How much money of each denomination there is, as it was when last counted.
    private(set) var total: [Denomination: UInt128] = [:]

    func value(for key: StateKey) -> [UInt8]? { entries[key] }

    mutating func commit(_ changes: [StateChange]) {
        for change in changes { entries[change.key] = change.value }
    }

    /// Counts all money, entry by entry; modulo 2^128, because some tests plant that much.
    func recount(_ denomination: Denomination) -> UInt128 {
        entries.reduce(0) { $0 &+ Self.money(denomination, $1.key, $1.value) }
    }

    mutating func count(_ denominations: [Denomination]) {
        for denomination in denominations { total[denomination] = recount(denomination) }
    }

    /// Every entry, by ascending key.
    var sorted: [StateChange] {
        entries.keys.sorted().map { StateChange(key: $0, value: entries[$0]) }
    }
}

/// A ledger with its blocks, which checks the promises after every transaction.
struct LedgerHarness: Sendable {
    /// A unit that somebody issued before the story begins, next to the native one.
    static let token = Denomination.issued(digest(0x77))
    static let parameters = LedgerParameters(
        feeMinimum: Amount(obol: 1000),
        feePerByte: Amount(obol: 1),
        closingDelayBlocks: 5,
        unbondingDelayBlocks: 8
    )

    /// Staking for tests that must not take long.
    static let staking = StakingParameters(
        validatorsMax: 3,
        candidatesMax: 4,
        unbondingDelayBlocks: 8,
        missedBlocksMax: 3,
        jailBlocks: 5
    )

    let genesis: Genesis
    let chain: ChainID
    private(set) var base = MemoryState()
    private(set) var ledger: Ledger<MemoryState>
    private(set) var context: BlockContext
    /// What an engine makes of the updates so far.
    private(set) var engine = EngineModel()
    /// What the last block that ended changed, and what it told the engine.
    private(set) var last: (changes: [StateChange], updates: [ValidatorUpdate]) = ([], [])
    /// What happened at the ends and beginnings of blocks since somebody last looked.
    var blockEvents: [Event] = []
    /// Whether ``met`` is kept: a copy of the state, so only for whoever records vectors.
    var keepsMet = false
    /// The last transaction and the state that it met.
    private(set) var met: MetTransaction?

    /// Starts a chain; everybody owns the same, of the native unit and of ``token``.
    init(
        each: UInt128 = 1_000_000_000_000,
        tokens: UInt128 = 1_000_000,
        staking: StakingParameters = .standard,
        validators: [Genesis.Validator] = []
    ) {
        let made = Genesis(
            name: "stoa-test",
            time: Timestamp(milliseconds: 1000),
            sequencer: Person.alice.key.publicKey,
            parameters: Self.parameters,
            allocations: Person.all.map { .init(account: $0.id, amount: Amount(obol: each)) },
            stakingParameters: staking,
            validators: validators
        )
        guard let made else { preconditionFailure("the genesis is valid") }
        genesis = made
        chain = made.chain
        base.commit(made.changes)
        if tokens > 0, case .issued(let unit) = Self.token {
            let supply = StoredAmount(Amount(obol: tokens * UInt128(Person.all.count)))
            Self.put(supply, .supply(Self.token), into: &base)
            for actor in Person.all {
                let balance = StoredAmount(Amount(obol: tokens))
                Self.put(balance, .issuedBalance(actor.id, unit), into: &base)
            }
        }
        base.count([.native, Self.token])
        ledger = Ledger(chain: chain, base: base)
        context = BlockContext(height: BlockHeight(1), time: Timestamp(milliseconds: 2000))
        engine.start(made.validatorUpdates)
    }

    private static func put(
        _ value: some CanonicalCodable,
        _ key: StateKey,
        into base: inout MemoryState
    ) {
        base.commit([StateChange(key: key, value: value.canonicalBytes)])
    }

    /// Writes an entry that no transaction could, between blocks.
    mutating func plant(_ value: some CanonicalCodable, _ key: StateKey) {
        endBlock()
        plantNow(value, key)
    }

    /// Writes an entry that no transaction could, before the block's first transaction.
    mutating func plantNow(_ value: some CanonicalCodable, _ key: StateKey) {
        Self.put(value, key, into: &base)
        base.count([.native, Self.token])
        ledger = Ledger(chain: chain, base: base)
    }

    /// Executes a transaction's bytes, as a block does.
    mutating func apply(_ bytes: [UInt8]) -> TransactionResult {
        let before = staged
        if keepsMet {
            met = MetTransaction(base: base, staged: before, bytes: bytes, context: context)
        }
        let result: TransactionResult
        do throws(TransactionRefusal) {
            let checked = try CheckedTransaction(canonicalBytes: bytes, chain: chain)
            result = ledger.apply(checked, at: context)
            checkRefused(result, checked.transaction, before)
        } catch {
            result = TransactionResult(refusal: error)
        }
        if !result.isAccepted { #expect(result.events.isEmpty) }
        for denomination in [Denomination.native, Self.token] {
            #expect(total(denomination) == base.total[denomination], "P1: money was made or lost")
        }
        return result
    }

    /// What the ledger holds that the committed state does not.
    private var staged: [StateKey: [UInt8]?] {
        Dictionary(uniqueKeysWithValues: ledger.changes.map { ($0.key, $0.value) })
    }

    /// LED-5, LED-6: a refused transaction changes nothing but sequence number and fee.
    private func checkRefused(
        _ result: TransactionResult,
        _ transaction: Transaction,
        _ before: [StateKey: [UInt8]?]
    ) {
        guard let refusal = result.refusal else { return }
        var expected = before
        if refusal.feeCharged {
            func old(_ key: StateKey) -> [UInt8]? { before[key] ?? base.value(for: key) }
            let key = StateKey.account(transaction.sender)
            let account = old(key).flatMap { try? Account(canonicalBytes: $0) } ?? .unused
            let after = Account(
                sequence: transaction.sequence,
                balance: Amount(obol: account.balance.obol - transaction.fee.obol)
            )
            expected[key] = after.canonicalBytes
            let pool = old(.feePool).flatMap { try? StoredAmount(canonicalBytes: $0) }
            let fees = (pool?.amount.obol ?? 0) + transaction.fee.obol
            expected[.feePool] = StoredAmount(Amount(obol: fees)).canonicalBytes
            // A session's key has spent the fee; how much it says is for its own tests.
            for (key, value) in staged where key.sessionAccount != nil { expected[key] = value }
        }
        #expect(staged == expected, "\(refusal.name) changed more than fee and sequence")
    }

    /// Ends and commits the block, and begins the next with what the engine says of it.
    mutating func endBlock(blocks: UInt64 = 1, report: EngineReport = .none) {
        let end = ledger.endBlock(at: context)
        if let fault = engine.apply(end.validatorUpdates) {
            Issue.record("STK-24: the engine would stop: \(fault)")
        }
        blockEvents += end.events
        let changes = ledger.changes
        for (one, next) in zip(changes, changes.dropFirst()) { #expect(one.key < next.key) }
        last = (changes, end.validatorUpdates)
        base.commit(changes)
        ledger = Ledger(chain: chain, base: base)
        context = BlockContext(
            height: BlockHeight(context.height.rawValue + blocks),
            time: Timestamp(milliseconds: context.time.milliseconds + 1000 * blocks)
        )
        blockEvents += ledger.beginBlock(report, at: context)
        #expect(total(.native) == base.total[.native], "P1: a block made or lost money")
    }

    /// P1: the sum of everything of one denomination, the block's changes included.
    func total(_ denomination: Denomination) -> UInt128 {
        var sum = base.total[denomination, default: 0]
        for change in ledger.changes {
            sum &+= change.value.map { MemoryState.money(denomination, change.key, $0) } ?? 0
            sum &-=
                base.value(for: change.key).map {
                    MemoryState.money(denomination, change.key, $0)
                } ?? 0
        }
        return sum
    }
}

extension MemoryState {
    /// The money of one denomination in one entry, read from the bytes themselves.
    static func money(
        _ denomination: Denomination,
        _ key: StateKey,
        _ value: [UInt8]
    ) -> UInt128 {
        func amount(at offset: Int) -> UInt128 {
            value[offset..<offset + 16].reduce(0) { $0 << 8 | UInt128($1) }
        }
        switch (key.bytes[0], denomination) {
        case (0x01, .native): return amount(at: 9)
        case (0x02, .issued(let unit)):
            return key.bytes.suffix(32) == unit.bytes[...] ? amount(at: 1) : 0
        case (0x03, .native): return amount(at: 1)
        case (0x07, let denomination):  // a pot: kind, name, and the unit's name or zero
            let unit: [UInt8] =
                switch denomination {
                case .native: [UInt8](repeating: 0, count: 32)
                case .issued(let unit): unit.bytes
                }
            return key.bytes.suffix(32) == unit[...] ? amount(at: 1) : 0
        case (0x20, _):
            guard let channel = try? Channel(canonicalBytes: value),
                channel.denomination == denomination
            else { return 0 }
            return channel.locked.obol
        case (0x30, .native):
            let parts = Int(value[17])
            return (0..<parts).reduce(amount(at: 1)) { $0 + amount(at: 18 + 24 * $1) }
        case (0x40, .native):
            // After version, key, commission and height: stake, three numbers, two pots.
            return amount(at: 48) + amount(at: 112) + amount(at: 128)
        case (0x41, .native):
            let parts = Int(value[33])
            return (0..<parts).reduce(0) { $0 + amount(at: 34 + 32 * $1) }
        default: return 0
        }
    }
}

extension LedgerHarness {
    /// What an account has, the block's changes included.
    func account(_ actor: Person) -> Account { ledger.state.account(actor.id) }

    /// What an account has of ``token``, in its smallest unit.
    func tokens(_ actor: Person) -> UInt128 {
        ledger.state.balance(actor.id, Self.token).obol
    }

    /// A transaction of `actor`'s with the next sequence number and the least fee.
    func transaction(_ actor: Person, _ messages: [Message]) -> Transaction {
        func made(_ fee: UInt128) -> Transaction {
            Transaction(
                chain: chain,
                sender: actor.id,
                sequence: account(actor).sequence + 1,
                fee: Amount(obol: fee),
                validUntil: BlockHeight(.max),
                messages: messages
            )
        }
        let bytes = actor.key.sign(made(0)).signed.canonicalBytes.count
        return made(Self.parameters.fee(bytes: bytes).obol)
    }

    /// Signs and executes messages.
    @discardableResult
    mutating func send(_ actor: Person, _ messages: Message...) -> TransactionResult {
        apply(actor.key.sign(transaction(actor, messages)).signed.canonicalBytes)
    }
}

extension LedgerHarness {
    /// What an account's stake with a validator is worth, on its way back or not, without rewards.
    func staked(_ person: Person, with validator: Person) -> UInt128 {
        let delegation = ledger.state.delegation(person.id, to: validator.id)
        let entry = ledger.state.read(Validator.self, .validator(validator.id))
        let active = entry?.value(of: delegation.shares).obol ?? 0
        return active + delegation.money.obol
    }

    /// A validator's entry, the block's changes included.
    func validator(_ person: Person) -> Validator? {
        ledger.state.read(Validator.self, .validator(person.id))
    }
}
