import CanonicalCoding
public import MarketTypes

/// Whether one use of content is permitted, in the words of C2PA's training and data mining
/// assertion; the numbers are append-only.
public enum UsePermission: UInt8, Hashable, CaseIterable, Sendable {
    /// The use is permitted.
    case allowed = 1
    /// The use is forbidden.
    case notAllowed = 2
    /// The use is permitted under conditions that the licence spells out; rules cannot judge them.
    case constrained = 3

    /// The word that C2PA has for it.
    public var name: String {
        switch self {
        case .allowed: "allowed"
        case .notAllowed: "notAllowed"
        case .constrained: "constrained"
        }
    }

    /// How much is forbidden: more is stricter.
    private var strictness: Int {
        switch self {
        case .allowed: 0
        case .constrained: 1
        case .notAllowed: 2
        }
    }

    /// Whether this permits more than `other` does.
    func isLooser(than other: UsePermission) -> Bool { strictness < other.strictness }
}

/// What an asset's owner lets others do with its content: C2PA's four uses.
public struct DataUse: Hashable, Sendable {
    /// Training any model (`c2pa.ai_training`).
    public let training: UsePermission
    /// Training a model that generates content (`c2pa.ai_generative_training`).
    public let generativeTraining: UsePermission
    /// Mining for patterns (`c2pa.data_mining`).
    public let mining: UsePermission
    /// Feeding to a trained model (`c2pa.ai_inference`).
    public let inference: UsePermission

    /// Everything is permitted.
    public static let open = DataUse(all: .allowed)

    /// Says of each use whether it is permitted.
    public init(
        training: UsePermission,
        generativeTraining: UsePermission,
        mining: UsePermission,
        inference: UsePermission
    ) {
        self.training = training
        self.generativeTraining = generativeTraining
        self.mining = mining
        self.inference = inference
    }

    /// Says the same of all uses.
    public init(all permission: UsePermission) {
        self.init(
            training: permission,
            generativeTraining: permission,
            mining: permission,
            inference: permission
        )
    }

    /// Each use under the name that C2PA has for it.
    public var entries: [(name: String, permission: UsePermission)] {
        [
            ("c2pa.ai_training", training), ("c2pa.ai_generative_training", generativeTraining),
            ("c2pa.data_mining", mining), ("c2pa.ai_inference", inference),
        ]
    }

    /// Whether this permits some use that `other` permits less.
    func isLooser(than other: DataUse) -> Bool {
        zip(entries, other.entries).contains { $0.permission.isLooser(than: $1.permission) }
    }
}

/// What a parent was to its child; the numbers are append-only.
public enum ParentRole: UInt8, Hashable, CaseIterable, Sendable {
    /// The model that the child was trained on from.
    case baseModel = 1
    /// Data that the child was made of or trained on.
    case dataset = 2
    /// A model of few weights that the child joins to another.
    case adapter = 3
    /// Anything else.
    case other = 4

    /// The name used in JSON and on the command line.
    public var name: String {
        switch self {
        case .baseModel: "base-model"
        case .dataset: "dataset"
        case .adapter: "adapter"
        case .other: "other"
        }
    }

    /// Whether an asset of `kind` can have been that: data is called data, whoever names it.
    func suits(_ kind: AssetKind) -> Bool {
        switch self {
        case .baseModel, .adapter: kind == .model
        case .dataset: kind == .dataset
        case .other: kind != .dataset
        }
    }
}

/// One thing that an asset was made from, and what it gets of the asset's income.
public struct AssetParent: Hashable, Sendable {
    /// Which asset.
    public let asset: AssetID
    /// Which version of it.
    public let version: UInt32
    /// Its part of all that reaches the child, in basis points; may be 0.
    public let shareBasisPoints: UInt16
    /// What it was to the child.
    public let role: ParentRole

    /// Names a parent.
    public init(asset: AssetID, version: UInt32, shareBasisPoints: UInt16, role: ParentRole) {
        self.asset = asset
        self.version = version
        self.shareBasisPoints = shareBasisPoints
        self.role = role
    }
}

/// What an asset may be used for, what it was made from, and what may be made from it: fixed when
/// it is published, for all its versions and owners.
public struct AssetTerms: Hashable, Sendable {
    /// How a licence that SPDX does not list begins; its text's digest then stands beside it.
    public static let ownLicencePrefix = "LicenseRef-"

    /// The SHA-256 of the licence's text; present exactly if the licence is not one of SPDX's list.
    public let licenceText: Digest?
    /// What the content may be used for.
    public let use: DataUse
    /// The least part of a child's income that goes to this asset, in basis points; nil if nothing
    /// may be derived from it.
    public let royaltyMinBasisPoints: UInt16?
    /// What it was made from, by ascending asset; at most ``Lineage/parentsMax``.
    public let parents: [AssetParent]

    /// Creates terms.
    public init(
        licenceText: Digest?,
        use: DataUse,
        royaltyMinBasisPoints: UInt16?,
        parents: [AssetParent]
    ) {
        self.licenceText = licenceText
        self.use = use
        self.royaltyMinBasisPoints = royaltyMinBasisPoints
        self.parents = parents
    }

    /// The digest by which documents refer to these terms.
    public var digest: Digest { Digest(.assetTerms, of: self) }
}
