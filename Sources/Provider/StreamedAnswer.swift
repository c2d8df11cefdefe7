import HTTPTypes
import Hummingbird
import Identity
import MarketTypes
import NIOCore
import OpenAIWire
import SettlementCore
import Synchronization

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

extension CallRunner {
    /// Begins a streamed answer once its first chunk is here; before, a failure is a whole answer.
    func stream(
        _ call: PaidCall, _ exchange: UpstreamExchange, _ channel: any Channel
    ) async -> Response {
        var source = UpstreamStream(exchange)
        let first: StreamPortion?
        do throws(UpstreamFailure) {
            first = try await source.next()
        } catch {
            parts.presence.unwatch(channel)
            return await failed(call, error)
        }
        guard let first, !first.chunks.isEmpty else {
            parts.presence.unwatch(channel)
            exchange.cancel()
            call.setVerdict(.fails)
            return await fail(
                call, APIFailure(.upstreamFailed, message: "The model's stream was empty."))
        }
        let relay = StreamRelay(
            call: call, parts: parts, channel: channel, source: source, first: first)
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-cache"],
            body: ResponseBody { writer in
                await relay.run(&writer)
                try await writer.finish(nil)
            })
    }
}

/// Passes an upstream's chunks on, and ends the stream with the receipt (CALL-6, CALL-8).
struct StreamRelay: Sendable {
    let call: PaidCall
    let parts: ProviderParts
    let channel: any Channel
    let source: UpstreamStream
    let first: StreamPortion

    /// Writes the whole stream and its receipt.
    func run(_ writer: inout any ResponseBodyWriter) async {
        // A buyer that reads too slowly holds a lane and an upstream: it loses the connection.
        let cutOff = channel.eventLoop.scheduleTask(deadline: call.deadline + .seconds(1)) {
            [channel] in channel.close(promise: nil)
        }
        defer {
            cutOff.cancel()
            parts.presence.unwatch(channel)
        }
        let isComplete = await relay(to: &writer)
        call.setVerdict(isComplete || call.isBuyerGone ? .works : .fails)
        if !isComplete { source.exchange.cancel() }
        await finish(isComplete ? .delivered : .partial, &writer)
    }

    /// Passes chunks on; true if the upstream completed its answer.
    private func relay(to writer: inout any ResponseBodyWriter) async -> Bool {
        var source = source
        var portion = first
        var hasFinished = false
        while true {
            hasFinished = hasFinished || portion.hasFinished
            guard await pass(portion, to: &writer) else { return false }
            if portion.isDone {
                source.exchange.drain()
                return true
            }
            guard !portion.hasError else { return false }
            do throws(UpstreamFailure) {
                guard let next = try await source.next() else { return hasFinished }
                portion = next
            } catch {
                return false
            }
        }
    }

    /// Hands a portion's chunks to the connection; false if there is none any more.
    private func pass(
        _ portion: StreamPortion, to writer: inout any ResponseBodyWriter
    ) async -> Bool {
        var progress = call.progress
        progress.meter.note(portion.usage)
        var output: [UInt8] = []
        for (data, hasContent) in portion.chunks {
            output += EventStreamWriter.event(data: data)
            progress.chain.append(data)
            progress.meter.noteChunk(bytes: data.count, hasContent: hasContent)
        }
        guard !output.isEmpty else { return true }
        do {
            try await writer.write(ByteBuffer(bytes: output))
        } catch {
            return false
        }
        call.setProgress(progress)
        return true
    }

    /// Signs what was handed over, and sends the receipt after it; `[DONE]` goes with it, so that
    /// nobody takes an answer for complete that has no receipt.
    private func finish(
        _ ending: PaidCall.Ending, _ writer: inout any ResponseBodyWriter
    ) async {
        var progress = call.progress
        var output: [UInt8] = []
        if ending == .delivered {
            progress.chain.append(Self.done)
            progress.meter.noteChunk(bytes: Self.done.count, hasContent: false)
            output = EventStreamWriter.done
        }
        do throws(DeskRefusal) {
            let receipt = try await call.end(ending, progress)
            let text = Base64.encode(receipt.signed.canonicalBytes)
            output += EventStreamWriter.event(name: "stoa-receipt", data: text)
        } catch {
            parts.logger.error("a receipt cannot be written", metadata: ["reason": "\(error)"])
            return
        }
        try? await writer.write(ByteBuffer(bytes: output))
    }

    private static let done = Array("[DONE]".utf8)
}
