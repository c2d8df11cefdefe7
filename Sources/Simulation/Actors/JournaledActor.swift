import Identity
import LedgerCore
import MarketTypes
import SettlementCore

/// What honest buyers and sellers share: a journal, one transaction at a time, and a process that
/// may stop at any record and starts again from what was written.
///
/// Each record changes the state in one place, ``apply(_:)``, when it happens as when it is read
/// back, so that a restart cannot mean something else.
class JournaledActor {
    let part: Cast.Part
    let name: String
    let place: Int
    let offers: [Offer]
    private let journal: ActorJournal
    private(set) var isUp = true
    var desk = AccountDesk()

    init(part: Cast.Part, name: String, place: Int, offers: [Offer], disk: SimulatedDisk) {
        self.part = part
        self.name = name
        self.place = place
        self.offers = offers
        journal = ActorJournal(disk: disk)
    }

    var id: AccountID { part.id }
    var isHonest: Bool { true }

    /// Makes the change that a record stands for.
    func apply(_ record: ActorRecord) throws {
        switch record {
        case .prepared(let bytes): try desk.prepare(bytes)
        case .resolved(_, let isConsumed): desk.resolve(isConsumed: isConsumed)
        default: break
        }
    }

    /// Forgets everything.
    func forget() { desk = AccountDesk() }

    /// What a restart does before anything else.
    func resume(in market: Market) throws {}

    /// Writes a record, and makes its change once that is durable.
    func log(_ record: ActorRecord, in market: Market) throws {
        try journal.log(record, stopPermille: market.plan.actorStopPermille)
        try apply(record)
    }

    /// Does something that may stop the process.
    func attempt(in market: Market, _ body: () throws -> Void) {
        guard isUp else { return }
        do {
            try body()
        } catch is ActorStopped {
            market.note("stops", name)
            crash(in: market)
            market.plan(.restartActor(place), after: market.chance.number(10...120))
        } catch {
            market.fail("actor", "\(name): \(error)")
        }
    }

    func crash(in market: Market) {
        isUp = false
        market.tally.crashes += 1
        journal.crash()
        forget()
    }

    func start(in market: Market) {
        guard !isUp else { return }
        do {
            for record in try journal.replay() { try apply(record) }
        } catch {
            return market.fail("journal", "\(name) cannot replay: \(error)")
        }
        isUp = true
        market.note("starts", name, desk.nextSequence)
        attempt(in: market) { try resume(in: market) }
    }

    func fillDisk() { journal.fill() }
    func repair() { journal.repair() }

    // MARK: transactions

    /// Writes a transaction down and sends it.
    func transact(_ messages: [Message], in market: Market) throws {
        guard desk.pending == nil, let node = market.reader() else { return }
        let bytes = AccountDesk.draw(
            messages,
            key: part.account,
            chain: market.cast.chain,
            sequence: desk.nextSequence,
            height: node.engine.state
        )
        try log(.prepared(bytes), in: market)
        market.note("prepares", name, desk.nextSequence, 0, desk.pending?.digest)
        market.submit(bytes)
    }

    /// Follows the transaction under way; its messages and code once it is known.
    func followUp(in market: Market) throws -> (messages: [Message], code: UInt32)? {
        guard let pending = desk.pending else { return nil }
        if market.bug == .retryWithNewBytes, market.chance.chance(permille: 300) {
            // What a careless client does: it takes silence for a loss.
            try log(.resolved(code: 106, isConsumed: true), in: market)
            try transact(pending.transaction.messages, in: market)
            return nil
        }
        switch market.follow(pending, of: self) {
        case .waiting: return nil
        case .done(let code, let isConsumed):
            try log(.resolved(code: code, isConsumed: isConsumed), in: market)
            return (pending.transaction.messages, code)
        }
    }

    func wake(in market: Market) {}
    func unfinished(in market: Market) -> String? { nil }
}

extension JournaledActor: Actor {}
