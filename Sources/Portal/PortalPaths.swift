import CanonicalCoding
import Identity
public import LedgerCore
public import MarketTypes

/// Where the pages are: no page writes another's address by hand.
public enum PortalPaths {
    /// Where styles, scripts and pictures are.
    public static let assets = "/assets/web"
    /// Where files are that others wrote.
    public static let libraries = "/assets/lib"
    /// The search.
    public static let search = "/search"

    /// Where people sign in.
    public static let signIn = "/sign-in"
    /// Where people who have no passkey here make one.
    public static let signUp = "/sign-up"
    /// Where a signed-in person's money is.
    public static let wallet = "/wallet"
    /// Who somebody is, and what was done in their name.
    public static let profile = "/account"
    /// API keys.
    public static let keys = "/account/keys"
    /// Where programs are told what happens.
    public static let webhooks = "/account/webhooks"
    /// What is kept to be named in calls.
    public static let files = "/account/files"
    /// Members and roles.
    public static let organisation = "/account/organisation"
    /// What keys spent.
    public static let usage = "/account/usage"
    /// Each call that the market paid for somebody.
    public static let receipts = "/account/receipts"
    /// Where somebody is led to sell a model.
    public static let sell = "/sell"
    /// What was paid, month by month.
    public static let invoices = "/account/invoices"
    /// Where an invitation leads.
    public static let join = "/join"

    /// An offer's page.
    public static func offer(_ offer: OfferID) -> String { "/offers/\(offer.digest)" }
    /// An asset's page.
    public static func asset(_ asset: AssetID) -> String { "/assets/\(asset.digest)" }
    /// An account's page.
    public static func account(_ account: AccountID) -> String { "/accounts/\(account)" }
    /// A market's page.
    public static func market(_ market: Digest) -> String { "/exchange/\(market)" }
    /// A proposal's page.
    public static func proposal(_ proposal: Digest) -> String { "/governance/\(proposal)" }
    /// A job's page.
    public static func job(_ escrow: Digest) -> String { "/jobs/\(escrow)" }
    /// A dispute's page.
    public static func dispute(_ dispute: Digest) -> String { "/disputes/\(dispute)" }
    /// A block's page.
    public static func block(_ height: BlockHeight) -> String {
        "/explorer/blocks/\(height.rawValue)"
    }
    /// A transaction's page.
    public static func transaction(_ digest: Digest) -> String {
        "/explorer/transactions/\(digest)"
    }
    /// The page on which an entry of the state is checked.
    public static func proof(_ key: StateKey) -> String {
        "/explorer/proof?key=\(Hex.encode(key.bytes))"
    }
    /// An operation of the API.
    public static func operation(_ id: String) -> String { "/docs/api/\(id)" }
    /// What a refusal means.
    public static func problem(_ name: String) -> String { "/problems/\(name)" }

    /// A path with parameters, those that are nil or empty left out, percent-encoded.
    public static func query(_ path: String, _ parameters: [(String, String?)]) -> String {
        let pairs = parameters.compactMap { name, value -> String? in
            guard let value, !value.isEmpty else { return nil }
            return "\(escape(name))=\(escape(value))"
        }
        return pairs.isEmpty ? path : path + "?" + pairs.joined(separator: "&")
    }

    /// RFC 3986: everything but unreserved characters is encoded.
    static func escape(_ text: String) -> String {
        var out = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                out.unicodeScalars.append(Unicode.Scalar(byte))
            default: out += "%" + Hex.encode([byte]).uppercased()
            }
        }
        return out
    }
}
