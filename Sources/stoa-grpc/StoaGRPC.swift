import ArgumentParser
import AsyncHTTPClient
import FoundationEssentials
import GRPCDoor
import Glibc
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import UnixSignals

@main
struct StoaGRPC: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stoa-grpc",
        abstract: "serve a node and a provider over gRPC",
        discussion: """
            A door beside a running node, a running provider, or both: it asks them by HTTP and \
            keeps nothing itself. It has gRPC's own health and reflection services, so that tools \
            need no proto files.

            EXAMPLE
              stoa-grpc --node http://127.0.0.1:26600 --provider http://127.0.0.1:26700
            """,
        version: "0.1.0"
    )

    @Option(help: ArgumentHelp("the node's HTTP interface", valueName: "url"))
    var node: String?
    @Option(help: ArgumentHelp("the provider's HTTP interface", valueName: "url"))
    var provider: String?
    @Option(help: "the address to listen on, of IPv4 or IPv6")
    var host = "127.0.0.1"
    @Option(help: "the port to listen on; 0 takes a free one")
    var port = GRPCDoorConfiguration().port
    @Option(
        help: ArgumentHelp(
            "a PEM file with the certificate and those that vouch for it; needs --private-key",
            valueName: "file"
        )
    )
    var certificate: String?
    @Option(
        help: ArgumentHelp("a PEM file with the certificate's private key", valueName: "file")
    )
    var privateKey: String?
    @Option(
        help: ArgumentHelp(
            "connections of one address; more if a proxy on another machine has everybody's",
            valueName: "count"
        )
    )
    var connectionsPerAddress = GRPCDoorConfiguration.Limits().connectionsPerAddressMax
    @Option(
        help: ArgumentHelp(
            "calls, and watches, of one address; more behind such a proxy",
            valueName: "count"
        )
    )
    var callsPerAddress: Int?
    @Flag(help: "say where it listens as one JSON document on one line")
    var json = false

    func validate() throws {
        guard node != nil || provider != nil else {
            throw ValidationError("nothing to serve: give --node, --provider or both")
        }
        for url in [node, provider].compactMap(\.self) {
            guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
                throw ValidationError("“\(url)” is no address: it begins with http:// or https://")
            }
        }
        guard (try? SocketAddress(ipAddress: host, port: 0)) != nil else {
            throw ValidationError("--host is an address of IPv4 or IPv6, such as 127.0.0.1")
        }
        guard (0...65535).contains(port) else {
            throw ValidationError("--port is from 0 to 65535")
        }
        guard connectionsPerAddress > 0, callsPerAddress ?? 1 > 0 else {
            throw ValidationError("an address has at least one connection and one call")
        }
        guard (certificate == nil) == (privateKey == nil) else {
            throw ValidationError("--certificate and --private-key go together")
        }
    }

    func run() async throws {
        var configuration = GRPCDoorConfiguration()
        configuration.host = host
        configuration.port = port
        configuration.node = node
        configuration.provider = provider
        if let certificate, let privateKey {
            configuration.security = try .files(certificate: certificate, privateKey: privateKey)
        }
        configuration.limits.connectionsPerAddressMax = connectionsPerAddress
        if let callsPerAddress {
            configuration.limits.callsPerAddressMax = callsPerAddress
            configuration.limits.watchesPerAddressMax = callsPerAddress
            configuration.limits.openingsPerAddressMax = callsPerAddress
        }
        let logger = Self.logger()
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton,
            configuration: GRPCDoorService.client(configuration)
        )
        let scheme = certificate == nil ? "http" : "https"
        let place = host.contains(":") ? "[\(host)]" : host
        let door = GRPCDoorService(configuration: configuration, client: client, logger: logger) {
            [json] in Self.announce("\(scheme)://\(place):\($0)", json: json)
        }
        let group = ServiceGroup(
            services: [door],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await group.run()) } catch { outcome = .failure(error) }
        try? await client.shutdown()
        if case .failure(let error) = outcome {
            throw DoorFailure(
                description: """
                    the door at \(place):\(port) cannot listen, or had to stop: \(error)
                    hint: does another process listen there? --port 0 takes a free port
                    """
            )
        }
    }

    /// Tells people and scripts that the door answers, at once: whoever reads a pipe waits for it.
    private static func announce(_ url: String, json: Bool) {
        let line =
            json ? #"{"service":"grpc","url":"\#(url)"}"# + "\n" : "grpc ready at \(url)\n"
        var bytes = Array(line.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            guard count > 0 else { return }  // the reader has gone; there is nobody to tell
            bytes = bytes.dropFirst(count)
        }
    }

    private static func logger() -> Logger {
        var logger = Logger(label: "stoa.grpc") { StreamLogHandler.standardError(label: $0) }
        let level = ProcessInfo.processInfo.environment["STOA_LOG"] ?? "warning"
        logger.logLevel = Logger.Level(rawValue: level) ?? .warning
        return logger
    }
}

/// Something went wrong that a person should read about: one sentence, and what to do.
struct DoorFailure: Error, CustomStringConvertible {
    let description: String
}
