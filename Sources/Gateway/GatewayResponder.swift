import AsyncHTTPClient
import HTTPTypes
import Hummingbird
import Identity
import MarketTypes
import NIOCore
import OpenAIWire
import SettlementCore
import Telemetry

/// What a request knows of the connection it came on.
struct GatewayContext: InitializableFromSource, Sendable {
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        channel = source.channel
    }
}

/// The gateway's door: OpenAI's paths under `/v1`, Anthropic's `/v1/messages`, and the gateway's
/// own under `/stoa/v1`.
struct GatewayResponder: HTTPResponder {
    typealias Context = GatewayContext

    let desk: CallDesk
    let guardian: DoorGuard
    let requestIDs: RequestIDs

    init(parts: GatewayParts) {
        desk = CallDesk(parts: parts)
        guardian = DoorGuard(parts.configuration)
        requestIDs = RequestIDs()
    }

    func respond(to request: Request, context: GatewayContext) async throws -> Response {
        let requestID = requestIDs.id(for: request.headers[.requestID])
        Span.current?.setRequestID(requestID)
        var response: Response
        do throws(APIFailure) {
            try guardian.admit(request)
            response = try await desk.answer(
                request,
                channel: context.channel,
                requestID: requestID,
                meter: nil
            )
        } catch {
            desk.parts.metrics.failed(error, path: request.uri.path)
            response = CallDesk.failure(error, at: request.uri.path, requestID: requestID)
        }
        response.headers[.requestID] = requestID
        return response
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

    static func failure(_ failure: APIFailure, body: [UInt8]? = nil) -> Response {
        var headers: HTTPFields = [.contentType: .jsonType]
        for (name, value) in failure.headers {
            if let name = HTTPField.Name(name) { headers[name] = value }
        }
        return Response(
            status: HTTPResponse.Status(code: failure.kind.status),
            headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body ?? failure.body))
        )
    }
}

extension String {
    static var jsonType: String { "application/json" }
}
