import GRPCCore
import ProtobufWire
import Testing

@testable import GRPCDoor

@Suite("GRPC-13: no bytes make a decoder do anything but read or refuse")
struct HostileBytesTests {
    /// Numbers that are the same in every run.
    private struct Dice {
        var state: UInt64

        mutating func roll(_ sides: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % sides
        }
    }

    /// A byte changed, put in or taken out, or the end cut off; one to four times.
    private static func mutate(_ seed: [UInt8], _ dice: inout Dice) -> [UInt8] {
        var bytes = seed
        for _ in 0...dice.roll(4) where !bytes.isEmpty {
            let at = dice.roll(bytes.count)
            switch dice.roll(4) {
            case 0: bytes[at] = UInt8(dice.roll(256))
            case 1: bytes.insert(UInt8(dice.roll(256)), at: at)
            case 2: bytes.remove(at: at)
            default: bytes.removeLast(bytes.count - at)
            }
        }
        return bytes
    }

    private static func message(_ build: (inout ProtobufWriter) -> Void) -> [UInt8] {
        var writer = ProtobufWriter()
        build(&writer)
        return writer.bytes
    }

    /// Reads mutated bytes; how many were refused.
    private func hammer<Message: WireRequest>(
        _ type: Message.Type,
        _ seed: [UInt8],
        rounds: Int = 5000
    ) -> Int {
        var dice = Dice(state: 42)
        var refused = 0
        for _ in 0..<rounds {
            let bytes = Self.mutate(seed, &dice)
            do {
                _ = try WireReading<Message>(bytesMax: 1024).deserialize(bytes)
            } catch let error as RPCError {
                #expect(error.code == .invalidArgument)
                refused += 1
            } catch {
                Issue.record("\(error)")
            }
        }
        return refused
    }

    @Test("requests")
    func requests() {
        let text = Self.message { $0.write("stoa.node.v1.Node", field: 1) }
        #expect(hammer(HealthRequest.self, text) > 0)
        #expect(hammer(EntryRequest.self, text + [0x10, 1]) > 0)
        #expect(hammer(EntriesRequest.self, text + [0x12, 1, 7, 0x18, 9]) > 0)
        #expect(hammer(SubmitRequest.self, text) > 0)
        #expect(hammer(HeightRequest.self, [0x08, 0xff, 0xff, 0x03]) > 0)
        #expect(hammer(CallRequest.self, [0x08, 1, 0x12, 2, 0x7b, 0x7d, 0x1a, 1, 9]) > 0)
        #expect(hammer(LaneRequest.self, text + [0x10, 3]) > 0)
        let question = Self.message { writer in
            writer.write("host", field: 1)
            writer.write(message: 5) { writer in
                writer.write("stoa.node.v1.Node", field: 1)
                writer.write(Int64(-1), field: 2)
            }
            writer.write("symbol", field: 4)
        }
        #expect(hammer(ReflectionRequest.self, question) > 0)
    }

    @Test("documents of what stands behind the door")
    func documents() {
        let zeros = String(repeating: "0", count: 64)
        let lane = """
            {"channel":"\(zeros)","lane":1,"sequence":2,"open":3,"voucher":"AQ==","receipt":null}
            """
        let offers = """
            {"data":[{"id":"\(zeros)","model":"m","interface":"chat","offer":"AQ=="}]}
            """
        var dice = Dice(state: 42)
        var read = 0
        for _ in 0..<5000 {
            if LaneResponse(json: Self.mutate(Array(lane.utf8), &dice)) != nil { read += 1 }
            if OffersResponse(json: Self.mutate(Array(offers.utf8), &dice)) != nil { read += 1 }
        }
        #expect(read > 0 && read < 10_000)
    }

    @Test("descriptors")
    func descriptors() {
        let set = Self.message { writer in
            writer.write(message: 1) { writer in
                writer.write("a.proto", field: 1)
                writer.write("a", field: 2)
                writer.write("b.proto", field: 3)
                writer.write(message: 4) { writer in
                    writer.write("M", field: 1)
                    writer.write(message: 3) { $0.write("N", field: 1) }
                }
            }
        }
        var dice = Dice(state: 42)
        var refused = 0
        for _ in 0..<5000 {
            let index = try? DescriptorIndex(set: Self.mutate(set, &dice))
            refused += index == nil ? 1 : 0
        }
        #expect(refused > 0 && refused < 5000)
    }
}
