import ArgumentParser
import FoundationEssentials
import Glibc
import ServiceLifecycle
import UnixSignals

struct Supervise: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "keep a server running on a socket that outlives it, and replace it on SIGHUP",
        discussion: """
            It listens at the address, and starts the command with the socket. On SIGHUP it starts \
            the command once more, perhaps from a newer program; once that is ready, the old \
            process is told to end (SIGTERM) and finishes its calls. No connection is refused \
            meanwhile. If the new one does not become ready, the old one goes on.

            `stoa serve` can stand beside its successor for that while. A node, a provider and a \
            gateway have a journal that only one process may write: with --one-at-a-time the old \
            one ends first, and connections wait in the socket's queue.

            A server that ends by itself is started again, after 1 to 30 seconds. systemd does the \
            same with a .socket unit and Type=notify, which the servers understand too.

            EXAMPLE
              stoa supervise --listen 127.0.0.1:8080 -- stoa serve --node http://127.0.0.1:26600
              kill -HUP $(pgrep -f 'stoa supervise')
            """
    )

    @Option(
        help: ArgumentHelp(
            "the address to listen on; port 0 takes a free one",
            valueName: "host:port"
        )
    )
    var listen: ListeningPlace
    @Flag(help: "end the old process before the new one is started")
    var oneAtATime = false
    @Option(help: "how long a new process may take until it is ready, in seconds")
    var readySeconds = 60
    @Option(
        help: "how long an old process may take to finish its calls, in seconds, until it is killed"
    )
    var stopSeconds = 900
    @OptionGroup var output: OutputOptions
    @Argument(parsing: .postTerminator, help: "the server and its options")
    var command: [String] = []

    func validate() throws {
        guard !command.isEmpty else { throw ValidationError("what to run comes after --") }
        guard (1...3_600).contains(readySeconds), (1...86_400).contains(stopSeconds) else {
            throw ValidationError("--ready-seconds is 1 to 3600, --stop-seconds 1 to 86400")
        }
    }

    func run() async throws {
        let socket = try SharedSocket(host: listen.host, port: listen.port)
        let supervisor = Supervisor(
            command: command,
            socket: socket,
            limits: Supervisor.Limits(
                overlaps: !oneAtATime,
                readySeconds: readySeconds,
                stopSeconds: stopSeconds
            )
        )
        try output.print(
            ["service": "supervisor", "url": "http://\(listen.shownHost):\(socket.port)"],
            "supervising \(command[0]) at http://\(listen.shownHost):\(socket.port)"
        )
        let signals = await UnixSignalsSequence(trapping: .sighup, .sigterm, .sigint)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await signal in signals {
                    if signal == .sighup { supervisor.replace() } else { supervisor.stop() }
                }
            }
            try await supervisor.run()
            group.cancelAll()
        }
    }
}

/// A listening socket that is handed to processes.
struct SharedSocket: Sendable {
    let descriptor: CInt
    let port: Int

    /// Binds and listens.
    ///
    /// - Throws: ``CommandFailure``.
    init(host: String, port: Int) throws {
        var hints = addrinfo()
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &found) == 0, let first = found else {
            throw CommandFailure("there is no address \(host)", hint: "--listen 127.0.0.1:8080")
        }
        defer { freeaddrinfo(found) }
        let address = first.pointee
        descriptor = Glibc.socket(
            address.ai_family,
            address.ai_socktype | CInt(SOCK_CLOEXEC.rawValue),
            address.ai_protocol
        )
        var on: CInt = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<CInt>.size))
        guard bind(descriptor, address.ai_addr, address.ai_addrlen) == 0,
            Glibc.listen(descriptor, 1_024) == 0
        else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw CommandFailure(
                "cannot listen at \(host):\(port): \(reason)",
                hint: "is another process there? --listen with port 0 takes a free one"
            )
        }
        self.port = Self.port(of: descriptor) ?? port
    }

    private static func port(of descriptor: CInt) -> Int? {
        var address = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutableBytes(of: &address) { bytes -> Int? in
            guard let start = bytes.baseAddress,
                getsockname(descriptor, start.assumingMemoryBound(to: sockaddr.self), &size) == 0
            else { return nil }
            // Behind the family, in an IPv4 and an IPv6 address alike.
            return Int(bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self).bigEndian)
        }
    }
}
