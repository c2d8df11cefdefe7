import GRDB
import Synchronization

/// Runs changes that come at the same time in one transaction, each as if it had one of its own:
/// what a refused one did is undone, or it did nothing before it was refused, and the others stand.
///
/// A commit costs about as much as a change; under load several share one (docs/benchmarks.md).
final class BatchedWrites: Sendable {
    private struct Change: Sendable {
        /// - Throws: only what ends the whole transaction.
        let run: @Sendable (CounterSheet) throws -> Void
        let finish: @Sendable ((any Error)?) -> Void
    }

    private struct State {
        var waiting: [Change] = []
        var isRunning = false
    }

    /// The most changes that wait.
    private static let waitingMax = 65_536
    /// The most that share a transaction.
    private static let batchMax = 64
    /// After so many transactions other writers have a turn.
    private static let roundsMax = 8

    private let pool: DatabasePool
    private let state = Mutex(State())

    init(_ pool: DatabasePool) {
        self.pool = pool
    }

    /// Changes the database; returns once that is committed.
    ///
    /// - Throws: what `body` throws, and then it changed nothing; or a `DatabaseError`.
    func write<Output: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Output
    ) async throws -> Output {
        try await change { sheet in try Self.result(of: body, sheet.db) }
    }

    /// Changes counters, which all changes of a transaction share; `body` throws before it changes
    /// anything, so that this needs no savepoint.
    ///
    /// - Throws: what `body` throws; or a `DatabaseError`.
    func count<Output: Sendable>(
        _ body: @escaping @Sendable (CounterSheet) throws -> Output
    ) async throws -> Output {
        try await change { sheet in
            do {
                return .success(try body(sheet))
            } catch let error as DatabaseError {
                throw error
            } catch {
                return .failure(error)
            }
        }
    }

    /// - Parameter body: throws only what ends the whole transaction.
    private func change<Output: Sendable>(
        _ body: @escaping @Sendable (CounterSheet) throws -> Result<Output, any Error>
    ) async throws -> Output {
        let outcome = Mutex<Result<Output, any Error>?>(nil)
        try await withCheckedThrowingContinuation { (continuation: Continuation) in
            let change = Change(
                run: { sheet in
                    let result = try body(sheet)
                    outcome.withLock { $0 = result }
                },
                finish: { error in
                    if let error {
                        continuation.resume(throwing: error)
                    } else {
                        continuation.resume()
                    }
                }
            )
            let (waits, mustStart) = state.withLock { state in
                guard state.waiting.count < Self.waitingMax else { return (false, false) }
                state.waiting.append(change)
                defer { state.isRunning = true }
                return (true, !state.isRunning)
            }
            if !waits {
                continuation.resume(
                    throwing: AccessStoreError.limitsUnreachable("too many changes wait")
                )
            }
            if mustStart { start() }
        }
        guard let result = outcome.withLock({ $0 }) else {
            throw AccessStoreError.limitsUnreachable("a change was not made")
        }
        return try result.get()
    }

    private typealias Continuation = CheckedContinuation<Void, any Error>

    /// What a change comes to, in a savepoint of its own. A fault of the database may have ended
    /// the transaction already, so it is everybody's.
    private static func result<Output>(
        of body: (Database) throws -> Output,
        _ db: Database
    ) throws -> Result<Output, any Error> {
        var output: Output?
        do {
            try db.inSavepoint {
                output = try body(db)
                return .commit
            }
        } catch let error as DatabaseError {
            throw error
        } catch {
            return .failure(error)
        }
        guard let output else { throw AccessStoreError.limitsUnreachable("a change was lost") }
        return .success(output)
    }

    private func start() {
        pool.asyncWriteWithoutTransaction { db in
            for _ in 0..<Self.roundsMax {
                let batch = self.next()
                if batch.isEmpty { return }
                Self.commit(batch, db)
            }
            self.start()
        }
    }

    private func next() -> [Change] {
        state.withLock { state in
            let batch = Array(state.waiting.prefix(Self.batchMax))
            state.waiting.removeFirst(batch.count)
            if batch.isEmpty { state.isRunning = false }
            return batch
        }
    }

    private static func commit(_ batch: [Change], _ db: Database) {
        do {
            try db.inTransaction(.immediate) {
                let sheet = CounterSheet(db)
                for change in batch { try change.run(sheet) }
                try sheet.write()
                return .commit
            }
            for change in batch { change.finish(nil) }
        } catch {
            for change in batch { change.finish(error) }
        }
    }
}
