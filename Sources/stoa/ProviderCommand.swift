import ArgumentParser
import AsyncHTTPClient
import FoundationEssentials
import Glibc
import HTTPServing
import Identity
import LedgerClient
import Logging
import MarketTypes
import Provider
import ServiceLifecycle
import Telemetry
import Yams

struct ProviderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "provider",
        abstract: "serve what a configuration file says",
        discussion: """
            `stoa sell` writes the file; edit it to sell several models, set limits, or name the \
            environment variable that holds an upstream's API key.

            EXAMPLE
              stoa provider --wallet seller
            """
    )

    @Option(help: ArgumentHelp("the YAML file (else provider.yaml in the home directory)"))
    var config: String?
    @OptionGroup var acting: ActingOptions
    @OptionGroup var fees: FeeOptions
    @OptionGroup var observing: ObservingOptions
    @OptionGroup var output: OutputOptions

    private var node: NodeOptions { acting.node }

    func run() async throws {
        let home = acting.home
        let named = try acting.named()
        let file = ProviderFile(home: home)
        guard let configuration = try config.map(file.read) ?? file.readIfPresent() else {
            throw CommandFailure(
                "there is no \(file.path)",
                hint: "`stoa sell` writes one, or give --config"
            )
        }
        try check(configuration.faults)
        let keys = try SellerKeys(wallet: acting.wallet, home: home)
        let logger = observing.logger("provider")
        let telemetry = try observing.telemetry("provider")
        try await withHTTPClient(upstreamClient(configuration)) { client in
            let ledger = try node.connection(client, logger: observing.logger("light"))
            let chain = try await explaining(node: node.url) { try await ledger.status().chain }
            let service = keys.provider(
                try configuration.serving(chain),
                session: AccountSession(
                    key: keys.account,
                    for: named,
                    ledger: ledger,
                    terms: SigningTerms(chain: chain, feeMax: fees.feeMax)
                ),
                client: client,
                logger: logger,
                telemetry: telemetry,
                socket: try listeningSocket(configuration.host, configuration.port),
                output: output
            )
            let services = observing.services(telemetry, logger) + [service]
            try await serve(services, logger: logger, node: node.url)
        }
    }
}

/// How upstreams are reached: as many connections as there may be calls, and no redirects, which
/// would send a buyer's request to somebody the seller did not choose.
func upstreamClient(_ configuration: ProviderConfiguration) -> HTTPClient.Configuration {
    var client = HTTPClient.Configuration(redirectConfiguration: .disallow)
    client.httpVersion = .http1Only
    client.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit =
        configuration.concurrentCallsMax
    // A refused connection is an answer: trying for ten seconds would only keep the buyer waiting.
    client.connectionPool.retryConnectionEstablishment = false
    return client
}

/// A seller's two keys: one is paid, the other signs receipts all day.
struct SellerKeys {
    let account: SigningKey
    let receipts: SigningKey

    /// Opens the wallet, and makes its receipt key on first use.
    init(wallet: String, home: HomeOptions) throws {
        let wallets = Wallets(home: home)
        let passphrase = try home.passphrase(of: wallet)
        account = try wallets.open(wallet, passphrase: passphrase)
        receipts = try wallets.companion("receipts", of: wallet, passphrase: passphrase)
    }

    /// The daemon that serves with these keys.
    func provider(
        _ configuration: ProviderConfiguration,
        session: AccountSession,
        client: HTTPClient,
        logger: Logger,
        telemetry: ServiceTelemetry = .off("provider"),
        socket: ListeningSocket? = nil,
        output: OutputOptions
    ) -> ProviderService {
        let host = configuration.host
        return ProviderService(
            configuration: configuration,
            receiptKey: receipts,
            account: session,
            ledger: session.ledger,
            httpClient: client,
            logger: logger,
            telemetry: telemetry,
            now: wallClock,
            socket: socket,
            onListening: { port in
                announce(output, service: "provider", url: "http://\(host):\(port)")
            }
        )
    }
}

/// The provider's configuration as a file in the home directory.
struct ProviderFile {
    let home: HomeOptions

    /// The file's path.
    var path: String { home.path("provider.yaml") }

    /// Reads the file in the home directory, or returns nil if there is none.
    func readIfPresent() throws -> ProviderConfiguration? {
        FileManager.default.fileExists(atPath: path) ? try read(path) : nil
    }

    /// Reads a file.
    func read(_ path: String) throws -> ProviderConfiguration {
        let text = try readFile(path)
        do {
            return try YAMLDecoder().decode(ProviderConfiguration.self, from: text)
        } catch {
            throw CommandFailure("\(path) does not read as a provider's configuration: \(error)")
        }
    }

    /// Writes the file, replacing an older one in one step, and returns its path.
    func write(_ configuration: ProviderConfiguration) throws -> String {
        let text = try YAMLEncoder().encode(configuration)
        let new = path + ".\(getpid())"
        try writePrivateFile(text, to: new)
        guard rename(new, path) == 0 else { throw CommandFailure("cannot write \(path)") }
        return path
    }
}

/// A port of `host` that nobody listens on.
func freePort(host: String) throws -> Int {
    let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard file >= 0 else { throw CommandFailure("no socket can be opened") }
    defer { close(file) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else {
        throw CommandFailure("--port 0 needs an IPv4 address as --host")
    }
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
            bind(file, raw, length) == 0 && getsockname(file, raw, &length) == 0
        }
    }
    guard bound else { throw CommandFailure("\(host) is no address of this machine") }
    return Int(UInt16(bigEndian: address.sin_port))
}
