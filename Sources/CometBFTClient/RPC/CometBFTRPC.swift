public import AsyncHTTPClient
import FoundationEssentials
import LedgerClient
import MarketTypes
import NIOCore
import NIOHTTP1
import Synchronization

/// The nodes of a network, asked over the engine's JSON-RPC; none of them is trusted.
///
/// Answers are bounded in bytes and time. A node that fails rests, one that stands still or lies is
/// asked last; which answers are true is for ``LightClient`` to find out.
public final class CometBFTRPC: Sendable {
    /// What nodes may be asked, and how long it may take.
    public struct Limits: Sendable {
        /// How long one question may take.
        public var timeoutSeconds: Int64 = 10
        /// How long a question may take to a node that failed last time.
        public var timeoutAfterFailureSeconds: Int64 = 1
        /// The largest answer, but for one on a whole block.
        public var answerBytesMax = 32 << 20
        /// The largest answer on a whole block.
        public var blockAnswerBytesMax = BlockSummary.answerBytesMax
        /// By how many blocks a node may be behind the others and still be asked first.
        public var lagBlocksMax: UInt64 = 3
        /// How long to wait for the other nodes once one has said where it stands.
        public var probeGraceMilliseconds: Int64 = 1000
        /// How often all nodes are asked where they stand.
        public var probeIntervalSeconds: Int64 = 5
        /// The longest rest of a node that fails.
        public var backOffSecondsMax: Int64 = 60
        /// The rest of a node that lied.
        public var liarRestSeconds: Int64 = 600
        /// The most nodes.
        public static let endpointsMax = 16

        /// Creates the standard limits.
        public init() {}
    }

    private let client: HTTPClient
    private let limits: Limits
    private let table: Mutex<EndpointTable>
    private let start = ContinuousClock.now

    /// Asks the nodes at `urls`, such as `http://127.0.0.1:26657`, in this order at first; those
    /// past ``Limits/endpointsMax`` are left out.
    public init(urls: [String], client: HTTPClient, limits: Limits = Limits()) {
        self.client = client
        self.limits = limits
        let urls = Array(urls.prefix(Limits.endpointsMax))
        table = Mutex(EndpointTable(urls: urls, limits: limits))
    }

    /// How many nodes there are.
    public var endpointCount: Int { table.withLock { $0.endpoints.count } }

    /// The nodes' numbers, the one to ask first in front.
    var order: [Int] { table.withLock { $0.order(atSeconds: elapsedSeconds) } }

    /// The nodes to compare an answer of `endpoint` with: those that do not rest.
    func witnesses(of endpoint: Int) -> [Int] {
        table.withLock { $0.awake(atSeconds: elapsedSeconds) }.filter { $0 != endpoint }
    }

    private var elapsedSeconds: Int64 { (ContinuousClock.now - start).components.seconds }

    func observe(_ height: UInt64, at endpoint: Int) {
        table.withLock { $0.observe(height, at: endpoint) }
    }

    func reportLie(of endpoint: Int) {
        table.withLock { $0.lied(endpoint, atSeconds: elapsedSeconds) }
    }

    /// Asks each node in turn until `body` has an answer that it believes.
    ///
    /// - Throws: the failure that says most: a conflict or expired trust at once, otherwise that
    ///   of the first node asked.
    func any<Answer: Sendable>(
        _ body: (_ endpoint: Int) async throws(RPCFailure) -> Answer
    ) async throws(RPCFailure) -> Answer {
        var first: RPCFailure?
        for endpoint in order {
            do throws(RPCFailure) {
                return try await body(endpoint)
            } catch {
                switch error.code {
                case .conflict, .trustExpired: throw error
                case .unproven: reportLie(of: endpoint)
                default: break
                }
                first = first ?? error
            }
            if Task.isCancelled { break }
        }
        throw first ?? RPCFailure(.unreachable, "there is no node to ask")
    }

    /// Asks one node one question.
    func ask<Answer: Decodable & Sendable>(
        _ question: RPCQuestion,
        _ type: Answer.Type,
        of endpoint: Int
    ) async throws(RPCFailure) -> Answer {
        let (url, failures) = table.withLock {
            ($0.endpoints[endpoint].url, $0.endpoints[endpoint].failures)
        }
        let seconds =
            failures == 0 ? limits.timeoutSeconds : limits.timeoutAfterFailureSeconds
        do throws(RPCFailure) {
            let bytes = try await send(question, to: url, seconds: seconds)
            let answer = try Self.decode(type, bytes, from: url)
            table.withLock { $0.succeeded(endpoint) }
            return answer
        } catch {
            if error.code != .answeredError {
                table.withLock { $0.failed(endpoint, atSeconds: elapsedSeconds) }
            }
            throw error
        }
    }

    private static func decode<Answer: Decodable>(
        _ type: Answer.Type,
        _ bytes: ByteBuffer,
        from url: String
    ) throws(RPCFailure) -> Answer {
        let answer: RPCDocuments.Answer<Answer>
        do {
            let data = Data(bytes.readableBytesView)
            answer = try JSONDecoder().decode(RPCDocuments.Answer<Answer>.self, from: data)
        } catch {
            throw RPCFailure(.malformedAnswer, "the answer of \(url) is not the engine's")
        }
        if let problem = answer.error {
            let text = String((problem.data ?? problem.message).prefix(200))
            throw RPCFailure(.answeredError, text)
        }
        guard let result = answer.result else {
            throw RPCFailure(.malformedAnswer, "the answer of \(url) has no result")
        }
        return result
    }

    private func send(
        _ question: RPCQuestion,
        to url: String,
        seconds: Int64
    ) async throws(RPCFailure) -> ByteBuffer {
        var request = HTTPClientRequest(url: url + "/")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(question.body)
        let sent = request
        let outcome = await withTaskGroup(of: Outcome.self) { group in
            group.addTask {
                await self.exchange(
                    sent,
                    with: url,
                    seconds: seconds,
                    bytesMax: question.answerBytesMax(self.limits)
                )
            }
            group.addTask {
                try? await Task.sleep(for: .seconds(seconds))
                return .failed(RPCFailure(.unreachable, "\(url) did not answer in time"))
            }
            defer { group.cancelAll() }
            return await group.next()
        }
        switch outcome {
        case .answered(let bytes): return bytes
        case .failed(let failure): throw failure
        case nil: throw RPCFailure(.unreachable, "\(url) was not asked")
        }
    }

    private enum Outcome: Sendable {
        case answered(ByteBuffer)
        case failed(RPCFailure)
    }

    /// The engine answers errors with status 200 or 500 and the same JSON.
    private func exchange(
        _ request: HTTPClientRequest,
        with url: String,
        seconds: Int64,
        bytesMax: Int
    ) async -> Outcome {
        do {
            let timeout = TimeAmount.seconds(seconds)
            let response = try await client.execute(request, timeout: timeout)
            guard response.status == .ok || response.status == .internalServerError else {
                return .failed(RPCFailure(.unreachable, "\(url) answered \(response.status.code)"))
            }
            return .answered(try await response.body.collect(upTo: bytesMax))
        } catch is NIOTooManyBytesError {
            return .failed(RPCFailure(.malformedAnswer, "the answer of \(url) is too large"))
        } catch {
            return .failed(RPCFailure(.unreachable, "no answer from \(url)"))
        }
    }
}

extension CometBFTRPC {
    /// Asks all nodes where they stand, if that was not done for a while.
    func probe(chainName: String) async {
        let due = table.withLock { $0.takesProbe(atSeconds: elapsedSeconds) }
        guard due, endpointCount > 1 else { return }
        await withTaskGroup(of: ProbeEvent.self) { group in
            for endpoint in 0..<endpointCount {
                group.addTask {
                    let answer = try? await self.standing(of: endpoint, chainName: chainName)
                    return answer == nil ? .failed : .answered
                }
            }
            var isLimited = false
            for await event in group {
                if event == .graceOver { break }
                guard event == .answered, !isLimited else { continue }
                isLimited = true
                // A dead node must not hold up whoever can be served by another.
                group.addTask { [limits] in
                    try? await Task.sleep(for: .milliseconds(limits.probeGraceMilliseconds))
                    return .graceOver
                }
            }
            group.cancelAll()
        }
    }

    private enum ProbeEvent: Sendable { case answered, failed, graceOver }

    /// How far a node says it is; only a claim.
    func standing(
        of endpoint: Int,
        chainName: String
    ) async throws(RPCFailure) -> BlockHeight {
        let status = try await ask(.status, RPCDocuments.Status.self, of: endpoint)
        guard status.node_info.network == chainName else {
            reportLie(of: endpoint)
            throw RPCFailure(.unproven, "a node is of another network")
        }
        guard let height = UInt64(exactly: status.sync_info.latest_block_height.value) else {
            throw RPCFailure(.malformedAnswer, "a node's height is negative")
        }
        table.withLock { $0.probed(height, at: endpoint) }
        return BlockHeight(height)
    }
}
