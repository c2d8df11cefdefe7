import Identity
import MarketTypes

/// Long names in short, with the whole of them to copy.
enum NameText {
    /// The first and last characters of a digest, such as `f104f7c9…f6f1`.
    static func short(_ digest: Digest) -> String {
        let text = "\(digest)"
        return "\(text.prefix(8))…\(text.suffix(4))"
    }

    /// An address, such as `stoa1qxy…9f2c`.
    static func short(_ account: AccountID) -> String {
        let text = "\(account)"
        return "\(text.prefix(10))…\(text.suffix(4))"
    }

    /// A name for the template `name`: short, full, and where it leads.
    static func fill(_ digest: Digest, link: String? = nil) -> Fill {
        var fill = Fill(["short": short(digest), "full": "\(digest)"])
        fill.put("href", link)
        return fill
    }

    static func fill(_ account: AccountID) -> Fill {
        Fill([
            "short": short(account), "full": "\(account)", "href": PortalPaths.account(account),
        ])
    }
}
