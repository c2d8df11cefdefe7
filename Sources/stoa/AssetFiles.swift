import CanonicalCoding
import FoundationEssentials
import Glibc
import MarketTypes

/// A file of an asset's content: its name without directories, its size and its SHA-256.
struct AssetFile: Hashable {
    /// The file as it was given.
    let path: String
    let name: String
    let bytes: UInt64
    let digest: Digest

    /// Reads a file of any size.
    init(path: String) throws {
        let unreadable = CommandFailure(
            "cannot read \(path)",
            hint: "does it exist, and may you read it?"
        )
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw unreadable }
        defer { close(file) }
        var hasher = SHA256Hasher()
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var size: UInt64 = 0
        while true {
            let count = read(file, &buffer, buffer.count)
            guard count >= 0 else { throw unreadable }
            if count == 0 { break }
            size += UInt64(count)
            buffer.withUnsafeBytes { hasher.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
        self.path = path
        name = path.split(separator: "/").last.map(String.init) ?? path
        bytes = size
        digest = hasher.finalize()
    }
}

/// What an asset's content digest stands for: one file, or several in one list.
struct AssetContent {
    let files: [AssetFile]

    /// Reads the files; their names must differ.
    init(paths: [String]) throws {
        files = try paths.map { try AssetFile(path: $0) }.sorted {
            $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
        }
        for (one, next) in zip(files, files.dropFirst()) where one.name == next.name {
            throw CommandFailure(
                "two files are called \(one.name)",
                hint: "names in a list must differ; rename one"
            )
        }
    }

    /// One file's SHA-256; of several files, that of the list of them.
    var digest: Digest {
        Self.digest(files.map { ($0.name, $0.digest) })
    }

    /// The SHA-256 of one file, or of what `sha256sum` prints of several, by ascending name:
    /// `sha256sum a b | sha256sum` says the same.
    static func digest(_ files: [(name: String, digest: Digest)]) -> Digest {
        if files.count == 1 { return files[0].digest }
        let sorted = files.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        let lines = sorted.map { "\($0.digest)  \($0.name)\n" }
        return Digest(sha256: Array(lines.joined().utf8))
    }
}
