import CanonicalCoding
import HTTPServing
import HTTPTypes
import Hummingbird
import Identity
import Logging
import MarketTypes
import NIOCore
import OpenAIWire
import SettlementCore

extension CallRunner {
    /// Begins a streamed answer once its first chunk is here; before, a failure is a whole answer.
    func stream(
        _ call: PaidCall,
        _ exchange: UpstreamExchange,
        _ channel: any Channel
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
                call,
                APIFailure(.upstreamFailed, message: "The model's stream was empty.")
            )
        }
        let relay = StreamRelay(
            call: call,
            parts: parts,
            channel: channel,
            source: source,
            first: first
        )
        return Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-cache"],
            body: ResponseBody { writer in
                await relay.run(&writer)
                try await writer.finish(nil)
            }
        )
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
    @concurrent
    func run(_ writer: inout any ResponseBodyWriter) async {
        // A buyer that reads too slowly holds a lane and an upstream: it loses the connection.
        let cutOff = channel.eventLoop.scheduleTask(deadline: call.deadline + .seconds(1)) {
            [channel] in channel.close(promise: nil)
        }
        defer {
            cutOff.cancel()
            parts.presence.unwatch(channel)
        }
        switch await relay(to: &writer) {
        case .complete:
            call.setVerdict(.works)
            await finish(.delivered, &writer)
        case .upstreamFailed:
            source.exchange.cancel()
            call.setVerdict(.fails)
            await finish(.partial, &writer)
        case .stopped:
            source.exchange.cancel()
            await finish(call.isShutDown ? .partial : .abandoned, &writer)
        }
    }

    private enum Outcome {
        /// The upstream completed its answer, and all of it was handed over.
        case complete
        case upstreamFailed
        /// The buyer left, or the provider shuts down.
        case stopped
    }

    /// Passes chunks on to the end.
    @concurrent
    private func relay(to writer: inout any ResponseBodyWriter) async -> Outcome {
        var source = source
        var portion = first
        var hasFinished = false
        while true {
            hasFinished = hasFinished || portion.hasFinished
            guard await pass(portion, to: &writer) else { return .stopped }
            if portion.isDone {
                source.exchange.drain()
                return .complete
            }
            guard !portion.hasError else { return .upstreamFailed }
            do throws(UpstreamFailure) {
                guard let next = try await source.next() else {
                    // Some servers close without [DONE]; a finished choice says the same.
                    return hasFinished ? .complete : .upstreamFailed
                }
                portion = next
            } catch {
                return error == .cancelled ? .stopped : .upstreamFailed
            }
        }
    }

    /// Hands a portion's chunks to the connection; false if there is none any more.
    @concurrent
    private func pass(
        _ portion: StreamPortion,
        to writer: inout any ResponseBodyWriter
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
    @concurrent
    private func finish(
        _ ending: PaidCall.Ending,
        _ writer: inout any ResponseBodyWriter
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
