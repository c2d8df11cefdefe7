import Glibc
import Synchronization

/// The turn to take connections from a socket that several processes hold: one of them at a time.
///
/// A lock on a file, which the kernel gives back with the process. Without it, a process and its
/// successor are both woken by each connection, and the one that comes second finds none.
final class AcceptTurn: Sendable {
    /// How often a turn that another has is asked for again.
    private static let pause = Duration.milliseconds(5)

    private let path: String?
    private let descriptor = Mutex<CInt?>(nil)

    /// The turn that a file stands for; nil for a socket that nobody else has.
    init(_ path: String?) {
        self.path = path
    }

    deinit { pass() }

    /// Whether this process has it.
    var isMine: Bool { descriptor.withLock { $0 != nil } }

    /// Waits until it is this process's turn.
    ///
    /// - Parameters:
    ///   - limit: how long it waits for another process; one that does not give way in that time
    ///     is stuck, and connections must be taken all the same.
    ///   - isWanted: whether it is still worth waiting.
    func take(within limit: Duration, while isWanted: () -> Bool) async {
        guard let path else { return }
        let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard opened >= 0 else { return }
        let deadline = ContinuousClock.now + limit
        while flock(opened, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR, ContinuousClock.now < deadline,
                isWanted(), (try? await Task.sleep(for: Self.pause)) != nil
            else {
                close(opened)
                return
            }
        }
        descriptor.withLock { $0 = opened }
        if !isWanted() { pass() }
    }

    /// Gives it to whoever waits.
    func pass() {
        let mine = descriptor.withLock { mine in
            defer { mine = nil }
            return mine
        }
        if let mine { close(mine) }
    }
}
