import HTTPServing
import HTTPTypes
import Hummingbird
import Identity
import MarketTypes
import NIOCore
import OpenAIWire
import SettlementCore

/// Passes a paid stream on to the client, and holds its end back until the receipt checks out.
struct StreamRelay: Sendable {
    let stream: OpenStream
    let call: ClientCall
    let texts: FailureTexts
    let channel: any Channel

    /// Writes the whole stream; if the client goes away, the rest is not read any more.
    @concurrent
    func run(_ writer: inout any ResponseBodyWriter) async throws {
        let presence = stream.parts.presence
        presence.watch(channel) { [weak stream] _ in stream?.cancel() }
        // A client that reads too slowly holds a lane: it loses the connection in the end.
        let cutOff = channel.eventLoop.scheduleTask(deadline: stream.deadline) { [channel] in
            channel.close(promise: nil)
        }
        defer {
            cutOff.cancel()
            presence.unwatch(channel)
        }
        guard let (source, first) = stream.takeRest() else { return }
        try await relay(source, from: first, to: &writer)
    }

    @concurrent
    private func relay(
        _ rest: SellerStream,
        from first: SellerStream.Event,
        to writer: inout any ResponseBodyWriter
    ) async throws {
        var source = rest
        var event = first
        var usage: [UInt8]?
        var hasFailed = false
        var output: [UInt8] = []
        var words = StreamWords(
            call,
            createdSeconds: stream.parts.now().milliseconds / 1000
        )
        while true {
            switch event {
            case .chunk(let data):
                switch Held(data) {
                // After an error nothing is an answer any more: the receipt tells its price.
                case _ where hasFailed: break
                case .nothing: output += words.chunk(data)
                case .usage: usage = data
                case .error:
                    hasFailed = true
                    stream.parts.health.failed(stream.engagement.seller)
                case .done, .unreadable: break
                }
            case .receipt(let text):
                let usage = hasFailed ? nil : usage
                output += await end(text, source, usage, hasFailed: hasFailed, in: &words)
            case .endWithoutReceipt:
                output += words.failure(texts.failure(await stream.strikeOff(.missingReceipt)))
            case .failed(let failure):
                // A client that left is not the seller's fault.
                if channel.isActive { stream.parts.health.failed(stream.engagement.seller) }
                output += words.failure(texts.failure(AttemptFailure(failure)))
            }
            let isOver = if case .chunk = event { false } else { true }
            if !output.isEmpty, isOver || !source.hasBuffered {
                try await writer.write(ByteBuffer(bytes: output))
                output.removeAll(keepingCapacity: true)
            }
            if isOver { return }
            event = await source.next()
        }
    }

    /// What is not passed on, at all or before the receipt is checked.
    ///
    /// An error is never the seller's to tell: clients take it for the market's own word, with
    /// whatever it says of money and of what to do. Nor is what cannot be read as a chunk passed
    /// on, since a laxer reader might find an error in it.
    private enum Held {
        case nothing, usage, done, error, unreadable

        init(_ data: [UInt8]) {
            switch try? ChatStreamItem(data) {
            case .done: self = .done
            case .chunk(let chunk) where chunk.isError: self = .error
            case .chunk(let chunk) where chunk.choiceCount == 0 && chunk.usage != nil:
                self = .usage
            case .chunk: self = .nothing
            case nil: self = .unreadable
            }
        }
    }

    /// The end of a stream: the receipt's name, the usage and the last word, or an error.
    private func end(
        _ text: [UInt8],
        _ source: SellerStream,
        _ usage: [UInt8]?,
        hasFailed: Bool,
        in words: inout StreamWords
    ) async -> [UInt8] {
        let receipt: Verified<Receipt>
        do {
            receipt = try await stream.settle(text, source)
        } catch {
            return words.failure(texts.failure(error))
        }
        let cost = receipt.document.charge.obol
        let name = receipt.digest.description
        let unit = stream.unit
        let counted = unit.denomination == .native ? "" : " unit=\(unit.identifier)"
        let output = EventStreamWriter.comment("stoa-receipt \(name) cost=\(cost)\(counted)")
        guard receipt.document.status == .delivered, !hasFailed else {
            let what = hasFailed ? "ended the stream with an error" : "broke the stream off"
            return output + words.failure(seller(what, cost: cost, unit))
        }
        guard call.wantsUsage else { return output + words.end(usage: nil) }
        let chunk = usage ?? usageChunk(receipt.document)
        let priced = try? TokenUsage.adding(
            cost: cost,
            of: unit.priced,
            receipt: name,
            to: chunk
        )
        return output + words.end(usage: priced ?? chunk)
    }

    private func seller(_ what: String, cost: UInt128, _ unit: GatewayUnit) -> APIFailure {
        let text = unit.denomination == .native ? "\(cost) obol" : unit.text(Amount(obol: cost))
        return APIFailure(
            .upstreamFailed,
            message: "The seller \(what); what arrived cost \(text).",
            moneyMoved: cost > 0
        )
    }

    /// A usage chunk from the receipt's units, for a seller that sent none.
    private func usageChunk(_ receipt: Receipt) -> [UInt8] {
        let input = receipt.units[.inputToken] ?? 0
        let output = receipt.units[.outputToken] ?? 0
        var writer = JSONWriter(capacityBytes: 256)
        writer.object { writer in
            writer.member("id", call.requestID)
            writer.member("object", "chat.completion.chunk")
            writer.member("created", receipt.finishedAt.milliseconds / 1000)
            writer.member("model", call.model)
            writer.key("choices")
            writer.array { _ in }
            writer.key("usage")
            writer.object { writer in
                writer.member("prompt_tokens", input)
                writer.member("completion_tokens", output)
                writer.member("total_tokens", input &+ output)
            }
        }
        return writer.bytes
    }
}
