import AsyncHTTPClient
import GRPCCore
import MarketTypes
import NIOCore
import NIOHTTP1
import OpenAIWire
import SettlementCore

/// One paid call on its way to the provider and back (CALL-1 to CALL-8).
struct PaidExchange: Sendable {
    private static let voucherHeader = "stoa-voucher"
    private static let receiptHeader = "stoa-receipt"
    private static let traceHeader = "traceparent"
    /// A signed voucher has about 280 bytes, a signed receipt not many more.
    private static let paperBytesMax = 4096

    private let request: HTTPClientRequest
    /// Whether the body asks for a stream.
    private let asksForStream: Bool
    private let backend: Backend
    private let limits: GRPCDoorConfiguration.Limits
    private let door: DoorState
    private let deadline: NIODeadline

    /// Words a call as the provider takes it.
    ///
    /// - Throws: a refusal if the provider would not know what is asked; nothing was sent then.
    init(
        _ call: CallRequest,
        _ backend: Backend,
        _ limits: GRPCDoorConfiguration.Limits,
        _ scope: CallScope
    ) throws(RPCError) {
        guard let number = UInt8(exactly: call.interface),
            let interface = CallInterface.overGRPC.first(where: { $0.rawValue == number })
        else {
            throw RPCError.refusal(
                .invalidArgument,
                "There is no interface \(call.interface) over gRPC.",
                reason: "bad_interface",
                hint: "Offers tells the interface of each offer; the voucher is unused."
            )
        }
        guard (1...Self.voucherBytesMax).contains(call.voucher.count) else {
            throw RPCError.refusal(
                .failedPrecondition,
                "The call has no voucher, or one that is too long.",
                reason: "voucher_missing",
                hint: "Sign a voucher for this path and body; nothing was sent."
            )
        }
        var request = HTTPClientRequest(url: backend.url + interface.path)
        request.method = .POST
        request.headers = [
            "content-type": "application/json",
            Self.voucherHeader: String(decoding: Base64.encode(call.voucher), as: UTF8.self),
        ]
        if let trace = scope.metadata[stringValues: Self.traceHeader].first(where: { _ in true }),
            Self.isTrace(trace)
        {
            request.headers.add(name: Self.traceHeader, value: trace)
        }
        request.body = .bytes(ByteBuffer(bytes: call.body))
        self.request = request
        asksForStream =
            interface == .chat
            && (try? JSONObject(call.body).bool("stream")) == true
        self.backend = backend
        self.limits = limits
        door = scope.door
        deadline = scope.deadline?.time ?? .now() + .seconds(limits.callSecondsMax)
    }

    /// The longest voucher that the provider reads is 1024 bytes of base64.
    private static let voucherBytesMax = 768

    /// Whether this may go on as the name of a trace: who reads it knows what it means.
    private static func isTrace(_ text: String) -> Bool {
        text.utf8.count <= 64
            && text.utf8.allSatisfy { byte in
                byte == UInt8(ascii: "-")
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
            }
    }

    /// Makes a call whose answer is one piece.
    func whole() async throws -> CallResponse {
        guard !asksForStream else {
            throw RPCError.refusal(
                .invalidArgument,
                "The body asks for a stream.",
                reason: "wrong_method",
                hint: "Use StreamCall; nothing was sent and the voucher is unused."
            )
        }
        return try await settle(begin())
    }

    /// Makes a call and hands its parts over as they come.
    func stream(to writer: RPCWriter<CallEvent>) async throws {
        let response = try await begin()
        let type = response.headers.first(name: "content-type") ?? ""
        guard response.status == .ok, type.hasPrefix("text/event-stream") else {
            let answer = try await settle(response)
            try await writer.write(.head(isStreamed: false))
            try await writer.write(.chunk(answer.body))
            return try await writer.write(.receipt(answer.receipt))
        }
        try await writer.write(.head(isStreamed: true))
        try await relay(response.body, to: writer)
    }

    private func begin() async throws -> HTTPClientResponse {
        do {
            return try await backend.begin(request, deadline: deadline)
        } catch Backend.Failure.neverSent {
            throw ProviderRefusals.neverSent
        } catch Backend.Failure.cutOff {
            throw ProviderRefusals.cutOff
        }
    }

    /// An answer with its receipt, or the refusal that it is.
    private func settle(_ response: HTTPClientResponse) async throws -> CallResponse {
        let receipt = response.headers.first(name: Self.receiptHeader)
            .flatMap { Base64.decode(Array($0.utf8)) }
            .flatMap { $0.count <= Self.paperBytesMax ? $0 : nil }
        let answer = Backend.Answer(
            status: Int(response.status.code),
            headers: response.headers,
            body: try await collect(response.body, receipt)
        )
        guard answer.status == 200 else {
            throw ProviderRefusals.refusal(answer, receipt: receipt)
        }
        guard let receipt else { throw ProviderRefusals.malformed }
        return CallResponse(body: answer.body, receipt: receipt)
    }

    /// The whole of an answer that is one piece.
    ///
    /// A large one first waits until few others are being collected, while the provider holds it.
    private func collect(
        _ body: HTTPClientResponse.Body,
        _ receipt: [UInt8]?
    ) async throws -> [UInt8] {
        var collected: [UInt8] = []
        var isLarge = false
        defer { if isLarge { door.leaveLarge() } }
        do {
            for try await piece in body {
                let count = collected.count + piece.readableBytes
                guard count <= limits.paidAnswerBytesMax else {
                    throw ProviderRefusals.tooLarge(limits.paidAnswerBytesMax, receipt: receipt)
                }
                if count > limits.largeAnswerBytes, !isLarge {
                    try await door.enterLarge()
                    isLarge = true
                }
                collected.append(contentsOf: piece.readableBytesView)
            }
        } catch let error as RPCError {
            throw error
        } catch {
            try Task.checkCancellation()
            throw ProviderRefusals.cutOff
        }
        return collected
    }

    /// Passes the events of a stream on; the provider is read no faster than the client reads.
    private func relay(
        _ body: HTTPClientResponse.Body,
        to writer: RPCWriter<CallEvent>
    ) async throws {
        // A line has the name of its field besides, and the data a line's end.
        var parser = EventStreamParser(eventBytesMax: limits.eventBytesMax + 64)
        // An answer that the provider lets pass is no longer for being cut into events and having
        // a receipt.
        var bytesLeft = limits.paidAnswerBytesMax + limits.eventBytesMax
        var hasReceipt = false
        do {
            for try await piece in body {
                bytesLeft -= piece.readableBytes
                guard bytesLeft >= 0 else {
                    throw ProviderRefusals.tooLarge(limits.paidAnswerBytesMax)
                }
                for event in try parser.feed(Array(piece.readableBytesView)) {
                    switch event.name {
                    case "message" where !hasReceipt: try await writer.write(.chunk(event.data))
                    case Self.receiptHeader where !hasReceipt:
                        guard let receipt = Base64.decode(event.data) else {
                            throw ProviderRefusals.malformed
                        }
                        try await writer.write(.receipt(receipt))
                        hasReceipt = true
                    default: continue
                    }
                }
            }
        } catch let error as RPCError {
            throw error
        } catch is EventStreamError {
            throw ProviderRefusals.tooLarge(limits.eventBytesMax)
        } catch {
            try Task.checkCancellation()
            if !hasReceipt { throw ProviderRefusals.cutOff }
        }
        guard hasReceipt else { throw ProviderRefusals.cutOff }
    }
}
