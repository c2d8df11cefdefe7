import HTTPTypes
import Hummingbird
import Identity
import MarketTypes
import NIOCore
import OpenAIWire
import SettlementCore

/// What one network read of an upstream's stream brought.
struct StreamPortion: Sendable {
    /// The data of unnamed events, with what each means; `[DONE]` is not among them.
    var chunks: [(data: [UInt8], hasContent: Bool)] = []
    /// The usage, if one of the chunks carried it.
    var usage: TokenUsage?
    /// Whether the answer is complete: `[DONE]` came.
    var isDone = false
    /// Whether a choice came to its end.
    var hasFinished = false
    /// Whether the upstream said that it failed, in the stream.
    var hasError = false

    /// Sorts out events; what follows an error or `[DONE]` is not looked at.
    ///
    /// Named events are the provider's own to send, so an upstream's are dropped.
    init(_ events: [ServerSentEvent]) {
        for event in events where event.name == "message" {
            switch try? ChatStreamItem(event.data) {
            case .done:
                isDone = true
                return
            case .chunk(let chunk) where chunk.isError:
                hasError = true
                return
            case .chunk(let chunk):
                if let usage = chunk.usage { self.usage = usage }
                if chunk.finishReason != nil { hasFinished = true }
                chunks.append((event.data, chunk.hasContent))
            case nil: chunks.append((event.data, false))
            }
        }
    }
}

/// Reads an upstream's stream portion by portion.
struct UpstreamStream: Sendable {
    /// The largest event, in bytes.
    private static let eventBytesMax = 4 << 20

    let exchange: UpstreamExchange
    private var parser = EventStreamParser(eventBytesMax: eventBytesMax)

    init(_ exchange: UpstreamExchange) {
        self.exchange = exchange
    }

    /// What comes next: a portion with something in it, nil at the end.
    ///
    /// - Throws: ``UpstreamFailure``.
    mutating func next() async throws(UpstreamFailure) -> StreamPortion? {
        while true {
            switch await exchange.next() {
            case .bytes(let buffer):
                let bytes =
                    buffer.getBytes(at: buffer.readerIndex, length: buffer.readableBytes) ?? []
                let events: [ServerSentEvent]
                do {
                    events = try parser.feed(bytes)
                } catch {
                    exchange.cancel()
                    throw .tooLarge
                }
                let portion = StreamPortion(events)
                if portion.chunks.isEmpty, !portion.isDone, !portion.hasError { continue }
                return portion
            case .end: return nil
            case .failed(let failure): throw failure
            case .whole, .stream: throw .unreachable
            }
        }
    }
}
