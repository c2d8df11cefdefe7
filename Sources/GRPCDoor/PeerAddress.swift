import Glibc
import NIOCore

/// An address as limits count it: an IPv4 address, or an IPv6 network of 64 bits.
///
/// Addresses of this machine are none: behind them a proxy may have everybody.
struct PeerAddress: Hashable, Sendable {
    private let bytes: [UInt8]

    /// The address behind a connection; nil for one that is not counted.
    init?(_ address: NIOCore.SocketAddress?) {
        guard let text = address?.ipAddress else { return nil }
        self.init(ipAddress: text)
    }

    /// The address that the transport describes as `ipv4:192.0.2.1:50000` or
    /// `ipv6:[2001:db8::1]:50000`; nil for one that is not counted.
    init?(description: String) {
        guard let kind = description.firstIndex(of: ":"),
            let port = description.lastIndex(of: ":"), kind < port
        else { return nil }
        var host = description[description.index(after: kind)..<port]
        if host.first == "[", host.last == "]" { host = host.dropFirst().dropLast() }
        self.init(ipAddress: String(host))
    }

    /// The address that is written so; nil for one that is not counted.
    init?(ipAddress text: String) {
        var v4 = [UInt8](repeating: 0, count: 4)
        if inet_pton(AF_INET, text, &v4) == 1 {
            guard v4[0] != 127 else { return nil }
            bytes = v4
            return
        }
        var v6 = [UInt8](repeating: 0, count: 16)
        guard inet_pton(AF_INET6, text, &v6) == 1,
            v6 != [UInt8](repeating: 0, count: 15) + [1]
        else { return nil }
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
        guard v6.starts(with: mapped) else {
            bytes = Array(v6.prefix(8))
            return
        }
        guard v6[12] != 127 else { return nil }
        bytes = Array(v6.suffix(4))
    }
}
