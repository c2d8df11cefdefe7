import LedgerClient
import LedgerCore
import Logging
import MarketTypes
import ServiceLifecycle
import Synchronization

/// The latest block that was seen.
final class LedgerHeight: Sendable {
    private let height: Mutex<BlockHeight>

    init(_ height: BlockHeight) {
        self.height = Mutex(height)
    }

    var latest: BlockHeight { height.withLock { $0 } }

    func advance(to next: BlockHeight) {
        height.withLock { $0 = max($0, next) }
    }
}

/// Keeps channels as the ledger shows them: read once, then followed block by block.
struct LedgerWatch: Service {
    /// The shortest and the longest pause before the ledger is followed again.
    private static let pauses = (
        shortest: Duration.milliseconds(250), longest: Duration.seconds(30)
    )

    let parts: ProviderParts
    let payee: AccountID
    let ledger: any LedgerConnection
    let heights: LedgerHeight

    func run() async throws {
        await cancelWhenGracefulShutdown { await follow() }
    }

    /// Reads all channels that pay this account, and asks about those that are listed no more.
    func load() async throws(LedgerClientError) {
        let found = try await ledger.channels(
            ofPayee: payee,
            limit: parts.configuration.channelsMax
        )
        for (id, channel) in found { _ = await parts.directory.take(id, channel) }
        let listed = Set(found.map(\.id))
        for id in parts.desk.withBook({ $0.channels }) where !listed.contains(id) {
            _ = await parts.directory.refresh(id)
        }
    }

    private func follow() async {
        var pause = Self.pauses.shortest
        while !Task.isCancelled {
            do {
                let next = heights.latest.advanced(byBlocks: 1) ?? heights.latest
                for try await block in ledger.blocks(from: next) {
                    for event in block.events { await take(event) }
                    heights.advance(to: block.height)
                    parts.desk.withBook { $0.forgetPasses(before: block.height) }
                    pause = Self.pauses.shortest
                }
            } catch {
                parts.logger.debug("the ledger's blocks broke off", metadata: ["e": "\(error)"])
            }
            do { try await Task.sleep(for: pause) } catch { return }
            pause = min(pause * 2, Self.pauses.longest)
        }
    }

    private func take(_ event: Event) async {
        switch event {
        case .channelOpened(let id, _, let payee) where payee == self.payee:
            _ = await parts.directory.refresh(id)
        case .channelToppedUp(let id, _):
            if isKnown(id) { _ = await parts.directory.refresh(id) }
        case .channelClosing(let id, let height): await take(.closing(at: height), of: id)
        case .channelClosed(let id, _): await take(.closed, of: id)
        case .passes(let event): await take(event)
        default: break
        }
    }

    /// The block is enough to know that a channel closes; more is asked of the ledger if it
    /// answers.
    private func take(_ status: LedgerCore.Channel.Status, of id: ChannelID) async {
        guard isKnown(id) else { return }
        parts.desk.withBook { $0.setStatus(status, of: id) }
        parts.claims.send()
        _ = await parts.directory.refresh(id)
    }

    private func take(_ event: PassEvent) async {
        switch event {
        case .planPublished(let plan, let seller, _) where seller == payee: await take(plan)
        case .bought(let names, _), .renewed(let names, _, _), .ended(let names),
            .trialStarted(let names, _, _), .trialEnded(let names, _):
            parts.passes.forget(names.holder, names.plan)
        case .transferred(let names, let account):
            parts.passes.forget(names.holder, names.plan)
            parts.passes.forget(account, names.plan)
        default: break
        }
    }

    /// Serves a plan that was published while the provider runs.
    private func take(_ id: PlanID) async {
        do {
            guard let plan = try await ledger.plan(id) else { return }
            // Before anything is served under the offer, so that nothing is served without a pass.
            parts.passes.add(id, plan.terms)
            guard
                let service = try await parts.plans.service(for: plan, like: parts.board.all)
            else { return }
            try await parts.desk.write(.offer(service.offer))
            parts.board.add(service)
        } catch {
            parts.logger.error(
                "a plan is not served before the next start",
                metadata: ["plan": "\(id.digest)", "error": "\(error)"]
            )
        }
    }

    private func isKnown(_ id: ChannelID) -> Bool {
        parts.desk.withBook { $0.accounts[id] != nil }
    }
}
