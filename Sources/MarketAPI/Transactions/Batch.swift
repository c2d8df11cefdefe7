import HTTPTypes
import LedgerIndex
import WebServing

extension MarketAPI {
    /// Answers several reads, each as if it had come alone.
    func batch(_ request: APIRequest) async throws -> APIAnswer {
        var responses: [JSON] = []
        for path in request.body?["paths"]?.elements ?? [] {
            let path = path.string ?? ""
            let (status, body) = try await Self.answer(path, inside: request)
            responses.append(
                .object([
                    ("path", .text(path)), ("status", .number(UInt64(status.code))), ("body", body),
                ])
            )
        }
        return .one(.object("batch", [("responses", .array(responses))]), at: nil, .personal)
    }

    private static func answer(
        _ path: String,
        inside request: APIRequest
    ) async throws -> (HTTPResponse.Status, JSON) {
        let parts = path.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let below = parts.first ?? ""
        let plain = below.hasPrefix(prefix + "/") ? below.dropFirst(prefix.count) : below
        do {
            guard let (item, values) = request.server.table.find(plain),
                let operation = item.operations.first(where: { $0.method == .get })
            else { throw Problem.notFound("path to read") }
            let answer = try await request.server.answer(
                operation,
                path: values,
                query: parts.count > 1 ? String(parts[1]) : nil,
                headers: [:],
                body: nil,
                caller: request.caller,
                source: request.source,
                channel: nil
            )
            return (answer.status, answer.document)
        } catch let problem as Problem {
            return (problem.status, problem.document)
        }
    }
}

extension Problem {
    /// The problem as one of a batch's answers.
    fileprivate var document: JSON {
        var members: [(name: String, value: JSON)] = [
            ("type", .text("/problems/\(code)")), ("title", .text(status.reasonPhrase)),
            ("status", .number(UInt64(status.code))), ("detail", .text(detail)),
            ("code", .text(code)), ("moneyMoved", .flag(moneyMoved)),
        ]
        if let hint { members.append(("hint", .text(hint))) }
        if let ledgerCode { members.append(("ledgerCode", .number(UInt64(ledgerCode)))) }
        if !faults.isEmpty {
            let list = JSON.list(faults) { fault in
                .object([("detail", .text(fault.detail)), ("pointer", .text(fault.pointer))])
            }
            members.append(("errors", list))
        }
        return .object(members)
    }
}
