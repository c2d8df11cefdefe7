import FoundationEssentials
import Glibc
import Synchronization

/// Keeps one server running on a shared socket, and replaces it when asked.
///
/// ```
/// (nothing) ──start──▶ current ──replace──▶ current + next ──next is ready──▶ next is current,
///                                                                             the old one leaves
/// ```
final class Supervisor: Sendable {
    struct Limits: Sendable {
        /// Whether the old process may run beside the new one.
        let overlaps: Bool
        let readySeconds: Int
        let stopSeconds: Int
    }

    private struct Wishes {
        var replace = false
        var stop = false
    }

    private static let tick: Duration = .milliseconds(20)
    private static let pauseSecondsMax = 30

    private let command: [String]
    private let socket: SharedSocket
    private let limits: Limits
    private let wishes = Mutex(Wishes())

    init(command: [String], socket: SharedSocket, limits: Limits) {
        self.command = command
        self.socket = socket
        self.limits = limits
    }

    /// Asks for the server to be replaced.
    func replace() { wishes.withLock { $0.replace = true } }

    /// Asks for the server to end.
    func stop() { wishes.withLock { $0.stop = true } }

    /// Runs until it was asked to stop and every process has ended.
    func run() async throws {
        let directory = try Self.makeDirectory()
        defer {
            unlink(directory + "/turn")
            rmdir(directory)
        }
        var round = Round(command: command, socket: socket.descriptor, directory: directory, limits)
        try round.start()
        while true {
            let wishes = wishes.withLock { wishes in
                defer { wishes.replace = false }
                return wishes
            }
            if wishes.stop { round.stop() }
            if wishes.replace { round.replace() }
            round.look()
            if round.isOver { return }
            try? await Task.sleep(for: Self.tick)
        }
    }

    private static func makeDirectory() throws -> String {
        let place = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        let ending = String(repeating: "X", count: 6)
        var name = Array("\(place)/stoa-supervise-\(ending)".utf8CString)
        guard mkdtemp(&name) != nil else {
            throw CommandFailure("cannot make a directory in \(place)", hint: "set TMPDIR")
        }
        return String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The processes there are, and what happens next.
    private struct Round: ~Copyable {
        private let command: [String]
        private let socket: CInt
        private let directory: String
        private let limits: Limits
        private var current: SupervisedProcess?
        private var next: SupervisedProcess?
        private var leaving: SupervisedProcess?
        private var started = 0
        private var isStopping = false
        private var startAt: ContinuousClock.Instant?
        private var pauseSeconds = 1

        init(command: [String], socket: CInt, directory: String, _ limits: Limits) {
            self.command = command
            self.socket = socket
            self.directory = directory
            self.limits = limits
        }

        var isOver: Bool { isStopping && current == nil && next == nil && leaving == nil }

        private mutating func spawn() throws -> SupervisedProcess {
            started += 1
            return try SupervisedProcess(
                command,
                socket: socket,
                directory: directory,
                number: started
            )
        }

        mutating func start() throws {
            startAt = nil
            current = try spawn()
        }

        mutating func stop() {
            guard !isStopping else { return }
            isStopping = true
            startAt = nil
            current?.terminate()
            next?.terminate()
        }

        mutating func replace() {
            guard !isStopping else { return }
            guard next == nil, leaving == nil else {
                return note("a replacement is under way; this request was not heeded")
            }
            guard limits.overlaps, current != nil else {
                current?.terminate()
                return
            }
            do {
                next = try spawn()
                note("the new process is \(next?.pid ?? 0)")
            } catch {
                note("\(error); the old process goes on")
            }
        }

        /// Hears who is ready and who ended, and acts on it.
        mutating func look() {
            if current?.hearReady() == true { pauseSeconds = 1 }
            if next?.hearReady() == true { succeed() }
            lookAtEnds()
            if next?.isLate(after: .seconds(limits.readySeconds)) == true {
                note("process \(next?.pid ?? 0) is not ready in time; the old process goes on")
                next?.terminate()
            }
            let patience = Duration.seconds(limits.stopSeconds)
            current?.killIfLate(after: patience)
            leaving?.killIfLate(after: patience)
            next?.killIfLate(after: .seconds(10))
            if let startAt, startAt <= .now {
                do {
                    try start()
                } catch {
                    startLater("\(error)")
                }
            }
        }

        private mutating func succeed() {
            leaving = current.take()
            current = next.take()
            pauseSeconds = 1
            note("process \(current?.pid ?? 0) is ready; \(leaving?.pid ?? 0) finishes its calls")
            leaving?.terminate()
        }

        private mutating func lookAtEnds() {
            if let end = leaving?.end() {
                note("process \(leaving?.pid ?? 0) ended \(end)")
                leaving = nil
            }
            if let end = next?.end() {
                note("process \(next?.pid ?? 0) ended \(end) before it took over")
                next = nil
            }
            guard let end = current?.end() else { return }
            let wasAsked = current?.endingSince != nil
            let pid = current?.pid ?? 0
            current = next.take()
            guard !isStopping, current == nil else { return }
            if wasAsked {
                note("process \(pid) ended \(end)")
                startAt = .now
            } else {
                startLater("process \(pid) ended \(end)")
            }
        }

        private mutating func startLater(_ reason: String) {
            note("\(reason); the next start is in \(pauseSeconds) s")
            startAt = .now + .seconds(pauseSeconds)
            pauseSeconds = min(pauseSeconds * 2, Supervisor.pauseSecondsMax)
        }
    }
}
