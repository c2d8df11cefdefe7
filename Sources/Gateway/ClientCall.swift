import MarketTypes
import NIOCore
import OpenAIWire
import SettlementCore

/// A client's request, read as far as buying it needs.
struct ClientCall: Sendable {
    let interface: CallInterface
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

    /// Reads a request.
    ///
    /// `model` names the model of a `/v1/call`, whose body may be any JSON.
    ///
    /// - Throws: ``APIFailure``.
    init(
        _ interface: CallInterface,
        _ buffer: ByteBuffer,
        model: String?,
        requestID: String
    ) throws(APIFailure) {
        self.interface = interface
        self.buffer = buffer
        self.requestID = requestID
        body = buffer.getBytes(at: buffer.readerIndex, length: buffer.readableBytes) ?? []
        do {
            switch interface {
            case .chat:
                let request = try ChatRequest(body)
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
