import CanonicalCoding
public import FoundationEssentials
import Identity
public import LedgerCore
import MarketTypes

/// The engine's `genesis.json`: the ledger's own genesis inside the engine's.
///
/// The chain's name binds it to the ledger's genesis, and the application refuses any other.
public struct EngineGenesis: Sendable {
    /// The ledger's genesis.
    public let genesis: Genesis
    /// How many blocks evidence stays admissible: as long as stake stays at risk.
    public let evidenceBlocksMax: UInt64
    /// The largest block in bytes.
    public let blockBytesMax: Int

    /// Wraps a genesis that has validators.
    public init(_ genesis: Genesis, evidenceBlocksMax: UInt64, blockBytesMax: Int = 8 << 20) {
        self.genesis = genesis
        self.evidenceBlocksMax = evidenceBlocksMax
        self.blockBytesMax = blockBytesMax
    }

    /// The file's bytes.
    ///
    /// - Throws: what the encoder throws, which it does not for text and numbers.
    public func bytes() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return try encoder.encode(document)
    }

    private var document: Document {
        let nanoseconds = evidenceBlocksMax.multipliedReportingOverflow(by: 1_000_000_000)
        return Document(
            genesis_time: Self.rfc3339(genesis.time),
            chain_id: EngineChainName(genesis.chain).text,
            initial_height: "1",
            consensus_params: Document.Parameters(
                block: ["max_bytes": "\(blockBytesMax)", "max_gas": "-1"],
                evidence: [
                    "max_age_num_blocks": "\(evidenceBlocksMax)",
                    "max_age_duration":
                        "\(min(nanoseconds.partialValue, UInt64(Int64.max)))",
                    "max_bytes": "1048576",
                ],
                validator: ["pub_key_types": ["ed25519"]],
                version: ["app": "1"],
                abci: ["vote_extensions_enable_height": "0"]
            ),
            validators: genesis.validatorUpdates.map { update in
                Document.Validator(
                    address: Hex.encode(
                        ValidatorAddress(consensusKey: update.key).bytes
                    ).uppercased(),
                    pub_key: EngineKeyFile.Key(
                        type: "tendermint/PubKeyEd25519",
                        value: Data(update.key.bytes).base64EncodedString()
                    ),
                    power: "\(update.power)",
                    name: ""
                )
            },
            app_hash: "",
            app_state: ["stoa_genesis": Hex.encode(genesis.canonicalBytes)]
        )
    }

    /// A time as RFC 3339 writes it, in UTC with milliseconds.
    static func rfc3339(_ time: Timestamp) -> String {
        let date = Date(timeIntervalSince1970: Double(time.milliseconds / 1000))
        let seconds = date.formatted(.iso8601)
        let milliseconds = time.milliseconds % 1000
        guard milliseconds != 0 else { return seconds }
        let digits = String(1000 + milliseconds).dropFirst()
        return seconds.dropLast() + "." + digits + "Z"
    }

    private struct Document: Encodable {
        struct Parameters: Encodable {
            let block, evidence: [String: String]
            let validator: [String: [String]]
            let version, abci: [String: String]
        }

        struct Validator: Encodable {
            let address: String
            let pub_key: EngineKeyFile.Key
            let power, name: String
        }

        let genesis_time, chain_id, initial_height: String
        let consensus_params: Parameters
        let validators: [Validator]
        let app_hash: String
        let app_state: [String: String]
    }
}
