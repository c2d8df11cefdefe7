import ABCI
import Synchronization

/// An application that answers from closures, to look at the server alone.
final class StubApplication: EngineApplication {
    private let onAnswer: @Sendable (EngineRequest) throws -> EngineResponse
    private let log = Mutex<[Int]>([])

    init(_ onAnswer: @escaping @Sendable (EngineRequest) throws -> EngineResponse) {
        self.onAnswer = onAnswer
    }

    /// How many CheckTx came together, each time.
    var batches: [Int] { log.withLock { $0 } }

    func answer(
        _ request: EngineRequest,
        on connection: ConnectionNumber
    ) throws -> EngineResponse { try onAnswer(request) }

    func check(_ requests: [CheckTransactionRequest]) -> [ExecutionResult] {
        log.withLock { $0.append(requests.count) }
        return requests.map { request in made { $0.data = request.transaction } }
    }

    func closed(_ connection: ConnectionNumber) {}

    /// Answers Info and Query, Query with its own data.
    static var echoing: StubApplication {
        StubApplication { request in
            switch request {
            case .query(let query): .query(made { $0.value = query.data })
            default: .info(InfoResponse())
            }
        }
    }
}

/// An application of which one answer is a lie.
struct LyingApplication: EngineApplication {
    let honest: EngineLedger

    func answer(
        _ request: EngineRequest,
        on connection: ConnectionNumber
    ) throws -> EngineResponse {
        let response = try honest.answer(request, on: connection)
        guard case .finalizeBlock(var answer) = response else { return response }
        answer.appHash[0] ^= 1
        return .finalizeBlock(answer)
    }

    func check(_ requests: [CheckTransactionRequest]) -> [ExecutionResult] {
        honest.check(requests)
    }

    func closed(_ connection: ConnectionNumber) { honest.closed(connection) }
}
