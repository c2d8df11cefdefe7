import AccessCore
import Foundation
import Logging
import MarketTypes
import OpenAIWire
import Synchronization
import Telemetry
import Testing

@testable import Webhooks

/// A ledger of which each block has some trades.
private final class Trades: WebhookSource {
    let height = Mutex<UInt64>(0)
    let perBlock: UInt64
    private let reads = Mutex(0)

    init(perBlock: UInt64) { self.perBlock = perBlock }

    var readCount: Int { reads.withLock { $0 } }

    func lastHeight() async throws -> UInt64 { height.withLock { $0 } }

    func events(of height: UInt64) async throws -> [WebhookEvent] {
        reads.withLock { $0 += 1 }
        return (0..<perBlock).map { index in
            WebhookEvent(
                place: WebhookPlace(height: height, index: index),
                type: "exchange.trade",
                payload: "{\"type\":\"exchange.trade\",\"data\":{\"n\":\(index)}}",
                topics: index % 2 == 0 ? ["trades"] : ["offers"]
            )
        }
    }
}

@Suite("Dispatching webhooks", .timeLimit(.minutes(1)))
struct DispatcherTests {
    private func dispatcher(_ bench: WebhookBench, _ source: Trades) -> WebhookDispatcher {
        WebhookDispatcher(
            store: bench.store,
            source: source,
            sender: WebhookSender(
                resolver: ScriptedResolver([[127, 0, 0, 1]]),
                allowsLoopback: true
            ),
            telemetry: .off("market"),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            now: { bench.now }
        )
    }

    @Test("P9: a queue has a limit, and what has no room waits in the ledger")
    func bounded() async throws {
        var limits = WebhookLimits()
        limits.pendingMax = 5
        let bench = try WebhookBench(limits)
        let source = Trades(perBlock: 4)
        source.height.withLock { $0 = 10 }
        let webhook = try await bench.make().webhook
        let dispatcher = dispatcher(bench, source)
        for _ in 0..<3 { try await dispatcher.fill() }
        let full = try await bench.store.webhook(webhook.id, of: owner)
        #expect(full.pendingCount == 5)
        #expect(full.place == WebhookPlace(height: 3, index: 0))
        for due in try await bench.store.due(at: bench.now, limit: 100) {
            let outcome = WebhookOutcome(status: 200, fault: nil)
            _ = try await bench.store.settle(
                due, outcome, milliseconds: 1, spread: 0, at: bench.now)
        }
        try await dispatcher.fill()
        let log = try await bench.store.deliveries(of: webhook.id, owner, before: nil, limit: 100)
        let places = log.map(\.place).sorted()
        #expect(Set(places).count == places.count, "each event once")
        #expect(places.prefix(7).map(\.text) == ["1.0", "1.2", "2.0", "2.2", "3.0", "3.2", "4.0"])
    }

    @Test("webhooks that are as far as each other share the reading of a block")
    func shared() async throws {
        let bench = try WebhookBench()
        let source = Trades(perBlock: 2)
        source.height.withLock { $0 = 3 }
        for byte in 1...20 { _ = try await bench.make(of: organisation(UInt8(byte))) }
        try await dispatcher(bench, source).fill()
        #expect(source.readCount == 3)
    }

    @Test("what a webhook did not ask for is not sent")
    func topics() async throws {
        let bench = try WebhookBench()
        let source = Trades(perBlock: 2)
        source.height.withLock { $0 = 1 }
        let webhook = try await bench.make().webhook
        try await dispatcher(bench, source).fill()
        let log = try await bench.store.deliveries(of: webhook.id, owner, before: nil, limit: 10)
        #expect(log.map(\.place.text) == ["1.0"])
    }

    @Test(
        "WHK-1: a message is signed as Standard Webhooks says",
        arguments: WebhookSecret.Kind.allCases
    )
    func signed(kind: WebhookSecret.Kind) async throws {
        let bench = try WebhookBench()
        let receiver = try await Receiver()
        let made = try await bench.make(
            "http://hook.test:\(receiver.port)/in",
            signing: kind
        )
        let due = try await bench.queue(made.webhook)
        await dispatcher(bench, Trades(perBlock: 0)).deliver(due)
        let message = try #require(receiver.messages.first)
        let id = try #require(message.headers["webhook-id"])
        let seconds = try #require(message.headers["webhook-timestamp"])
        #expect(id == due.message)
        #expect(seconds == "\(bench.now.milliseconds / 1000)")
        let signed = Array("\(id).\(seconds).\(message.body)".utf8)
        let signature = try #require(message.headers["webhook-signature"])
        switch kind {
        case .hmac:
            let bytes = Array(Data(base64Encoded: String(made.secret.dropFirst(6))) ?? Data())
            let expected = WebhookSecret.hmac(bytes)
                .signature(
                    id: id, seconds: bench.now.milliseconds / 1000, body: Array(message.body.utf8))
            #expect(signature == expected && signature.hasPrefix("v1,"))
        case .ed25519:
            #expect(made.secret == made.webhook.publicKey)
            let key = Array(Data(base64Encoded: String(made.secret.dropFirst(5))) ?? Data())
            let bytes = Array(Data(base64Encoded: String(signature.dropFirst(4))) ?? Data())
            #expect(signature.hasPrefix("v1a,"))
            #expect(Ed25519.isValid(bytes, of: signed, key: key))
        }
        let log = try await bench.store.deliveries(
            of: made.webhook.id, owner, before: nil, limit: 1)
        #expect(log.first?.state == .delivered && log.first?.status == 200)
    }

    @Test("the vector of Standard Webhooks")
    func vector() {
        // The example of the specification's own libraries.
        let key = Array(Data(base64Encoded: "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw") ?? Data())
        let signature = WebhookSecret.hmac(key).signature(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            seconds: 1_614_265_330,
            body: Array(#"{"test": 2432232314}"#.utf8)
        )
        #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test("a receiver that is slow does not hold up another")
    func fairness() async throws {
        let bench = try WebhookBench()
        let slow = try await bench.make().webhook
        let quick = try await bench.make().webhook
        for height in 1...50 {
            _ = try await bench.queue(slow, height: UInt64(height))
        }
        _ = try await bench.queue(quick, height: 1)
        let due = try await bench.store.due(at: bench.now, limit: 100)
        #expect(due.count { $0.webhook == slow.id } == 2)
        #expect(due.count { $0.webhook == quick.id } == 1)
    }
}
