import AccessCore
import AccessStore
import Foundation
import Logging
import MarketTypes
import Synchronization
import Telemetry
import Testing

@testable import Webhooks

/// Webhooks in a folder of their own, with a clock that tests move.
final class WebhookBench: Sendable {
    let directory: String
    let store: WebhookStore
    let clock = Mutex<UInt64>(1_800_000_000_000)

    init(_ limits: WebhookLimits = .init()) throws {
        directory = NSTemporaryDirectory() + "/webhooks-\(UInt64.random(in: .min ... .max))"
        try FileManager.default.createDirectory(
            atPath: directory,
            withIntermediateDirectories: false
        )
        store = try WebhookStore(
            path: directory + "/webhooks.sqlite",
            sealing: SealingKey(path: directory + "/key"),
            limits: limits
        )
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    /// The same file, as the next process has it.
    func reopened() throws -> WebhookStore {
        try WebhookStore(
            path: directory + "/webhooks.sqlite",
            sealing: SealingKey(path: directory + "/key"),
            limits: store.limits
        )
    }

    var now: Timestamp { Timestamp(milliseconds: clock.withLock { $0 }) }

    func advance(milliseconds: UInt64) { clock.withLock { $0 += milliseconds } }

    func make(
        _ url: String = "https://hook.test/",
        of organisation: OrganisationID = owner,
        signing: WebhookSecret.Kind = .hmac,
        behind place: WebhookPlace = .end(of: 0)
    ) async throws -> (webhook: Webhook, secret: String) {
        try await store.create(
            WebhookDraft(url: url, topics: ["trades"], note: "", signing: signing),
            for: organisation,
            behind: place,
            at: now
        )
    }

    /// Queues one message.
    func queue(_ webhook: Webhook, height: UInt64 = 1) async throws -> DueMessage {
        try await put(webhook, height: height)
        return try #require(
            try await store.due(at: now, limit: 100).first { $0.webhook == webhook.id }
        )
    }

    /// Queues one message that need not be among the next.
    func put(_ webhook: Webhook, height: UInt64 = 1) async throws {
        let event = WebhookEvent(
            place: WebhookPlace(height: height, index: 0),
            type: "exchange.trade",
            payload: #"{"type":"exchange.trade"}"#,
            topics: ["trades"]
        )
        let current = try await store.webhook(webhook.id, of: webhook.organisation)
        try await store.queue([event], for: current, upTo: .end(of: height), at: now)
    }
}

let owner = organisation(1)

func organisation(_ byte: UInt8) -> OrganisationID {
    guard let id = OrganisationID(bytes: Array(repeating: byte, count: 16)) else {
        preconditionFailure("16 bytes are an organisation")
    }
    return id
}

@Suite("Keeping webhooks")
struct StoreTests {
    private func settle(
        _ bench: WebhookBench,
        _ due: DueMessage,
        _ status: Int?
    ) async throws -> Bool {
        let isGood = status == 200
        return try await bench.store.settle(
            due,
            WebhookOutcome(status: status, fault: isGood ? nil : "it refuses"),
            milliseconds: 1,
            spread: 0.5,
            at: bench.now
        )
    }

    @Test("WHK-2: somebody else's webhook is as unknown as one that never was")
    func strangers() async throws {
        let bench = try WebhookBench()
        let id = try await bench.make().webhook.id
        let other = organisation(2)
        let store = bench.store
        await #expect(throws: WebhookRefusal.unknown) { try await store.webhook(id, of: other) }
        await #expect(throws: WebhookRefusal.unknown) {
            try await store.change(id, of: other, WebhookChange())
        }
        await #expect(throws: WebhookRefusal.unknown) { try await store.remove(id, of: other) }
        await #expect(throws: WebhookRefusal.unknown) {
            try await store.rotate(id, of: other, overlapSeconds: 1, at: bench.now)
        }
        await #expect(throws: WebhookRefusal.unknown) {
            try await store.rewind(id, of: other, to: .end(of: 0))
        }
        await #expect(throws: WebhookRefusal.unknown) {
            try await store.deliveries(of: id, other, before: nil, limit: 10)
        }
        await #expect(throws: WebhookRefusal.unknown) {
            try await store.replay(1, of: id, other, at: bench.now)
        }
        #expect(try await store.webhooks(of: other).isEmpty)
        #expect(try await store.webhooks(of: owner).map(\.id) == [id])
    }

    @Test("P9: an organisation, and the market, have only so many")
    func counts() async throws {
        var limits = WebhookLimits()
        limits.perOrganisationMax = 2
        limits.countMax = 3
        let bench = try WebhookBench(limits)
        _ = try await bench.make()
        _ = try await bench.make()
        await #expect(throws: WebhookRefusal.tooMany) { try await bench.make() }
        _ = try await bench.make(of: organisation(2))
        await #expect(throws: WebhookRefusal.tooMany) {
            try await bench.make(of: organisation(3))
        }
    }

    @Test("a secret is not in the file")
    func sealed() async throws {
        let bench = try WebhookBench()
        let secret = try await bench.make().secret
        #expect(secret.hasPrefix("whsec_"))
        let raw = try #require(Data(base64Encoded: String(secret.dropFirst(6))))
        #expect(raw.count == 32)
        for name in try FileManager.default.contentsOfDirectory(atPath: bench.directory) {
            let path = bench.directory + "/" + name
            let bytes = try #require(FileManager.default.contents(atPath: path))
            #expect(bytes.range(of: raw) == nil && bytes.range(of: Data(secret.utf8)) == nil)
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
            #expect((mode as? Int).map { $0 & 0o077 } == 0, "\(name)")
        }
    }

    @Test("WHK-6: the pauses are the usual ones, moved by a tenth at most, and then it is over")
    func schedule() async throws {
        let limits = WebhookLimits()
        let hour: UInt64 = 3_600_000
        #expect(
            limits.pausesMilliseconds == [
                5_000, 300_000, 1_800_000, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour,
                24 * hour,
            ]
        )
        #expect(limits.pause(after: 1, spread: 0) == 4_500)
        #expect(limits.pause(after: 1, spread: 1) == 5_500)
        #expect(limits.pause(after: 10, spread: 0.5) == nil)
        var patient = limits
        patient.disabledAfterMilliseconds = .max
        let bench = try WebhookBench(patient)
        let webhook = try await bench.make().webhook
        var due = try await bench.queue(webhook)
        for attempt in 1...9 {
            #expect(try await settle(bench, due, 500) == false)
            #expect(try await bench.store.due(at: bench.now, limit: 10).isEmpty)
            bench.advance(milliseconds: limits.pausesMilliseconds[attempt - 1])
            due = try #require(try await bench.store.due(at: bench.now, limit: 10).first)
            #expect(due.attempts == attempt)
        }
        _ = try await settle(bench, due, 500)
        bench.advance(milliseconds: 100 * 24 * hour)
        #expect(try await bench.store.due(at: bench.now, limit: 10).isEmpty)
        let log = try await bench.store.deliveries(of: webhook.id, owner, before: nil, limit: 9)
        #expect(log.map(\.state) == [.failed])
        #expect(log.map(\.attempts) == [10])
        #expect(log.first?.status == 500)
    }

    @Test("WHK-7: five days of failure disable a webhook, one success begins anew, 410 at once")
    func disabling() async throws {
        let bench = try WebhookBench()
        let day: UInt64 = 24 * 3_600_000
        let webhook = try await bench.make().webhook
        _ = try await settle(bench, bench.queue(webhook, height: 1), 500)
        bench.advance(milliseconds: 4 * day)
        _ = try await settle(bench, bench.queue(webhook, height: 2), 200)
        _ = try await settle(bench, bench.queue(webhook, height: 3), 500)
        bench.advance(milliseconds: 5 * day - 1)
        #expect(try await settle(bench, bench.queue(webhook, height: 4), nil) == false)
        bench.advance(milliseconds: 1)
        #expect(try await settle(bench, bench.queue(webhook, height: 5), nil))
        let now = try await bench.store.webhook(webhook.id, of: owner)
        #expect(now.state == .disabled)
        bench.advance(milliseconds: 10 * day)
        #expect(try await bench.store.due(at: bench.now, limit: 10).isEmpty, "it waits")
        var change = WebhookChange()
        change.isActive = true
        let again = try await bench.store.change(webhook.id, of: owner, change)
        #expect(again.state == .active && again.failingSince == nil)
        #expect(try await !bench.store.due(at: bench.now, limit: 10).isEmpty)
        let other = try await bench.make().webhook
        #expect(try await settle(bench, bench.queue(other), 410))
    }

    @Test("WHK-8: while secrets overlap both sign, afterwards the new one alone")
    func rotation() async throws {
        let bench = try WebhookBench()
        let made = try await bench.make()
        let rotated = try await bench.store.rotate(
            made.webhook.id,
            of: owner,
            overlapSeconds: 60,
            at: bench.now
        )
        #expect(rotated.secret != made.secret)
        let due = try await bench.queue(made.webhook)
        #expect(due.secrets.map(\.receiverText) == [rotated.secret, made.secret])
        bench.advance(milliseconds: 60_000)
        let later = try #require(try await bench.store.due(at: bench.now, limit: 1).first)
        #expect(later.secrets.map(\.receiverText) == [rotated.secret])
    }

    @Test("WHK-9: a replay has the name that the message had, and tries anew")
    func replay() async throws {
        let bench = try WebhookBench()
        let webhook = try await bench.make().webhook
        let due = try await bench.queue(webhook)
        _ = try await settle(bench, due, 200)
        await #expect(throws: WebhookRefusal.unknown) {
            try await bench.store.replay(due.number + 1, of: webhook.id, owner, at: bench.now)
        }
        _ = try await bench.store.replay(due.number, of: webhook.id, owner, at: bench.now)
        let again = try #require(try await bench.store.due(at: bench.now, limit: 1).first)
        #expect(again.message == due.message && again.attempts == 0)
        let back = try await bench.store.rewind(webhook.id, of: owner, to: .end(of: 0))
        #expect(back.place == .end(of: 0))
        let forward = try await bench.store.rewind(webhook.id, of: owner, to: .end(of: 9))
        #expect(forward.place == .end(of: 0), "what was not sent is not skipped")
    }

    @Test("a place that moved meanwhile queues nothing")
    func moved() async throws {
        let bench = try WebhookBench()
        let webhook = try await bench.make(behind: .end(of: 5)).webhook
        _ = try await bench.store.rewind(webhook.id, of: owner, to: .end(of: 2))
        try await bench.store.queue([], for: webhook, upTo: .end(of: 6), at: bench.now)
        #expect(try await bench.store.webhook(webhook.id, of: owner).place == .end(of: 2))
    }

    @Test("WHK-14: organisations take turns at being filled, however far behind others are")
    func fillingTurns() async throws {
        let bench = try WebhookBench()
        var late: Set<WebhookID> = []
        for byte in 2...5 as ClosedRange<UInt8> {
            for _ in 0..<4 {
                late.insert(try await bench.make(of: organisation(byte)).webhook.id)
            }
        }
        // Far behind are all but this one.
        let near = try await bench.make(behind: .end(of: 90)).webhook.id
        var seen: [WebhookID: Int] = [:]
        var last = ""
        for _ in 0..<17 {
            let turn = try await bench.store.behind(100, limit: 4, after: last)
            #expect(turn.webhooks.map(\.place).sorted() == turn.webhooks.map(\.place))
            for webhook in turn.webhooks { seen[webhook.id, default: 0] += 1 }
            last = turn.last
        }
        #expect(seen[near] == 4)
        #expect(late.allSatisfy { seen[$0] == 4 })
    }

    @Test("WHK-14: an organisation has a share of what is sent, and nobody waits behind it")
    func sendingShares() async throws {
        let bench = try WebhookBench()
        for _ in 0..<15 {
            let webhook = try await bench.make(of: organisation(2)).webhook
            for height in 1...3 as ClosedRange<UInt64> {
                try await bench.put(webhook, height: height)
            }
        }
        bench.advance(milliseconds: 1)
        let late = try await bench.make(of: organisation(3)).webhook
        try await bench.put(late)
        let due = try await bench.store.due(at: bench.now, limit: 3)
        #expect(due.count == 3)
        #expect(due.contains { $0.webhook == late.id })
        let all = try await bench.store.due(at: bench.now, limit: 100)
        #expect(all.count == 1 + bench.store.limits.concurrencyPerOrganisationMax)
        // Of one organisation, a receiver that answers does not wait behind those that do not.
        var failing: Set<WebhookID> = []
        while failing.count < 15 {
            let due = try await bench.store.due(at: bench.now, limit: 100)
            for message in due where message.webhook != late.id {
                failing.insert(message.webhook)
                _ = try await settle(bench, message, 500)
            }
        }
        bench.advance(milliseconds: 3_600_000)
        let healthy = try await bench.make(of: organisation(2)).webhook
        try await bench.put(healthy)
        let next = try await bench.store.due(at: bench.now, limit: 100)
        #expect(next.contains { $0.webhook == healthy.id })
    }
}
