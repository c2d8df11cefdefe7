import ArgumentParser
import CanonicalCoding
import FoundationEssentials
import Glibc
import Identity
import LedgerCore
import MarketTypes
import ValidatorNode

/// The files of a network on one machine.
struct NetworkPlan {
    static let nodesMax = 64

    struct Node {
        let home: String
        let validatorKey: EngineKey
        let nodeKey: EngineKey
        let port: Int

        var peering: String { "127.0.0.1:\(port + 6)" }
        var rpc: String { "127.0.0.1:\(port + 7)" }
        var application: String { "127.0.0.1:\(port + 8)" }
    }

    struct Document: Encodable {
        struct Node: Encodable {
            let home, rpc, application, peering: String
            let isValidator: Bool
        }

        let chain, engineChain, genesis, ledger: String
        let nodes: [Node]
    }

    let directory: String
    let nodes: [Node]
    let validators: Int

    init(directory: String, count: Int, validators: Int, basePort: Int) throws {
        self.directory = directory
        self.validators = validators
        nodes = try (0..<count).map { index in
            guard let validatorKey = EngineKey.generate(), let nodeKey = EngineKey.generate() else {
                throw CommandFailure("the system has no secure memory left")
            }
            return Node(
                home: "\(directory)/node\(index)",
                validatorKey: validatorKey,
                nodeKey: nodeKey,
                port: basePort + 10 * index
            )
        }
    }

    /// Where clients ask, as `--node` takes it.
    var ledger: String {
        "cometbft:" + nodes.prefix(8).map { "http://" + $0.rpc }.joined(separator: ",")
    }

    /// Makes each validator's wallet in its home.
    func makeOperators(passphrase: [UInt8]) throws -> [AccountID] {
        try nodes.prefix(validators).map { node in
            let wallets = Wallets(home: try HomeOptions.parse(["--home", node.home]))
            return try wallets.create("operator", passphrase: passphrase).accountID
        }
    }

    func write(_ genesis: Genesis, blockIntervalMilliseconds: UInt64) throws {
        let text = Hex.encode(genesis.canonicalBytes) + "\n"
        let engineGenesis = EngineGenesis(
            genesis,
            evidenceBlocksMax: genesis.stakingParameters.unbondingDelayBlocks
        )
        for node in nodes {
            let home = try HomeOptions.parse(["--home", node.home])
            _ = try home.makeDirectory("node")
            try writePrivateFile(text, to: home.path("node", "genesis.stoa"))
            let peers = nodes.filter { $0.home != node.home }
                .map { "\($0.nodeKey.nodeID)@\($0.peering)" }
            let configuration = EngineConfiguration(
                name: String(node.home.split(separator: "/").last ?? "node"),
                application: node.application,
                rpc: node.rpc,
                peering: node.peering,
                peers: peers,
                blockIntervalMilliseconds: blockIntervalMilliseconds
            )
            try EngineHome(directory: home.path("engine")).write(
                configuration: configuration,
                genesis: engineGenesis,
                validatorKey: node.validatorKey,
                nodeKey: node.nodeKey
            )
            let settings = ValidatorSettings(application: node.application, rpc: node.rpc)
            try writePrivateFile(
                try OutputOptions.line(settings) + "\n",
                to: home.path("node", "validator.json")
            )
        }
        try writePrivateFile(text, to: "\(directory)/genesis.stoa")
        try writePrivateFile(ledger + "\n", to: "\(directory)/ledger")
        try writePrivateFile(
            try OutputOptions.line(document(genesis)) + "\n",
            to: "\(directory)/network.json"
        )
        try writeScripts()
    }

    func document(_ genesis: Genesis) -> Document {
        Document(
            chain: genesis.chain.digest.description,
            engineChain: EngineChainName(genesis.chain).text,
            genesis: "\(directory)/genesis.stoa",
            ledger: ledger,
            nodes: nodes.enumerated().map { index, node in
                Document.Node(
                    home: node.home,
                    rpc: "http://" + node.rpc,
                    application: node.application,
                    peering: "\(node.nodeKey.nodeID)@\(node.peering)",
                    isValidator: index < validators
                )
            }
        )
    }

    private func writeScripts() throws {
        try writeScript(
            "start.sh",
            """
            #!/bin/sh
            # Starts every node of this network in the background; see each node's log.
            cd "$(dirname "$0")" || exit 1
            : "${COMETBFT_BIN:?set COMETBFT_BIN to the ordering engine's program}"
            export COMETBFT_BIN
            for home in node*; do
              if [ -f "$home/pid" ] && kill -0 "$(cat "$home/pid")" 2>/dev/null; then continue; fi
              nohup "${STOA:-stoa}" validator --home "$home" >>"$home/log" 2>&1 &
              echo $! >"$home/pid"
            done

            """
        )
        try writeScript(
            "stop.sh",
            """
            #!/bin/sh
            # Ends every node that start.sh started.
            cd "$(dirname "$0")" || exit 1
            for file in node*/pid; do
              [ -f "$file" ] || continue
              kill "$(cat "$file")" 2>/dev/null
              rm -f "$file"
            done

            """
        )
        try writeScript(
            "stoa-validator@.service",
            """
            # systemd: copy to /etc/systemd/system, then systemctl enable --now stoa-validator@node0
            [Unit]
            Description=Stoa validator %i
            After=network-online.target

            [Service]
            Environment=COMETBFT_BIN=/usr/local/bin/cometbft
            ExecStart=/usr/local/bin/stoa validator --home /var/lib/stoa/%i
            Restart=always
            RestartSec=2
            NoNewPrivileges=yes
            ProtectSystem=strict
            ReadWritePaths=/var/lib/stoa/%i

            [Install]
            WantedBy=multi-user.target

            """
        )
    }

    private func writeScript(_ name: String, _ text: String) throws {
        let path = "\(directory)/\(name)"
        try writePrivateFile(text, to: path)
        if name.hasSuffix(".sh") { chmod(path, 0o700) }
    }

    /// A base whose ports are free for every node at this moment.
    static func freeBasePort() throws -> Int {
        for _ in 0..<64 {
            let base = Int.random(in: 1100...3100) * 10
            if (0..<nodesMax).allSatisfy({ node in
                (6...8).allSatisfy { isFree(base + 10 * node + $0) }
            }) {
                return base
            }
        }
        throw CommandFailure("no free ports were found", hint: "give --base-port")
    }

    private static func isFree(_ port: Int) -> Bool {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { return false }
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}

/// What `stoa validator` needs to know besides the engine's own files.
struct ValidatorSettings: Codable {
    /// Where the application listens, `host:port`.
    let application: String
    /// Where the engine answers clients, `host:port`.
    let rpc: String
}
