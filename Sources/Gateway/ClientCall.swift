import MarketTypes
import NIOCore
import OpenAIWire
import SettlementCore

/// The words in which a client asks and is answered; the seller always sees OpenAI's.
enum CallDialect: Sendable {
    case own
    /// Anthropic's `/v1/messages`.
    case messages(model: String)
    /// OpenAI's `/v1/responses`.
    case responses(ResponsesRequest)

    /// The paths of the dialects that are translated into chat completions.
    static let messagesPath = "/v1/messages"
    static let responsesPath = "/v1/responses"
}

/// A client's request, read as far as buying it needs.
struct ClientCall: Sendable {
    let interface: CallInterface
    let dialect: CallDialect
    let model: String
    /// The body, byte for byte: what is sent, hashed and paid for.
    let body: [UInt8]
    /// The same bytes as they came from the network.
    let buffer: ByteBuffer
    /// The most output tokens that the client asked for.
    let outputTokens: UInt64?
    let isStreaming: Bool
    let wantsUsage: Bool
    /// How many vectors to turn into base64; nil if the client wants them as they come.
    let base64VectorsMax: Int?
    let requestID: String
    /// How sellers are chosen.
    let preferences: RoutingPreferences
    /// Counts what whoever calls may spend; nil counts nothing.
    let meter: (any CallMeter)?

    /// Reads a request.
    ///
    /// `model` names the model of a `/v1/call`, whose body may be any JSON.
    ///
    /// - Throws: ``APIFailure``.
    init(
        _ interface: CallInterface,
        _ buffer: ByteBuffer,
        model: String?,
        requestID: String,
        meter: (any CallMeter)? = nil
    ) throws(APIFailure) {
        self.interface = interface
        self.requestID = requestID
        self.meter = meter
        dialect = .own
        do {
            let plain = try PlainBody(buffer, isJSONCall: interface == .json)
            self.buffer = plain.buffer
            body = plain.bytes
            preferences = plain.preferences
            switch interface {
            case .chat:
                let request = try ChatRequest(body)
                try request.checkCaching(preferences)
                self.model = request.model
                outputTokens = request.outputTokensMax
                isStreaming = request.isStreaming
                wantsUsage = request.wantsUsage
                base64VectorsMax = nil
            case .embeddings:
                let request = try EmbeddingsRequest(body)
                self.model = request.model
                outputTokens = nil
                isStreaming = false
                wantsUsage = false
                base64VectorsMax = request.encoding == .base64 ? request.inputCount : nil
            case .json:
                self.model = try Self.jsonModel(model, body)
                outputTokens = nil
                isStreaming = false
                wantsUsage = false
                base64VectorsMax = nil
            }
        } catch {
            throw error.failure
        }
    }

    /// Reads a request in another dialect, and makes it a chat completion.
    ///
    /// - Throws: ``APIFailure``.
    init(
        dialectAt path: String,
        _ buffer: ByteBuffer,
        requestID: String,
        meter: (any CallMeter)? = nil
    ) throws(APIFailure) {
        self.requestID = requestID
        self.meter = meter
        interface = .chat
        do {
            let plain = try PlainBody(buffer, isJSONCall: false)
            preferences = plain.preferences
            if path == CallDialect.messagesPath {
                let request = try MessagesRequest(plain.bytes)
                dialect = .messages(model: request.model)
                body = request.chatBody
            } else {
                let request = try ResponsesRequest(plain.bytes)
                dialect = .responses(request)
                body = request.chatBody
            }
            let chat = try ChatRequest(body)
            try chat.checkCaching(preferences)
            model = chat.model
            outputTokens = chat.outputTokensMax
            isStreaming = chat.isStreaming
            wantsUsage = chat.wantsUsage
        } catch {
            throw error.failure
        }
        self.buffer = ByteBuffer(bytes: body)
        base64VectorsMax = nil
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
}

extension ChatRequest {
    /// An answer that would have been another the next time cannot stand for it.
    fileprivate func checkCaching(
        _ preferences: RoutingPreferences
    ) throws(RequestRefusal) {
        guard preferences.cacheSeconds != nil else { return }
        guard !isStreaming else {
            throw .unsupported(param: "provider.cache", instead: "send it without 'stream'")
        }
        let temperature = object.raw("temperature").map { String(decoding: $0, as: UTF8.self) }
        guard let temperature, Double(temperature) == 0 else {
            throw .unsupported(param: "provider.cache", instead: "set 'temperature' to 0")
        }
    }
}

/// A body without what is meant for this gateway alone.
private struct PlainBody {
    let bytes: [UInt8]
    let buffer: ByteBuffer
    let preferences: RoutingPreferences

    init(_ buffer: ByteBuffer, isJSONCall: Bool) throws(RequestRefusal) {
        let bytes = Array(buffer.readableBytesView)
        // A body of `/v1/call` is the seller's from end to end. One that is no object is refused
        // with its reason by whoever reads it next.
        guard !isJSONCall, Self.mayHaveWishes(bytes), let object = try? JSONObject(bytes),
            object["provider"] != nil
        else {
            self.bytes = bytes
            self.buffer = buffer
            preferences = RoutingPreferences()
            return
        }
        let wishes: JSONObject?
        do {
            wishes = try object.object("provider")
        } catch {
            throw .wrongType(param: "provider", expected: "an object")
        }
        preferences = try wishes.map { wishes throws(RequestRefusal) in
            try RoutingPreferences(wishes)
        } ?? RoutingPreferences()
        var editor = JSONObjectEditor(object)
        editor.remove("provider")
        self.bytes = editor.finish()
        self.buffer = ByteBuffer(bytes: self.bytes)
    }

    /// Whether the name occurs at all, so that a body is not read twice for nothing.
    private static func mayHaveWishes(_ bytes: [UInt8]) -> Bool {
        bytes.firstRange(of: Array(#""provider""#.utf8)) != nil
    }
}
