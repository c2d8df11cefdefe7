import ArgumentParser
import AsyncHTTPClient
import CanonicalCoding
import CometBFTClient
import FoundationEssentials
import LedgerClient
import LedgerCore
import Logging
import MarketTypes
import NIOCore
import Telemetry

/// Which ledger to ask: one node that is believed, or a network that is checked.
struct NodeOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "the ledger to ask (STOA_NODE, else http://127.0.0.1:26600); "
                + "cometbft:URL,URL… for a network, whose answers are checked",
            valueName: "url"
        )
    )
    var node: String?
    @Option(
        help: ArgumentHelp(
            "the network's genesis file, which is all that is trusted of it "
                + "(STOA_GENESIS, else node/genesis.stoa in the home directory)",
            valueName: "file"
        )
    )
    var genesis: String?

    private static let networkPrefix = "cometbft:"

    private func environment(_ name: String) -> String? {
        let value = ProcessInfo.processInfo.environment[name] ?? ""
        return value.isEmpty ? nil : value
    }

    /// The node's URL, or the network's.
    var url: String {
        node ?? environment("STOA_NODE") ?? "http://127.0.0.1:26600"
    }

    /// Whether the ledger runs on this machine.
    var isLocal: Bool {
        endpoints.allSatisfy { url in
            ["http://127.", "http://localhost:", "http://[::1]"].contains { url.hasPrefix($0) }
        }
    }

    /// The URLs that are asked.
    private var endpoints: [String] {
        guard url.hasPrefix(Self.networkPrefix) else { return [url] }
        return url.dropFirst(Self.networkPrefix.count).split(separator: ",").map(String.init)
    }

    /// A connection to the ledger.
    func connection(
        _ client: HTTPClient,
        logger: Logger = serviceLogger("light")
    ) throws -> any LedgerConnection {
        guard url.hasPrefix(Self.networkPrefix) else {
            return RemoteLedger(url: url, client: client) { Span.current?.context.header }
        }
        guard !endpoints.isEmpty, endpoints.allSatisfy({ $0.hasPrefix("http") }) else {
            throw CommandFailure(
                "“\(url)” names no network",
                hint: "it looks like cometbft:http://127.0.0.1:26657,http://127.0.0.1:26667"
            )
        }
        do {
            let genesis = try readGenesis()
            var settings = NetworkLedger.Settings()
            // Nobody else pays for the questions to a network on this machine.
            if isLocal { settings.pollMilliseconds = 50 }
            return try NetworkLedger(
                genesis: genesis,
                urls: endpoints,
                client: client,
                store: try trustStore(genesis),
                settings: settings,
                logger: logger
            )
        } catch let error as CommandFailure {
            throw error
        } catch {
            throw CommandFailure("the genesis names no validators that could be trusted: \(error)")
        }
    }

    /// The home directory of this process: `--home`, which is another group's option, moves the
    /// genesis and the trusted block as it moves the keys.
    private var home: String {
        let words = CommandLine.arguments.prefix { $0 != "--" }
        var options = HomeOptions()
        options.home =
            words.lastIndex(of: "--home").flatMap { words.dropFirst($0 + 1).first }
            ?? words.last { $0.hasPrefix("--home=") }.map { String($0.dropFirst(7)) }
        return options.path
    }

    /// Remembers the latest block that was trusted, so that trust need not begin anew.
    private func trustStore(_ genesis: Genesis) throws -> any TrustStore {
        let directory = home + "/light"
        try? FileManager.default.createDirectory(
            atPath: directory,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        guard FileManager.default.isWritableFile(atPath: directory) else {
            return MemoryTrustStore()
        }
        return FileTrustStore(path: "\(directory)/\(EngineChainName(genesis.chain).text)")
    }

    /// The genesis that the network is checked against.
    func readGenesis() throws -> Genesis {
        try Self.genesis(in: givenGenesisFile ?? home + "/node/genesis.stoa")
    }

    private var givenGenesisFile: String? { genesis ?? environment("STOA_GENESIS") }

    /// The genesis that the user named, if one.
    func givenGenesis() throws -> Genesis? {
        try givenGenesisFile.map { try Self.genesis(in: $0) }
    }

    /// Reads a genesis file.
    static func genesis(in file: String) throws -> Genesis {
        guard FileManager.default.fileExists(atPath: file) else {
            throw CommandFailure(
                "there is no genesis file at \(file)",
                hint: "give the network's genesis with --genesis; get it from somebody you trust"
            )
        }
        let text = try readFile(file)
        guard let bytes = Hex.decode(text.filter { !$0.isWhitespace }),
            let document = try? Genesis(canonicalBytes: bytes)
        else { throw CommandFailure("\(file) is not a genesis file") }
        return document
    }

    /// Asks the ledger, and explains its errors.
    func ask<Output>(
        _ body: (any LedgerConnection) async throws -> Output
    ) async throws -> Output {
        try await withHTTPClient(.own) { client in
            let ledger = try connection(client)
            return try await explaining(node: url) { try await body(ledger) }
        }
    }
}

/// Runs `body` with a client of one's own, which reaches the ledger, and one that reaches sellers,
/// whose addresses come from strangers.
func withHTTPClients<Output>(
    sellers: HTTPClient.Configuration,
    _ body: (_ own: HTTPClient, _ sellers: HTTPClient) async throws -> Output
) async throws -> Output {
    try await withHTTPClient(.own) { own in
        try await withHTTPClient(sellers) { sellers in try await body(own, sellers) }
    }
}

extension HTTPClient.Configuration {
    /// For a ledger or another service that the user named.
    static var own: Self {
        var own = Self(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(2))
        )
        // Nobody waits for a ledger that refuses connections.
        own.connectionPool.retryConnectionEstablishment = false
        return own
    }
}

/// Lends an HTTP client, and shuts it down afterwards.
func withHTTPClient<Output>(
    _ configuration: HTTPClient.Configuration = .init(),
    _ body: (HTTPClient) async throws -> Output
) async throws -> Output {
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    do {
        let output = try await body(client)
        try await client.shutdown()
        return output
    } catch {
        try? await client.shutdown()
        throw error
    }
}
