import LedgerClient
import LedgerCore
import Logging
import MarketTypes
import NIOCore
import SettlementCore
import Synchronization

/// Finds out from the ledger what a channel is: for vouchers of channels that are new here, or
/// whose deposit grew.
///
/// Strangers can make it ask, so it asks few questions at once, and the same one only now and then.
final class ChannelDirectory: Sendable {
    /// What the ledger says about a channel.
    enum Finding: Hashable, Sendable {
        /// It is in the book, as the ledger has it now.
        case known
        /// There is no such channel that pays this account.
        case unknown
        /// It is closed.
        case closed
        /// The ledger gave no answer, or the book is full.
        case unavailable
    }

    /// The most answers that are remembered.
    private static let answersMax = 4096

    private struct Answer {
        let finding: Finding
        let atNanoseconds: UInt64

        /// A deposit may grow any moment; a channel that does not exist will hardly appear.
        func stands(atNanoseconds now: UInt64) -> Bool {
            now - min(atNanoseconds, now) < (finding == .known ? 100_000_000 : 2_000_000_000)
        }
    }

    private let chain: ChainID
    private let payee: AccountID
    private let ledger: any LedgerConnection
    private let desk: VoucherDesk
    private let logger: Logger
    private let eventLoopGroup: any EventLoopGroup
    private let uptimeNanoseconds: @Sendable () -> UInt64
    private let answers = Mutex<[ChannelID: Answer]>([:])
    private let turns = CallGate(callsMax: 4, waitersMax: 1024)

    init(
        chain: ChainID,
        payee: AccountID,
        ledger: any LedgerConnection,
        desk: VoucherDesk,
        logger: Logger,
        eventLoopGroup: any EventLoopGroup,
        uptimeNanoseconds: @escaping @Sendable () -> UInt64
    ) {
        self.chain = chain
        self.payee = payee
        self.ledger = ledger
        self.desk = desk
        self.logger = logger
        self.eventLoopGroup = eventLoopGroup
        self.uptimeNanoseconds = uptimeNanoseconds
    }

    /// Asks about a channel that a voucher names, unless it was asked about just now.
    func ask(_ channel: ChannelID) async -> Finding {
        if let answer = recent(channel) { return answer }
        let entered = await turns.enter(
            waitingAtMost: .seconds(5),
            on: eventLoopGroup.any()
        )
        guard case .success(let pass) = entered else { return .unavailable }
        defer { withExtendedLifetime(pass) {} }
        if let answer = recent(channel) { return answer }
        let finding = await refresh(channel, makesRoom: true)
        remember(finding, about: channel)
        return finding
    }

    /// Asks about a channel, however often, and puts the answer into the book.
    ///
    /// - Parameter makesRoom: whether a channel that was never used goes if the book is full: for
    ///   whoever wants to buy, not for whoever only opened a channel.
    func refresh(_ id: ChannelID, makesRoom: Bool = false) async -> Finding {
        do throws(LedgerClientError) {
            guard let channel = try await ledger.channel(id), channel.payee == payee else {
                return .unknown
            }
            return await take(id, channel, makesRoom: makesRoom)
        } catch {
            logger.warning("the ledger cannot be asked", metadata: ["error": "\(error.message)"])
            return .unavailable
        }
    }

    /// Puts what the ledger says about a channel of this account into the book.
    func take(
        _ id: ChannelID,
        _ channel: LedgerCore.Channel,
        makesRoom: Bool = false
    ) async -> Finding {
        let terms = channel.terms(id: id, chain: chain)
        let (known, isFull) = desk.withBook { book in
            book.setStatus(channel.status, of: id)
            return (book.accounts[id]?.channel.terms, book.isFull)
        }
        if known == nil, channel.status != .open { return .closed }
        if known == nil, isFull {
            guard makesRoom, desk.makeRoom() else { return .unavailable }
        }
        if known?.deposit != terms.deposit {
            do throws(DeskRefusal) {
                do throws(DeskRefusal) {
                    try await desk.write(.terms(terms))
                } catch .book(.full) where makesRoom && desk.makeRoom() {
                    // Another newcomer took the place.
                    try await desk.write(.terms(terms))
                }
            } catch {
                logger.warning("a channel is not taken in", metadata: ["reason": "\(error)"])
                return .unavailable
            }
        }
        guard known == nil else { return channel.status == .open ? .known : .closed }
        // A block that told of its closing meanwhile was about a channel that was not known yet.
        do throws(LedgerClientError) {
            guard let now = try await ledger.channel(id) else { return .unknown }
            desk.withBook { $0.setStatus(now.status, of: id) }
            return now.status == .open ? .known : .closed
        } catch {
            return .unavailable
        }
    }

    private func recent(_ channel: ChannelID) -> Finding? {
        let now = uptimeNanoseconds()
        return answers.withLock { answers in
            guard let answer = answers[channel], answer.stands(atNanoseconds: now) else {
                return nil
            }
            return answer.finding
        }
    }

    private func remember(_ finding: Finding, about channel: ChannelID) {
        let now = uptimeNanoseconds()
        answers.withLock { answers in
            if answers.count >= Self.answersMax {
                answers = answers.filter { $0.value.stands(atNanoseconds: now) }
            }
            guard answers.count < Self.answersMax else { return }
            answers[channel] = Answer(finding: finding, atNanoseconds: now)
        }
    }
}
