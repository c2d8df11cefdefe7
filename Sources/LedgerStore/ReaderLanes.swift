import Synchronization

/// A few readers for single look-ups, so that any thread can make one at any time.
///
/// A look-up calls nothing that could look up again, so waiting for a lane cannot deadlock.
final class ReaderLanes: Sendable {
    static let count = 8

    private final class Lane: Sendable {
        let reader: Mutex<Reader>

        init(_ reader: Reader) { self.reader = Mutex(reader) }
    }

    private let lanes: [Lane]

    init(_ environment: Environment) throws(StoreError) {
        var lanes: [Lane] = []
        for _ in 0..<Self.count {
            let reader = try environment.beginReading()
            reader.pause()
            lanes.append(Lane(reader))
        }
        self.lanes = lanes
    }

    /// Reads from the last committed state; `body` must not look up anything through this.
    func read<Value: Sendable>(
        _ body: (StoreTransaction) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        for lane in lanes {
            let value = try lane.reader.withLockIfAvailable { reader throws(StoreError) in
                try Self.read(reader, body)
            }
            if let value { return value }
        }
        return try lanes[0].reader.withLock { reader throws(StoreError) in
            try Self.read(reader, body)
        }
    }

    private static func read<Value>(
        _ reader: Reader,
        _ body: (StoreTransaction) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        try reader.resume()
        defer { reader.pause() }
        return try body(reader.transaction)
    }
}

/// Readers for snapshots: a limited number, used again.
final class SnapshotReaders: Sendable {
    private struct State {
        var idle: [Reader] = []
        var openCount = 0
    }

    private let environment: Environment
    private let countMax: Int
    private let state = Mutex(State())

    init(_ environment: Environment, countMax: Int) {
        self.environment = environment
        self.countMax = countMax
    }

    /// A reader of the last committed state.
    func take() throws(StoreError) -> Reader {
        let idle = try state.withLock { state throws(StoreError) in
            guard state.openCount < countMax else { throw .tooManySnapshots }
            state.openCount += 1
            return state.idle.popLast()
        }
        do throws(StoreError) {
            guard let idle else { return try environment.beginReading() }
            try idle.resume()
            return idle
        } catch {
            state.withLock { $0.openCount -= 1 }
            throw error
        }
    }

    /// Takes a reader back.
    func giveBack(_ reader: Reader) {
        reader.pause()
        state.withLock { state in
            state.openCount -= 1
            state.idle.append(reader)
        }
    }
}
