/// On whose behalf a call is bought: several organisations may share one account that pays, and
/// what one of them bought is none of the others' business.
public struct CallBuyer: Hashable, Sendable {
    /// The most bytes of an organisation's or a user's name.
    public static let nameBytesMax = 32
    /// The most bytes of a key's name.
    public static let keyBytesMax = 64

    /// The organisation; an opaque name.
    public let organisation: [UInt8]
    /// Who acted for it; an opaque name. The organisation that somebody is alone in has theirs.
    public let user: [UInt8]
    /// The name of the key that called; nil if it was no key.
    public let key: String?

    /// Names a buyer; nil if a name is too long, or the key's is empty.
    public init?(organisation: [UInt8], user: [UInt8], key: String? = nil) {
        guard organisation.count <= Self.nameBytesMax, user.count <= Self.nameBytesMax,
            key.map({ (1...Self.keyBytesMax).contains($0.utf8.count) }) ?? true
        else { return nil }
        self.organisation = organisation
        self.user = user
        self.key = key
    }

    /// What this buyer may see of what an account paid for.
    public var view: PurchaseView {
        PurchaseView(organisation: organisation, isAlone: organisation == user)
    }
}

/// What somebody may see of the calls that one account paid for.
public struct PurchaseView: Hashable, Sendable {
    /// Whose calls.
    public let organisation: [UInt8]
    /// Whether also those are seen that were written down without an organisation, before these
    /// were: only by the person whose account it is, who acts for nobody but themselves.
    public let isAlone: Bool

    /// Describes a view.
    public init(organisation: [UInt8], isAlone: Bool) {
        self.organisation = organisation
        self.isAlone = isAlone
    }

    /// Whether a call of that buyer is seen.
    public func shows(_ buyer: CallBuyer?) -> Bool {
        buyer.map { $0.organisation == organisation } ?? isAlone
    }
}
