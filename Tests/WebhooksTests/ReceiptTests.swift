import AccessCore
import GRDB
import Logging
import MarketTypes
import Synchronization
import Telemetry
import Testing

@testable import Webhooks

/// Organisations' receipts, as the market has them.
private final class Bought: WebhookReceipts {
    private struct State {
        var accounts: [OrganisationID: AccountID] = [:]
        var counts: [AccountID: UInt64] = [:]
        var changes: UInt64 = 0
    }

    private let state = Mutex(State())

    var changeCount: UInt64 { state.withLock { $0.changes } }

    func pay(_ organisation: OrganisationID, from account: AccountID) {
        state.withLock { $0.accounts[organisation] = account }
    }

    func make(_ count: UInt64, of account: AccountID) {
        state.withLock { state in
            state.counts[account, default: 0] += count
            state.changes += 1
        }
    }

    func standing(of organisation: OrganisationID) async throws -> (AccountID, last: UInt64)? {
        state.withLock { state in
            state.accounts[organisation].map { ($0, last: state.counts[$0] ?? 0) }
        }
    }

    func receipts(
        of account: AccountID,
        for organisation: OrganisationID,
        behind number: UInt64,
        limit: Int
    ) async throws -> [WebhookReceipt] {
        let last = state.withLock { $0.counts[account] ?? 0 }
        guard number < last else { return [] }
        return (number + 1...last).prefix(limit).map { number in
            let bytes = [UInt8](repeating: UInt8(number), count: 32)
            return WebhookReceipt(
                number: number,
                digest: Digest(bytes: bytes) ?? .zero,
                payload: "{\"of\":\"\(account.digest)\",\"number\":\(number)}"
            )
        }
    }
}

private struct NoEvents: WebhookSource {
    func lastHeight() async throws -> UInt64 { 0 }
    func events(of height: UInt64) async throws -> [WebhookEvent] { [] }
}

@Suite("Webhooks of receipts", .timeLimit(.minutes(1)))
struct ReceiptTests {
    private let bought = Bought()

    private func account(_ byte: UInt8) -> AccountID {
        AccountID(Digest(bytes: [UInt8](repeating: byte, count: 32)) ?? .zero)
    }

    private func dispatcher(_ bench: WebhookBench) -> WebhookDispatcher {
        WebhookDispatcher(
            store: bench.store,
            source: NoEvents(),
            receipts: bought,
            sender: WebhookSender(
                resolver: ScriptedResolver([[127, 0, 0, 1]]),
                allowsLoopback: true
            ),
            telemetry: .off("market"),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            now: { bench.now }
        )
    }

    private func make(
        _ bench: WebhookBench,
        _ topics: [String] = ["receipts"],
        of organisation: OrganisationID = owner,
        receipts: (account: AccountID, number: UInt64)? = nil
    ) async throws -> Webhook {
        try await bench.store.create(
            WebhookDraft(url: "https://hook.test/", topics: topics, note: "", signing: .hmac),
            for: organisation,
            behind: .end(of: 0),
            receipts: receipts,
            at: bench.now
        ).webhook
    }

    private func numbers(_ bench: WebhookBench, _ webhook: Webhook) async throws -> [UInt64?] {
        try await bench.store.deliveries(
            of: webhook.id,
            webhook.organisation,
            before: nil,
            limit: 200
        ).map(\.receipt).reversed()
    }

    @Test("WHK-12: nobody hears of another organisation's receipts, or of some without asking")
    func own() async throws {
        let bench = try WebhookBench()
        bought.pay(owner, from: account(1))
        bought.pay(organisation(7), from: account(2))
        let mine = try await make(bench, receipts: (account(1), 0))
        let theirs = try await make(bench, of: organisation(7), receipts: (account(2), 0))
        let other = try await make(bench, ["trades"], receipts: (account(1), 0))
        bought.make(2, of: account(1))
        try await dispatcher(bench).fillReceipts()
        #expect(try await numbers(bench, mine) == [1, 2])
        #expect(try await numbers(bench, theirs) == [])
        #expect(try await numbers(bench, other) == [])
    }

    @Test("WHK-12: when another account pays, what it had before is not told")
    func otherAccount() async throws {
        let bench = try WebhookBench()
        bought.pay(owner, from: account(1))
        let webhook = try await make(bench, receipts: (account(1), 0))
        bought.make(9, of: account(2))
        bought.pay(owner, from: account(2))
        let dispatcher = dispatcher(bench)
        try await dispatcher.fillReceipts()
        bought.make(1, of: account(2))
        try await dispatcher.fillReceipts()
        #expect(try await numbers(bench, webhook) == [10])
    }

    @Test("P9: a queue has a limit, and a place that is sent back tells the same names again")
    func boundedAndSentBack() async throws {
        var limits = WebhookLimits()
        limits.pendingMax = 3
        let bench = try WebhookBench(limits)
        bought.pay(owner, from: account(1))
        let webhook = try await make(bench, receipts: (account(1), 1))
        bought.make(6, of: account(1))
        let dispatcher = dispatcher(bench)
        for _ in 0..<3 { try await dispatcher.fillReceipts() }
        #expect(try await numbers(bench, webhook) == [2, 3, 4])
        let due = try await bench.store.due(at: bench.now, limit: 9)
        for message in due {
            let outcome = WebhookOutcome(status: 200, fault: nil)
            _ = try await bench.store.settle(
                message, outcome, milliseconds: 1, spread: 0, at: bench.now)
        }
        _ = try await bench.store.rewind(webhook.id, of: owner, to: .end(of: 0), receipts: 2)
        bought.make(0, of: account(1))
        try await dispatcher.fillReceipts()
        #expect(try await numbers(bench, webhook).suffix(2).first == 3)
        let names = try await bench.store.deliveries(of: webhook.id, owner, before: nil, limit: 9)
            .filter { $0.receipt == 3 }.map(\.message)
        #expect(names.count == 2 && Set(names).count == 1)
        _ = try await bench.store.rewind(webhook.id, of: owner, to: .end(of: 0))
        let place = try await bench.store.webhook(webhook.id, of: owner).receiptsPlace
        #expect(place ?? 0 > 2, "without a number nothing of the receipts is sent again")
    }

    @Test("a file of the format before knows of no receipts, and keeps its webhooks")
    func format() async throws {
        let bench = try WebhookBench()
        let webhook = try await bench.make().webhook
        try await bench.store.pool.write { db in
            try db.execute(
                sql: """
                    DROP INDEX webhooks_of_receipts;
                    ALTER TABLE webhooks DROP COLUMN receipts;
                    ALTER TABLE webhooks DROP COLUMN receipts_account;
                    ALTER TABLE deliveries DROP COLUMN receipt;
                    UPDATE format SET number = 1;
                    """
            )
        }
        let store = try bench.reopened()
        let found = try await store.webhook(webhook.id, of: owner)
        #expect(found.url == webhook.url && found.receiptsPlace == nil)
    }
}
