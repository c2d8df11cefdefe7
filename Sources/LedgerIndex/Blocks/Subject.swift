import Identity
import LedgerCore
public import MarketTypes

/// Something that has a history: whatever an event names.
public struct Subject: Hashable, Sendable {
    /// What it is: `account`, `asset`, `offer`, `channel`, `unit`, or what the ledger's records
    /// call it, such as `escrow`.
    public let kind: String
    /// Its name.
    public let name: Digest

    /// Names a subject.
    public init(kind: String, name: Digest) {
        self.kind = kind
        self.name = name
    }

    /// An account.
    public static func account(_ account: AccountID) -> Subject {
        Subject(kind: "account", name: account.digest)
    }

    /// An asset.
    public static func asset(_ asset: AssetID) -> Subject {
        Subject(kind: "asset", name: asset.digest)
    }

    /// An offer.
    public static func offer(_ offer: OfferID) -> Subject {
        Subject(kind: "offer", name: offer.digest)
    }

    /// A channel.
    public static func channel(_ channel: ChannelID) -> Subject {
        Subject(kind: "channel", name: channel.digest)
    }

    /// A unit that somebody issued; the native one is in most events and has no history.
    public static func unit(_ unit: Digest) -> Subject { Subject(kind: "unit", name: unit) }

    /// What an event's field names, or nil if it names nothing.
    init?(_ value: EventRecord.Value) {
        switch value {
        case .account(let account): self = .account(account)
        case .asset(let asset): self = .asset(asset)
        case .offer(let offer): self = .offer(offer)
        case .channel(let channel): self = .channel(channel)
        case .object(let kind, let name): self.init(kind: kind, name: name)
        case .denomination(.issued(let unit)), .amount(_, .issued(let unit)): self = .unit(unit)
        case .denomination(.native), .amount(_, .native), .number, .height, .digest, .text, .flag:
            return nil
        }
    }

    /// The name for people and programs: an address for an account, hex for all else.
    public var text: String { kind == "account" ? "\(AccountID(name))" : "\(name)" }
}
