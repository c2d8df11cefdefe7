/// Where somebody goes on after signing in: a path of this site, never another one's address.
struct LocalPath: Hashable, Sendable {
    /// The longest path in bytes.
    static let bytesMax = 4096
    /// Where people go who came from nowhere.
    static let wallet = LocalPath(known: "/wallet")

    let text: String

    private init(known text: String) { self.text = text }

    /// Takes a path that begins with one slash and is visible ASCII throughout; all else is the
    /// wallet: browsers read `//`, `/\` and control characters as the way to another site.
    init(_ text: String?) {
        guard let text, text.utf8.count <= Self.bytesMax, text.utf8.first == UInt8(ascii: "/"),
            text.utf8.dropFirst().first != UInt8(ascii: "/"),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") })
        else {
            self = .wallet
            return
        }
        self.text = text
    }

    /// A page's address with this as its `next`.
    func after(_ page: String) -> String { page + "?next=" + PortalPaths.escape(text) }
}
