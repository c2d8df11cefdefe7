import OpenAIWire
import SettlementCore

/// How a whole answer is handed on to the client.
enum CallAnswer: Hashable, Sendable {
    /// JSON whose usage gets the cost and the receipt's name.
    case counted
    /// JSON as the seller sent it.
    case json
    /// JSON as the seller sent it; its images are counted.
    case images
    case audio
    case text
}

/// What the body of a request says, by interface, as far as buying it needs.
struct ReadRequest {
    let model: String
    var outputTokens: UInt64?
    var callsMax: UInt64 = 1
    var contentType = String.jsonType
    var answer = CallAnswer.counted
    var isStreaming = false
    var wantsUsage = false
    var base64VectorsMax: Int?
    private var chat: ChatRequest?
    private let mayBeToldAgain: Bool

    init(_ request: ChatRequest) {
        model = request.model
        outputTokens = request.outputTokensMax
        isStreaming = request.isStreaming
        wantsUsage = request.wantsUsage
        chat = request
        mayBeToldAgain = true
    }

    private init(_ model: String, answer: CallAnswer, mayBeToldAgain: Bool = false) {
        self.model = model
        self.answer = answer
        self.mayBeToldAgain = mayBeToldAgain
    }

    init(
        _ interface: CallInterface,
        _ body: [UInt8],
        _ model: String?,
        _ contentType: String?
    ) throws(RequestRefusal) {
        switch interface {
        case .chat:
            try FileReferences.checkNone(inChat: body)
            self.init(try ChatRequest(body))
        case .embeddings:
            let request = try EmbeddingsRequest(body)
            self.init(request.model, answer: .counted, mayBeToldAgain: true)
            base64VectorsMax = request.encoding == .base64 ? request.inputCount : nil
        case .json: self.init(try Self.jsonModel(model, body), answer: .json)
        case .images:
            let request = try ImagesRequest(body)
            self.init(request.model, answer: .images)
            callsMax = request.count
        case .speech: self.init(try SpeechRequest(body).model, answer: .audio)
        case .transcription:
            let request = try TranscriptionRequest(body)
            try request.form.checkType(contentType)
            self.init(request.model, answer: request.answer == .text ? .text : .json)
            self.contentType = request.form.contentType
        }
    }

    private static func jsonModel(
        _ model: String?,
        _ body: [UInt8]
    ) throws(RequestRefusal) -> String {
        guard let model, !model.isEmpty else { throw .missing(param: "x-stoa-model") }
        do {
            _ = try JSONKind.checking(body)
        } catch {
            throw .malformed(error)
        }
        return model
    }

    /// An answer that would have been another the next time cannot stand for it.
    func checkCaching(_ preferences: RoutingPreferences) throws(RequestRefusal) {
        guard preferences.cacheSeconds != nil else { return }
        guard mayBeToldAgain else {
            throw .unsupported(
                param: "provider.cache",
                instead: "only chats and embeddings are told again"
            )
        }
        guard let chat else { return }
        guard !chat.isStreaming else {
            throw .unsupported(param: "provider.cache", instead: "send it without 'stream'")
        }
        let temperature = chat.object.raw("temperature").map {
            String(decoding: $0, as: UTF8.self)
        }
        guard let temperature, Double(temperature) == 0 else {
            throw .unsupported(param: "provider.cache", instead: "set 'temperature' to 0")
        }
    }
}
