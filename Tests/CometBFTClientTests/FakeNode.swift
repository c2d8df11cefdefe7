import CanonicalCoding
import CometBFTTypes
import Foundation
import LedgerCore
import MarketTypes
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A node of the network on loopback that answers from a chain, or as its test tells it to.
final class FakeNode: Sendable {
    /// What a node does with a question.
    enum Manner: Sendable {
        case honest
        /// Takes the question and never answers.
        case silent
        /// Begins an answer that never ends.
        case endless
        /// Answers with this text and status.
        case text(String, status: Int)
    }

    /// What a node says of a transaction that is broadcast to it.
    enum Taken: Sendable {
        case code(UInt32)
        case problem(String)
    }

    struct State: Sendable {
        var chain: TestChain
        var manner = Manner.honest
        /// The last height that it admits to know.
        var heightMax = Int.max
        /// Changes an answer: from the method and the honest result.
        var rewrite: (@Sendable (_ method: String, _ result: String) -> String)?
        /// Answers in place of the chain: nil for the honest answer.
        var instead: (@Sendable (_ method: String, _ parameters: [String: String]) -> String?)?
        /// How it takes a transaction that is broadcast to it; nil to say that it accepts.
        var takes: (@Sendable (_ transaction: [UInt8], _ chain: inout TestChain) -> Taken)?
        var asked: [String] = []
    }

    let state: Mutex<State>
    private let channel: any NIOCore.Channel

    private init(_ chain: TestChain, channel: any NIOCore.Channel, state: SharedState) {
        self.channel = channel
        self.state = Mutex(State(chain: chain))
        state.node.withLock { $0 = WeakNode(node: self) }
    }

    final class SharedState: Sendable {
        let node = Mutex(WeakNode(node: nil))
    }

    struct WeakNode: Sendable {
        weak var node: FakeNode?
    }

    var url: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)" }

    var asked: [String] { state.withLock { $0.asked } }

    static func start(_ chain: TestChain) async throws -> FakeNode {
        let shared = SharedState()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Answering(shared: shared))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return FakeNode(chain, channel: channel, state: shared)
    }

    func stop() async { try? await channel.close().get() }

    func change(_ body: (inout State) throws -> Void) rethrows {
        try state.withLock { try body(&$0) }
    }

    /// The JSON that answers a question.
    func answer(_ method: String, _ parameters: [String: String]) -> String {
        state.withLock { state in
            state.asked.append(method)
            if let text = state.instead?(method, parameters) { return text }
            do throws(NodeProblem) {
                let result = try state.result(method, parameters)
                let told = state.rewrite?(method, result) ?? result
                return "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\(told)}"
            } catch {
                return FakeNode.problem(error.text)
            }
        }
    }

    static func problem(_ text: String) -> String {
        """
        {"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"Internal error",\
        "data":"\(text)"}}
        """
    }
}

struct NodeProblem: Error {
    let text: String
}

extension FakeNode.State {
    var height: Int { min(chain.height, heightMax) }

    private func block(_ parameters: [String: String]) throws(NodeProblem) -> ChainBlock {
        let asked = Int(parameters["height"] ?? "") ?? 0
        guard asked <= height, asked > 0 else {
            throw NodeProblem(
                text: "height \(asked) must be less than or equal to the current height \(height)"
            )
        }
        return chain.block(asked)
    }

    mutating func result(
        _ method: String,
        _ parameters: [String: String]
    ) throws(NodeProblem) -> String {
        switch method {
        case "status":
            return """
                {"node_info":{"network":"\(chain.name)"},"sync_info":{\
                "latest_block_height":"\(height)","catching_up":false}}
                """
        case "commit": return NodeAnswers.commit(try block(parameters).light)
        case "validators":
            let page = Int(parameters["page"] ?? "") ?? 1
            return NodeAnswers.validators(try block(parameters).light, page: page)
        case "block": return NodeAnswers.block(try block(parameters))
        case "block_results": return NodeAnswers.results(try block(parameters))
        case "tx": return try transaction(parameters)
        case "broadcast_tx_sync":
            let bytes = Array(Data(base64Encoded: parameters["tx"] ?? "") ?? Data())
            let hash = NodeAnswers.hex(Digest(sha256: bytes))
            switch takes?(bytes, &chain) ?? .code(0) {
            case .code(let code):
                return """
                    {"code":\(code),"data":"","log":"","codespace":"","hash":"\(hash)"}
                    """
            case .problem(let text): throw NodeProblem(text: text)
            }
        case "abci_query": return try query(parameters)
        default: throw NodeProblem(text: "unknown method")
        }
    }

    private func transaction(_ parameters: [String: String]) throws(NodeProblem) -> String {
        let hash = Digest(bytes: Data(base64Encoded: parameters["hash"] ?? "") ?? Data())
        for block in chain.blocks.prefix(height).reversed() {
            let hashes = block.executed.map { EngineTransactions.hash(of: $0.bytes) }
            if let index = hashes.lastIndex(where: { $0 == hash }) {
                return NodeAnswers.transaction(block, index)
            }
        }
        throw NodeProblem(text: "tx (\(NodeAnswers.hex(hash))) not found")
    }

    private func query(_ parameters: [String: String]) throws(NodeProblem) -> String {
        guard let data = Hex.decode(parameters["data"] ?? "") else {
            throw NodeProblem(text: "not hex")
        }
        let state = height > 0 ? chain.block(height).state : chain.genesisState
        switch parameters["path"] {
        case "/state":
            let key = StateKey(bytes: data)
            return NodeAnswers.query(
                value: state[key],
                height: height,
                index: state[key] == nil ? 0 : 1,
                operation: (key, state.proof(of: key))
            )
        case "/list":
            guard let question = try? StateListQuestion(canonicalBytes: data) else {
                throw NodeProblem(text: "not a question")
            }
            let entries = state.entries(
                prefix: question.prefix,
                after: question.after,
                limit: question.limit
            )
            let answer = StateListAnswer(entries: entries)
            return NodeAnswers.query(value: answer.canonicalBytes, height: height, index: 1)
        default: throw NodeProblem(text: "unknown path")
        }
    }
}

/// Reads one question after the other and answers as the node's manner is.
private final class Answering: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let shared: FakeNode.SharedState
    private var body: [UInt8] = []

    init(shared: FakeNode.SharedState) { self.shared = shared }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head: body = []
        case .body(let bytes): body += Array(bytes.readableBytesView)
        case .end: answer(context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func answer(_ context: ChannelHandlerContext) {
        guard let node = shared.node.withLock({ $0.node }) else {
            return context.close(promise: nil)
        }
        switch node.state.withLock({ $0.manner }) {
        case .silent: return
        case .endless:
            write(head: .ok, context)
            drip(context)
        case .text(let text, let status):
            write(head: HTTPResponseStatus(statusCode: status), context)
            finish(text, context)
        case .honest:
            let question = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
            let parameters = question?["params"] as? [String: Any] ?? [:]
            let text = node.answer(
                question?["method"] as? String ?? "",
                parameters.compactMapValues { $0 as? String }
            )
            write(head: .ok, context)
            finish(text, context)
        }
    }

    private func write(head status: HTTPResponseStatus, _ context: ChannelHandlerContext) {
        let head = HTTPResponseHead(version: .http1_1, status: status)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
    }

    private func finish(_ text: String, _ context: ChannelHandlerContext) {
        let bytes = ByteBuffer(string: text)
        context.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    /// Sends spaces for as long as anybody listens.
    private func drip(_ context: ChannelHandlerContext) {
        let bytes = ByteBuffer(repeating: UInt8(ascii: " "), count: 16 << 10)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(bytes)))).whenSuccess {
            let (handler, context) = bound.value
            context.eventLoop.scheduleTask(in: .milliseconds(1)) {
                let (handler, context) = bound.value
                guard context.channel.isActive else { return }
                handler.drip(context)
            }
            _ = handler
        }
    }
}
