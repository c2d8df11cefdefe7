import Dispatch
import Glibc
import Synchronization

/// A few connections, each on a queue of its own: what waits for the database blocks none of the
/// threads that tasks share.
final class PostgresPool: Sendable {
    /// How many connections there are.
    static let lanesMax = 4
    /// The most operations that wait for one.
    static let waitingMax = 1_024
    /// How long an operation may wait for a connection.
    static let waitMilliseconds: UInt64 = 3_000

    private struct Job: Sendable {
        let expires: UInt64
        /// Runs it on a lane, or says that it waited for too long.
        let run: @Sendable (PostgresLane?) -> Void
    }

    private struct State {
        var idle: [PostgresLane]
        var waiting: [Job] = []
    }

    private enum Place {
        case lane(PostgresLane)
        case waits
        case full
    }

    private let state: Mutex<State>

    /// Connects when somebody asks for something.
    init(_ address: PostgresAddress) {
        state = Mutex(
            State(idle: (0..<Self.lanesMax).map { PostgresLane(address, number: $0) })
        )
    }

    /// Runs `body` in one transaction, perhaps several times; whatever it throws undoes it.
    ///
    /// - Throws: what `body` throws, or ``AccessStoreError/limitsUnreachable(_:)``.
    func transaction<Output: Sendable>(
        _ body: @escaping @Sendable (PostgresConnection) throws -> Output
    ) async throws -> Output {
        try await withCheckedThrowingContinuation { continuation in
            let job = Job(expires: monotonicMilliseconds() + Self.waitMilliseconds) { lane in
                guard let lane else {
                    return continuation.resume(
                        throwing: AccessStoreError.limitsUnreachable("too much waits for it")
                    )
                }
                continuation.resume(with: Result { try lane.transaction(body) })
            }
            switch place(job) {
            case .lane(let lane): start(job, on: lane)
            case .waits: break
            case .full: job.run(nil)
            }
        }
    }

    private func place(_ job: Job) -> Place {
        state.withLock { state in
            if let lane = state.idle.popLast() { return .lane(lane) }
            guard state.waiting.count < Self.waitingMax else { return .full }
            state.waiting.append(job)
            return .waits
        }
    }

    private func start(_ job: Job, on lane: PostgresLane) {
        lane.queue.async {
            job.run(lane)
            self.goOn(lane)
        }
    }

    private func goOn(_ lane: PostgresLane) {
        let now = monotonicMilliseconds()
        let (late, next) = state.withLock { state in
            let late = state.waiting.prefix { $0.expires <= now }
            state.waiting.removeFirst(late.count)
            guard !state.waiting.isEmpty else {
                state.idle.append(lane)
                return (Array(late), Job?.none)
            }
            return (Array(late), state.waiting.removeFirst())
        }
        for job in late { job.run(nil) }
        if let next { start(next, on: lane) }
    }
}

/// One connection and the queue on which alone it is used.
final class PostgresLane: @unchecked Sendable {  // all but `queue` is touched on the queue alone
    /// How long one operation may take, with all its attempts.
    static let operationMilliseconds: UInt64 = 5_000
    /// How long connecting may take.
    static let connectMilliseconds: UInt64 = 3_000
    /// How often an operation is tried that others are in the way of.
    static let attemptsMax = 8
    /// The longest time between two attempts to connect.
    static let backoffMillisecondsMax: UInt64 = 2_000

    let queue: DispatchQueue
    private let address: PostgresAddress
    private var connection: PostgresConnection?
    private var backoffMilliseconds: UInt64 = 100
    private var connectsAgainAt: UInt64 = 0
    private var lastFailure = ""

    init(_ address: PostgresAddress, number: Int) {
        self.address = address
        queue = DispatchQueue(label: "stoa.limits.\(number)")
    }

    func transaction<Output>(_ body: (PostgresConnection) throws -> Output) throws -> Output {
        let deadline = monotonicMilliseconds() + Self.operationMilliseconds
        for attempt in 0..<Self.attemptsMax {
            let isFresh = connection == nil
            let open = try connected()
            open.deadline = deadline
            do {
                do {
                    try open.run("BEGIN")
                } catch PostgresFault.broken where !isFresh {
                    // The server was away since it was last asked; nothing was begun.
                    connection = nil
                    continue
                }
                let output = try body(open)
                try open.run("COMMIT")
                return output
            } catch PostgresFault.conflict {
                try rollBack(open)
                let milliseconds = UInt32.random(in: 1...(UInt32(2) << UInt32(attempt)))
                guard monotonicMilliseconds() + UInt64(milliseconds) < deadline else { break }
                usleep(milliseconds * 1_000)
            } catch PostgresFault.broken(let why) {
                connection = nil
                throw AccessStoreError.limitsUnreachable(why)
            } catch {
                try rollBack(open)
                throw error
            }
        }
        throw AccessStoreError.limitsUnreachable("too much changes at once")
    }

    private func rollBack(_ open: PostgresConnection) throws {
        do {
            try open.run("ROLLBACK")
        } catch {
            // The server undoes what a lost connection began.
            connection = nil
        }
    }

    private func connected() throws -> PostgresConnection {
        if let connection { return connection }
        let now = monotonicMilliseconds()
        guard now >= connectsAgainAt else {
            throw AccessStoreError.limitsUnreachable(lastFailure)
        }
        do {
            let fresh = try PostgresConnection(address, deadline: now + Self.connectMilliseconds)
            try SharedLimitsSchema.check(fresh)
            connection = fresh
            backoffMilliseconds = 100
            return fresh
        } catch let fault as PostgresFault {
            lastFailure = if case .broken(let why) = fault { why } else { "it is being set up" }
            connectsAgainAt = now + UInt64.random(in: backoffMilliseconds / 2...backoffMilliseconds)
            backoffMilliseconds = min(backoffMilliseconds * 2, Self.backoffMillisecondsMax)
            throw AccessStoreError.limitsUnreachable(lastFailure)
        }
    }
}
