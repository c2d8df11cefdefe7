import GRPCCore
import HTTPTypes
import Hummingbird
import NIOCore
import ProtobufWire
import Testing

@testable import GRPCDoor

@Suite("GRPC-13: large answers of paid calls", .timeLimit(.minutes(1)))
struct LargeAnswerTests {
    /// An answer in one piece, with what stands for a receipt.
    private static func whole(bytes: Int) -> Response {
        var headers: HTTPFields = [.contentType: "application/json"]
        if let name = HTTPField.Name("stoa-receipt") { headers[name] = "AQID" }
        return Response(
            status: .ok,
            headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(repeating: 0x20, count: bytes))
        )
    }

    /// A stream with one large event.
    private static func stream(bytes: Int) -> Response {
        var body = ByteBuffer(string: "data: first\n\ndata: ")
        body.writeRepeatingByte(0x78, count: bytes)
        body.writeString("\n\ndata: [DONE]\n\nevent: stoa-receipt\ndata: AQID\n\n")
        return Response(
            status: .ok,
            headers: [.contentType: "text/event-stream"],
            body: ResponseBody(byteBuffer: body)
        )
    }

    /// How a call ends; nil if well.
    private static func end(_ method: String, port: Int) async throws -> RPCError? {
        var request = ProtobufWriter()
        request.write(UInt64(1), field: 1)
        request.write(Array("{}".utf8), field: 2)
        request.write([1, 2, 3], field: 3)
        let message = request.bytes
        var options = CallOptions.defaults
        options.maxResponseMessageBytes = 80 << 20
        // The transport's client reads this one for answers too.
        options.maxRequestMessageBytes = 80 << 20
        return try await RunningDoor.call(
            method,
            of: ProviderService.name,
            port: port,
            options: options
        ) { try await $0.write(message) }
    }

    @Test("what a provider lets pass, and charges for, passes the door")
    func passes() async throws {
        try await RunningDoor.run { _ in
        } provider: { _ in
            Self.whole(bytes: 33 << 20)
        } _: { port, _ in
            let error = try await Self.end("Call", port: port)
            #expect(error == nil)
        }
        try await RunningDoor.run { _ in
        } provider: { _ in
            Self.stream(bytes: 2 << 20)
        } _: { port, _ in
            let error = try await Self.end("StreamCall", port: port)
            #expect(error == nil)
        }
    }

    @Test("large answers that come together wait for each other")
    func together() async throws {
        try await RunningDoor.run {
            $0.limits.largeAnswersMax = 1
        } provider: { _ in
            Self.whole(bytes: 3 << 20)
        } _: { port, _ in
            try await withThrowingTaskGroup(of: RPCError?.self) { group in
                for _ in 0..<4 { group.addTask { try await Self.end("Call", port: port) } }
                for try await error in group { #expect(error == nil) }
            }
        }
    }

    @Test("what is larger still is refused by name, with the receipt if it came")
    func tooLarge() async throws {
        for isStream in [false, true] {
            try await RunningDoor.run {
                $0.limits.paidAnswerBytesMax = 1 << 20
                $0.limits.eventBytesMax = 1 << 20
            } provider: { _ in
                isStream ? Self.stream(bytes: 2 << 20) : Self.whole(bytes: 2 << 20)
            } _: { port, _ in
                let method = isStream ? "StreamCall" : "Call"
                let error = try #require(try await Self.end(method, port: port))
                #expect(error.code == .unknown)
                #expect(error.metadata.trailer("stoa-reason") == "answer_too_large")
                #expect(error.metadata.trailer("stoa-money-moved") == "unknown")
                let receipts = Array(error.metadata[binaryValues: "stoa-receipt-bin"])
                #expect(receipts == (isStream ? [] : [[1, 2, 3]]))
            }
        }
    }
}
