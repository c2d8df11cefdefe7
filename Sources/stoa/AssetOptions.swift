public import ArgumentParser
import CanonicalCoding
import Identity
import LedgerClient
public import LedgerCore
import MarketTypes

/// An asset as people name it: its 64 digits, `owner/name`, or the name of one's own.
struct AssetName {
    let text: String

    /// Which asset is meant; a bare name is one that `wallet` published.
    func resolve(home: HomeOptions, wallet: String) throws -> AssetID {
        if let digest = Digest(hex: text) { return AssetID(digest) }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty }), let name = parts.last else {
            throw CommandFailure(
                "“\(text)” names no asset",
                hint: "give its 64 hex digits, owner/name, or the name of your own"
            )
        }
        let owner = try Wallets(home: home).resolve(parts.count == 2 ? parts[0] : wallet)
        return Asset.id(owner: owner, name: name)
    }
}

/// A percentage as people type it, such as `12.5%`, in basis points.
struct PercentText: ExpressibleByArgument {
    let basisPoints: UInt16

    init?(argument: String) {
        let text = argument.hasSuffix("%") ? String(argument.dropLast()) : argument
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let whole = UInt16(parts[0]), whole <= 100 else {
            return nil
        }
        var rest: UInt16 = 0
        if parts.count == 2 {
            guard (1...2).contains(parts[1].utf8.count), let digits = UInt16(parts[1]) else {
                return nil
            }
            rest = parts[1].utf8.count == 1 ? digits * 10 : digits
        }
        guard whole * 100 + rest <= 10_000 else { return nil }
        basisPoints = whole * 100 + rest
    }
}

/// A parent as people type it: `asset[@version]:role:share%`.
struct ParentText: ExpressibleByArgument {
    let asset: AssetName
    let version: UInt32?
    let role: ParentRole
    let share: PercentText

    init?(argument: String) {
        let parts = argument.split(separator: ":").map(String.init)
        guard parts.count == 3,
            let role = ParentRole.allCases.first(where: { $0.name == parts[1] }),
            let share = PercentText(argument: parts[2])
        else { return nil }
        let named = parts[0].split(separator: "@").map(String.init)
        guard let name = named.first, named.count <= 2 else { return nil }
        var version: UInt32?
        if named.count == 2 {
            guard let number = UInt32(named[1]) else { return nil }
            version = number
        }
        asset = AssetName(text: name)
        self.version = version
        self.role = role
        self.share = share
    }
}

extension UsePermission: ExpressibleByArgument {
    /// The name that help texts show as the default.
    public var defaultValueDescription: String { name }

    /// The names say it all.
    public static var allValueDescriptions: [String: String] { [:] }

    /// Parses the name.
    public init?(argument: String) {
        guard let known = Self.allCases.first(where: { $0.name == argument }) else { return nil }
        self = known
    }

    /// The names that help texts list.
    public static var allValueStrings: [String] { allCases.map(\.name) }
}

extension AssetKind: ExpressibleByArgument {
    /// The name that help texts show as the default.
    public var defaultValueDescription: String { name }

    /// The names say it all.
    public static var allValueDescriptions: [String: String] { [:] }

    /// Parses the name.
    public init?(argument: String) {
        guard let known = Self.allCases.first(where: { $0.name == argument }) else { return nil }
        self = known
    }

    /// The names that help texts list.
    public static var allValueStrings: [String] { allCases.map(\.name) }
}

/// What an asset may be used for and what may be made from it, as options.
struct TermsOptions: ParsableArguments {
    @Option(help: "the licence, as an SPDX identifier, or LicenseRef-… with --licence-text")
    var licence = "Apache-2.0"
    @Option(help: ArgumentHelp("the text of a licence of your own", valueName: "file"))
    var licenceText: String?
    @Option(
        name: .customLong("parent"),
        help: ArgumentHelp(
            "what it was made from, what that was (base-model, dataset, adapter or other), and "
                + "its part of all income; may be given up to 8 times",
            valueName: "asset[@version]:role:share%"
        )
    )
    var parents: [ParentText] = []
    @Option(
        help: ArgumentHelp(
            "let others derive from it, for at least this part of what they earn; without it, "
                + "nothing may be derived",
            valueName: "percent"
        )
    )
    var royaltyMin: PercentText?
    @Option(name: .customLong("training"), help: "may models be trained on it (else allowed)")
    var trainingName: UsePermission?
    @Option(help: "may models that generate be trained on it (else as --training)")
    var generativeTraining: UsePermission?
    @Option(name: .customLong("mining"), help: "may it be mined for patterns (else allowed)")
    var miningName: UsePermission?
    @Option(name: .customLong("inference"), help: "may it be fed to a model (else allowed)")
    var inferenceName: UsePermission?

    var training: UsePermission { trainingName ?? .allowed }
    var mining: UsePermission { miningName ?? .allowed }
    var inference: UsePermission { inferenceName ?? .allowed }

    /// The terms, with parents at their latest versions unless told otherwise.
    func terms(
        ledger: any LedgerConnection,
        home: HomeOptions,
        wallet: String
    ) async throws -> AssetTerms {
        var parents: [AssetParent] = []
        for parent in self.parents {
            let id = try parent.asset.resolve(home: home, wallet: wallet)
            guard let asset = try await ledger.read(Asset.self, .asset(id)) else {
                throw CommandFailure("there is no asset \(parent.asset.text)", hint: assetHint)
            }
            parents.append(
                AssetParent(
                    asset: id,
                    version: parent.version ?? asset.latestVersion,
                    shareBasisPoints: parent.share.basisPoints,
                    role: parent.role
                )
            )
        }
        return AssetTerms(
            licenceText: try licenceText.map { try AssetFile(path: $0).digest },
            use: DataUse(
                training: training,
                generativeTraining: generativeTraining ?? training,
                mining: mining,
                inference: inference
            ),
            royaltyMinBasisPoints: royaltyMin?.basisPoints,
            parents: parents.sorted { $0.asset < $1.asset }
        )
    }
}

/// What to do about an asset that is not there.
let assetHint = "see `stoa asset list`"
