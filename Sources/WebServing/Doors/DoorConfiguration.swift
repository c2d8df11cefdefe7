public import AccessCore

/// How a door to the market stands in the world.
public struct DoorConfiguration: Sendable {
    /// Whether clients come over TLS, here or at a proxy before it.
    public var isTLS = false
    /// The site that passkeys are made for.
    public var party = RelyingParty.localhost
    /// The origins whose pages may call the API with a key of their own.
    public var allowedOrigins: [String] = []
    /// The largest body in bytes.
    public var bodyBytesMax = 4 << 20
    /// The same for paths that take files; a signed request has no larger body there.
    public var uploadBytesMax: [String: Int] = [:]
    /// How many requests may be answered at once; more are turned away at the door.
    public var inFlightMax = 512
    /// How many requests of one address may be under way whose bodies have not come yet, and whose
    /// callers are not known.
    public var bodiesPerAddressMax = 64
    /// How fast one address may ask.
    public var addressRate = RatePolicy.address
    /// How fast one address may try to sign in.
    public var signInRate = RatePolicy.signIn
    /// How fast programs of one address may ask for tokens.
    public var tokenRate = RatePolicy.token
    /// Whether a proxy, and nobody else, connects, and writes the client's address at the end of
    /// `X-Forwarded-For`.
    public var trustsForwarded = false

    /// A door on this machine, without TLS.
    public init() {}

    /// The most origins that may be allowed.
    public static let allowedOriginsMax = 64

    /// The session cookie's name; with TLS, browsers see to it that it is of this host alone.
    public var cookieName: String { isTLS ? "__Host-stoa" : "stoa" }

    /// Whether pages of this origin are the market's own.
    func isOwn(origin: String, authority: String?) -> Bool {
        if party.allows(origin: origin) { return true }
        // Pages of the address that was asked, on this machine, where there is no domain.
        guard party == .localhost, let authority, Self.isLoopback(authority) else { return false }
        return origin == "http://" + authority
    }

    /// Whether a client's address, without a port, is one of this machine.
    static func isThisMachine(_ source: String) -> Bool {
        source == "local" || source == "::1" || source.hasPrefix("127.")
            || source.hasPrefix("::ffff:127.")
    }

    /// Whether `host` or `host:port` names this machine.
    static func isLoopback(_ authority: String) -> Bool {
        if authority.hasPrefix("[") { return authority.hasPrefix("[::1]") }
        let host = authority.prefix { $0 != ":" }
        if host == "localhost" { return true }
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false)
        return numbers.count == 4 && numbers.first == "127"
            && numbers.allSatisfy { UInt8($0) != nil }
    }
}
