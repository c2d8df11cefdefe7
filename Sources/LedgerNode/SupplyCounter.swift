import Dispatch
public import ServiceLifecycle
import Synchronization

/// Counts of the supply that nobody waits for.
///
/// A count reads the whole state, and an engine asks all its questions on one connection, one after
/// the other: whoever asks gets the last count, and has another made in the background.
public final class SupplyCounter<Count: Sendable>: Service {
    private let interval: Duration
    private let count: @Sendable () throws -> Count
    private let last = Mutex<Count?>(nil)
    private let asked: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    /// Creates a counter.
    ///
    /// - Parameters:
    ///   - interval: how long it rests after a count, however often it is asked.
    ///   - count: counts the latest state.
    public init(
        interval: Duration = .seconds(60),
        count: @escaping @Sendable () throws -> Count
    ) {
        self.interval = interval
        self.count = count
        (asked, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        // The first is made before anybody asks, so that there is one.
        wake.yield()
    }

    /// The last count that is finished; nil before the first.
    public func latest() -> Count? {
        wake.yield()
        return last.withLock { $0 }
    }

    /// Counts until the service is told to stop; a count that is under way is finished.
    public func run() async throws {
        try? await cancelWhenGracefulShutdown { try await self.countWhenAsked() }
    }

    private func countWhenAsked() async throws {
        for await _ in asked {
            // A store that cannot be read now leaves the count before.
            if let made = try? await counted() { last.withLock { $0 = made } }
            try await Task.sleep(for: interval)
        }
    }

    /// Counts on a thread that no other task needs.
    private func counted() async throws -> Count {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global(qos: .utility).async {
                continuation.resume(with: Result { try self.count() })
            }
        }
    }
}
