import CanonicalCoding
import Consensus
import FoundationEssentials
public import HTTPServing
import HTTPTypes
import Hummingbird
import LedgerClient
import LedgerCore
import LedgerStore
public import Logging
import MarketTypes
import NIOCore
public import ServiceLifecycle
public import Telemetry

/// A node's HTTP interface (docs/spec/node-api.md): reading is free, writing takes a signature.
public struct NodeServer: Service {
    /// Where to listen, and what a stranger may ask for.
    public struct Configuration: Sendable {
        /// The address to listen on; loopback unless told otherwise.
        public var host = "127.0.0.1"
        /// The port; 0 takes a free one.
        public var port = 26600
        /// The most entries in one listing.
        public var listingMax = 1024
        /// The longest a question for blocks may wait, in seconds.
        public var blockWaitSecondsMax = 20
        /// The most blocks in one answer.
        public var blocksMax = 64
        /// The bytes after which an answer takes no further block; the first is in it in any case.
        public var blocksBytesMax = 4 << 20

        /// Creates the standard configuration.
        public init() {}
    }

    /// The most connections at once; further ones wait.
    private static let connectionsMax = 8_192

    private let ledger: EmbeddedLedger
    private let configuration: Configuration
    private let logger: Logger
    private let telemetry: ServiceTelemetry
    private let submissions = SubmissionGuard()
    private let audits: SupplyAudits
    private let socket: ListeningSocket
    private let onListening: @Sendable (Int) async -> Void

    /// Creates a server over a running ledger.
    ///
    /// - Parameters:
    ///   - socket: where it listens, if not at the address of the configuration.
    ///   - onListening: told the port once the server accepts connections.
    public init(
        ledger: EmbeddedLedger,
        configuration: Configuration,
        logger: Logger,
        telemetry: ServiceTelemetry = .off("node"),
        socket: ListeningSocket? = nil,
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.ledger = ledger
        self.configuration = configuration
        self.logger = logger
        self.telemetry = telemetry
        self.socket =
            socket ?? .address(host: configuration.host, port: configuration.port)
        self.onListening = onListening
        audits = SupplyAudits(store: ledger.sequencer.application.store)
    }

    /// Serves until the service is told to stop.
    public func run() async throws {
        let door = HTTPDoor(
            responder: router().buildResponder(),
            connections: HTTPConnections(handlers: [], idleTimeout: .seconds(120)),
            socket: socket,
            limits: ConnectionLimits(connectionsMax: Self.connectionsMax),
            logger: logger,
            onListening: onListening
        )
        try await door.run()
    }

    private func router() -> Router<NodeRequestContext> {
        let router = Router(context: NodeRequestContext.self)
        router.add(middleware: ObservedMiddleware(telemetry))
        let routes = router.group("/stoa/v1")
        routes.get("/status") { _, _ in
            try await answer { NodeDocuments.Status(try await ledger.status()) }
        }
        routes.post("/transactions") { request, context in
            try await guarded(context.source) { try await submit(request) }
        }
        routes.get("/state/{key}") { request, context in
            try await entry(request, key: context.parameters.get("key") ?? "")
        }
        routes.get("/state") { request, _ in
            try await list(request)
        }
        routes.get("/blocks") { request, _ in
            try await blocks(request)
        }
        routes.get("/blocks/{height}") { _, context in
            try await block(context.parameters.get("height", as: UInt64.self))
        }
        routes.get("/genesis") { _, _ in
            let genesis = ledger.sequencer.application.genesis
            return try json(["genesis": Hex.encode(genesis.canonicalBytes)])
        }
        routes.get("/supply") { _, _ in
            try json(try await audits.latest().document)
        }
        return router
    }

    /// Lets a submission through unless its source was refused too often.
    private func guarded(
        _ source: String,
        _ submit: () async throws -> Response
    ) async throws -> Response {
        switch submissions.verdict(on: source) {
        case .pass:
            let response = try await submit()
            if [400, 409, 413].contains(response.status.code) { submissions.refused(source) }
            return response
        case .wait:
            defer { submissions.endWaiting() }
            try await Task.sleep(for: submissions.limits.wait)
        case .refuse: break
        }
        var response = try problem(
            429,
            "too many refusals",
            "too many transactions from this address were refused"
        )
        response.headers[.retryAfter] = "1"
        response.headers[.connection] = "close"
        return response
    }

    private func submit(_ request: Request) async throws -> Response {
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: Transaction.bytesMax)
        } catch {
            return try problem(413, "too large", "a transaction has a limit of 256 KiB")
        }
        return try await answer {
            NodeDocuments.Outcome(try await ledger.submit(Array(body.readableBytesView)))
        }
    }

    private func entry(_ request: Request, key: String) async throws -> Response {
        guard let key = StateKey(hex: key) else {
            return try problem(400, "bad key", "the key is not 1 to 128 bytes of hex")
        }
        let proven = request.uri.queryParameters["proof"] == "1"
        return try await answer {
            NodeDocuments.Entry(try await ledger.entry(key, proven: proven))
        }
    }

    private func list(_ request: Request) async throws -> Response {
        let query = request.uri.queryParameters
        guard let prefix = query["prefix"].flatMap({ StateKey(hex: String($0)) }) else {
            return try problem(400, "bad prefix", "the prefix is not 1 to 128 bytes of hex")
        }
        let after = query["after"].flatMap { StateKey(hex: String($0)) }
        let limit = query["limit"].flatMap { Int($0) } ?? configuration.listingMax
        guard (1...configuration.listingMax).contains(limit) else {
            return try problem(
                400,
                "bad limit",
                "the limit is not 1 to \(configuration.listingMax)"
            )
        }
        return try await answer {
            NodeDocuments.Listing(
                try await ledger.entries(prefix: prefix, after: after, limit: limit)
            )
        }
    }

    private func blocks(_ request: Request) async throws -> Response {
        let query = request.uri.queryParameters
        guard let from = query["from"].flatMap({ UInt64($0) }), from > 0 else {
            return try problem(400, "bad height", "from is not a block height; the first is 1")
        }
        let wait = min(
            query["wait"].flatMap { Int($0) } ?? 0,
            configuration.blockWaitSecondsMax
        )
        let application = ledger.sequencer.application
        var found = try configuration.summaries(from: from) { height in
            try application.block(at: height).map { BlockSummary($0) }
        }
        if found.isEmpty, wait > 0, let block = await block(after: from - 1, seconds: wait) {
            found.append(NodeDocuments.Summary(BlockSummary(block)))
        }
        return try json(found)
    }

    /// The block after `height`, or nil if there is none in time, or the node ends.
    private func block(after height: UInt64, seconds: Int) async -> CommittedBlock? {
        await cancelWhenGracefulShutdown {
            await next(after: height, seconds: seconds)
        }
    }

    private func next(after height: UInt64, seconds: Int) async -> CommittedBlock? {
        await withTaskGroup(of: CommittedBlock?.self) { group in
            group.addTask { try? await ledger.sequencer.block(after: BlockHeight(height)) }
            group.addTask {
                try? await Task.sleep(for: .seconds(seconds))
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }

    private func block(_ height: UInt64?) async throws -> Response {
        guard let height,
            let block = try ledger.sequencer.application.store.block(
                at: BlockHeight(height)
            )
        else { return try problem(404, "no such block", "there is no block at this height") }
        return try json(["block": Hex.encode(block)])
    }

    /// Writes a document, or the problem that kept it from being made: the one place where
    /// ledger errors become HTTP.
    private func answer(
        _ make: () async throws -> some Encodable
    ) async throws -> Response {
        do {
            return try json(try await make())
        } catch let error as LedgerClientError {
            let status =
                switch error.code {
                case .refused: 409
                case .overloaded: 503
                case .badRequest: 400
                case .unreachable, .malformedAnswer: 500
                }
            return try problem(status, error.code.rawValue, error.message, error.refusal)
        }
    }

    private func problem(
        _ status: Int,
        _ title: String,
        _ detail: String,
        _ refusal: Refusal? = nil
    ) throws -> Response {
        let hint =
            status == 503 || status == 429
            ? "try again in a moment with the same bytes" : "mend the request; nothing was charged"
        let document = NodeDocuments.Problem(
            title: title,
            status: status,
            detail: detail,
            refusal: refusal,
            hint: hint
        )
        var response = try json(document)
        response.status = HTTPResponse.Status(code: status)
        response.headers[.contentType] = "application/problem+json"
        return response
    }

    private func json(_ document: some Encodable) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let data = try encoder.encode(document)
        return Response(
            status: .ok,
            headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: data))
        )
    }
}

extension StateKey {
    /// Parses a key's hex, or returns nil if it is empty or too long.
    init?(hex: String) {
        guard let bytes = Hex.decode(hex), (1...Self.bytesMax).contains(bytes.count) else {
            return nil
        }
        self.init(bytes: bytes)
    }
}

/// A request with the address it came from.
struct NodeRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let source: String

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        self.source = SubmissionGuard.source(of: source.channel.remoteAddress)
    }
}

/// Counts of the supply, one at a time: a count reads the whole state, so nobody may ask for many.
actor SupplyAudits {
    private let store: any ApplicationStore
    private var last: SupplyAudit?

    init(store: any ApplicationStore) {
        self.store = store
    }

    /// The count at the latest height; made once for each.
    func latest() throws -> SupplyAudit {
        if let last, try store.last().height == last.height { return last }
        let audit = try SupplyAudit(store)
        last = audit
        return audit
    }
}

extension NodeServer.Configuration {
    /// The blocks of one answer from `height` on, as far as there are any and they fit.
    ///
    /// A follower that is behind gets each block once, however large those in a row are: an answer
    /// that it could not take would be asked for again without end.
    func summaries(
        from height: UInt64,
        block: (BlockHeight) throws -> BlockSummary?
    ) rethrows -> [NodeDocuments.Summary] {
        var found: [NodeDocuments.Summary] = []
        var bytes = 0
        while found.count < blocksMax, bytes < blocksBytesMax,
            let summary = try block(BlockHeight(height + UInt64(found.count)))
        {
            let document = NodeDocuments.Summary(summary)
            bytes += document.byteCount
            found.append(document)
        }
        return found
    }
}
