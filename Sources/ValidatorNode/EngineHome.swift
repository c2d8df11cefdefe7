import FoundationEssentials
import Glibc

/// The engine's own directory: its configuration, its keys and its data.
public struct EngineHome: Sendable {
    /// Where it is.
    public let directory: String

    /// Names a directory; nothing is written yet.
    public init(directory: String) {
        self.directory = directory
    }

    /// Whether an engine was set up here.
    public var exists: Bool {
        FileManager.default.fileExists(atPath: path("config", "config.toml"))
    }

    /// The path of something in the directory.
    public func path(_ parts: String...) -> String {
        ([directory] + parts).joined(separator: "/")
    }

    /// Writes everything that an engine needs before its first start.
    ///
    /// Keys are readable by their owner alone. The file that remembers the last vote begins at
    /// height 0, and is never written by this program again: it is what keeps a validator from
    /// signing twice.
    ///
    /// - Throws: ``EngineHomeError`` if there is an engine already, or a file cannot be written.
    public func write(
        configuration: EngineConfiguration,
        genesis: EngineGenesis,
        validatorKey: EngineKey,
        nodeKey: EngineKey
    ) throws {
        guard !exists else { throw EngineHomeError.exists(directory) }
        for folder in ["config", "data"] {
            try FileManager.default.createDirectory(
                atPath: path(folder),
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        try write(encoder.encode(validatorKey.validatorFile), "config", "priv_validator_key.json")
        try write(encoder.encode(nodeKey.nodeFile), "config", "node_key.json")
        try write(genesis.bytes(), "config", "genesis.json")
        try write(
            Data(#"{"height":"0","round":0,"step":0}"#.utf8),
            "data",
            "priv_validator_state.json"
        )
        try write(Data(configuration.text.utf8), "config", "config.toml")
    }

    /// Tells the engine to begin with a snapshot, or, with nil, with the first block.
    ///
    /// Only the section at the end of the file that ``EngineConfiguration`` wrote is replaced;
    /// what its owner changed above it stays.
    ///
    /// - Throws: ``EngineHomeError/damaged(_:)`` if the file has no such section.
    public func write(_ stateSync: EngineConfiguration.StateSync?) throws {
        let file = path("config", "config.toml")
        guard let text = try? String(contentsOfFile: file, encoding: .utf8),
            let section = text.firstRange(of: "[statesync]\n")
        else { throw EngineHomeError.damaged(file) }
        let changed =
            text[..<section.upperBound] + EngineConfiguration.text(of: stateSync) + "\n"
        guard (try? Data(changed.utf8).write(to: URL(filePath: file), options: .atomic)) != nil
        else { throw EngineHomeError.cannotWrite(file) }
    }

    /// Reads the key that signs votes.
    public func validatorKey() throws -> EngineKey {
        let file = path("config", "priv_validator_key.json")
        guard let text = try? String(contentsOfFile: file, encoding: .utf8),
            let key = EngineKey(file: text)
        else { throw EngineHomeError.damaged(file) }
        return key
    }

    private func write(_ data: Data, _ parts: String...) throws {
        let path = ([directory] + parts).joined(separator: "/")
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw EngineHomeError.cannotWrite(path) }
        defer { close(file) }
        let bytes = Array(data)
        guard Glibc.write(file, bytes, bytes.count) == bytes.count, fsync(file) == 0 else {
            throw EngineHomeError.cannotWrite(path)
        }
    }
}

/// Why an engine's directory could not be set up or read.
public enum EngineHomeError: Error, Hashable, Sendable {
    /// There is an engine in the directory already; it was left alone.
    case exists(String)
    /// The file cannot be written.
    case cannotWrite(String)
    /// The file is not what the engine keeps there.
    case damaged(String)
}
