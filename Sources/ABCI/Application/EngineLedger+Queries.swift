import CanonicalCoding
import Consensus
import LedgerCore
import LedgerStore
import MarketTypes
import Synchronization

/// Why a question was not answered; numbers are append-only, 0 is an answer.
public enum QueryRefusal: UInt32, Error, Hashable, CaseIterable, Sendable {
    /// There is no such path.
    case unknownPath = 1
    /// The question is not in the form that its path wants.
    case malformedQuestion = 2
    /// The height is not the last one; older states are not kept.
    case heightNotKept = 3
    /// The store cannot be read at the moment, or nothing was counted yet.
    case unavailable = 4
}

extension EngineLedger {
    /// The type of the one step of a proof of state.
    public static let stateProofType = "stoa:state"

    /// Answers from the last committed state, beside whatever consensus does.
    func query(_ request: QueryRequest) -> QueryResponse {
        do throws(QueryRefusal) {
            return try answer(request)
        } catch {
            var response = QueryResponse()
            response.code = error.rawValue
            response.codespace = "stoa-query"
            response.log = "\(error)"
            return response
        }
    }

    private func answer(_ request: QueryRequest) throws(QueryRefusal) -> QueryResponse {
        switch request.path {
        case "/state": try state(request)
        case "/list": try list(request)
        case "/status": try status(request)
        case "/genesis": try genesis(request)
        case "/transaction": try transaction(request)
        case "/supply": try supply(request)
        default: throw .unknownPath
        }
    }

    private func state(_ request: QueryRequest) throws(QueryRefusal) -> QueryResponse {
        guard (1...StateKey.bytesMax).contains(request.data.count) else {
            throw .malformedQuestion
        }
        let key = StateKey(bytes: request.data)
        return try read(request) { state, response in
            let value = state.value(for: key)
            response.key = key.bytes
            response.value = value ?? []
            response.index = value == nil ? 0 : 1
            guard request.prove else { return }
            var step = ProofOperation()
            step.type = Self.stateProofType
            step.key = key.bytes
            step.data = try state.proof(for: key).canonicalBytes
            var proof = ProofOperations()
            proof.operations = [step]
            response.proof = proof
        }
    }

    private func list(_ request: QueryRequest) throws(QueryRefusal) -> QueryResponse {
        guard let question = try? StateListQuestion(canonicalBytes: request.data) else {
            throw .malformedQuestion
        }
        return try read(request) { state, response in
            let entries = try state.entries(
                prefix: question.prefix,
                after: question.after,
                limit: question.limit
            )
            response.value = StateListAnswer(entries: entries).canonicalBytes
            response.index = 1
        }
    }

    private func status(_ request: QueryRequest) throws(QueryRefusal) -> QueryResponse {
        guard request.data.isEmpty else { throw .malformedQuestion }
        return try read(request) { state, response in
            let standing = LedgerStanding(
                chain: application.chain,
                name: application.genesis.name,
                height: state.head.height,
                time: state.head.time,
                stateRoot: state.head.root,
                parameters: application.parameters
            )
            response.value = standing.canonicalBytes
            response.index = 1
        }
    }

    private func genesis(_ request: QueryRequest) throws(QueryRefusal) -> QueryResponse {
        guard request.data.isEmpty else { throw .malformedQuestion }
        return try read(request) { _, response in
            response.value = application.genesis.canonicalBytes
            response.index = 1
        }
    }

    private func transaction(_ request: QueryRequest) throws(QueryRefusal) -> QueryResponse {
        guard let digest = Digest(bytes: request.data) else { throw .malformedQuestion }
        return try read(request) { _, response in
            response.key = digest.bytes
            guard let found = try application.committed(digest) else { return }
            var encoder = CanonicalEncoder()
            encoder.encode(found.height.rawValue)
            encoder.encode(found.result)
            response.value = encoder.bytes
            response.index = 1
        }
    }

    /// The last count, which may be some blocks old: the answer's height is its own.
    private func supply(_ request: QueryRequest) throws(QueryRefusal) -> QueryResponse {
        guard let latest = configuration.supplyReport else { throw .unknownPath }
        guard request.data.isEmpty else { throw .malformedQuestion }
        guard let (height, report) = latest() else { throw .unavailable }
        var response = QueryResponse()
        response.height = Int64(clamping: height.rawValue)
        response.value = report
        response.index = 1
        return response
    }

    /// Fills in an answer from one version of the state, which stays the same meanwhile.
    private func read(
        _ request: QueryRequest,
        _ body: (any CommittedStateReading, inout QueryResponse) throws -> Void
    ) throws(QueryRefusal) -> QueryResponse {
        do {
            return try application.store.withState { state in
                let height = Int64(clamping: state.head.height.rawValue)
                guard request.height == 0 || request.height == height else {
                    throw QueryRefusal.heightNotKept
                }
                var response = QueryResponse()
                response.height = height
                try body(state, &response)
                return response
            }
        } catch let refusal as QueryRefusal {
            throw refusal
        } catch {
            throw .unavailable
        }
    }
}
