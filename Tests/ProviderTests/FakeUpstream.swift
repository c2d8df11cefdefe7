import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

/// What a fake model server does with the next requests.
enum UpstreamBehaviour: Hashable, Sendable {
    /// Answers with a body.
    case answer(String, status: Int = 200)
    /// Answers with a body of another type than JSON.
    case typed(String, type: String)
    /// Waits until released, and answers then.
    case held(String)
    /// Sends events, each on its own, and `[DONE]` if asked to.
    case stream([String], done: Bool = true)
    /// Sends events, waits until released if there were any, and breaks the connection.
    case breaking([String])
    /// Sends events, then waits until released, and goes on.
    case pausing([String], then: [String])
    /// Answers with this many bytes.
    case huge(Int)
}

/// A model server that does as it is told, and remembers what it was asked.
final class FakeUpstream: Sendable {
    struct Asked: Sendable {
        let path: String
        let authorization: String?
        let type: String?
        let body: String
    }

    private struct State {
        var behaviour = UpstreamBehaviour.answer("{}")
        var asked: [Asked] = []
        var isReleased = false
        var waiters: [CheckedContinuation<Void, Never>] = []
        var brokenOff = 0
        var inProgress = 0
    }

    private let state = Mutex(State())

    var behaviour: UpstreamBehaviour {
        get { state.withLock { $0.behaviour } }
        set { state.withLock { $0.behaviour = newValue } }
    }

    /// The requests so far.
    var asked: [Asked] { state.withLock { $0.asked } }

    /// How many answers the other side broke off.
    var brokenOff: Int { state.withLock { $0.brokenOff } }

    /// Lets everything go on that waits, now and later.
    func release() {
        let waiters = state.withLock { state in
            state.isReleased = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    fileprivate func waitForRelease() async {
        await withCheckedContinuation { continuation in
            let isReleased = state.withLock { state in
                if !state.isReleased { state.waiters.append(continuation) }
                return state.isReleased
            }
            if isReleased { continuation.resume() }
        }
    }

    fileprivate func note(_ asked: Asked) -> UpstreamBehaviour {
        state.withLock { state in
            state.asked.append(asked)
            return state.behaviour
        }
    }

    fileprivate func noteBrokenOff() { state.withLock { $0.brokenOff += 1 } }

    /// Runs the server until `body` returns.
    static func run(
        _ body: (FakeUpstream, _ url: String) async throws -> Void
    ) async throws {
        let upstream = FakeUpstream()
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        let application = Application(
            responder: FakeResponder(upstream: upstream),
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { found.yield($0.localAddress?.port ?? 0) },
            logger: .silent
        )
        let services = ServiceGroup(services: [application], logger: .silent)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { found.finish() }
                try await services.run()
            }
            for await port in ports {
                try await body(upstream, "http://127.0.0.1:\(port)")
                break
            }
            upstream.release()
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
        }
    }
}

private struct FakeResponder: HTTPResponder {
    typealias Context = BasicRequestContext

    struct Broken: Error {}

    let upstream: FakeUpstream

    func respond(to request: Request, context: Context) async throws -> Response {
        let body = try await request.body.collect(upTo: 8 << 20)
        let asked = FakeUpstream.Asked(
            path: request.uri.path,
            authorization: request.headers[.authorization],
            type: request.headers[.contentType],
            body: String(buffer: body)
        )
        switch upstream.note(asked) {
        case .answer(let text, let status): return json(text, status)
        case .typed(let text, let type):
            var response = json(text, 200)
            response.headers[.contentType] = type
            return response
        case .held(let text):
            await upstream.waitForRelease()
            return json(text, 200)
        case .stream(let events, let done):
            return stream { try await send(events + (done ? ["[DONE]"] : []), to: &$0) }
        case .breaking(let events):
            return stream {
                try await send(events, to: &$0)
                if !events.isEmpty { await upstream.waitForRelease() }
                throw Broken()
            }
        case .pausing(let events, let rest):
            return stream {
                try await send(events, to: &$0)
                await upstream.waitForRelease()
                try await send(rest, to: &$0)
            }
        case .huge(let count):
            return json("\"" + String(repeating: "x", count: count) + "\"", 200)
        }
    }

    private func json(_ text: String, _ status: Int) -> Response {
        Response(
            status: .init(code: status),
            headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text))
        )
    }

    private func stream(
        _ write:
            @escaping @Sendable @concurrent (inout any ResponseBodyWriter) async throws -> Void
    ) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "text/event-stream"],
            body: ResponseBody { writer in
                do {
                    try await write(&writer)
                } catch {
                    upstream.noteBrokenOff()
                    throw error
                }
                try await writer.finish(nil)
            }
        )
    }
}

/// Writes events one by one.
@concurrent
private func send(
    _ events: [String],
    to writer: inout any ResponseBodyWriter
) async throws {
    for event in events {
        try await writer.write(ByteBuffer(string: "data: \(event)\n\n"))
    }
}

extension Logger {
    static var silent: Logger { Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() } }
}
