import FoundationEssentials
import MarketTypes

/// A call of the engine's JSON-RPC interface.
struct RPCQuestion: Sendable {
    let method: String
    let parameters: [(name: String, value: Value)]

    /// The largest answer, in bytes.
    func answerBytesMax(_ limits: CometBFTRPC.Limits) -> Int {
        ["block", "block_results"].contains(method)
            ? limits.blockAnswerBytesMax : limits.answerBytesMax
    }

    enum Value: Sendable {
        case text(String)
        case flag(Bool)
    }

    /// The bytes of the request; names and texts are ours and need no escapes.
    var body: [UInt8] {
        let fields = parameters.map { parameter in
            switch parameter.value {
            case .text(let text): "\"\(parameter.name)\":\"\(text)\""
            case .flag(let flag): "\"\(parameter.name)\":\(flag)"
            }
        }
        let list = fields.joined(separator: ",")
        let text = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\(method)\",\"params\":{\(list)}}"
        return Array(text.utf8)
    }

    static let status = RPCQuestion(method: "status", parameters: [])

    static func commit(_ height: BlockHeight) -> RPCQuestion {
        RPCQuestion(method: "commit", parameters: [("height", .height(height))])
    }

    static func validators(_ height: BlockHeight, page: Int) -> RPCQuestion {
        RPCQuestion(
            method: "validators",
            parameters: [
                ("height", .height(height)), ("page", .text(String(page))),
                ("per_page", .text("100")),
            ]
        )
    }

    static func block(_ height: BlockHeight) -> RPCQuestion {
        RPCQuestion(method: "block", parameters: [("height", .height(height))])
    }

    static func results(_ height: BlockHeight) -> RPCQuestion {
        RPCQuestion(method: "block_results", parameters: [("height", .height(height))])
    }

    static func transaction(_ hash: Digest) -> RPCQuestion {
        // In a JSON call a hash is base64; hex would be decoded as base64 and never be found.
        RPCQuestion(
            method: "tx",
            parameters: [
                ("hash", .text(Data(hash.bytes).base64EncodedString())), ("prove", .flag(true)),
            ]
        )
    }

    static func broadcast(_ transaction: [UInt8]) -> RPCQuestion {
        let text = Data(transaction).base64EncodedString()
        return RPCQuestion(method: "broadcast_tx_sync", parameters: [("tx", .text(text))])
    }

    static func query(_ path: String, _ data: [UInt8], proven: Bool) -> RPCQuestion {
        RPCQuestion(
            method: "abci_query",
            parameters: [
                ("path", .text(path)), ("data", .text(Hex.encode(data))), ("height", .text("0")),
                ("prove", .flag(proven)),
            ]
        )
    }
}

extension RPCQuestion.Value {
    fileprivate static func height(_ height: BlockHeight) -> Self {
        .text(String(height.rawValue))
    }
}
