public import CanonicalCoding
public import MarketTypes

/// What kind of thing an asset is; the numbers are append-only.
public enum AssetKind: UInt8, Hashable, CaseIterable, Sendable {
    case model = 1
    case dataset = 2
    case service = 3
    case compute = 4
    case agent = 5
    case prompt = 6

    /// The name used in JSON and on the command line.
    public var name: String {
        switch self {
        case .model: "model"
        case .dataset: "dataset"
        case .service: "service"
        case .compute: "compute"
        case .agent: "agent"
        case .prompt: "prompt"
        }
    }
}

/// One version of an asset: its content and where to read about it.
public struct AssetVersion: Hashable, Sendable {
    /// The longest link in bytes.
    public static let linkBytesMax = 256

    /// The digest of the content: for a model, of its weights.
    public let content: Digest
    /// A link to a description for people; may be empty.
    public let metadataLink: String

    /// Creates a version.
    public init(content: Digest, metadataLink: String) {
        self.content = content
        self.metadataLink = metadataLink
    }
}

/// A request to publish a new asset with its first version.
public struct AssetPublication: Hashable, Sendable {
    /// The longest licence identifier in bytes.
    public static let licenceBytesMax = 64

    /// The asset's name, unique for its owner.
    public let name: String
    /// What kind of thing it is.
    public let kind: AssetKind
    /// The licence, as an SPDX identifier such as `Apache-2.0`.
    public let licence: String
    /// The first version.
    public let version: AssetVersion

    /// Creates a publication.
    public init(name: String, kind: AssetKind, licence: String, version: AssetVersion) {
        self.name = name
        self.kind = kind
        self.licence = licence
        self.version = version
    }
}

/// What the ledger keeps for one asset; its versions stand under their own keys.
public struct Asset: Hashable, Sendable {
    /// Who may publish versions and offers; changes when an asset is given and accepted.
    public internal(set) var owner: AccountID
    /// The name it was published under.
    public let name: String
    /// What kind of thing it is.
    public let kind: AssetKind
    /// The licence it was published under.
    public let licence: String
    /// The number of the latest version, from 1.
    public internal(set) var latestVersion: UInt32

    /// The name of the asset that `owner` published under `name`.
    public static func id(owner: AccountID, name: String) -> AssetID {
        var encoder = CanonicalEncoder()
        encoder.encode(owner.digest)
        encoder.encode(name)
        return AssetID(Digest(.asset, encoder.bytes))
    }
}

/// A name that can stand in URLs, files and `model` fields: lower-case letters, digits and
/// `. _ -`, from 2 to 64 bytes, starting and ending with a letter or digit.
enum MarketName {
    static func isValid(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        guard (2...64).contains(bytes.count), let first = bytes.first, let last = bytes.last
        else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && bytes.allSatisfy { isAlphanumeric($0) || "._-".utf8.contains($0) }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}

/// Text that is safe to print: ASCII from space to tilde.
func isPrintable(_ text: String) -> Bool {
    text.utf8.allSatisfy { (0x20...0x7e).contains($0) }
}

/// Why an asset could not be published.
public enum AssetRefusal: UInt32, Error, Hashable, CaseIterable, Sendable {
    /// The name breaks the rules for names.
    case invalidName = 1
    /// The licence or a link is empty where it may not be, or has characters it may not have.
    case invalidText = 2
    /// The owner already has an asset of this name.
    case alreadyPublished = 3
    /// There is no such asset.
    case unknownAsset = 4
    /// The sender does not own the asset.
    case notOwner = 5
    /// The asset has as many versions as can be counted.
    case tooManyVersions = 6
}

extension AssetVersion: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(content)
        encoder.encode(metadataLink)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        content = try decoder.decodeDigest()
        metadataLink = try decoder.decodeString(bytesMax: Self.linkBytesMax)
    }
}

extension AssetPublication: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(name)
        encoder.encode(kind.rawValue)
        encoder.encode(licence)
        encoder.encode(version)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        name = try decoder.decodeString(bytesMax: 64)
        guard let kind = AssetKind(rawValue: try decoder.decodeUInt8()) else { throw .unknownTag }
        self.kind = kind
        licence = try decoder.decodeString(bytesMax: Self.licenceBytesMax)
        version = try AssetVersion(from: &decoder)
    }
}

extension Asset: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(owner.digest)
        encoder.encode(name)
        encoder.encode(kind.rawValue)
        encoder.encode(licence)
        encoder.encode(latestVersion)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        owner = AccountID(try decoder.decodeDigest())
        name = try decoder.decodeString(bytesMax: 64)
        guard let kind = AssetKind(rawValue: try decoder.decodeUInt8()) else { throw .unknownTag }
        self.kind = kind
        licence = try decoder.decodeString(bytesMax: AssetPublication.licenceBytesMax)
        latestVersion = try decoder.decodeUInt32()
    }
}
