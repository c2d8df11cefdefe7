import GRPCCore
import NIOCore

/// When a call must be over: its client's deadline, or the method's own limit if that is earlier.
struct CallDeadline: Sendable {
    /// The time itself.
    let time: NIODeadline
    /// Whether it is the client's.
    let isClients: Bool

    /// The deadline of a call that begins now.
    ///
    /// - Parameter limit: the longest that the method takes; nil for one that ends with its client.
    init?(_ metadata: Metadata, limit: TimeAmount?, now: NIODeadline = .now()) {
        let asked = metadata[stringValues: "grpc-timeout"].first { _ in true }
            .flatMap { Self.parse($0) }
        switch (asked, limit) {
        case (let asked?, let limit?) where asked >= limit:
            self.init(time: now + limit, isClients: false)
        case (let asked?, _):
            self.init(time: now + asked, isClients: true)
        case (nil, let limit?):
            self.init(time: now + limit, isClients: false)
        case (nil, nil): return nil
        }
    }

    private init(time: NIODeadline, isClients: Bool) {
        self.time = time
        self.isClients = isClients
    }

    /// The time left.
    var left: TimeAmount { time - .now() }

    /// Reads one to eight digits and a unit, as gRPC over HTTP/2 writes time; nil for another text.
    static func parse(_ text: String) -> TimeAmount? {
        let bytes = Array(text.utf8)
        guard (2...9).contains(bytes.count), let unit = bytes.last else { return nil }
        var amount: Int64 = 0
        for byte in bytes.dropLast() {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            amount = amount * 10 + Int64(byte - UInt8(ascii: "0"))
        }
        switch unit {
        case UInt8(ascii: "H"): return .hours(min(amount, hoursMax))
        case UInt8(ascii: "M"): return .minutes(min(amount, hoursMax * 60))
        case UInt8(ascii: "S"): return .seconds(amount)
        case UInt8(ascii: "m"): return .milliseconds(amount)
        case UInt8(ascii: "u"): return .microseconds(amount)
        case UInt8(ascii: "n"): return .nanoseconds(amount)
        default: return nil
        }
    }

    /// The longest time that is told from forever: it must fit 64 bits of nanoseconds.
    private static let hoursMax: Int64 = 24 * 365
}
