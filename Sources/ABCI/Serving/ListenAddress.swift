/// Where an engine finds the application.
public enum ListenAddress: Hashable, Sendable {
    /// A TCP address; port 0 takes a free one.
    case tcp(host: String, port: Int)
    /// A Unix socket. Who may open the file may drive the ledger: keep it in a private directory.
    case unix(path: String)

    /// Reads an address as the engine's `proxy_app` has it: `tcp://host:port`, `unix:///path`, or
    /// `host:port`; nil if it is none of these.
    public init?(_ text: String) {
        if text.hasPrefix("unix://") {
            let path = String(text.dropFirst("unix://".count))
            guard path.hasPrefix("/") else { return nil }
            self = .unix(path: path)
            return
        }
        let place = text.hasPrefix("tcp://") ? text.dropFirst("tcp://".count) : text[...]
        guard let colon = place.lastIndex(of: ":"), colon != place.startIndex,
            let port = UInt16(place[place.index(after: colon)...])
        else { return nil }
        var host = place[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty, !host.contains("/") else { return nil }
        self = .tcp(host: String(host), port: Int(port))
    }
}
