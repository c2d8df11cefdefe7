public import AsyncHTTPClient
import FoundationEssentials
public import LedgerCore
public import MarketTypes
import NIOCore
import NIOHTTP1

/// A ledger behind a node's HTTP interface.
public struct RemoteLedger: LedgerConnection {
    /// What one node may be asked, and how long it may take.
    public struct Limits: Sendable {
        /// How long one question may take; a submission waits for its block.
        public var timeoutSeconds: Int64 = 30
        /// The largest answer, but for one with blocks.
        public var answerBytesMax = 32 << 20
        /// The largest answer with blocks: a node ends it after a large one.
        public var blocksBytesMax = BlockSummary.answerBytesMax

        /// Creates the standard limits.
        public init() {}
    }

    private let base: String
    private let client: HTTPClient
    private let limits: Limits
    private let traceparent: @Sendable () -> String?

    /// Creates a connection to the node at `url`, such as `http://127.0.0.1:26600`.
    ///
    /// - Parameter traceparent: the trace that the task works for, as the header has it; nil for
    ///   none.
    public init(
        url: String,
        client: HTTPClient,
        limits: Limits = Limits(),
        traceparent: @escaping @Sendable () -> String? = { nil }
    ) {
        base = url.hasSuffix("/") ? String(url.dropLast()) : url
        self.client = client
        self.limits = limits
        self.traceparent = traceparent
    }

    public func status() async throws(LedgerClientError) -> LedgerStatus {
        try await get(NodeDocuments.Status.self, "/stoa/v1/status").status()
    }

    public func submit(
        _ transaction: [UInt8]
    ) async throws(LedgerClientError) -> TransactionOutcome {
        var request = HTTPClientRequest(url: base + "/stoa/v1/transactions")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/octet-stream")
        request.body = .bytes(transaction)
        return try await send(NodeDocuments.Outcome.self, request).outcome()
    }

    public func entry(
        _ key: StateKey,
        proven: Bool
    ) async throws(LedgerClientError) -> StateEntry {
        let path = "/stoa/v1/state/\(Hex.encode(key.bytes))\(proven ? "?proof=1" : "")"
        return try await get(NodeDocuments.Entry.self, path).entry()
    }

    public func entries(
        prefix: StateKey,
        after: StateKey?,
        limit: Int
    ) async throws(LedgerClientError) -> [StateListing] {
        let start = after.map { "&after=\(Hex.encode($0.bytes))" } ?? ""
        let path = "/stoa/v1/state?prefix=\(Hex.encode(prefix.bytes))\(start)&limit=\(limit)"
        return try await get(NodeDocuments.Listing.self, path).listings()
    }

    public func blocks(
        from height: BlockHeight
    ) -> AsyncThrowingStream<BlockSummary, any Error> {
        let follower = BlockFollower(base: base, client: client, limits: limits, next: height)
        return AsyncThrowingStream { try await follower.next() }
    }

    /// The node's count of all native money, as it words it (`GET /stoa/v1/supply`).
    func get<Document: Decodable>(
        _ type: Document.Type,
        _ path: String
    ) async throws(LedgerClientError) -> Document {
        try await send(type, HTTPClientRequest(url: base + path))
    }

    private func send<Document: Decodable>(
        _ type: Document.Type,
        _ request: HTTPClientRequest
    ) async throws(LedgerClientError) -> Document {
        var request = request
        if let trace = traceparent() { request.headers.add(name: "traceparent", value: trace) }
        let response: HTTPClientResponse
        let body: ByteBuffer
        do {
            response = try await client.execute(
                request,
                timeout: .seconds(limits.timeoutSeconds)
            )
            body = try await response.body.collect(upTo: limits.answerBytesMax)
        } catch {
            // A refused connection is no HTTPClientError, and the reason that people need most.
            let why = error is CancellationError ? "" : ": \("\(error)".prefix(256))"
            throw LedgerClientError(.unreachable, "no answer from the node at \(base)\(why)")
        }
        let data = Data(body.readableBytesView)
        guard response.status == .ok else {
            if let problem = try? JSONDecoder().decode(NodeDocuments.Problem.self, from: data) {
                throw problem.error()
            }
            throw LedgerClientError(
                .unreachable,
                "the node at \(base) answered \(response.status.code)"
            )
        }
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch {
            throw LedgerClientError(.malformedAnswer, "the node's answer does not decode")
        }
    }
}

/// Asks for one block after the other; each question waits at the node until there is one.
private actor BlockFollower {
    private let base: String
    private let client: HTTPClient
    private let limits: RemoteLedger.Limits
    private var height: BlockHeight
    private var pending: [BlockSummary] = []

    init(base: String, client: HTTPClient, limits: RemoteLedger.Limits, next: BlockHeight) {
        self.base = base
        self.client = client
        self.limits = limits
        height = next
    }

    func next() async throws -> BlockSummary? {
        while pending.isEmpty {
            try Task.checkCancellation()
            let url = "\(base)/stoa/v1/blocks?from=\(height.rawValue)&wait=20"
            let response = try await client.execute(
                HTTPClientRequest(url: url),
                timeout: .seconds(limits.timeoutSeconds)
            )
            let body = try await response.body.collect(upTo: limits.blocksBytesMax)
            guard response.status == .ok else {
                throw LedgerClientError(
                    .unreachable,
                    "the node answered \(response.status.code) for its blocks"
                )
            }
            do {
                let documents = try JSONDecoder().decode(
                    [NodeDocuments.Summary].self,
                    from: Data(body.readableBytesView)
                )
                for document in documents { pending.append(try document.summary()) }
            } catch is DecodingError {
                throw LedgerClientError(.malformedAnswer, "the node's blocks do not decode")
            }
        }
        let first = pending.removeFirst()
        height = first.height.advanced(byBlocks: 1) ?? first.height
        return first
    }
}
