import FoundationEssentials
import Identity
import LedgerCore
import MarketTypes
import Testing

@testable import ValidatorNode

/// The engine's own files, in the engine's own forms.
@Suite("Engine files")
struct EngineFilesTests {
    @Test("a key's file has the engine's form: address, base64 of seed and public key")
    func keyFile() throws {
        // Test 1 of RFC 8032; the address is the first 20 bytes of the public key's SHA-256.
        let seed = try #require(
            Hex.decode("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
        )
        let key = try #require(EngineKey(seed: seed))
        let file = key.validatorFile
        #expect(file.address == "21FE31DFA154A261626BF854046FD2271B7BED4B")
        #expect(key.nodeID == "21fe31dfa154a261626bf854046fd2271b7bed4b")
        #expect(file.pub_key?.value == "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
        #expect(
            file.priv_key.value
                == "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2DXWpgBgrEKt9VL/tPJZAc6DuFy89qmIyWvA"
                + "hpo9wdRGg=="
        )
        let text = String(decoding: try JSONEncoder().encode(file), as: UTF8.self)
        #expect(EngineKey(file: text)?.publicKey == key.publicKey)
    }

    @Test("a key file whose public part is another's is refused")
    func wrongKeyFile() throws {
        let first = try #require(EngineKey.generate())
        let second = try #require(EngineKey.generate())
        let bytes = try #require(Data(base64Encoded: first.nodeFile.priv_key.value))
        let other = try #require(Data(base64Encoded: second.nodeFile.priv_key.value))
        let mixed = Data(bytes.prefix(32) + other.suffix(32)).base64EncodedString()
        let text = """
            {"priv_key":{"type":"tendermint/PrivKeyEd25519","value":"\(mixed)"}}
            """
        #expect(EngineKey(file: text) == nil)
        #expect(EngineKey(file: "{}") == nil)
    }

    @Test(
        "a time is RFC 3339 in UTC",
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (1_700_000_000_000, "2023-11-14T22:13:20Z"),
            (1_700_000_000_007, "2023-11-14T22:13:20.007Z"),
            (1_709_209_845_120, "2024-02-29T12:30:45.120Z"),
        ] as [(UInt64, String)]
    )
    func times(milliseconds: UInt64, text: String) {
        #expect(EngineGenesis.rfc3339(Timestamp(milliseconds: milliseconds)) == text)
    }

    @Test("everything is written once, keys for their owner alone, and never again")
    func writesOnce() throws {
        let scratch = try Scratch()
        let home = EngineHome(directory: scratch.path("engine"))
        let key = try #require(EngineKey.generate())
        let genesis = try #require(
            Genesis(
                name: "test",
                time: Timestamp(milliseconds: 1_700_000_000_000),
                sequencer: key.publicKey,
                parameters: .standard,
                allocations: []
            )
        )
        let configuration = EngineConfiguration(
            name: "node0",
            application: "127.0.0.1:1008",
            rpc: "127.0.0.1:1007",
            peering: "127.0.0.1:1006",
            peers: ["aa@127.0.0.1:1016"]
        )
        func write() throws {
            try home.write(
                configuration: configuration,
                genesis: EngineGenesis(genesis, evidenceBlocksMax: 100),
                validatorKey: key,
                nodeKey: key
            )
        }
        try write()
        #expect(try home.validatorKey().publicKey == key.publicKey)
        let file = home.path("config", "priv_validator_key.json")
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
        #expect("\(try #require(mode))" == "\(0o600)")
        let text = try String(contentsOfFile: home.path("config", "config.toml"), encoding: .utf8)
        #expect(text.contains("proxy_app = \"tcp://127.0.0.1:1008\""))
        #expect(text.contains("allow_duplicate_ip = true"), "pitfall 17")
        #expect(!text.contains("0.0.0.0"), "P11: nothing listens on every address")
        #expect(throws: EngineHomeError.exists(home.directory)) { try write() }
        let trust = EngineConfiguration.StateSync(
            servers: ["127.0.0.1:1", "127.0.0.1:2"],
            trustHeight: 7,
            trustHash: "AB"
        )
        try home.write(trust)
        let synced = try String(contentsOfFile: home.path("config", "config.toml"), encoding: .utf8)
        #expect(synced.contains("enable = true\nrpc_servers = \"127.0.0.1:1,127.0.0.1:2\""))
        try home.write(nil)
        let back = try String(contentsOfFile: home.path("config", "config.toml"), encoding: .utf8)
        #expect(back == text, "and nothing else changed")
    }
}
