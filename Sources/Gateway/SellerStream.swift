import MarketTypes
import NIOCore
import OpenAIWire
import SettlementCore

/// A seller's event stream as call.md cuts it: chunks, and then the receipt (CALL-6).
struct SellerStream: Sendable {
    enum Event: Sendable {
        /// The data of an unnamed event, `[DONE]` included.
        case chunk([UInt8])
        /// The data of the receipt's event.
        case receipt([UInt8])
        /// The stream is complete and had no receipt.
        case endWithoutReceipt
        case failed(ExchangeFailure)
    }

    /// The name of the event that carries the receipt.
    static let receiptEventName = "stoa-receipt"

    let exchange: SellerExchange
    /// The digest of the chunks so far.
    private(set) var chain: ResponseChain
    /// The bytes of those chunks: the receipt may not charge for more.
    private(set) var chunkBytes: UInt64 = 0
    private var parser: EventStreamParser
    private var events: ArraySlice<ServerSentEvent> = []

    init(_ exchange: SellerExchange, voucher: Digest, eventBytesMax: Int) {
        self.exchange = exchange
        chain = ResponseChain(voucher: voucher)
        parser = EventStreamParser(eventBytesMax: eventBytesMax)
    }

    /// Whether the next event is here already, so that reading it waits for nobody.
    var hasBuffered: Bool { !events.isEmpty }

    /// The next event; a chunk is part of ``chain`` once it was returned.
    mutating func next() async -> Event {
        while true {
            while let event = events.popFirst() {
                if event.name == Self.receiptEventName { return .receipt(event.data) }
                guard event.name == "message" else { continue }
                chain.append(event.data)
                chunkBytes += UInt64(event.data.count)
                return .chunk(event.data)
            }
            switch await exchange.next() {
            case .bytes(let buffer):
                do {
                    events = try parser.feed(Array(buffer.readableBytesView))[...]
                } catch {
                    exchange.cancel()
                    return .failed(.tooLarge)
                }
            case .end: return .endWithoutReceipt
            case .failed(let failure): return .failed(failure)
            case .whole, .streamHead: return .failed(.cutOff)
            }
        }
    }
}
