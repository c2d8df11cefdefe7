import Glibc
public import NIOCore
import NIOPosix

/// Finds the addresses of a host.
public protocol HostResolving: Sendable {
    /// All addresses of a host; none if it has none.
    func addresses(of host: String) async throws -> [NetworkAddress]
}

/// Asks the system's resolver, on threads of its own and not for ever.
///
/// The system's call cannot be broken off; when all threads wait for servers that do not answer,
/// further questions get no answer either, until their time is over.
public final class SystemResolver: HostResolving {
    private static let threadsMax = 4
    /// The most addresses of one host that are looked at.
    static let addressesMax = 64

    private let pool = NIOThreadPool(numberOfThreads: threadsMax)
    private let timeout: TimeAmount

    /// Starts the threads.
    public init(timeout: TimeAmount = .seconds(5)) {
        self.timeout = timeout
        pool.start()
    }

    deinit { pool.shutdownGracefully { _ in } }

    /// All addresses of a host; none if it has none.
    public func addresses(of host: String) async throws -> [NetworkAddress] {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let promise = loop.makePromise(of: [NetworkAddress].self)
        let timer = loop.scheduleTask(in: timeout) { promise.fail(ResolverTimeout()) }
        // Whichever comes second finds the promise kept, and changes nothing.
        pool.runIfActive(eventLoop: loop) { Self.lookUp(host) }.cascade(to: promise)
        defer { timer.cancel() }
        return try await promise.futureResult.get()
    }

    private static func lookUp(_ host: String) -> [NetworkAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var found: [NetworkAddress] = []
        var next = list
        while let entry = next?.pointee, found.count < addressesMax {
            next = entry.ai_next
            guard let address = entry.ai_addr else { continue }
            let bytes: [UInt8]
            switch entry.ai_family {
            case AF_INET:
                bytes = address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { place in
                    withUnsafeBytes(of: place.pointee.sin_addr) { Array($0) }
                }
            case AF_INET6:
                bytes = address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { place in
                    withUnsafeBytes(of: place.pointee.sin6_addr) { Array($0) }
                }
            default: continue
            }
            if let address = NetworkAddress(bytes: bytes) { found.append(address) }
        }
        return found
    }
}

/// The resolver did not answer in time.
struct ResolverTimeout: Error {}
