import FoundationEssentials
import Glibc
import MarketTypes

/// The files of snapshots, finished or being received: a directory each, a file for each chunk.
struct SnapshotFiles: Sendable {
    let directory: String

    init(directory: String) throws {
        self.directory = directory
        try FileManager.default.createDirectory(
            atPath: directory,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
    }

    func path(_ parts: String...) -> String { ([directory] + parts).joined(separator: "/") }

    static func name(_ index: Int) -> String { "chunk-\(index)" }

    /// The names in the directory, in order.
    func names() -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted()
    }

    func makeDirectory(_ name: String) throws {
        try FileManager.default.createDirectory(
            atPath: path(name),
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
    }

    /// A file's bytes, or nil if there is none.
    func read(_ parts: String...) -> [UInt8]? {
        let file = ([directory] + parts).joined(separator: "/")
        return FileManager.default.contents(atPath: file).map { Array($0) }
    }

    /// Writes a file durably under a name that it has only once it is whole.
    func write(_ bytes: [UInt8], _ folder: String, _ name: String) throws {
        let draft = path(folder, name + ".new")
        let file = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw SnapshotFilesError.cannotWrite(code: errno) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            guard count > 0 else {
                let code = errno
                close(file)
                throw SnapshotFilesError.cannotWrite(code: code)
            }
            rest = rest.dropFirst(count)
        }
        let isSynced = fsync(file) == 0
        close(file)
        guard isSynced, rename(draft, path(folder, name)) == 0 else {
            throw SnapshotFilesError.cannotWrite(code: errno)
        }
    }

    /// Gives a finished directory its name, durably.
    func publish(_ draft: String, as name: String) throws {
        guard rename(path(draft), path(name)) == 0 else {
            throw SnapshotFilesError.cannotWrite(code: errno)
        }
        let folder = open(directory, O_RDONLY | O_CLOEXEC)
        guard folder >= 0 else { throw SnapshotFilesError.cannotWrite(code: errno) }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw SnapshotFilesError.cannotWrite(code: errno) }
    }

    func remove(_ name: String) { try? FileManager.default.removeItem(atPath: path(name)) }
}

/// Why a snapshot's files could not be written.
public enum SnapshotFilesError: Error, Hashable, Sendable {
    /// The system refused; the code is `errno`.
    case cannotWrite(code: Int32)
}
