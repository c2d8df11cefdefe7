import CanonicalCoding
import FoundationEssentials
import MarketTypes

/// A file that browsers fetch; in memory, with its compressed form.
struct StaticFile: Sendable {
    let name: String
    let contentType: String
    let bytes: [UInt8]
    let compressed: [UInt8]?
    /// The first digits of the content's SHA-256.
    let hash: String

    /// Reads what kind of file it is from its name; nil if browsers need no such file.
    init?(name: String, bytes: [UInt8]) {
        guard let kind = name.split(separator: ".").last,
            let contentType = Self.contentTypes[String(kind)]
        else { return nil }
        self.name = name
        self.contentType = contentType
        self.bytes = bytes
        compressed = Gzip.compress(bytes, level: 9).flatMap { $0.count < bytes.count ? $0 : nil }
        hash = String(Digest(sha256: bytes).description.prefix(16))
    }

    static let contentTypes = [
        "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
        "svg": "image/svg+xml", "woff2": "font/woff2",
    ]

    /// Where the file is, below a folder: its address names its content.
    func path(under folder: String) -> String { "\(folder)/\(hash)/\(name)" }
}

/// The files of the pages, and the templates they are written with.
struct PortalFiles: Sendable {
    /// The most bytes of a file that is read from a folder.
    static let fileBytesMax = 1 << 20
    /// The most files that are read from a folder.
    static let filesMax = 128

    private(set) var templates: [String: String] = [:]
    private(set) var files: [String: StaticFile] = [:]
    /// Tables that pages are made from.
    private(set) var tables: [String: String] = [:]

    /// The files that are part of the program.
    init() {
        for (name, bytes) in EmbeddedFiles.all { add(name, bytes) }
    }

    /// The files of a folder, those below it left out.
    ///
    /// - Throws: a `CocoaError` if the folder cannot be read.
    init(folder: String) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        for name in names.prefix(Self.filesMax) {
            guard let data = FileManager.default.contents(atPath: "\(folder)/\(name)"),
                data.count <= Self.fileBytesMax
            else { continue }
            add(name, Array(data))
        }
    }

    private mutating func add(_ name: String, _ bytes: [UInt8]) {
        if name.hasSuffix(".mustache") {
            let short = String(name.dropLast(".mustache".count))
            templates[short] = String(decoding: bytes, as: UTF8.self)
        } else if name.hasSuffix(".tsv") {
            tables[name] = String(decoding: bytes, as: UTF8.self)
        } else if let file = StaticFile(name: name, bytes: bytes) {
            files[name] = file
        }
    }
}
