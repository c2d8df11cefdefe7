public import CanonicalCoding
public import MarketTypes

/// What an issuer publishes of a unit, once and for ever.
public struct UnitTerms: Hashable, Sendable {
    /// The longest ticker in bytes.
    public static let tickerBytesMax = 12
    /// The longest name in bytes.
    public static let nameBytesMax = 64
    /// The longest link in bytes.
    public static let linkBytesMax = 256
    /// The most digits behind the point.
    public static let decimalsMax: UInt8 = 18
    /// The most that there can be of any unit at one time, in its smallest part.
    public static let supplyMax = Amount(obol: 1 << 96)

    /// A short name in capitals and digits, such as `EURC`; one issuer has each only once.
    public let ticker: String
    /// A name for people.
    public let name: String
    /// How many digits people write behind the point: the unit has 10^decimals smallest parts.
    public let decimals: UInt8
    /// The digest of the document that says what a unit is worth and who redeems it how.
    public let document: Digest
    /// Where that document can be read.
    public let link: String
    /// The most that there can be at one time, in the smallest part.
    public let supplyMax: Amount

    /// Creates terms; the ledger checks them.
    public init(
        ticker: String,
        name: String,
        decimals: UInt8,
        document: Digest,
        link: String,
        supplyMax: Amount
    ) {
        self.ticker = ticker
        self.name = name
        self.decimals = decimals
        self.document = document
        self.link = link
        self.supplyMax = supplyMax
    }

    /// Checks what needs no state.
    func checkForm() throws(UnitRefusal) {
        guard Self.isValidTicker(ticker) else { throw .invalidTicker }
        guard !name.isEmpty, isPrintable(name), !name.hasPrefix(" "), !name.hasSuffix(" "),
            isPrintable(link), !link.utf8.contains(UInt8(ascii: " "))
        else { throw .invalidText }
        guard decimals <= Self.decimalsMax else { throw .invalidDecimals }
        guard !supplyMax.isZero, supplyMax <= Self.supplyMax else { throw .invalidSupply }
    }

    /// From 3 to 12 capitals and digits, a capital first; the native unit's names are taken.
    private static func isValidTicker(_ ticker: String) -> Bool {
        let bytes = Array(ticker.utf8)
        let capitals = UInt8(ascii: "A")...UInt8(ascii: "Z")
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard (3...tickerBytesMax).contains(bytes.count), capitals.contains(bytes[0]),
            bytes.allSatisfy({ capitals.contains($0) || digits.contains($0) })
        else { return false }
        return ticker != "STOA" && ticker != "OBOL"
    }
}

/// A unit as the ledger keeps it; how much there is of it stands under ``StateKey/supply(_:)``.
public struct UnitRecord: Hashable, Sendable {
    /// Who made it, and alone may make more of it.
    public let issuer: AccountID
    /// What was published of it.
    public let terms: UnitTerms
    /// All that was ever minted, in the smallest part.
    public internal(set) var minted: Amount
    /// All that was ever burned, by holders or by redemption; minted − burned is the supply.
    public internal(set) var burned: Amount
    /// When it was made.
    public let issuedAt: BlockHeight

    /// The name of the unit that `issuer` issues, or would, under `ticker`.
    public static func unit(issuer: AccountID, ticker: String) -> Digest {
        var encoder = CanonicalEncoder()
        encoder.encode(issuer.digest)
        encoder.encode(ticker)
        return Digest(.unit, encoder.bytes)
    }
}

extension UnitTerms: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(ticker)
        encoder.encode(name)
        encoder.encode(decimals)
        encoder.encode(document)
        encoder.encode(link)
        encoder.encode(supplyMax)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        ticker = try decoder.decodeString(bytesMax: Self.tickerBytesMax)
        name = try decoder.decodeString(bytesMax: Self.nameBytesMax)
        decimals = try decoder.decodeUInt8()
        document = try decoder.decodeDigest()
        link = try decoder.decodeString(bytesMax: Self.linkBytesMax)
        supplyMax = try decoder.decodeAmount()
    }
}

extension UnitRecord: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(issuer.digest)
        encoder.encode(terms)
        encoder.encode(minted)
        encoder.encode(burned)
        encoder.encode(issuedAt.rawValue)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        issuer = AccountID(try decoder.decodeDigest())
        terms = try UnitTerms(from: &decoder)
        minted = try decoder.decodeAmount()
        burned = try decoder.decodeAmount()
        issuedAt = BlockHeight(try decoder.decodeUInt64())
    }
}
