import Glibc

/// Where a server gets its connections from.
public enum ListeningSocket: Hashable, Sendable {
    /// An address that it binds itself; port 0 takes a free one.
    case address(host: String, port: Int)
    /// A socket that listens already, and that another process holds too: while this process is
    /// replaced by the next, connections wait in the socket's queue and none is refused.
    ///
    /// `turnPath` names the file by which those processes take turns; nil if nobody made one.
    case inherited(descriptor: CInt, turnPath: String? = nil)

    /// Whether another process has it too, or had.
    public var isInherited: Bool {
        if case .inherited = self { true } else { false }
    }

    /// How long connections without a request are kept when a server ends and another process goes
    /// on accepting; whose port goes away loses them anyway.
    public static let graceMilliseconds: Int64 = 1_000

    /// The file by which the processes that have the socket take turns.
    var turnPath: String? {
        if case .inherited(_, let path) = self { path } else { nil }
    }

    /// The environment's word for that file; `stoa supervise` sets it.
    public static let turnVariable = "STOA_ACCEPT_TURN"

    /// The socket that this process was started with, or else an address.
    ///
    /// Follows sd_listen_fds(3): `LISTEN_PID` names this process, and `LISTEN_FDS` says how many
    /// sockets begin at descriptor 3; exactly one is wanted. The descriptor is closed on exec.
    ///
    /// - Throws: ``ListeningFailure``.
    public static func inherited(
        from environment: [String: String],
        orAddress host: String,
        port: Int
    ) throws(ListeningFailure) -> ListeningSocket {
        guard let count = environment["LISTEN_FDS"],
            environment["LISTEN_PID"].flatMap({ CInt($0) }) == getpid()
        else { return .address(host: host, port: port) }
        guard count == "1" else { throw .wrongCount(count) }
        let descriptor: CInt = 3
        guard option(SO_ACCEPTCONN, of: descriptor) == 1,
            option(SO_TYPE, of: descriptor) == CInt(SOCK_STREAM.rawValue)
        else { throw .notListening }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return .inherited(descriptor: descriptor, turnPath: environment[turnVariable])
    }

    private static func option(_ name: CInt, of descriptor: CInt) -> CInt? {
        var (value, size) = (CInt(0), socklen_t(MemoryLayout<CInt>.size))
        return getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : nil
    }
}

/// Why a socket that a process was started with is of no use to it.
public enum ListeningFailure: Error, Hashable, Sendable {
    /// There is not exactly one.
    case wrongCount(String)
    /// Descriptor 3 is no stream socket that listens.
    case notListening
}
