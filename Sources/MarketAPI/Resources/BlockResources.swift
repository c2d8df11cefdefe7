import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes
import WebServing

extension MarketAPI {
    /// Blocks, transactions and events.
    var blockHandlers: [String: OperationTable.Handler] {
        [
            "listBlocks": { .page(try await index.blocks($0.page())) { $0.apiDocument } },
            "getBlock": { try await block($0) },
            "listTransactions": { request in
                let account = try request.accountFilter("account")
                return .page(try await index.transactions(of: account, request.page())) {
                    JSON.object($0.apiMembers)
                }
            },
            "getTransaction": { try await transaction($0) },
            "listHistory": { request in
                try await history(of: try Self.subject(request), request)
            },
        ]
    }

    func history(of subject: Subject?, _ request: APIRequest) async throws -> APIAnswer {
        .page(try await index.history(of: subject, request.page())) { $0.apiDocument }
    }

    private static func subject(_ request: APIRequest) throws(Problem) -> Subject? {
        switch (request.text("kind"), try request.digestFilter("name")) {
        case (let kind?, let name?): return Subject(kind: kind, name: name)
        case (nil, nil): return nil
        case (nil, _): throw .badRequest("is missing: a thing has kind and name", at: "?kind")
        case (_, nil): throw .badRequest("is missing: a thing has kind and name", at: "?name")
        }
    }

    private func block(_ request: APIRequest) async throws -> APIAnswer {
        guard let height = UInt64(request.name("height")),
            let block = try await index.block(at: BlockHeight(height))
        else { throw Problem.notFound("block") }
        let members: [(name: String, value: JSON)] = [
            ("transactions", .list(block.transactions) { .object($0.apiMembers) }),
            ("events", .list(block.events) { $0.apiDocument }),
        ]
        let document = JSON.object((block.entry.apiDocument.members ?? []) + members)
        return .one(document, at: block.entry.height, .settled)
    }

    private func transaction(_ request: APIRequest) async throws -> APIAnswer {
        let digest = try request.digest("digest")
        guard let found = try await index.transaction(digest) else {
            throw Problem.notFound("transaction")
        }
        let events = try await index.events(of: found)
        let members = found.apiMembers + [("events", .list(events) { $0.apiDocument })]
        return .one(.object(members), at: found.height)
    }
}

extension BlockEntry {
    var apiDocument: JSON {
        .object(
            "block",
            [
                ("height", .height(at: height)), ("time", .time(time)),
                ("transactionCount", .number(transactions)), ("eventCount", .number(events)),
            ]
        )
    }
}

extension TransactionEntry {
    var apiMembers: [(name: String, value: JSON)] {
        [
            ("object", .text("transaction")), ("id", .digest(transaction.digest)),
            ("height", .height(at: height)), ("index", .number(index)), ("time", .time(time)),
            ("sender", .account(transaction.sender)), ("sequence", .number(transaction.sequence)),
            ("fee", .obol(transaction.fee)),
            ("messageCount", .number(UInt64(transaction.messages))),
            ("code", .number(UInt64(transaction.code))),
            ("refusal", .optional(Refusal(code: transaction.code)?.name)),
            (
                "refusedMessage",
                transaction.code == 0 ? .null : .number(UInt64(transaction.messageIndex))
            ),
            ("eventCount", .number(UInt64(transaction.events))),
        ]
    }
}

extension EventEntry {
    var apiDocument: JSON {
        .object(
            "event",
            [
                ("cursor", .text("\(height.rawValue).\(index)")), ("height", .height(at: height)),
                ("index", .number(index)), ("time", .time(time)), ("name", .text(name)),
                ("transaction", transaction.map { .number($0) } ?? .null),
                ("fields", .written(json)),
            ]
        )
    }
}
