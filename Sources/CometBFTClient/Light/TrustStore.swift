public import CometBFTTypes
import FoundationEssentials
import Synchronization

/// Where a light client keeps the latest block that it trusts, so that it need not begin anew.
///
/// What is lost only costs time: the client begins at its anchor again.
public protocol TrustStore: Sendable {
    /// The block that was kept; nil if there is none.
    ///
    /// - Throws: if there is something that cannot be read: nobody may take its place unseen.
    func load() throws -> LightBlock?

    /// Keeps `block` in place of what was kept.
    func save(_ block: LightBlock) throws
}

/// Keeps the trusted block as long as the process runs.
public final class MemoryTrustStore: TrustStore {
    private let kept: Mutex<LightBlock?>

    /// Creates a store that holds `block`.
    public init(_ block: LightBlock? = nil) {
        kept = Mutex(block)
    }

    /// The block that it holds.
    public func load() -> LightBlock? { kept.withLock { $0 } }

    /// Holds `block` from now on.
    public func save(_ block: LightBlock) { kept.withLock { $0 = block } }
}

/// Keeps the trusted block in a file, in the bytes of ``LightBlock/bytes``.
public struct FileTrustStore: TrustStore {
    private let path: String

    /// Creates a store in the file at `path`, which need not exist; its directory must.
    public init(path: String) {
        self.path = path
    }

    /// The block in the file; nil if there is no file.
    ///
    /// - Throws: if the file cannot be read or is not a light block.
    public func load() throws -> LightBlock? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let data = try Data(contentsOf: URL(filePath: path))
        return try LightBlock(bytes: Array(data))
    }

    /// Puts `block` in place of the file at once, so that no reader sees half of it.
    public func save(_ block: LightBlock) throws {
        try Data(block.bytes).write(to: URL(filePath: path), options: .atomic)
    }
}
