import CanonicalCoding
import HTTPTypes
public import Hummingbird
import Identity
import MarketTypes
import NIOCore
public import OpenAIWire
import SettlementCore

extension HostedWallets {
    /// Answers a call of a key that only tries things out: like a seller in form, always the same
    /// in content, at no cost and without a receipt (HST-13). No seller is asked.
    ///
    /// - Throws: ``APIFailure``, in most cases the one that a live key would get.
    public func answerTest(
        _ request: Request,
        requestID: String
    ) async throws(APIFailure) -> Response {
        let gateway = noOnesGateway
        let call = try await testCall(request, requestID, bytesMax: gateway.requestBytesMax)
        let units = GatewayUnits(gateway)
        try check(call, against: try await offers(gateway), units)
        let answer = TestAnswer(call: call, createdSeconds: now().milliseconds / 1000)
        guard call.interface == .embeddings else {
            return call.isStreaming ? answer.stream : try answer.whole
        }
        return try answer.vectors
    }

    private func testCall(
        _ request: Request,
        _ requestID: String,
        bytesMax: Int
    ) async throws(APIFailure) -> ClientCall {
        let path = request.uri.path
        let interface: CallInterface? =
            switch path {
            case CallInterface.chat.path: .chat
            case CallInterface.embeddings.path: .embeddings
            default: nil
            }
        let isDialect = [CallDialect.messagesPath, CallDialect.responsesPath].contains(path)
        guard interface != nil || isDialect else {
            throw APIFailure(
                .permission,
                message: "A test key calls chats and embeddings alone; nothing was charged.",
                hint: "Only the seller knows what this path answers: use a live key."
            )
        }
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: bytesMax)
        } catch is NIOTooManyBytesError {
            throw APIFailure(.tooLarge, message: "The body exceeds \(bytesMax) bytes.")
        } catch {
            throw APIFailure(.invalidRequest, message: "The body broke off.")
        }
        guard let interface else {
            return try ClientCall(dialectAt: path, body, requestID: requestID)
        }
        return try ClientCall(interface, body, model: nil, requestID: requestID)
    }

    /// What no seller would serve is refused as it is to a live key.
    private func check(
        _ call: ClientCall,
        against offers: [BoardOffer],
        _ units: GatewayUnits
    ) throws(APIFailure) {
        let ofKind = offers.filter { $0.offer.interface == call.interface }
        let texts = FailureTexts(
            commands: noOnesGateway.commands,
            payer: AccountID(Digest(sha256: [])),
            units: units
        )
        let (candidates, misfit) = CandidateChoice.choose(
            call.preferences.allowed(ofKind.filter { $0.offer.model == call.model }),
            for: CallDemand(
                requestBytes: call.body.count,
                outputTokens: call.outputTokens,
                units: units
            ),
            now: now(),
            isStruckOff: { _ in false },
            health: { _ in SellerHealth(limits: SellerHealthLimits()) },
            nowMilliseconds: SellerHealthTable.nowMilliseconds,
            preferences: call.preferences
        )
        guard candidates.isEmpty else { return }
        if let misfit { throw texts.failure(misfit, model: call.model) }
        var names: [String] = []
        for offer in ofKind where names.count < 5 && !names.contains(offer.offer.model) {
            names.append(offer.offer.model)
        }
        throw texts.unknownModel(call.model, available: names)
    }
}

/// What a test key is answered.
private struct TestAnswer {
    /// Each word counts as a token.
    private static let words = [
        "This", " is", " a", " test", " answer", " of", " the", " market:", " no", " seller",
        " was", " asked,", " and", " nothing", " was", " paid.",
    ]
    /// How long a vector is, if nobody says.
    private static let dimensions: UInt64 = 8
    /// The most numbers of an answer.
    private static let numbersMax: UInt64 = 262_144

    let call: ClientCall
    let createdSeconds: UInt64

    private var name: String { "chatcmpl-test-\(call.requestID)" }

    /// The words that the client has room for.
    private var words: ArraySlice<String> {
        Self.words.prefix(Int(clamping: call.outputTokens ?? .max))
    }

    private var reason: String { words.count < Self.words.count ? "length" : "stop" }

    private var headers: HTTPFields {
        [.contentType: .jsonType, .test: "true", .cost: "0"]
    }

    /// A chat completion, in the dialect of whoever asked for it.
    var whole: Response {
        get throws(APIFailure) {
            var writer = JSONWriter(capacityBytes: 512)
            writer.object { writer in
                writer.member("id", name)
                writer.member("object", "chat.completion")
                writer.member("created", createdSeconds)
                writer.member("model", call.model)
                writer.key("choices")
                writer.array { writer in
                    writer.object { writer in
                        writer.member("index", 0)
                        writer.key("message")
                        writer.object { writer in
                            writer.member("role", "assistant")
                            writer.member("content", words.joined())
                        }
                        writer.member("finish_reason", reason)
                    }
                }
                usage(&writer, output: words.count)
            }
            let body: [UInt8]
            do {
                switch call.dialect {
                case .own: body = writer.bytes
                case .messages(let model):
                    body = try MessagesAnswer.body(writer.bytes, model: model)
                case .responses(let asked):
                    body = try ResponsesAnswer.body(writer.bytes, to: asked)
                }
            } catch {
                throw HostedWallets.broken
            }
            return response(body)
        }
    }

    /// The same, word by word.
    var stream: Response {
        var words = StreamWords(call, createdSeconds: createdSeconds)
        var output = words.chunk(chunk { $0.member("role", "assistant") })
        for word in self.words {
            output += words.chunk(chunk { $0.member("content", word) })
        }
        output += words.chunk(chunk(reason: reason) { _ in })
        output += words.end(usage: call.wantsUsage ? usageChunk : nil)
        let bytes = output
        var headers = headers
        headers[.contentType] = "text/event-stream"
        headers[.cacheControl] = "no-cache"
        return Response(
            status: .ok,
            headers: headers,
            body: ResponseBody { writer in
                try await writer.write(ByteBuffer(bytes: bytes))
                try await writer.finish(nil)
            }
        )
    }

    /// Vectors of length 1 that all point the same way.
    var vectors: Response {
        get throws(APIFailure) {
            let request: EmbeddingsRequest
            do {
                request = try EmbeddingsRequest(call.body)
            } catch {
                throw error.failure
            }
            let length = request.dimensions ?? Self.dimensions
            let all = length.multipliedReportingOverflow(by: UInt64(request.inputCount))
            guard !all.overflow, all.partialValue <= Self.numbersMax else {
                throw APIFailure(
                    .invalidRequest,
                    message: "A test answer has at most \(Self.numbersMax) numbers.",
                    param: "dimensions"
                )
            }
            var writer = JSONWriter(capacityBytes: 1_024)
            writer.object { writer in
                writer.member("object", "list")
                writer.key("data")
                writer.array { writer in
                    for place in 0..<request.inputCount {
                        writer.object { writer in
                            writer.member("object", "embedding")
                            writer.member("index", place)
                            writer.key("embedding")
                            writer.array { writer in
                                for number in 0..<length { writer.integer(number == 0 ? 1 : 0) }
                            }
                        }
                    }
                }
                writer.member("model", call.model)
                usage(&writer, output: nil)
            }
            guard let vectorsMax = call.base64VectorsMax else { return response(writer.bytes) }
            do {
                let body = try EmbeddingsResponse.base64Body(writer.bytes, vectorsMax: vectorsMax)
                return response(body)
            } catch {
                throw HostedWallets.broken
            }
        }
    }

    private func response(_ body: [UInt8]) -> Response {
        Response(
            status: .ok,
            headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body))
        )
    }

    private func chunk(
        reason: String? = nil,
        _ delta: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        var writer = JSONWriter(capacityBytes: 256)
        writer.object { writer in
            head(&writer)
            writer.key("choices")
            writer.array { writer in
                writer.object { writer in
                    writer.member("index", 0)
                    writer.key("delta")
                    writer.object(delta)
                    writer.key("finish_reason")
                    if let reason { writer.string(reason) } else { writer.null() }
                }
            }
        }
        return writer.bytes
    }

    private var usageChunk: [UInt8] {
        var writer = JSONWriter(capacityBytes: 256)
        writer.object { writer in
            head(&writer)
            writer.key("choices")
            writer.array { _ in }
            usage(&writer, output: words.count)
        }
        return writer.bytes
    }

    private func head(_ writer: inout JSONWriter) {
        writer.member("id", name)
        writer.member("object", "chat.completion.chunk")
        writer.member("created", createdSeconds)
        writer.member("model", call.model)
    }

    /// What came in is guessed from its length: nobody counts it.
    private func usage(_ writer: inout JSONWriter, output: Int?) {
        let input = max(1, call.body.count / 4)
        writer.key("usage")
        writer.object { writer in
            writer.member("prompt_tokens", input)
            if let output { writer.member("completion_tokens", output) }
            writer.member("total_tokens", input + (output ?? 0))
            writer.member("cost", 0)
        }
    }
}
