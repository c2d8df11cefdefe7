public import MarketTypes

/// A file that the market keeps for an organisation, without its content.
public struct KeptFile: Hashable, Sendable {
    /// The longest name of a file in bytes.
    public static let nameBytesMax = 255
    /// The longest purpose, and type, in bytes.
    public static let wordBytesMax = 100
    /// What every identifier begins with.
    public static let idPrefix = "file-"

    /// Its name in the API: ``idPrefix`` and 32 hex digits, chosen at random.
    public let id: String
    /// What its owner calls it; a label, never a path.
    public let filename: String
    /// What its owner wants it for.
    public let purpose: String
    /// What its owner says it is, such as `application/pdf`.
    public let type: String
    /// The size in bytes.
    public let bytes: Int
    /// When it came.
    public let createdAt: Timestamp
    /// When it is gone; nil for never.
    public let expiresAt: Timestamp?
}

/// A file as it comes.
public struct FileDraft: Sendable {
    /// What its owner calls it.
    public let filename: String
    /// What its owner wants it for.
    public let purpose: String
    /// What its owner says it is.
    public let type: String
    /// After how many seconds it is gone; nil for never.
    public let lifeSeconds: UInt64?
    /// What is in it.
    public let content: [UInt8]

    /// Puts a file together.
    public init(
        filename: String,
        purpose: String,
        type: String,
        lifeSeconds: UInt64?,
        content: [UInt8]
    ) {
        self.filename = filename
        self.purpose = purpose
        self.type = type
        self.lifeSeconds = lifeSeconds
        self.content = content
    }
}

/// How much may be kept.
public struct FileLimits: Hashable, Sendable {
    /// The most that ``fileBytesMax`` may be, in bytes.
    public static let fileBytesMost = 25 << 20

    /// The largest file, in bytes.
    public var fileBytesMax = fileBytesMost
    /// The most bytes of one organisation.
    public var organisationBytesMax = 256 << 20
    /// The most files of one organisation.
    public var organisationFilesMax = 1_000
    /// The most bytes of all organisations together.
    public var totalBytesMax = 8 << 30

    /// The standard limits.
    public init() {}
}

/// Why a file is not kept or found.
public enum FileRefusal: Error, Hashable, Sendable {
    /// It is empty, or its name, purpose or type is.
    case unfit
    /// It is larger than a file may be.
    case tooLarge(bytesMax: Int)
    /// The organisation has as many bytes as it may.
    case organisationFull(bytesMax: Int)
    /// The organisation has as many files as it may.
    case tooMany(filesMax: Int)
    /// The market keeps as much as it can.
    case marketFull
    /// The organisation has no such file.
    case unknown
}
