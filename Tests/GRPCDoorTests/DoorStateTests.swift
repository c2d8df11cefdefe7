import GRPCCore
import Testing

@testable import GRPCDoor

@Suite("GRPC-13, GRPC-16: how many calls a door has")
struct DoorStateTests {
    private let door: DoorState

    init() {
        var limits = GRPCDoorConfiguration.Limits()
        limits.callsMax = 2
        limits.watchesMax = 1
        limits.callsPerAddressMax = 1
        limits.openingsMax = 2
        limits.openingsPerAddressMax = 1
        door = DoorState(limits)
    }

    private func reason(
        _ kind: DoorState.Kind,
        _ stage: DoorState.Stage = .open,
        from address: String? = nil
    ) -> String? {
        do {
            try door.enter(kind, stage, from: address.flatMap { PeerAddress(ipAddress: $0) })
            return nil
        } catch {
            let isFull = error.code == .unavailable || error.code == .resourceExhausted
            return isFull ? error.metadata.trailer("stoa-reason") : "\(error)"
        }
    }

    @Test("one too many is refused, and one that leaves makes room")
    func counts() {
        #expect(reason(.call) == nil)
        #expect(reason(.call) == nil)
        #expect(reason(.call) == "overloaded")
        #expect(reason(.watch) == nil, "watches take no call's place")
        #expect(reason(.watch) == "overloaded")
        door.leave(.call)
        #expect(reason(.call) == nil)
        door.leave(.watch)
        #expect(reason(.watch) == nil)
    }

    @Test("an address has places of its own, and takes none from others")
    func perAddress() throws {
        #expect(reason(.call, from: "192.0.2.1") == nil)
        #expect(reason(.call, from: "192.0.2.1") == "too_many_calls")
        #expect(reason(.call, from: "192.0.2.2") == nil)
        door.leave(.call, from: PeerAddress(ipAddress: "192.0.2.1"))
        door.leave(.call, from: PeerAddress(ipAddress: "192.0.2.2"))
        #expect(door.addressCount == 0)
        #expect(reason(.call, from: "127.0.0.1") == nil)
        #expect(reason(.call, from: "127.0.0.1") == nil, "this machine is not counted")
        #expect(reason(.call, from: "127.0.0.1") == "overloaded")
    }

    @Test("who has not sent its message takes no place of those who have")
    func openings() throws {
        #expect(reason(.call, .opening, from: "192.0.2.1") == nil)
        #expect(reason(.call, .opening, from: "192.0.2.1") == "too_many_calls")
        #expect(reason(.call, .opening, from: "192.0.2.2") == nil)
        #expect(reason(.call, .opening, from: "192.0.2.3") == "overloaded")
        #expect(reason(.watch, .opening, from: "192.0.2.1") == nil, "kinds are counted apart")
        #expect(reason(.call, from: "192.0.2.1") == nil)
        #expect(reason(.call, from: "192.0.2.2") == nil)
        for _ in 0..<5 { #expect(reason(.brief, from: "192.0.2.1") == nil) }
    }

    @Test("a door that closes takes nobody")
    func draining() {
        #expect(!door.isDraining && !door.isCutting)
        door.drain()
        #expect(door.isDraining && !door.isCutting)
        #expect(reason(.call) == "shutting_down")
        #expect(reason(.watch) == "shutting_down")
    }
}
