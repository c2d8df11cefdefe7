import AsyncHTTPClient
import HTTPTypes
import Hummingbird
import Identity
import MarketTypes
import NIOCore
import OpenAIWire
import SettlementCore

/// What a request knows of the connection it came on.
struct GatewayContext: InitializableFromSource, Sendable {
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        channel = source.channel
    }
}

/// The gateway's door: OpenAI's paths under `/v1`, and the gateway's own under `/stoa/v1`.
struct GatewayResponder: HTTPResponder {
    typealias Context = GatewayContext

    let parts: GatewayParts
    let runner: CallRunner
    let guardian: DoorGuard
    let requestIDs: RequestIDs

    init(parts: GatewayParts) {
        self.parts = parts
        runner = CallRunner(parts: parts)
        guardian = DoorGuard(parts.configuration)
        requestIDs = RequestIDs()
    }

    func respond(to request: Request, context: GatewayContext) async throws -> Response {
        let requestID = requestIDs.id(for: request.headers[.requestID])
        var response: Response
        do throws(APIFailure) {
            try guardian.admit(request)
            response = try await answer(request, context, requestID: requestID)
        } catch {
            response = .failure(error)
        }
        response.headers[.requestID] = requestID
        return response
    }

    private func answer(
        _ request: Request,
        _ context: GatewayContext,
        requestID: String
    ) async throws(APIFailure) -> Response {
        let path = request.uri.path
        switch (request.method, path) {
        case (.post, CallInterface.chat.path):
            return try await call(.chat, request, context, requestID)
        case (.post, CallInterface.embeddings.path):
            return try await call(.embeddings, request, context, requestID)
        case (.post, CallInterface.json.path):
            return try await call(.json, request, context, requestID)
        case (.get, "/v1/models"):
            return .json(ModelListing.listBody(ModelPage(parts).listings))
        case (.get, _) where path.hasPrefix("/v1/models/"):
            return try ModelPage(parts).answer(String(path.dropFirst("/v1/models/".count)))
        case (.get, "/stoa/v1/status"): return .json(StatusPage(parts: parts).body)
        case (.get, "/stoa/v1/receipts"):
            let limit = request.uri.queryParameters["limit"].flatMap { Int($0) } ?? 20
            return .json(StatusPage(parts: parts).receipts(limit: limit))
        case (.get, "/stoa/v1/health"): return .json(Array(#"{"status":"ok"}"#.utf8))
        default:
            throw APIFailure(.notFound, message: "There is no \(request.method) \(path).")
        }
    }

    private func call(
        _ interface: CallInterface,
        _ request: Request,
        _ context: GatewayContext,
        _ requestID: String
    ) async throws(APIFailure) -> Response {
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: parts.configuration.requestBytesMax)
        } catch is NIOTooManyBytesError {
            throw APIFailure(
                .tooLarge,
                message: "The body exceeds \(parts.configuration.requestBytesMax) bytes."
            )
        } catch {
            throw APIFailure(.invalidRequest, message: "The body broke off.")
        }
        let call = try ClientCall(
            interface,
            body,
            model: request.headers[.model],
            requestID: requestID
        )
        let pass = try await enter()
        switch await runner.run(call, pass: pass) {
        case .answered(let answer): return try self.response(answer, to: call)
        case .streaming(let stream): return self.stream(stream, call, context)
        case .failed(let failure): throw failure
        case .faulty(let status, let body):
            return Response(
                status: HTTPResponse.Status(code: status),
                headers: [.contentType: .jsonType],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: body))
            )
        }
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
                hint: "Raise queuedCallsMax, or call less often.",
                retryAfterSeconds: 1
            )
        case .failure(.timedOut):
            throw APIFailure(
                .overloaded,
                message: "The call's turn did not come; nothing was charged.",
                hint: "Raise concurrentCallsMax, or call less often.",
                retryAfterSeconds: 1
            )
        }
    }

    private func stream(
        _ stream: OpenStream,
        _ call: ClientCall,
        _ context: GatewayContext
    ) -> Response {
        let relay = StreamRelay(
            stream: stream,
            call: call,
            texts: runner.texts,
            channel: context.channel
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
        to call: ClientCall
    ) throws(APIFailure) -> Response {
        let cost = answer.receipt.document.charge.obol
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
        if call.interface != .json,
            let priced = try? TokenUsage.adding(
                cost: cost,
                of: unit.priced,
                receipt: name,
                to: body
            )
        {
            body = priced
        }
        var headers: HTTPFields = [
            .contentType: .jsonType, .cost: String(cost), .receipt: name,
            .seller: answer.seller.description,
        ]
        if unit.denomination != .native { headers[.costUnit] = unit.identifier }
        return Response(
            status: HTTPResponse.Status(code: answer.status),
            headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body))
        )
    }
}

extension Response {
    static func json(_ body: [UInt8]) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: .jsonType],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body))
        )
    }

    static func failure(_ failure: APIFailure) -> Response {
        var headers: HTTPFields = [.contentType: .jsonType]
        for (name, value) in failure.headers {
            if let name = HTTPField.Name(name) { headers[name] = value }
        }
        return Response(
            status: HTTPResponse.Status(code: failure.kind.status),
            headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: failure.body))
        )
    }
}

extension String {
    fileprivate static var jsonType: String { "application/json" }
}
