import AsyncHTTPClient
import HTTPServing
import HTTPTypes
import Hummingbird
import Identity
import MarketTypes
import NIOCore
import OpenAIWire
import SettlementCore

/// Answers the paths of a gateway for whoever was let in.
struct CallDesk: Sendable {
    let parts: GatewayParts
    let runner: CallRunner

    init(parts: GatewayParts) {
        self.parts = parts
        runner = CallRunner(parts: parts)
    }

    /// Answers a request.
    ///
    /// - Parameters:
    ///   - channel: the connection, which tells when the client leaves.
    ///   - meter: counts what whoever calls may spend; nil counts nothing.
    ///   - buyer: on whose behalf it is, and whose receipts are listed; nil for whoever pays.
    ///   - bodyBytesMax: the largest body, if that is not as configured.
    /// - Throws: ``APIFailure``; see ``failure(_:at:requestID:)``.
    func answer(
        _ request: Request,
        channel: any Channel,
        requestID: String,
        meter: (any CallMeter)?,
        buyer: CallBuyer? = nil,
        bodyBytesMax: Int? = nil
    ) async throws(APIFailure) -> Response {
        let path = request.uri.path
        switch (request.method, path) {
        case (.post, CallDialect.messagesPath), (.post, CallDialect.responsesPath):
            let call = try ClientCall(
                dialectAt: path,
                try await body(request, bodyBytesMax),
                requestID: requestID,
                meter: meter,
                buyer: buyer
            )
            return try await perform(call, channel)
        case (.get, "/v1/models"):
            return .json(ModelListing.listBody(ModelPage(parts).listings))
        case (.get, _) where path.hasPrefix("/v1/models/"):
            return try ModelPage(parts).answer(String(path.dropFirst("/v1/models/".count)))
        case (.get, "/stoa/v1/status"): return .json(StatusPage(parts: parts).body)
        case (.get, "/stoa/v1/receipts"):
            let limit = request.uri.queryParameters["limit"].flatMap { Int($0) } ?? 20
            return .json(StatusPage(parts: parts).receipts(limit: limit, in: buyer?.view))
        case (.get, "/stoa/v1/health"): return .json(Array(#"{"status":"ok"}"#.utf8))
        case (.post, _):
            guard let interface = CallInterface(path: path) else { break }
            let call = try ClientCall(
                interface,
                try await body(request, bodyBytesMax),
                model: request.headers[.model],
                contentType: request.headers[.contentType],
                wishes: request.headers[.wishes],
                requestID: requestID,
                meter: meter,
                buyer: buyer
            )
            return try await perform(call, channel)
        default: break
        }
        if path == "/v1/files" || path.hasPrefix("/v1/files/") {
            throw APIFailure(
                .notFound,
                message: "This gateway keeps no files; nothing was charged.",
                hint: "Send a file inside the request as 'file_data', or call a market that keeps "
                    + "them (`stoa serve`)."
            )
        }
        throw APIFailure(.notFound, message: "There is no \(request.method) \(path).")
    }

    /// The answer to a request that failed, in the words of its path.
    static func failure(_ failure: APIFailure, at path: String, requestID: String) -> Response {
        guard path == CallDialect.messagesPath else { return .failure(failure) }
        return .failure(failure, body: MessagesAnswer.error(failure, requestID: requestID))
    }

    private func body(
        _ request: Request,
        _ most: Int?
    ) async throws(APIFailure) -> ByteBuffer {
        let isUpload = CallInterface(path: request.uri.path)?.isUpload ?? false
        let configuration = parts.configuration
        let bytesMax =
            most ?? (isUpload ? configuration.uploadBytesMax : configuration.requestBytesMax)
        do {
            return try await request.body.collect(upTo: bytesMax)
        } catch is NIOTooManyBytesError {
            throw APIFailure(
                .tooLarge,
                message: "The body exceeds \(bytesMax) bytes; nothing was charged."
            )
        } catch {
            throw APIFailure(.invalidRequest, message: "The body broke off.")
        }
    }

    private func perform(
        _ call: ClientCall,
        _ channel: any Channel
    ) async throws(APIFailure) -> Response {
        let digest = RequestDigest.of(path: call.interface.path, body: call.body)
        if let seconds = call.preferences.cacheSeconds,
            let known = parts.answers.answer(to: digest, youngerThanSeconds: seconds),
            call.preferences.allows(known.seller)
        {
            return try response(known, to: call, isToldAgain: true)
        }
        let pass = try await enter()
        let client = CallDeparture()
        parts.presence.watch(channel) { _ in client.leave() }
        let result = await runner.run(call, digest, pass: pass, client: client)
        // Whoever relays a stream watches from here on.
        parts.presence.unwatch(channel)
        switch parts.metrics.noting(result, call.interface) {
        case .answered(let answer):
            if call.preferences.cacheSeconds != nil { parts.answers.keep(answer, to: digest) }
            return try response(answer, to: call)
        case .streaming(let stream): return self.stream(stream, call, channel)
        case .failed(let failure): throw failure
        case .faulty(let status, let body):
            if case .messages = call.dialect { throw Self.faulty(body) }
            return Response(
                status: HTTPResponse.Status(code: status),
                headers: [.contentType: .jsonType],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: body))
            )
        }
    }

    /// A seller's words about a request at fault, for a client that knows another envelope.
    private static func faulty(_ body: [UInt8]) -> APIFailure {
        let error = (try? JSONObject(body)).flatMap { try? $0.object("error") }
        let message = error.flatMap { try? $0.string("message") }
        return APIFailure(
            .invalidRequest,
            message: message ?? "The seller refused the request; nothing was charged."
        )
    }

    private func enter() async throws(APIFailure) -> CallPass {
        let timeout = TimeAmount.milliseconds(
            Int64(parts.configuration.queueTimeoutMilliseconds)
        )
        let entered = await parts.gate.enter(
            waitingAtMost: timeout,
            on: parts.client.eventLoopGroup.any()
        )
        switch entered {
        case .success(let pass): return pass
        case .failure(.queueFull):
            throw APIFailure(
                .rateLimited,
                message: "Too many calls wait already; nothing was charged.",
                hint: "Call less often.",
                retryAfterSeconds: 1
            )
        case .failure(.timedOut):
            throw APIFailure(
                .overloaded,
                message: "The call's turn did not come; nothing was charged.",
                hint: "Call less often.",
                retryAfterSeconds: 1
            )
        }
    }

    private func stream(
        _ stream: OpenStream,
        _ call: ClientCall,
        _ channel: any Channel
    ) -> Response {
        let relay = StreamRelay(
            stream: stream,
            call: call,
            texts: runner.texts,
            channel: channel
        )
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/event-stream", .cacheControl: "no-cache",
                .seller: stream.engagement.seller.description,
            ],
            body: ResponseBody { writer in
                try await relay.run(&writer)
                try await writer.finish(nil)
            }
        )
    }

    /// The answer with its cost, in the form that the client asked for; it is paid already.
    private func response(
        _ answer: PaidAnswer,
        to call: ClientCall,
        isToldAgain: Bool = false
    ) throws(APIFailure) -> Response {
        let cost = isToldAgain ? 0 : answer.receipt.document.charge.obol
        let name = answer.receipt.digest.description
        let unit = parts.units.unit(answer.denomination)
        var body = answer.body
        if let vectorsMax = call.base64VectorsMax {
            do {
                body = try EmbeddingsResponse.base64Body(body, vectorsMax: vectorsMax)
            } catch {
                throw APIFailure(
                    .upstreamFailed,
                    message: "The seller's vectors cannot be read.",
                    moneyMoved: cost > 0
                )
            }
        }
        if call.answer == .counted,
            let priced = try? TokenUsage.adding(
                cost: cost,
                of: unit.priced,
                receipt: name,
                to: body
            )
        {
            body = priced
        }
        body = try translated(body, call, moneyMoved: cost > 0)
        var headers: HTTPFields = [
            .contentType: Self.type(answer, call), .cost: String(cost), .receipt: name,
            .seller: answer.seller.description,
        ]
        if isToldAgain { headers[.cache] = "hit" }
        if unit.denomination != .native { headers[.costUnit] = unit.identifier }
        return Response(
            status: HTTPResponse.Status(code: answer.status),
            headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body))
        )
    }

    /// What the answer is said to be: never what a browser would take for a page.
    private static func type(_ answer: PaidAnswer, _ call: ClientCall) -> String {
        switch call.answer {
        case .counted, .json, .images: .jsonType
        case .audio: PlainMediaType.audio(answer.type) ?? PlainMediaType.bytes
        case .text: "text/plain; charset=utf-8"
        }
    }

    /// A chat completion in the dialect of whoever asked for it.
    private func translated(
        _ body: [UInt8],
        _ call: ClientCall,
        moneyMoved: Bool
    ) throws(APIFailure) -> [UInt8] {
        do {
            switch call.dialect {
            case .own: return body
            case .messages(let model): return try MessagesAnswer.body(body, model: model)
            case .responses(let request): return try ResponsesAnswer.body(body, to: request)
            }
        } catch {
            throw APIFailure(
                .upstreamFailed,
                message: "The seller's answer cannot be read as a chat completion.",
                moneyMoved: moneyMoved
            )
        }
    }
}
