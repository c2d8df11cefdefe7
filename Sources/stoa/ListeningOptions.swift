import ArgumentParser
import FoundationEssentials
import Glibc
import HTTPServing
import NIOCore
import NIOPosix

/// Where a server listens: at an address, or on the socket that `stoa supervise` or systemd gave
/// it.
func listeningSocket(_ host: String, _ port: Int) throws -> ListeningSocket {
    do {
        return try ListeningSocket.inherited(
            from: ProcessInfo.processInfo.environment,
            orAddress: host,
            port: port
        )
    } catch .wrongCount(let count) {
        throw CommandFailure(
            "this process was given \(count) sockets",
            hint: "give it one: a .socket unit with one ListenStream="
        )
    } catch .notListening {
        throw CommandFailure(
            "the socket that this process was given does not listen",
            hint: "a .socket unit needs ListenStream= and Accept=no"
        )
    }
}

/// Refuses an address that cannot be listened at, before anything is paid for.
func requireFree(_ host: String, _ port: Int) async throws {
    do {
        let probe = ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        try await probe.bind(host: host, port: port).get().close().get()
    } catch {
        let isTaken = (error as? IOError)?.errnoCode == EADDRINUSE
        throw CommandFailure(
            isTaken
                ? "another process listens at \(host):\(port); nothing was published"
                : "nobody can listen at \(host):\(port) (\(error)); nothing was published",
            hint: isTaken
                ? "give another --port; 0 takes a free one" : "is that an address of this machine?"
        )
    }
}

/// How many connections the market's door keeps.
struct ConnectionOptions: ParsableArguments {
    @Option(help: "the most connections at once; further ones wait")
    var connectionsMax = 16_384
    @Option(
        help: ArgumentHelp(
            "the most connections of one address that is not of this machine; with "
                + "--trust-forwarded none is counted"
        )
    )
    var connectionsPerAddress = 256

    func validate() throws {
        guard (1...1_000_000).contains(connectionsMax) else {
            throw ValidationError("--connections-max is 1 to 1000000")
        }
        guard (1...1_000_000).contains(connectionsPerAddress) else {
            throw ValidationError("--connections-per-address is 1 to 1000000")
        }
    }

    /// The limits, for which this process may have as many files open as it needs.
    func limits(isBehindProxy: Bool) -> ConnectionLimits {
        Self.allowFiles(2 * connectionsMax + 1_024)
        return ConnectionLimits(
            connectionsMax: connectionsMax,
            perAddressMax: isBehindProxy ? .max : connectionsPerAddress
        )
    }

    /// Raises the limit of open files, as far as it may be raised.
    private static func allowFiles(_ wanted: Int) {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0,
            limit.rlim_cur < rlim_t(wanted)
        else { return }
        limit.rlim_cur = min(limit.rlim_max, rlim_t(wanted))
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
