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
        door = DoorState(limits)
    }

    private func reason(_ kind: DoorState.Kind) -> String? {
        do {
            try door.enter(kind)
            return nil
        } catch {
            return error.code == .unavailable ? error.metadata.trailer("stoa-reason") : "\(error)"
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

    @Test("a door that closes takes nobody")
    func draining() {
        door.drain()
        #expect(door.isDraining)
        #expect(reason(.call) == "shutting_down")
        #expect(reason(.watch) == "shutting_down")
    }
}
