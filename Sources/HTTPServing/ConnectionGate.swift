import Glibc
import NIOCore
import Synchronization

/// How many connections a server keeps.
public struct ConnectionLimits: Hashable, Sendable {
    /// The most at once; further ones wait in the socket's queue.
    public var connectionsMax: Int
    /// The most of one address, which is an IPv6 network of 64 bits; further ones are closed. None
    /// is counted for addresses of this machine, behind which a proxy may have everybody.
    public var perAddressMax: Int

    /// Sets limits; each is at least 1.
    public init(connectionsMax: Int, perAddressMax: Int = .max) {
        self.connectionsMax = max(1, connectionsMax)
        self.perAddressMax = max(1, perAddressMax)
    }
}

/// Counts the connections of a server, in all and of each address.
final class ConnectionCount: Sendable {
    private struct State {
        var count = 0
        var byAddress: [[UInt8]: Int] = [:]
    }

    enum Admission: Hashable { case admitted, addressFull }

    private let limits: ConnectionLimits
    private let state = Mutex(State())

    init(_ limits: ConnectionLimits) {
        self.limits = limits
    }

    /// How many addresses have connections.
    var addressCount: Int { state.withLock { $0.byAddress.count } }
    var isFull: Bool { state.withLock { $0.count >= limits.connectionsMax } }

    /// Counts one more, unless its address has too many; each that is admitted must leave.
    func enter(_ address: [UInt8]?) -> Admission {
        state.withLock { state in
            if let address {
                let count = state.byAddress[address, default: 0]
                guard count < limits.perAddressMax else { return .addressFull }
                state.byAddress[address] = count + 1
            }
            state.count += 1
            return .admitted
        }
    }

    func leave(_ address: [UInt8]?) {
        state.withLock { state in
            state.count -= 1
            guard let address, let count = state.byAddress[address] else { return }
            state.byAddress[address] = count > 1 ? count - 1 : nil
        }
    }

    /// What an address is counted by; nil for one that is not.
    static func key(of address: SocketAddress?) -> [UInt8]? {
        guard let text = address?.ipAddress else { return nil }
        var v4 = [UInt8](repeating: 0, count: 4)
        if inet_pton(AF_INET, text, &v4) == 1 { return v4[0] == 127 ? nil : v4 }
        var v6 = [UInt8](repeating: 0, count: 16)
        guard inet_pton(AF_INET6, text, &v6) == 1,
            v6 != [UInt8](repeating: 0, count: 15) + [1]
        else { return nil }
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
        guard v6.starts(with: mapped) else { return Array(v6.prefix(8)) }
        return v6[12] == 127 ? nil : Array(v6.suffix(4))
    }
}

/// Stands before a server's accepting: stops reading connections while there are too many, and
/// closes those of an address that has too many.
final class ConnectionGate: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel
    typealias OutboundIn = Never
    typealias OutboundOut = Never

    private let count: ConnectionCount
    private let departure: Departure
    private var isWaiting = false

    init(_ count: ConnectionCount, _ departure: Departure) {
        self.count = count
        self.departure = departure
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let channel = unwrapInboundIn(data)
        let address = ConnectionCount.key(of: channel.remoteAddress)
        guard count.enter(address) == .admitted else {
            channel.close(promise: nil)
            return
        }
        let this = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        channel.closeFuture.hop(to: context.eventLoop).whenComplete { _ in
            let (gate, context) = this.value
            gate.count.leave(address)
            guard gate.isWaiting, !gate.count.isFull, !gate.departure.hasBegun else { return }
            gate.isWaiting = false
            context.read()
        }
        context.fireChannelRead(data)
    }

    func read(context: ChannelHandlerContext) {
        guard !count.isFull else {
            isWaiting = true
            return
        }
        context.read()
    }
}
