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

/// The way of one paid call: admit the voucher, call the upstream, sign, write down, answer.
struct CallRunner: Sendable {
    let parts: ProviderParts
    let door: CallDoor

    init(parts: ProviderParts) {
        self.parts = parts
        door = CallDoor(parts: parts)
    }

    /// Serves one request.
    func run(
        _ request: Request,
        for interface: CallInterface,
        on channel: any Channel
    ) async -> Response {
        let call: PaidCall
        do throws(CallFailure) {
            call = try await door.admit(request, for: interface) { channel.isActive }
        } catch {
            parts.metrics.refused(error, interface)
            return error.response
        }
        parts.presence.watch(channel) { [weak call] reason in
            call?.stop(reason)
        }
        let exchange = call.beginExchange()
        switch await exchange.next() {
        case .stream where call.request.isStreaming:
            return await stream(call, exchange, channel)
        case .whole(let status, let type, let body)
        where !call.request.isStreaming || status != 200:
            defer { parts.presence.unwatch(channel) }
            return await answer(call, status: status, type: type, body: body)
        case .failed(let failure):
            defer { parts.presence.unwatch(channel) }
            return await self.failed(call, failure)
        case .stream, .whole, .bytes, .end:
            parts.presence.unwatch(channel)
            exchange.cancel()
            call.setVerdict(.fails)
            return await fail(
                call,
                APIFailure(
                    .upstreamFailed,
                    message: call.request.isStreaming
                        ? "The model's server did not stream." : "The model's server streamed."
                )
            )
        }
    }

    /// Answers with what the upstream sent, or with why that is worth nothing.
    private func answer(
        _ call: PaidCall,
        status: UInt,
        type: String,
        body: ByteBuffer
    ) async -> Response {
        let bytes = body.getBytes(at: body.readerIndex, length: body.readableBytes) ?? []
        var progress = call.progress
        let judgement = WholeAnswer.judge(
            status: status,
            type: type,
            body: bytes,
            call.request,
            meter: progress.meter
        )
        switch judgement {
        case .failed(let failure, let verdict):
            call.setVerdict(verdict)
            return await fail(call, failure)
        case .delivered(let delivery):
            call.setVerdict(.works)
            progress.meter.note(delivery.usage)
            progress.meter.note(calls: delivery.calls)
            progress.meter.noteChunk(bytes: bytes.count, hasContent: true)
            progress.chain.append(bytes)
            return await end(call, .delivered, progress, .whole(body, type: delivery.type))
        }
    }

    /// Ends a call to which the upstream gave no answer (CALL-7), or that the buyer gave up.
    func failed(_ call: PaidCall, _ failure: UpstreamFailure) async -> Response {
        let message = WholeAnswer.failure(failure)
        if call.isBuyerGone {
            // Nobody reads this; the receipt covers what was handed over, which is nothing.
            return await end(call, .partial, call.progress, .failure(message))
        }
        call.setVerdict(failure == .cancelled ? .nothing : .fails)
        return await fail(call, message)
    }

    /// Answers with the reason why nothing is charged.
    func fail(_ call: PaidCall, _ failure: APIFailure) async -> Response {
        var progress = call.progress
        progress.chain.append(failure.body)
        return await end(call, .failed, progress, .failure(failure))
    }

    /// Answers once the receipt is durable; without one, the buyer must ask for it later.
    private func end(
        _ call: PaidCall,
        _ ending: PaidCall.Ending,
        _ progress: PaidCall.Progress,
        _ answer: Response
    ) async -> Response {
        do throws(DeskRefusal) {
            let receipt = try await call.end(ending, progress)
            var response = answer
            response.headers[.receipt] = String(
                decoding: Base64.encode(receipt.signed.canonicalBytes),
                as: UTF8.self
            )
            return response
        } catch {
            parts.logger.error("a receipt cannot be written", metadata: ["reason": "\(error)"])
            // The voucher is in the journal, so its number is used, and what it pays for is open.
            return .failure(
                APIFailure(
                    .receiptMissing,
                    message: "The provider cannot write the call's receipt.",
                    hint: "The voucher is used up; ask for its receipt at the lane (CALL-9).",
                    moneyMoved: nil
                )
            )
        }
    }
}
