import GRDB
public import Logging
import MarketTypes
public import ServiceLifecycle

/// Keeps an index up with its ledger until it is told to stop.
///
/// A ledger that cannot be reached is asked again; one that is not the index's own ends it.
public struct IndexFollower: Service {
    /// How long is waited after the ledger was lost.
    public struct Settings: Hashable, Sendable {
        /// The first pause.
        public var pauseMilliseconds: Int64 = 250
        /// The longest one; each is twice the one before.
        public var pauseMillisecondsMax: Int64 = 10_000

        /// Creates the standard settings.
        public init() {}
    }

    private let indexer: Indexer
    private let settings: Settings
    private let logger: Logger

    /// Creates a follower.
    public init(indexer: Indexer, settings: Settings = Settings(), logger: Logger) {
        self.indexer = indexer
        self.settings = settings
        self.logger = logger
    }

    /// Follows until the service is told to stop.
    ///
    /// - Throws: ``IndexError`` if the ledger is not the one that was indexed, `DatabaseError`.
    public func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { try await followOn() }
        } catch is CancellationError {
            // Told to stop, wherever that was: a question to the database ends with it too.
        }
    }

    private func followOn() async throws {
        var pause = settings.pauseMilliseconds
        while !Task.isCancelled {
            let before = try await height()
            do {
                try await indexer.follow()
            } catch is CancellationError {
                return
            } catch let error as IndexError {
                throw error
            } catch let error as DatabaseError {
                throw error
            } catch {
                if Task.isCancelled { return }
                logger.warning("the ledger is away", metadata: ["error": "\(error)"])
            }
            if try await height() > before { pause = settings.pauseMilliseconds }
            try? await Task.sleep(for: .milliseconds(pause))
            pause = min(pause * 2, settings.pauseMillisecondsMax)
        }
    }

    private func height() async throws -> BlockHeight {
        try await indexer.database.place().height
    }
}
