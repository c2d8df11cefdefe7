import Identity
import LedgerClient
import LedgerCore
import Logging
import MarketTypes
import NIOCore
import ServiceLifecycle
import SettlementCore
import Synchronization

/// Gets the provider paid: now and then, when much is owed, when a payer leaves, and at the end.
///
/// A claim is written down before it is sent and kept until the ledger's answer is known, so an
/// answer that got lost is asked for and never taken for a refusal.
final class ClaimRunner: Service {
    /// How often the planner is asked although nothing happened, in milliseconds.
    private static let tickMilliseconds: Int64 = 1000

    /// How often a shutdown claims anew, for channels with more lanes than fit one claim.
    private static let roundsMax = 1 + Int(ChannelTerms.lanesMax) / ChannelClaim.lanesMax

    private let parts: ProviderParts
    private let account: AccountSession
    private let heights: LedgerHeight
    private let planner: Mutex<ClaimPlanner>

    init(parts: ProviderParts, account: AccountSession, heights: LedgerHeight) {
        self.parts = parts
        self.account = account
        self.heights = heights
        planner = Mutex(ClaimPlanner(parts.configuration.claims))
    }

    /// Claims until shutdown, and then once more for everything that is owed.
    func run() async {
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await withDiscardingTaskGroup { group in
                    group.addTask { await self.tick() }
                    for await _ in self.parts.claims.signals {
                        await self.claimDue(isShuttingDown: false)
                    }
                    group.cancelAll()
                }
            } onGracefulShutdown: {
                self.parts.claims.finish()
            }
        } onCancel: {
            self.parts.claims.finish()
        }
        if !Task.isCancelled { await claimLast() }
    }

    private func tick() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(Self.tickMilliseconds))
            parts.claims.send()
        }
    }

    /// Claims everything, but does not hold up the shutdown for ever.
    private func claimLast() async {
        let timeout = parts.configuration.claims.shutdownTimeoutSeconds
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                var rounds = 0
                while rounds < Self.roundsMax, await self.claimDue(isShuttingDown: true) {
                    rounds += 1
                }
            }
            group.addTask { try? await Task.sleep(for: .seconds(timeout)) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Claims from every channel that is due, several in one transaction.
    ///
    /// - Returns: whether anything was sent.
    @discardableResult
    private func claimDue(isShuttingDown: Bool) async -> Bool {
        await forgetClosed()
        let moment = ClaimPlanner.Moment(
            milliseconds: Self.nowMilliseconds,
            height: heights.latest,
            isShuttingDown: isShuttingDown
        )
        let standings = parts.desk.withBook { book in
            book.channels.compactMap { book.accounts[$0].map(ClaimPlanner.Standing.init) }
        }
        let steps = planner.withLock { $0.plan(standings, at: moment) }
        var prepared: [PreparedClaim] = []
        for step in steps {
            if let claim = await prepare(step) { prepared.append(claim) }
        }
        for batch in PreparedClaim.batches(prepared) { await submit(batch) }
        return !prepared.isEmpty
    }

    private static var nowMilliseconds: UInt64 {
        NIODeadline.now().uptimeNanoseconds / 1_000_000
    }
}

extension ClaimRunner {
    /// Draws up a claim and writes that down; one that is under way already is looked up first.
    private func prepare(_ step: ClaimPlanner.Step) async -> PreparedClaim? {
        let (pending, isNewest) = parts.desk.withBook { book in
            let account = book.accounts[step.channel]
            return (account?.claim, account?.isWhollyDrafted ?? false)
        }
        if let pending {
            switch await fate(of: pending) {
            case .paid: await write(.claimPaid(step.channel))
            // What was earned since is not in it, and would go back to the payer.
            case .unpaid: return PreparedClaim(pending, release: step.release && isNewest)
            case .unknown: return nil
            }
        }
        await write(.claimBegun(step.channel))
        let drafted = parts.desk.withBook { $0.accounts[step.channel]?.claim }
        guard let drafted, !drafted.calls.isEmpty || step.release else {
            await write(.claimDropped(step.channel))
            return nil
        }
        return PreparedClaim(drafted, release: step.release)
    }

    private enum Fate {
        case paid, unpaid, unknown
    }

    /// Asks the ledger what became of a claim whose answer got lost.
    private func fate(of claim: DraftedClaim) async -> Fate {
        do throws(LedgerClientError) {
            guard let first = claim.lanes.first else {
                let status = try await account.ledger.channel(claim.channel)?.status
                return status == .closed ? .paid : .unpaid
            }
            let settled = try await account.ledger.read(
                LaneSettlement.self,
                .lane(claim.channel, first.lane)
            )
            // A claim takes effect as a whole, so one lane tells.
            return (settled?.sequence ?? 0) >= first.settlement.sequence ? .paid : .unpaid
        } catch {
            return .unknown
        }
    }

    private func submit(_ batch: [PreparedClaim]) async {
        do throws(LedgerClientError) {
            try await account.execute(batch.map { .claimChannel($0.message) })
        } catch {
            return await take(error, batch)
        }
        for claim in batch { await paid(claim) }
    }

    private func paid(_ claim: PreparedClaim) async {
        let denomination = parts.desk.withBook {
            $0.accounts[claim.channel]?.channel.terms.denomination
        }
        parts.metrics.claimed(claim.amount, in: denomination)
        await write(.claimPaid(claim.channel))
        planner.withLock { $0.paid(claim.channel) }
        if claim.message.release {
            parts.desk.withBook { $0.setStatus(.closed, of: claim.channel) }
        }
        parts.logger.info(
            "a claim was paid",
            metadata: [
                "channel": "\(claim.channel.digest)", "amount": "\(claim.amount)",
                "lanes": "\(claim.message.lanes.count)", "released": "\(claim.message.release)",
            ]
        )
    }

    /// A refused transaction is taken apart, so that one bad claim does not hold up the others.
    private func take(_ error: LedgerClientError, _ batch: [PreparedClaim]) async {
        if error.refusal?.feeCharged == true, batch.count > 1 {
            for claim in batch { await submit([claim]) }
            return
        }
        if let refusal = error.refusal, refusal.feeCharged, let claim = batch.first {
            parts.logger.error(
                "the ledger refused a claim; nothing is lost, it is tried again later",
                metadata: [
                    "channel": "\(claim.channel.digest)", "code": "\(refusal.code)",
                    "reason": "\(refusal.name)",
                ]
            )
            await reconcile(claim)
        } else {
            parts.logger.warning(
                "claims were not taken; they are sent again later",
                metadata: [
                    "claims": "\(batch.count)", "code": "\(error.refusal?.code ?? 0)",
                    "error": "\(error.message)",
                ]
            )
        }
        let now = Self.nowMilliseconds
        planner.withLock { planner in
            let wasCharged = error.refusal?.feeCharged == true
            for claim in batch {
                planner.failed(claim.channel, wasCharged: wasCharged, atMilliseconds: now)
            }
        }
    }

    /// Takes over what the ledger has settled, and where the channel stands, after a refusal.
    private func reconcile(_ claim: PreparedClaim) async {
        var lanes: [ClaimedLane] = []
        do throws(LedgerClientError) {
            for lane in claim.message.lanes {
                let id = lane.receipt.document.lane
                let settled = try await account.ledger.read(
                    LaneSettlement.self,
                    .lane(claim.channel, id)
                )
                lanes.append(ClaimedLane(lane: id, settlement: settled ?? .none))
            }
        } catch {
            return  // unknown as before: the claim is looked up at the next attempt
        }
        await write(.claimDropped(claim.channel))
        await write(.settled(claim.channel, lanes))
        _ = await parts.directory.refresh(claim.channel)
    }

    /// Forgets channels that are closed and have no call in progress.
    private func forgetClosed() async {
        let closed = parts.desk.withBook { book in
            book.channels.filter { id in
                book.accounts[id].map { $0.status == .closed && !$0.channel.isServing } ?? false
            }
        }
        for id in closed {
            let lost = parts.desk.withBook { $0.accounts[id]?.unclaimed ?? .zero }
            if !lost.isZero {
                parts.logger.error(
                    "a channel closed before everything was claimed",
                    metadata: ["channel": "\(id.digest)", "lost": "\(lost)"]
                )
            }
            await write(.forgotten(id))
        }
    }

    private func write(_ change: BookChange) async {
        do throws(DeskRefusal) {
            try await parts.desk.write(change)
        } catch {
            parts.logger.error("a claim cannot be written", metadata: ["reason": "\(error)"])
        }
    }
}

extension ClaimPlanner.Standing {
    init(_ account: ChannelAccount) {
        self.init(
            channel: account.channel.terms.id,
            denomination: account.channel.terms.denomination,
            unclaimed: account.unclaimed,
            earned: account.earned,
            isServing: account.channel.isServing,
            status: account.status
        )
    }
}
