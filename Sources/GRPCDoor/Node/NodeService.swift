import AsyncHTTPClient
import FoundationEssentials
import GRPCCore
import LedgerClient
import LedgerCore
import MarketTypes
import NIOCore

/// The node's methods, answered by its HTTP interface (docs/spec/node-api.md).
struct NodeService: DoorService {
    static let name = "stoa.node.v1.Node"

    let backend: Backend
    let limits: GRPCDoorConfiguration.Limits
    let door: DoorState

    private var limit: TimeAmount { .seconds(limits.nodeSecondsMax) }

    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        router.answer(read("Status"), of: Self.self, at: door) { (_: EmptyRequest, scope) in
            StatusResponse(status: try await ask(scope) { try await $0.status() })
        }
        router.answer(read("Entry"), of: Self.self, at: door) { (request: EntryRequest, scope) in
            let key = try Self.key(request.key, "key")
            return EntryResponse(
                entry: try await ask(scope) { try await $0.entry(key, proven: request.isProven) }
            )
        }
        router.answer(read("Entries"), of: Self.self, at: door) { request, scope in
            try await entries(request, scope)
        }
        var submit: Method<SubmitRequest, SubmitResponse> = read("Submit")
        submit.stake = .transaction
        router.answer(submit, of: Self.self, at: door) { request, scope in
            SubmitResponse(
                outcome: try await ask(scope) { try await $0.submit(request.transaction) }
            )
        }
        router.answer(read("Block"), of: Self.self, at: door) { request, scope in
            try await block(request, scope)
        }
        router.answer(read("Genesis"), of: Self.self, at: door) { (_: EmptyRequest, scope) in
            try await document("/stoa/v1/genesis", "genesis", scope)
        }
        router.answer(read("Supply"), of: Self.self, at: door) { (_: EmptyRequest, scope) in
            SupplyResponse(supply: try await ask(scope) { try await $0.supply() })
        }
        let follow = Method<HeightRequest, BlockSummaryResponse>(name: "Blocks", kind: .watch)
        router.stream(follow, of: Self.self, at: door) { request, _, writer in
            try await blocks(request, to: writer)
        }
    }

    private func read<Input, Output>(_ name: String) -> Method<Input, Output> {
        Method(name: name, limit: limit)
    }

    private func entries(
        _ request: EntriesRequest,
        _ scope: CallScope
    ) async throws -> EntriesResponse {
        let prefix = try Self.key(request.prefix, "prefix")
        let after = request.after.isEmpty ? nil : try Self.key(request.after, "after")
        guard request.limit <= Self.entriesMax else {
            throw RPCError.refusal(
                .invalidArgument,
                "The limit is at most \(Self.entriesMax).",
                reason: "bad_limit",
                hint: "Ask for a page, and for the next after its last key."
            )
        }
        let limit = request.limit == 0 ? Self.entriesMax : Int(request.limit)
        return EntriesResponse(
            listings: try await ask(scope) {
                try await $0.entries(prefix: prefix, after: after, limit: limit)
            }
        )
    }

    /// The most entries on one page of the node.
    private static let entriesMax = 1024

    private func block(
        _ request: HeightRequest,
        _ scope: CallScope
    ) async throws -> DocumentResponse {
        guard request.height > 0 else { throw Self.badHeight }
        return try await document("/stoa/v1/blocks/\(request.height)", "block", scope)
    }

    private static var badHeight: RPCError {
        .refusal(
            .invalidArgument,
            "This is no block's height.",
            reason: "bad_height",
            hint: "The first block is 1."
        )
    }

    /// Passes blocks on, each once the one before was taken.
    private func blocks(
        _ request: HeightRequest,
        to writer: RPCWriter<BlockSummaryResponse>
    ) async throws {
        guard request.height > 0 else { throw Self.badHeight }
        do {
            let ledger = ledger(seconds: limits.nodeSecondsMax)
            for try await summary in ledger.blocks(from: BlockHeight(request.height)) {
                try await writer.write(BlockSummaryResponse(summary: summary))
            }
        } catch let error as LedgerClientError {
            throw NodeRefusals.refusal(error)
        } catch let error as RPCError {
            throw error
        } catch {
            try Task.checkCancellation()
            throw backend.refusal(.cutOff("\(error)"))
        }
    }
}

extension NodeService {
    /// A key that a state can have.
    private static func key(_ bytes: [UInt8], _ name: String) throws(RPCError) -> StateKey {
        guard (1...StateKey.bytesMax).contains(bytes.count) else {
            throw RPCError.refusal(
                .invalidArgument,
                "The \(name) is not 1 to \(StateKey.bytesMax) bytes.",
                reason: "bad_key",
                hint: "Mend the request."
            )
        }
        return StateKey(bytes: bytes)
    }

    private func ledger(seconds: Int64) -> RemoteLedger {
        var bounds = RemoteLedger.Limits()
        bounds.timeoutSeconds = max(1, min(seconds, limits.nodeSecondsMax))
        bounds.answerBytesMax = limits.answerBytesMax
        return RemoteLedger(url: backend.url, client: backend.client, limits: bounds)
    }

    /// Asks the node, which gets no more time than the call has.
    private func ask<Output>(
        _ scope: CallScope,
        _ question: (RemoteLedger) async throws -> Output
    ) async throws -> Output {
        let left = scope.deadline.map { $0.left.nanoseconds / 1_000_000_000 + 1 }
        do {
            return try await question(ledger(seconds: left ?? limits.nodeSecondsMax))
        } catch let error as LedgerClientError {
            try Task.checkCancellation()
            throw NodeRefusals.refusal(error, movesMoney: scope.movesMoney)
        }
    }

    /// One member of a JSON document of the node: bytes in hex.
    private func document(
        _ path: String,
        _ member: String,
        _ scope: CallScope
    ) async throws -> DocumentResponse {
        let answer = try await backend.get(
            path,
            answerBytesMax: limits.answerBytesMax,
            deadline: scope.deadline?.time ?? .now() + limit
        )
        if answer.status == 404 { throw NodeRefusals.noSuchBlock }
        if answer.status >= 500 { throw backend.refusal(.cutOff("\(answer.status)")) }
        guard answer.status == 200,
            let found = try? JSONDecoder().decode([String: String].self, from: Data(answer.body)),
            let bytes = found[member].flatMap({ Hex.decode($0) })
        else {
            throw NodeRefusals.refusal(
                LedgerClientError(.malformedAnswer, "the node's answer does not decode")
            )
        }
        return DocumentResponse(bytes: bytes)
    }
}
