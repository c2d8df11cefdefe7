import MarketTypes
import NIOCore
import OpenAIWire
import SettlementCore

/// A buyer's request, read as far as serving and pricing it needs.
struct PaidRequest: Sendable {
    private enum Form: Sendable {
        case chat(ChatRequest)
        case embeddings(EmbeddingsRequest)
        case json
        case images(ImagesRequest)
        case speech(SpeechRequest)
        case transcription(TranscriptionRequest)
    }

    /// The body, byte for byte: what the voucher's digest is of.
    let body: [UInt8]
    /// The most output tokens that the upstream may generate.
    let outputTokensMax: UInt32
    private let form: Form

    /// Reads a request under the offer that its voucher names.
    ///
    /// - Throws: ``APIFailure`` if it is malformed or beyond a limit of the offer; it is never cut.
    init(_ body: [UInt8], under offer: Offer) throws(APIFailure) {
        self.body = body
        do {
            switch offer.interface {
            case .chat:
                try FileReferences.checkNone(inChat: body)
                form = .chat(try ChatRequest(body))
            case .embeddings: form = .embeddings(try EmbeddingsRequest(body))
            case .json:
                form = .json
                try Self.checkJSON(body)
            case .images: form = .images(try ImagesRequest(body))
            case .speech: form = .speech(try SpeechRequest(body))
            case .transcription: form = .transcription(try TranscriptionRequest(body))
            }
        } catch {
            throw error.failure
        }
        outputTokensMax = try Self.outputTokensMax(form, offer)
        if let model = Self.model(form), model != offer.model {
            throw APIFailure(
                .invalidRequest,
                message: "The voucher pays for '\(offer.model)'.",
                param: "model"
            )
        }
    }

    private static func checkJSON(_ body: [UInt8]) throws(RequestRefusal) {
        do { _ = try JSONKind.checking(body) } catch { throw .malformed(error) }
    }

    private static func model(_ form: Form) -> String? {
        switch form {
        case .chat(let request): request.model
        case .embeddings(let request): request.model
        case .json: nil
        case .images(let request): request.model
        case .speech(let request): request.model
        case .transcription(let request): request.model
        }
    }

    private static func outputTokensMax(
        _ form: Form,
        _ offer: Offer
    ) throws(APIFailure) -> UInt32 {
        guard case .chat(let request) = form else { return 0 }
        let limit = offer.limits.outputTokensMax
        guard let asked = request.outputTokensMax else { return limit }
        guard asked <= UInt64(limit) else {
            throw APIFailure(
                .invalidRequest,
                message: "The offer allows at most \(limit) output tokens.",
                param: "max_tokens"
            )
        }
        return UInt32(clamping: asked)
    }
}

extension PaidRequest {
    /// Whether the answer is an event stream.
    var isStreaming: Bool {
        if case .chat(let request) = form { request.isStreaming } else { false }
    }

    /// Refuses a chat that links to what its model server would have to fetch.
    func checkNoLinks() throws(APIFailure) {
        guard case .chat(let request) = form, let name = request.firstLink else { return }
        throw APIFailure(
            .unsupportedMedia,
            message: "This seller fetches nothing: '\(name)' must be a data: URL.",
            param: "messages",
            hint: "Send the file itself, as data:image/png;base64,... for instance."
        )
    }

    /// What a chat's prompt counts when its buyer left before the model server had reported it: a
    /// token for each six bytes of its text, fewer than tokenizers in use make of it.
    var promptTokensLeast: UInt64 {
        if case .chat(let request) = form { UInt64(request.promptTextBytes / 6) } else { 0 }
    }

    /// How many units `call` the request may be charged for.
    var callsMax: UInt64 {
        if case .images(let request) = form { request.count } else { 1 }
    }

    /// What the upstream must answer with.
    var answer: AnswerForm {
        switch form {
        case .chat, .embeddings: .usage
        case .json: .json
        case .images: .images
        case .speech: .audio
        case .transcription(let request): request.answer == .text ? .text : .jsonObject
        }
    }

    /// What is sent upstream as `content-type`.
    var contentType: String {
        if case .transcription(let request) = form {
            request.form.contentType
        } else {
            "application/json"
        }
    }

    /// What is sent upstream as `accept`.
    var accept: String {
        switch answer {
        case .usage where isStreaming: "text/event-stream"
        case .usage, .json, .jsonObject, .images: "application/json"
        case .audio, .text: "*/*"
        }
    }

    /// The sampling parameters for the receipt, by ascending name.
    var parameters: [CallParameter] {
        guard case .chat(let request) = form else { return [] }
        return request.parameters.map { CallParameter(name: $0.name, value: $0.value) }
    }

    /// What is sent upstream.
    func upstreamBody(for upstream: UpstreamConfiguration) -> ByteBuffer {
        switch form {
        case .json: return ByteBuffer(bytes: body)
        case .images(let request):
            return ByteBuffer(bytes: request.upstreamBody(model: upstream.model))
        case .speech(let request):
            return ByteBuffer(bytes: request.upstreamBody(model: upstream.model))
        case .transcription(let request):
            return ByteBuffer(bytes: request.upstreamBody(model: upstream.model))
        case .embeddings(let request):
            return ByteBuffer(bytes: request.upstreamBody(model: upstream.model))
        case .chat(let request):
            let name: ChatRequest.OutputBoundName =
                upstream.outputBound == .maxTokens ? .maxTokens : .maxCompletionTokens
            let text = request.upstreamBody(
                model: upstream.model,
                outputTokensMax: UInt64(outputTokensMax),
                boundName: name
            )
            guard request.isStreaming, !upstream.includeUsage else {
                return ByteBuffer(bytes: text)
            }
            return ByteBuffer(bytes: Self.withoutStreamOptions(text))
        }
    }

    private static func withoutStreamOptions(_ body: [UInt8]) -> [UInt8] {
        guard let object = try? JSONObject(body) else { return body }
        var editor = JSONObjectEditor(object)
        editor.remove("stream_options")
        return editor.finish()
    }
}
