import ArgumentParser
import AsyncHTTPClient
import FoundationEssentials
import Glibc
import MarketTypes
import NIOCore
import NIOHTTP1
import NIOPosix

struct Call: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "ask a model one question through a running gateway",
        discussion: """
            EXAMPLE
              stoa call smollm2-135m "Why is the sky blue?"
              stoa call smollm2-135m "Why?" --api-key-file gateway.key
            """
    )

    @Argument(help: "the model's name, as `stoa offers` shows it")
    var model: String
    @Argument(help: "the question")
    var prompt: String
    @Option(help: "the gateway's address")
    var gateway = "http://127.0.0.1:8090"
    @OptionGroup var key: GatewayKeyFile
    @Option(help: "instructions that go before the question")
    var system = "You are a helpful assistant."
    @Option(help: "the most tokens of answer to pay for")
    var maxTokens = 256
    @OptionGroup var output: OutputOptions

    private struct Request: Encodable {
        struct Message: Encodable {
            let role, content: String
        }
        let model: String
        let messages: [Message]
        let max_tokens: Int
    }

    private struct Answer: Decodable {
        struct Choice: Decodable {
            struct Message: Decodable {
                let content: String?
            }
            let message: Message
        }
        struct Usage: Decodable {
            let prompt_tokens, completion_tokens, cost: UInt64?
            let cost_unit, cost_unit_name: String?
            let cost_unit_decimals: UInt8?
        }
        let choices: [Choice]
        let usage: Usage?
    }

    private struct Failure: Decodable {
        struct Body: Decodable {
            let message: String
            let hint: String?
            let money_moved: Bool?
        }
        let error: Body
    }

    struct Document: Encodable {
        let answer: String
        let inputTokens, outputTokens: UInt64?
        /// The cost in obol; none if the call was paid in another unit.
        let costObol: UInt64?
        /// The cost in the smallest part of `costUnit`; none if it is obol.
        let cost: UInt64?
        let costUnit, costUnitName: String?
        let receipt: String?
    }

    func run() async throws {
        let body = try JSONEncoder().encode(
            Request(
                model: model,
                messages: [
                    .init(role: "system", content: system), .init(role: "user", content: prompt),
                ],
                max_tokens: maxTokens
            )
        )
        var request = HTTPClientRequest(url: gateway + "/v1/chat/completions")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        if let key = try key.key() {
            request.headers.add(name: "authorization", value: "Bearer \(key)")
        }
        request.body = .bytes(Array(body))
        let (status, headers, data) = try await send(request)
        guard status == 200, let answer = try? JSONDecoder().decode(Answer.self, from: data) else {
            let failure = try? JSONDecoder().decode(Failure.self, from: data)
            throw CommandFailure(
                failure?.error.message ?? "the gateway answered \(status)",
                hint: failure?.error.hint,
                moneyMoved: failure?.error.money_moved.map { $0 ? .yes : .no } ?? .unknown
            )
        }
        let unit = answer.usage?.cost_unit
        let document = Document(
            answer: answer.choices.first?.message.content ?? "",
            inputTokens: answer.usage?.prompt_tokens,
            outputTokens: answer.usage?.completion_tokens,
            costObol: unit == nil ? answer.usage?.cost : nil,
            cost: unit == nil ? nil : answer.usage?.cost,
            costUnit: unit,
            costUnitName: answer.usage?.cost_unit_name,
            receipt: headers["x-stoa-receipt"].first
        )
        try output.print(document, document.answer)
        if !output.json {
            let receipt = document.receipt.map { String($0.prefix(16)) } ?? "?"
            let cost = answer.usage?.cost.map { Amount(obol: UInt128($0)) }
            let known = KnownUnit(
                denomination: .native,
                name: document.costUnitName ?? "obol",
                decimals: unit == nil ? 0 : answer.usage?.cost_unit_decimals ?? 0
            )
            note("\(cost.map(known.text) ?? "?"), receipt \(receipt)…")
        }
    }

    private func send(
        _ request: HTTPClientRequest
    ) async throws -> (UInt, HTTPHeaders, Data) {
        do {
            return try await withHTTPClient(.own) { client in
                let response = try await client.execute(request, timeout: .seconds(600))
                let body = try await response.body.collect(upTo: 64 << 20)
                return (response.status.code, response.headers, Data(body.readableBytesView))
            }
        } catch where Self.isUnsent(error) {
            throw CommandFailure(
                "no gateway answers at \(gateway); nothing was sent, no money moved",
                hint: "is `stoa connect` running there? (\(error))",
                kind: .unreachable,
                moneyMoved: .no
            )
        } catch {
            throw CommandFailure(
                "the answer of the gateway at \(gateway) was lost: \(error); whether the call was "
                    + "paid is not known here",
                hint: "`stoa receipts list` shows what was paid; the gateway finds out by itself",
                kind: .unknown,
                moneyMoved: .unknown
            )
        }
    }

    /// Whether no connection was made, so that nobody has seen the question.
    private static func isUnsent(_ error: any Error) -> Bool {
        if error is NIOConnectionError { return true }
        if let error = error as? IOError {
            return [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH].contains(error.errnoCode)
        }
        return error as? HTTPClientError == .connectTimeout
    }
}
