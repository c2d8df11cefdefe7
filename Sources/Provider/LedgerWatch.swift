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
        case .channelClosing(let id, _), .channelClosed(let id, _):
            guard isKnown(id) else { return }
            _ = await parts.directory.refresh(id)
            parts.claims.send()
        default: break
        }
    }

    private func isKnown(_ id: ChannelID) -> Bool {
        parts.desk.withBook { $0.accounts[id] != nil }
    }
}
