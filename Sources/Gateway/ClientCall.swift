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
    /// How many units `call` may be charged.
    let callsMax: UInt64
    /// What is sent as `content-type`.
    let contentType: String
    let answer: CallAnswer
    let isStreaming: Bool
    let wantsUsage: Bool
    /// How many vectors to turn into base64; nil if the client wants them as they come.
    let base64VectorsMax: Int?
    let requestID: String
    /// How sellers are chosen.
    let preferences: RoutingPreferences
    /// Counts what whoever calls may spend; nil counts nothing.
    let meter: (any CallMeter)?
    /// On whose behalf it is bought; nil if whoever pays buys for themselves.
    let buyer: CallBuyer?

    /// Reads a request.
    ///
    /// `model` names the model of a `/v1/call`, whose body may be any JSON; `contentType` is what
    /// the client says of a form; `wishes` is what `provider` is in other bodies.
    ///
    /// - Throws: ``APIFailure``.
    init(
        _ interface: CallInterface,
        _ buffer: ByteBuffer,
        model: String?,
        contentType: String? = nil,
        wishes: String? = nil,
        requestID: String,
        meter: (any CallMeter)? = nil,
        buyer: CallBuyer? = nil
    ) throws(APIFailure) {
        self.interface = interface
        self.requestID = requestID
        self.meter = meter
        self.buyer = buyer
        dialect = .own
        do {
            let isSellersOwn = [.json, .transcription].contains(interface)
            let plain = try PlainBody(buffer, isSellersOwn: isSellersOwn)
            self.buffer = plain.buffer
            body = plain.bytes
            preferences = try Self.preferences(
                wishes,
                plain.preferences,
                isSellersOwn: isSellersOwn
            )
            let read = try ReadRequest(interface, plain.bytes, model, contentType)
            try read.checkCaching(preferences)
            self.model = read.model
            outputTokens = read.outputTokens
            callsMax = read.callsMax
            self.contentType = read.contentType
            answer = read.answer
            isStreaming = read.isStreaming
            wantsUsage = read.wantsUsage
            base64VectorsMax = read.base64VectorsMax
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
        meter: (any CallMeter)? = nil,
        buyer: CallBuyer? = nil
    ) throws(APIFailure) {
        self.requestID = requestID
        self.meter = meter
        self.buyer = buyer
        interface = .chat
        do {
            let plain = try PlainBody(buffer, isSellersOwn: false)
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
            try ReadRequest(chat).checkCaching(preferences)
            model = chat.model
            outputTokens = chat.outputTokensMax
            isStreaming = chat.isStreaming
            wantsUsage = chat.wantsUsage
        } catch {
            throw error.failure
        }
        self.buffer = ByteBuffer(bytes: body)
        callsMax = 1
        contentType = .jsonType
        answer = .counted
        base64VectorsMax = nil
    }

    /// Wishes stand in the body, or where that is the seller's, in a header.
    private static func preferences(
        _ wishes: String?,
        _ inBody: RoutingPreferences,
        isSellersOwn: Bool
    ) throws(RequestRefusal) -> RoutingPreferences {
        guard let wishes else { return inBody }
        let header = "x-stoa-provider"
        guard isSellersOwn else {
            throw .unsupported(param: header, instead: "write it into the body as 'provider'")
        }
        guard let object = try? JSONObject(Array(wishes.utf8)) else {
            throw .wrongType(param: header, expected: "an object as JSON")
        }
        let preferences = try RoutingPreferences(object)
        guard preferences.cacheSeconds == nil else {
            throw .unsupported(param: "provider.cache", instead: "call it again")
        }
        return preferences
    }
}

/// A body without what is meant for this gateway alone.
private struct PlainBody {
    let bytes: [UInt8]
    let buffer: ByteBuffer
    let preferences: RoutingPreferences

    init(_ buffer: ByteBuffer, isSellersOwn: Bool) throws(RequestRefusal) {
        let bytes = Array(buffer.readableBytesView)
        // A body of `/v1/call`, or a form, is the seller's from end to end. One that is no object
        // is refused with its reason by whoever reads it next.
        guard !isSellersOwn, Self.mayHaveWishes(bytes),
            let object = try? JSONObject(bytes),
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
        bytes.firstPlace(of: Array(#""provider""#.utf8)) != nil
    }
}
