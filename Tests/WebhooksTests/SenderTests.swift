import Synchronization
import Testing

@testable import Webhooks

/// A resolver that answers from a script, the last answer for ever.
final class ScriptedResolver: HostResolving {
    private let answers: Mutex<[[NetworkAddress]]>
    private let asked = Mutex<[String]>([])

    init(_ answers: [[UInt8]]...) {
        self.answers = Mutex(answers.map { $0.compactMap { NetworkAddress(bytes: $0) } })
    }

    var questions: [String] { asked.withLock { $0 } }

    func addresses(of host: String) async throws -> [NetworkAddress] {
        asked.withLock { $0.append(host) }
        return answers.withLock { $0.count > 1 ? $0.removeFirst() : $0.first ?? [] }
    }
}

@Suite("Sending webhooks", .timeLimit(.minutes(1)))
struct SenderTests {
    private static let loopback: [UInt8] = [127, 0, 0, 1]

    private func send(
        _ url: String,
        _ resolver: ScriptedResolver,
        allowsLoopback: Bool = true
    ) async -> WebhookOutcome {
        await WebhookSender(resolver: resolver, allowsLoopback: allowsLoopback)
            .send(Array("{}".utf8), to: url, headers: [("webhook-id", "msg_1")])
    }

    @Test(
        "WHK-4: a name of a private address is not connected to, also if another is public",
        arguments: [
            [[10, 0, 0, 1]], [[127, 0, 0, 1]], [[169, 254, 169, 254]],
            [[8, 8, 8, 8], [10, 0, 0, 1]],
            [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 8, 8, 8, 8]],
            [[0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 1]],
        ] as [[[UInt8]]]
    )
    func privateNames(addresses: [[UInt8]]) async {
        let resolver = ScriptedResolver(addresses)
        let outcome = await send("https://hook.test/", resolver, allowsLoopback: false)
        #expect(outcome.fault == "the host has an address that is not on the internet")
        #expect(outcome.status == nil)
    }

    @Test("WHK-4: a private network is none even where this machine is allowed")
    func developmentIsLoopbackAlone() async {
        let outcome = await send("http://hook.test/", ScriptedResolver([[10, 0, 0, 1]]))
        #expect(outcome.fault == "the host has an address that is not on the internet")
        let wide = await send("http://hook.test/", ScriptedResolver([[8, 8, 8, 8]]))
        #expect(wide.fault == "the host has an address that is not on the internet")
    }

    @Test("a host without an address is told apart")
    func noAddress() async {
        let outcome = await send("https://hook.test/", ScriptedResolver([]))
        #expect(outcome.fault == "the host has no address")
    }

    @Test("WHK-4: a resolver that changes its mind is asked once, and the first answer is used")
    func rebinding() async throws {
        let receiver = try await Receiver()
        let resolver = ScriptedResolver([Self.loopback], [[10, 0, 0, 1]])
        let outcome = await send("http://hook.test:\(receiver.port)/in?x=1", resolver)
        #expect(outcome == WebhookOutcome(status: 200, fault: nil))
        #expect(resolver.questions == ["hook.test"])
        let message = try #require(receiver.messages.first)
        #expect(message.headers["host"] == "hook.test:\(receiver.port)")
        #expect(message.path == "/in?x=1")
        #expect(message.headers["webhook-id"] == "msg_1")
    }

    @Test("WHK-5: a redirect is a failure, and is not followed")
    func redirect() async throws {
        let receiver = try await Receiver()
        let other = try await Receiver()
        for status in [301, 302, 303, 307, 308] {
            receiver.setBehaviour(.status(status, location: "http://127.0.0.1:\(other.port)/"))
            let outcome = await send(
                "http://hook.test:\(receiver.port)/",
                ScriptedResolver([Self.loopback])
            )
            #expect(outcome == WebhookOutcome(status: status, fault: "it redirects"))
        }
        #expect(other.messages.isEmpty)
    }

    @Test("WHK-5: an answer that is too large is a failure; one that is not large is read")
    func large() async throws {
        let receiver = try await Receiver()
        let url = "http://hook.test:\(receiver.port)/"
        receiver.setBehaviour(.large((64 << 10) + 1))
        let outcome = await send(url, ScriptedResolver([Self.loopback]))
        #expect(outcome.fault == "the answer is too large")
        receiver.setBehaviour(.large(64 << 10))
        #expect(await send(url, ScriptedResolver([Self.loopback])).isDelivered)
    }

    @Test("WHK-5: ten seconds are enough for any answer, its end included")
    func slow() async throws {
        let receiver = try await Receiver()
        let url = "http://hook.test:\(receiver.port)/"
        let start = ContinuousClock.now
        receiver.setBehaviour(.silent)
        async let silent = send(url, ScriptedResolver([Self.loopback]))
        try await Task.sleep(for: .milliseconds(300))
        receiver.setBehaviour(.endless)
        async let endless = send(url, ScriptedResolver([Self.loopback]))
        let faults = await [silent.fault, endless.fault]
        #expect(faults == ["no answer in time", "no answer in time"])
        #expect(ContinuousClock.now - start < .seconds(14))
        #expect(receiver.messages.count == 2)
    }

    @Test("what refuses is told with its status")
    func refusing() async throws {
        let receiver = try await Receiver()
        receiver.setBehaviour(.status(500))
        let outcome = await send(
            "http://hook.test:\(receiver.port)/",
            ScriptedResolver([Self.loopback])
        )
        #expect(outcome == WebhookOutcome(status: 500, fault: "it refuses"))
        let gone = await send("http://hook.test:1/", ScriptedResolver([Self.loopback]))
        #expect(gone.fault != nil && gone.status == nil)
    }

    @Test("the system's resolver finds this machine, and nothing for what has no name")
    func system() async throws {
        let resolver = SystemResolver()
        let found = try await resolver.addresses(of: "127.0.0.1")
        #expect(found.map(\.text) == ["127.0.0.1"])
        #expect(try await resolver.addresses(of: "::1").allSatisfy(\.isLoopback))
    }
}
