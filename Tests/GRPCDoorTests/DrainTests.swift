import GRPCCore
import Hummingbird
import ProtobufWire
import Testing

@testable import GRPCDoor

@Suite("GRPC-16: calls that outlast a door", .timeLimit(.minutes(1)))
struct DrainTests {
    @Test("a paid call is told that its voucher may be used up", arguments: ["Call", "StreamCall"])
    func cutOff(_ method: String) async throws {
        var request = ProtobufWriter()
        request.write(UInt64(1), field: 1)
        request.write(Array("{}".utf8), field: 2)
        request.write([1, 2, 3], field: 3)
        let message = request.bytes
        let (arrivals, arrivalNews) = AsyncStream.makeStream(of: Void.self)
        try await RunningDoor.run {
            $0.limits.drainSecondsMax = 3
        } provider: { _ in
            arrivalNews.yield()
            try await Task.sleep(for: .seconds(4))
            return Response(status: .notFound)
        } _: { port, stop in
            try await withThrowingTaskGroup(of: RPCError?.self) { group in
                group.addTask {
                    try await RunningDoor.call(method, of: ProviderService.name, port: port) {
                        try await $0.write(message)
                    }
                }
                var arrived = arrivals.makeAsyncIterator()
                await arrived.next()
                await stop()
                let error = try await group.next() ?? nil
                #expect(error?.code == .unknown)
                #expect(error?.metadata.trailer("stoa-reason") == "cut_off")
                #expect(error?.metadata.trailer("stoa-money-moved") == "unknown")
            }
        }
    }
}
