public import ArgumentParser
import CanonicalCoding
import FoundationEssentials
import Glibc
import MarketTypes
public import SettlementCore

/// What a seller says about the thing it sells.
struct SellOptions: ParsableArguments {
    @Argument(help: "the name buyers will use, such as smollm2-135m")
    var model: String
    @Option(help: ArgumentHelp("the server that does the work", valueName: "url"))
    var upstream: String
    @Option(help: "the server's own name for the model (else the same name)")
    var upstreamModel: String?
    @Option(
        help: ArgumentHelp(
            "the environment variable that holds the server's API key",
            valueName: "name"
        )
    )
    var upstreamKeyEnvironment: String?
    @Flag(
        help: """
            let chats link to images, which the server then fetches from wherever a buyer says; \
            their tokens may be more than a call can be charged for
            """
    )
    var linkedMedia = false
    @Option(name: .customLong("interface"), help: "how it is called (else chat)")
    var interfaceName: CallInterface?
    @Option(
        help: ArgumentHelp(
            "the unit that prices count, in its smallest part (obol for STOA): TICKER, "
                + "issuer/TICKER, its 64 hex digits, STOA, or shares:ASSET",
            valueName: "unit"
        )
    )
    var unit = UnitName("STOA")
    @Option(help: ArgumentHelp("price of input tokens", valueName: "obol[/tokens]"))
    var priceIn: PriceText?
    @Option(help: ArgumentHelp("price of output tokens", valueName: "obol[/tokens]"))
    var priceOut: PriceText?
    @Option(help: ArgumentHelp("price of a call, or of an image", valueName: "obol[/calls]"))
    var priceCall: PriceText?
    @Option(help: ArgumentHelp("price of a started second", valueName: "obol[/seconds]"))
    var priceSecond: PriceText?
    @Option(help: ArgumentHelp("price of a byte of answer", valueName: "obol[/bytes]"))
    var priceByte: PriceText?
    @Option(help: ArgumentHelp("the weights: their digest goes into the offer", valueName: "file"))
    var weights: String?
    @Option(
        help: ArgumentHelp("the weights' digest, if the file is elsewhere", valueName: "sha256")
    )
    var weightsDigest: String?
    @Option(help: ArgumentHelp("a published asset of yours (else one is made)", valueName: "id"))
    var asset: String?
    @Option(help: "the licence, as an SPDX identifier")
    var licence = "LicenseRef-unknown"
    @Option(help: "STOA that the seller keeps at risk", transform: Amount.init(argument:))
    var bond = Amount.zero
    @Option(help: "the largest request body in bytes (else 1 MiB; where files are sent, 26 MiB)")
    var requestBytesMax: UInt32?
    @Option(help: "the most input tokens of one call")
    var inputTokensMax: UInt32 = 32_768
    @Option(help: "the most output tokens of one call")
    var outputTokensMax: UInt32 = 4096
    @Option(help: "the most tokens that the prompt template adds to what the buyer sent")
    var templateTokensMax: UInt32 = 256
    @Option(help: "the longest a call may take, in seconds")
    var callSecondsMax: UInt32 = 300
    @Option(help: "for how many days the offer stands")
    var days: UInt64 = 365

    /// How it is called.
    var interface: CallInterface { interfaceName ?? .chat }

    /// The price table of the options that were given.
    func prices() throws -> PriceTable {
        var prices = SortedMap<Unit, Price>()
        prices[.inputToken] = priceIn?.price
        prices[.outputToken] = priceOut?.price
        prices[.call] = priceCall?.price
        prices[.second] = priceSecond?.price
        prices[.byte] = priceByte?.price
        guard !prices.isEmpty else {
            throw ValidationError("give at least one price, such as --price-in 20 --price-out 60")
        }
        return PriceTable(prices)
    }

    /// The limits that the offer states.
    var limits: OfferLimits {
        OfferLimits(
            requestBytesMax: requestBytesMax ?? (interface.isUpload ? 26 << 20 : 1 << 20),
            inputTokensMax: inputTokensMax,
            outputTokensMax: outputTokensMax,
            templateTokensMax: templateTokensMax,
            callMillisecondsMax: callSecondsMax * 1000
        )
    }

    /// The asset that is sold, if one was named.
    func namedAsset() throws -> AssetID? {
        guard let asset else { return nil }
        guard let digest = Digest(hex: asset) else {
            throw ValidationError("--asset is 64 hex digits, as `stoa asset list` shows")
        }
        return AssetID(digest)
    }

    /// Whether the weights were named, rather than the server that has them.
    var namesWeights: Bool { weights != nil || weightsDigest != nil }

    /// The digest of what determines the answers.
    func weightsDigestValue() throws -> Digest {
        if let weightsDigest {
            guard let digest = Digest(hex: weightsDigest) else {
                throw ValidationError("--weights-digest is 64 hex digits")
            }
            return digest
        }
        if let weights { return try hashFile(weights) }
        // What cannot be hashed is named: the same model at the same server is the same thing.
        return Digest(sha256: Array("\(upstream) \(upstreamModel ?? model)".utf8))
    }

    func validate() throws {
        guard weights == nil || weightsDigest == nil else {
            throw ValidationError("give --weights or --weights-digest, not both")
        }
        guard (1...86_400).contains(callSecondsMax), (1...36_500).contains(days) else {
            throw ValidationError("--call-seconds-max is up to 86400, --days up to 36500")
        }
    }

    private func hashFile(_ path: String) throws -> Digest {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw CommandFailure("cannot read the weights in \(path)") }
        defer { close(file) }
        var hasher = SHA256Hasher()
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(file, &buffer, buffer.count)
            guard count >= 0 else { throw CommandFailure("cannot read the weights in \(path)") }
            if count == 0 { return hasher.finalize() }
            buffer.withUnsafeBytes { hasher.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
    }
}

/// A price as people type it: `20`, or `20/1000` for twenty obol per thousand units.
struct PriceText: ExpressibleByArgument {
    let price: Price

    init?(argument: String) {
        let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let first = parts.first,
            let amount = try? Amount(obolText: String(first)),
            let perUnits = parts.count == 2 ? UInt64(parts[1]) : 1,
            let price = Price(amount: amount, perUnits: perUnits)
        else { return nil }
        self.price = price
    }
}

extension CallInterface: ExpressibleByArgument {
    /// The names that help texts list.
    public static var allValueStrings: [String] { allCases.map(\.name) }

    /// The name that help texts show as the default.
    public var defaultValueDescription: String { name }

    /// The names say it all.
    public static var allValueDescriptions: [String: String] { [:] }

    /// Parses the interface's name.
    public init?(argument: String) {
        guard let match = Self.allCases.first(where: { $0.name == argument }) else { return nil }
        self = match
    }
}
