import Identity
public import LedgerCore
public import MarketTypes
import SettlementCore

/// An asset as the catalogue shows it.
public struct AssetEntry: Hashable, Sendable {
    /// The asset's name on the ledger.
    public let id: AssetID
    /// Owner, name, kind, licence and the number of the latest version.
    public let asset: Asset
    /// The latest version.
    public let latest: AssetVersion
    /// When its owner retired it; nil while it is not.
    public let retiredAt: BlockHeight?
    /// Who becomes its owner by accepting it; nil while nobody may.
    public let offeredTo: AccountID?

    /// Joins the parts.
    public init(
        id: AssetID,
        asset: Asset,
        latest: AssetVersion,
        retiredAt: BlockHeight?,
        offeredTo: AccountID?
    ) {
        self.id = id
        self.asset = asset
        self.latest = latest
        self.retiredAt = retiredAt
        self.offeredTo = offeredTo
    }
}

/// What an offer's row takes from its asset: what never changes of one.
public struct AssetLabel: Hashable, Sendable {
    /// The asset's name for people.
    public let title: String
    /// What kind of thing it is.
    public let kind: AssetKind
    /// Its licence.
    public let licence: String

    /// Writes a label.
    public init(title: String, kind: AssetKind, licence: String) {
        self.title = title
        self.kind = kind
        self.licence = licence
    }

    init(_ asset: Asset) {
        self.init(title: asset.name, kind: asset.kind, licence: asset.licence)
    }
}

/// An offer as the catalogue shows it.
public struct OfferEntry: Hashable, Sendable {
    /// The offer's name.
    public let id: OfferID
    /// The offer and its standing.
    public let record: OfferRecord
    /// What its asset is.
    public let label: AssetLabel

    /// Joins the parts.
    public init(id: OfferID, record: OfferRecord, label: AssetLabel) {
        self.id = id
        self.record = record
        self.label = label
    }
}

extension Price {
    /// What a million units cost, rounded up; the most there can be if that is more.
    var perMillion: Amount {
        let (high, low) = amount.obol.multipliedFullWidth(by: 1_000_000)
        let units = UInt128(perUnits)
        guard high < units else { return Amount(obol: .max) }
        let (quotient, rest) = units.dividingFullWidth((high, low))
        return Amount(obol: rest == 0 || quotient == .max ? quotient : quotient + 1)
    }
}

/// The words of an asset or offer that a search finds it by.
struct SearchWords: Hashable, Sendable {
    let model: String
    let title: String
    let kind: String
    let licence: String
    let owner: String

    init(_ entry: AssetEntry) {
        model = ""
        title = entry.asset.name
        kind = entry.asset.kind.name
        licence = entry.asset.licence
        owner = "\(entry.asset.owner)"
    }

    init(_ entry: OfferEntry) {
        model = entry.record.offer.model
        title = entry.label.title
        kind = entry.label.kind.name + " " + entry.record.offer.interface.name
        licence = entry.label.licence
        owner = "\(entry.record.offer.seller)"
    }
}
