/// Tells the addresses that no stranger's offer may make a gateway call.
///
/// Offers come from the ledger, so their endpoints come from strangers. A gateway that posted to
/// any address would let a stranger reach services of the buyer's own machine and network that
/// trust whoever can reach them (server-side request forgery).
enum PrivateAddress {
    /// Whether `endpoint` names this machine or a private network, as far as its text tells.
    ///
    /// Numbers are judged by their ranges (RFC 6890); names that only mean something locally are
    /// private; any other name is taken to be public.
    static func isNamed(by endpoint: String) -> Bool {
        guard let host = host(of: endpoint) else { return true }
        if host.contains(":") { return isPrivate6(host) }
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        if let last = labels.last, last.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            return isPrivate4(labels)
        }
        // Some resolvers read 0x7f000001 or 017700000001 as numbers too.
        if labels.contains(where: { $0.hasPrefix("0x") }) { return true }
        return labels.count < 2 || ["localhost", "local", "internal", "arpa"].contains(labels.last)
    }

    /// Whether a numeric address is of this machine or a private network.
    static func isPrivate(address: String) -> Bool {
        if address.contains(":") { return isPrivate6(address.lowercased()) }
        return isPrivate4(address.split(separator: ".", omittingEmptySubsequences: false))
    }

    /// The host in lower case, without port, user and brackets; nil if there is none.
    private static func host(of endpoint: String) -> String? {
        let text = endpoint.lowercased()
        guard let scheme = text.firstRange(of: "://") else { return nil }
        let authority = text[scheme.upperBound...].prefix { !"/?#\\".contains($0) }
        guard !authority.contains("@") else { return nil }
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            return String(authority[authority.index(after: authority.startIndex)..<end])
        }
        let host = authority.prefix { $0 != ":" }
        let name = host.hasSuffix(".") ? host.dropLast() : host
        return name.isEmpty ? nil : String(name)
    }

    private static func isPrivate4(_ labels: [Substring]) -> Bool {
        let bytes = labels.compactMap { label in
            label.count > 1 && label.hasPrefix("0") ? nil : UInt8(label)
        }
        // What is not plainly four numbers may be read in several ways: nobody needs it.
        guard labels.count == 4, bytes.count == 4 else { return true }
        switch (bytes[0], bytes[1]) {
        case (0, _), (10, _), (127, _), (169, 254), (192, 168), (192, 0), (198, 18...19):
            return true
        case (100, 64...127), (172, 16...31), (224..., _): return true
        default: return false
        }
    }

    /// Only the global unicast range 2000::/3 is public; mapped and translated addresses are not.
    private static func isPrivate6(_ host: String) -> Bool {
        guard let first = host.first, first == "2" || first == "3" else { return true }
        let group = host.prefix { $0 != ":" }
        return group.count != 4 || group == "2002" || host.hasPrefix("2001:0:")
            || host.hasPrefix("2001::") || host.contains(".")
    }
}
