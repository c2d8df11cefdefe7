import GRPCCore
import NIOCore
import Testing

@testable import GRPCDoor

@Suite("GRPC-14: how long a call may take")
struct CallDeadlineTests {
    @Test("what is no time is no deadline")
    func refusals() {
        for text in ["", "S", "5", "-1S", "+1S", "1s", "1.5S", "123456789S", " 1S", "1 S", "١S"] {
            #expect(CallDeadline.parse(text) == nil, "\(text)")
        }
    }

    @Test("gRPC's six units")
    func units() {
        #expect(CallDeadline.parse("2H") == .hours(2))
        #expect(CallDeadline.parse("3M") == .minutes(3))
        #expect(CallDeadline.parse("0S") == .seconds(0))
        #expect(CallDeadline.parse("99999999m") == .milliseconds(99_999_999))
        #expect(CallDeadline.parse("7u") == .microseconds(7))
        #expect(CallDeadline.parse("8n") == .nanoseconds(8))
        #expect(CallDeadline.parse("99999999H") == .hours(24 * 365))
        #expect(CallDeadline.parse("99999999M") == .hours(24 * 365))
    }

    @Test("the earlier of the client's and the method's own")
    func earlier() {
        let now = NIODeadline.now()
        let asked: Metadata = ["grpc-timeout": "2S"]
        let short = CallDeadline(asked, limit: .seconds(1), now: now)
        #expect(short?.time == now + .seconds(1) && short?.isClients == false)
        let long = CallDeadline(asked, limit: .seconds(3), now: now)
        #expect(long?.time == now + .seconds(2) && long?.isClients == true)
        #expect(CallDeadline(asked, limit: nil, now: now)?.isClients == true)
        #expect(CallDeadline([:], limit: nil, now: now) == nil)
        let own = CallDeadline(["grpc-timeout": "soon"], limit: .seconds(3), now: now)
        #expect(own?.time == now + .seconds(3))
    }
}
