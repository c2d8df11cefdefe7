import ArgumentParser
import AsyncHTTPClient
import FoundationEssentials
import LedgerClient

/// Which ledger node to ask.
struct NodeOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "the ledger node to ask (STOA_NODE, else http://127.0.0.1:26600)",
            valueName: "url"
        )
    )
    var node: String?

    /// The node's URL.
    var url: String {
        if let node { return node }
        let set = ProcessInfo.processInfo.environment["STOA_NODE"] ?? ""
        return set.isEmpty ? "http://127.0.0.1:26600" : set
    }

    /// Whether the node runs on this machine.
    var isLocal: Bool {
        ["http://127.", "http://localhost:", "http://[::1]"].contains { url.hasPrefix($0) }
    }

    /// Asks the node, and explains its errors.
    func ask<Output>(_ body: (RemoteLedger) async throws -> Output) async throws -> Output {
        try await withHTTPClient { client in
            try await explaining(node: url) {
                try await body(RemoteLedger(url: url, client: client))
            }
        }
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
