import AccessCore
import CanonicalCoding
import HTTPTypes
import Identity
import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes
import OpenAIWire
import WebServing

extension MarketAPI {
    /// What writes, and reads many at once.
    var transactionHandlers: [String: OperationTable.Handler] {
        [
            "submitTransaction": { try await submit($0) },
            "prepareTransaction": { try await prepare($0) },
            "assembleTransaction": { try await assemble($0) },
            "readBatch": { try await batch($0) },
        ]
    }

    private func submit(_ request: APIRequest) async throws -> APIAnswer {
        let text = request.body?["transaction"]?.string ?? ""
        let isBase64 = request.body?["encoding"]?.string == "base64"
        guard let bytes = isBase64 ? Base64.decode(Array(text.utf8)) : Hex.decode(text) else {
            throw Problem.badRequest("does not decode", at: "#/transaction")
        }
        let signed = try Self.signed(bytes, at: "#/transaction")
        return try await once(request, sender: signed.document.sender) {
            .one(try await outcome(of: bytes), at: nil, .personal)
        }
    }

    private func assemble(_ request: APIRequest) async throws -> APIAnswer {
        let body = MessageFields(members: request.body ?? .null, pointer: "#")
        guard let text = body.members["transaction"]?.string, let bytes = Hex.decode(text),
            let transaction = try? Transaction(canonicalBytes: bytes)
        else { throw Problem.badRequest("is no transaction", at: "#/transaction") }
        let signature = try ForeignSignatureReader(
            MessageFields(members: body.members["signature"] ?? .null, pointer: "#/signature")
        ).signature()
        let signed = Signed(document: transaction, key: try body.key("key"), signature: signature)
        let digest: Digest
        do {
            digest = try signed.verified().digest
        } catch {
            throw Problem.badRequest("does not verify for transaction and key", at: "#/signature")
        }
        let whole = signed.canonicalBytes
        func assembled(_ outcome: JSON) -> APIAnswer {
            let document = JSON.object(
                "assembledTransaction",
                [
                    ("id", .digest(digest)), ("transaction", .text(Hex.encode(whole))),
                    ("outcome", outcome),
                ]
            )
            return .one(document, at: nil, .personal)
        }
        // Only the ledger knows whether the key is the sender's. What it is not asked must take no
        // idempotency key of the sender's, nor a place among the answers that are kept.
        guard body.members["submit"]?.bool ?? true else { return assembled(.null) }
        return try await once(request, sender: transaction.sender) {
            assembled(try await outcome(of: whole))
        }
    }

    private static func signed(
        _ bytes: [UInt8],
        at pointer: String
    ) throws(Problem) -> Signed<Transaction> {
        do {
            return try Signed<Transaction>(canonicalBytes: bytes)
        } catch {
            throw .badRequest("is no signed transaction", at: pointer)
        }
    }

    private func outcome(of bytes: [UInt8]) async throws -> JSON {
        let outcome = try await ledger.submit(bytes)
        let result = outcome.result
        return .object(
            "outcome",
            [
                ("id", .digest(outcome.digest)), ("height", .height(at: outcome.height)),
                ("accepted", .flag(result.isAccepted)), ("code", .number(UInt64(result.code))),
                ("refusal", .optional(result.refusal?.name)),
                (
                    "refusedMessage",
                    result.isAccepted ? .null : .number(UInt64(result.messageIndex))
                ),
                // A transaction in a block has paid its fee, whatever became of it.
                ("moneyMoved", .flag(true)),
                ("events", .list(result.events) { .written($0.record.json) }),
            ]
        )
    }

    /// Whether what failed is known to have reached no block.
    private static func isWithoutEffect(_ error: any Error) -> Bool {
        switch error {
        case let problem as Problem: (400..<500).contains(problem.status.code)
        case let error as LedgerClientError:
            [.refused, .overloaded, .badRequest].contains(error.code)
        default: false
        }
    }

    /// Runs a request that may have an idempotency key, or answers what it was answered before.
    private func once(
        _ request: APIRequest,
        sender: AccountID,
        _ run: () async throws -> APIAnswer
    ) async throws -> APIAnswer {
        guard let key = request.headers["Idempotency-Key"] else { return try await run() }
        let owner = request.caller.map { "organisation \($0.organisation)" } ?? "\(sender)"
        let attempt = AnswerStore.Attempt(
            name: "\(request.operation.id) \(owner) \(key)",
            fingerprint: Digest(sha256: (request.body ?? .null).bytes)
        )
        switch try await answers.begin(attempt, at: now()) {
        case .used:
            throw Problem(
                .conflict,
                "idempotency_conflict",
                "This idempotency key was used for another request; nothing was done.",
                hint: "Give each attempt a key of its own."
            )
        case .answered(let text):
            var answer = APIAnswer.one(.written(text), at: nil, .personal)
            answer.headers[.idempotencyReplayed] = "true"
            return answer
        case .new:
            do {
                let answer = try await run()
                try await answers.keep(answer.document.line, for: attempt, at: now())
                return answer
            } catch {
                // If this fails, the name stands for this request alone until tomorrow.
                if Self.isWithoutEffect(error) { try? await answers.endWithoutEffect(attempt) }
                throw error
            }
        }
    }
}
