import Synchronization

/// Which services can be used now, and who waits to hear that this changes.
final class HealthBoard: Sendable {
    /// How a service stands, with gRPC's numbers.
    enum Standing: UInt64, Sendable {
        case serving = 1
        case notServing = 2
        /// Nothing of this name is served here.
        case serviceUnknown = 3
    }

    fileprivate struct Watcher {
        let service: String
        let news: AsyncStream<Standing>.Continuation
    }

    fileprivate struct Board {
        var standings: [String: Standing]
        var watchers: [UInt64: Watcher] = [:]
        var watcherLast: UInt64 = 0
        var isClosed = false
    }

    private let board: Mutex<Board>

    /// Creates a board on which no backend serves yet.
    ///
    /// - Parameters:
    ///   - backends: the services that others answer.
    ///   - own: those that the door answers by itself.
    init(backends: [String], own: [String]) {
        var standings = Dictionary(uniqueKeysWithValues: backends.map { ($0, Standing.notServing) })
        for service in own { standings[service] = .serving }
        standings[""] = .notServing
        board = Mutex(Board(standings: standings))
    }

    /// How a service stands; "" is the door as a whole.
    func standing(of service: String) -> Standing? {
        board.withLock { $0.standings[service] }
    }

    /// All services, in order of name.
    var all: [(service: String, standing: Standing)] {
        board.withLock { board in
            board.standings.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        }
    }

    /// How a service stands now, and then each change; of changes that nobody took, the last.
    func changes(of service: String) -> AsyncStream<Standing> {
        let (stream, news) = AsyncStream.makeStream(
            of: Standing.self,
            bufferingPolicy: .bufferingNewest(1)
        )
        let number = board.withLock { board in
            board.watcherLast += 1
            board.watchers[board.watcherLast] = Watcher(service: service, news: news)
            news.yield(board.standings[service] ?? .serviceUnknown)
            return board.watcherLast
        }
        news.onTermination = { [weak self] _ in self?.forget(number) }
        return stream
    }

    private func forget(_ watcher: UInt64) {
        _ = board.withLock { $0.watchers.removeValue(forKey: watcher) }
    }

    /// Writes down which backends serve; the whole serves if all of them do.
    func note(_ serving: [String: Bool]) {
        board.withLock { board in
            guard !board.isClosed else { return }
            for (service, serves) in serving {
                board.set(service, serves ? .serving : .notServing)
            }
            board.set("", serving.values.allSatisfy(\.self) ? .serving : .notServing)
        }
    }

    /// Takes all services off, for good: the door closes.
    func close() {
        board.withLock { board in
            board.isClosed = true
            for service in board.standings.keys { board.set(service, .notServing) }
        }
    }
}

extension HealthBoard.Board {
    fileprivate mutating func set(_ service: String, _ standing: HealthBoard.Standing) {
        guard standings[service] != standing else { return }
        standings[service] = standing
        for watcher in watchers.values where watcher.service == service {
            watcher.news.yield(standing)
        }
    }
}
