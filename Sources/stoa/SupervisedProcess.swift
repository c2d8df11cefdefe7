import FoundationEssentials
import Glibc
import HTTPServing

/// One process of a supervised server, and the socket by which it says that it is ready.
struct SupervisedProcess: ~Copyable {
    let pid: pid_t
    let startedAt: ContinuousClock.Instant
    private(set) var isReady = false
    /// Since when it has been told to end.
    private(set) var endingSince: ContinuousClock.Instant?
    private var wasKilled = false
    private let notices: CInt
    private let noticePath: String

    /// Starts a command with the socket as descriptor 3, as sd_listen_fds(3) and sd_notify(3) say.
    ///
    /// - Parameter directory: only this user's; the notices come by a socket in it.
    /// - Throws: ``CommandFailure``.
    init(_ command: [String], socket: CInt, directory: String, number: Int) throws {
        let path = directory + "/ready-\(number)"
        let listening = try Self.listen(path)
        var environment = ProcessInfo.processInfo.environment
        environment["LISTEN_FDS"] = "1"
        environment["NOTIFY_SOCKET"] = path
        environment[ListeningSocket.turnVariable] = directory + "/turn"
        do {
            let started = try Self.spawn(command, socket: socket, environment)
            self.init(pid: started, notices: listening, path: path)
        } catch {
            close(listening)
            unlink(path)
            throw error
        }
    }

    private init(pid: pid_t, notices: CInt, path: String) {
        self.pid = pid
        self.notices = notices
        noticePath = path
        startedAt = .now
    }

    deinit {
        close(notices)
        unlink(noticePath)
    }

    private static func listen(_ path: String) throws -> CInt {
        let kind = CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
            | CInt(SOCK_NONBLOCK.rawValue)
        let descriptor = Glibc.socket(AF_UNIX, kind, 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = Array(path.utf8)
        let fits = name.count < MemoryLayout.size(ofValue: address.sun_path)
        if fits { withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) } }
        unlink(path)
        let isBound = fits && withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard isBound else {
            close(descriptor)
            throw CommandFailure("cannot make a socket at \(path)", hint: "set TMPDIR")
        }
        return descriptor
    }

    /// A shell sets LISTEN_PID, which must be the number of the process that it becomes.
    private static func spawn(
        _ command: [String],
        socket: CInt,
        _ environment: [String: String]
    ) throws -> pid_t {
        let script = #"LISTEN_PID=$$; export LISTEN_PID; exec "$@""#
        let words = ["/bin/sh", "-c", script, "supervised"] + command
        var arguments = words.map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, socket, 3)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var (none, handled) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigemptyset(&handled)
        for signal in [SIGHUP, SIGINT, SIGTERM, SIGPIPE] { sigaddset(&handled, signal) }
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &handled)
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)
        )
        var pid: pid_t = 0
        let fault = posix_spawn(&pid, "/bin/sh", &actions, &attributes, &arguments, &variables)
        guard fault == 0 else {
            throw CommandFailure("cannot start \(command[0]): \(String(cString: strerror(fault)))")
        }
        return pid
    }

    /// Hears what it said since; true once, when it became ready.
    mutating func hearReady() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 1_024)
        while true {
            let count = recv(notices, &buffer, buffer.count, CInt(MSG_DONTWAIT))
            guard count > 0 else { return false }
            let lines = String(decoding: buffer.prefix(count), as: UTF8.self).split(separator: "\n")
            guard lines.contains("READY=1"), !isReady else { continue }
            isReady = true
            return true
        }
    }

    /// Whether it should be ready by now and is not.
    borrowing func isLate(after limit: Duration) -> Bool {
        !isReady && endingSince == nil && startedAt.duration(to: .now) > limit
    }

    /// How it ended; nil while it runs.
    borrowing func end() -> ProcessEnd? {
        var status: CInt = 0
        guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
        return ProcessEnd(waitStatus: status)
    }

    /// Asks it to end.
    mutating func terminate() {
        guard endingSince == nil else { return }
        endingSince = .now
        kill(pid, SIGTERM)
    }

    /// Ends it, if it was asked so long ago.
    mutating func killIfLate(after limit: Duration) {
        guard let endingSince, !wasKilled, endingSince.duration(to: .now) > limit else { return }
        wasKilled = true
        note("process \(pid) does not end; it is killed")
        kill(pid, SIGKILL)
    }
}

/// How a process ended, in words.
struct ProcessEnd: CustomStringConvertible {
    let waitStatus: CInt

    /// The status for whoever started this process.
    var code: Int32 { signal == 0 ? (waitStatus >> 8) & 0xff : 128 + signal }

    private var signal: Int32 { waitStatus & 0x7f }

    var description: String { signal == 0 ? "with status \(code)" : "by signal \(signal)" }
}
