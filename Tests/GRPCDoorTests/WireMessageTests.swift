import GRPCCore
import ProtobufWire
import Testing

@testable import GRPCDoor

@Suite("GRPC-13: what clients send is read strictly")
struct WireMessageTests {
    private func refusal<Message: WireRequest>(
        _ type: Message.Type,
        _ bytes: [UInt8],
        bytesMax: Int = 64
    ) -> RPCError? {
        do {
            _ = try WireReading<Message>(bytesMax: bytesMax).deserialize(bytes)
            return nil
        } catch {
            return error as? RPCError
        }
    }

    @Test("bytes that are no message are refused, and say why")
    func malformed() {
        // a key cut off, text longer than the message, a group, an integer where bytes belong
        let broken: [[UInt8]] = [[0xff], [0x0a, 0x05, 0x61], [0x0b], [0x08, 0x01]]
        for bytes in broken {
            let error = refusal(EntryRequest.self, bytes)
            #expect(error?.code == .invalidArgument)
            #expect(error?.metadata.trailer("stoa-reason") == "malformed_message")
            #expect(error?.metadata.trailer("stoa-money-moved") == "false")
        }
        #expect(refusal(CallRequest.self, [0x08, 0xff, 0xff, 0xff, 0xff, 0x7f]) != nil)
        #expect(refusal(HealthRequest.self, [0x0a, 0x01, 0xff])?.code == .invalidArgument)
        #expect(refusal(ReflectionRequest.self, [0x2a, 0x01, 0x08])?.code == .invalidArgument)
    }

    @Test("a message beyond its size is refused before it is read")
    func tooLarge() {
        let error = refusal(EntryRequest.self, [UInt8](repeating: 0xff, count: 65))
        #expect(error?.code == .resourceExhausted)
        #expect(error?.metadata.trailer("stoa-reason") == "request_too_large")
    }

    @Test("unknown fields are skipped, and of two of one kind the last counts")
    func unknownFields() throws {
        let bytes: [UInt8] = [0x0a, 0x01, 0x61, 0xfa, 0x07, 0x00, 0x0a, 0x01, 0x62, 0x10, 0x01]
        let request = try WireReading<EntryRequest>(bytesMax: 64).deserialize(bytes)
        #expect(request.key == [0x62] && request.isProven)
    }

    @Test("GRPC-10: what a refusal says fits a header")
    func refusals() {
        let error = RPCError.refusal(
            .unknown,
            String(repeating: "é", count: 4000),
            reason: "a\r\nb",
            number: 7,
            moneyMoved: .unknown,
            hint: "naïve\u{0}"
        )
        #expect(error.message.utf8.count <= 1100)
        #expect(error.metadata.trailer("stoa-reason") == "a??b")
        #expect(error.metadata.trailer("stoa-hint") == "na??ve?")
        #expect(error.metadata.trailer("stoa-code") == "7")
        #expect(error.metadata.trailer("stoa-money-moved") == "unknown")
    }
}

extension Metadata {
    func trailer(_ name: String) -> String? { self[stringValues: name].first { _ in true } }
}
