/// Where messages go, taken apart so strictly that no two readers can see two hosts in it.
public struct WebhookURL: Hashable, Sendable {
    /// Whether it is `https`.
    public let isSecure: Bool
    /// A name in lower case, four numbers, or an address of IPv6 without its brackets.
    public let host: String
    /// The port.
    public let port: Int
    /// Path and query.
    public let target: String

    /// Reads an address.
    ///
    /// - Parameter allowsLoopback: whether `http` to this machine is one too, for development.
    /// - Throws: ``WebhookRefusal/badAddress(_:)`` with what is wrong.
    public init(_ text: String, allowsLoopback: Bool) throws(WebhookRefusal) {
        guard text.utf8.count <= 1024, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            !text.contains(where: { "\\\"<>^`{|}#".contains($0) })
        else { throw .badAddress("it has characters that no address has, or is too long") }
        if text.hasPrefix("https://") {
            isSecure = true
        } else if text.hasPrefix("http://"), allowsLoopback {
            isSecure = false
        } else {
            throw .badAddress("it must begin with https://")
        }
        let rest = text.dropFirst(isSecure ? 8 : 7)
        let authority = rest.prefix { !"/?".contains($0) }
        guard !authority.contains("@") else { throw .badAddress("it must name no user") }
        let after = rest[authority.endIndex...]
        target = after.hasPrefix("/") ? String(after) : "/" + after
        let hostText: Substring
        let portText: Substring?
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else {
                throw .badAddress("its host is none")
            }
            hostText = authority[authority.index(after: authority.startIndex)..<end]
            let behind = authority[authority.index(after: end)...]
            guard behind.isEmpty || behind.hasPrefix(":") else {
                throw .badAddress("its host is none")
            }
            portText = behind.isEmpty ? nil : behind.dropFirst()
            guard hostText.contains(":"), hostText.utf8.allSatisfy(Self.isAddressPart) else {
                throw .badAddress("its host is none")
            }
            host = hostText.lowercased()
        } else {
            let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count <= 2, Self.isName(parts[0].lowercased()) else {
                throw .badAddress("its host is no name that resolvers agree on")
            }
            host = parts[0].lowercased()
            portText = parts.count == 2 ? parts[1] : nil
        }
        guard let portText else {
            port = isSecure ? 443 : 80
            return
        }
        guard let number = UInt16(portText), number > 0, String(number) == portText else {
            throw .badAddress("its port is none")
        }
        port = Int(number)
    }

    /// The address, put together anew.
    public var text: String {
        let shown = host.contains(":") ? "[\(host)]" : host
        let isStandard = port == (isSecure ? 443 : 80)
        return (isSecure ? "https://" : "http://") + shown + (isStandard ? "" : ":\(port)") + target
    }

    private static func isAddressPart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"), UInt8(ascii: ":"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    /// Names of letters, digits and hyphens; four plain numbers. Other numbers (0x7f.1, 017.1,
    /// 2130706433) are addresses to some resolvers and names to others.
    private static func isName(_ host: String) -> Bool {
        guard host.utf8.count <= 253 else { return false }
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        let fits = labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
                && label.utf8.allSatisfy { byte in
                    (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x2D
                }
        }
        guard fits, let last = labels.last else { return false }
        if let first = last.utf8.first, (0x30...0x39).contains(first) {
            return labels.count == 4
                && labels.allSatisfy { label in UInt8(label).map { String($0) == label } ?? false }
        }
        return true
    }
}
