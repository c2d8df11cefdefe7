import AsyncHTTPClient
import GRPCCore
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

/// The HTTP interface of a node or provider, as the door asks it.
struct Backend: Sendable {
    /// What it is, for people: "node" or "provider".
    let name: String
    /// Its address, without a slash at the end.
    let url: String
    let client: HTTPClient

    init(_ name: String, url: String, client: HTTPClient) {
        self.name = name
        self.url = url.hasSuffix("/") ? String(url.dropLast()) : url
        self.client = client
    }

    /// An answer in one piece.
    struct Answer: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let body: [UInt8]
    }

    /// Why there is no answer.
    enum Failure: Error {
        /// There was no connection: it cannot know of the question.
        case neverSent(String)
        /// The connection broke, or the answer is none.
        case cutOff(String)
    }

    /// The answer to a question that moves nothing.
    func get(_ path: String, answerBytesMax: Int, deadline: NIODeadline) async throws -> Answer {
        do {
            let response = try await begin(HTTPClientRequest(url: url + path), deadline: deadline)
            return try await Self.whole(response, answerBytesMax: answerBytesMax)
        } catch let failure as Failure {
            throw refusal(failure)
        }
    }

    /// Sends a request; the answer's head is here when it returns.
    func begin(
        _ request: HTTPClientRequest,
        deadline: NIODeadline
    ) async throws -> HTTPClientResponse {
        do {
            return try await client.execute(request, deadline: deadline)
        } catch let error as CancellationError {
            throw error
        } catch {
            try Task.checkCancellation()
            throw Self.isBeforeSending(error)
                ? Failure.neverSent("\(error)") : Failure.cutOff("\(error)")
        }
    }

    /// The rest of an answer.
    static func whole(
        _ response: HTTPClientResponse,
        answerBytesMax: Int
    ) async throws -> Answer {
        do {
            let body = try await response.body.collect(upTo: answerBytesMax)
            return Answer(
                status: Int(response.status.code),
                headers: response.headers,
                body: Array(body.readableBytesView)
            )
        } catch {
            try Task.checkCancellation()
            throw Failure.cutOff("\(error)")
        }
    }

    private static func isBeforeSending(_ error: any Error) -> Bool {
        if let error = error as? HTTPClientError {
            let before: [HTTPClientError] = [
                .connectTimeout, .getConnectionFromPoolTimeout, .tlsHandshakeTimeout,
                .emptyHost, .invalidURL,
            ]
            return before.contains(error)
        }
        return error is NIOConnectionError || (error as? IOError)?.errnoCode == ECONNREFUSED
    }

    /// What a client is told of a question that moves nothing.
    func refusal(_ failure: Failure) -> RPCError {
        .refusal(
            .unavailable,
            "The \(name) behind this server does not answer.",
            reason: "backend_unreachable",
            hint: "Its operator must look after it; asking again is safe."
        )
    }
}
