import NIOCore
import Testing

@testable import HTTPServing

@Suite("Connections are counted (DOOR-5)")
struct ConnectionCountTests {
    private func key(_ address: String) throws -> [UInt8]? {
        ConnectionCount.key(of: try SocketAddress(ipAddress: address, port: 1))
    }

    @Test("An address that has too many gets no further one, and one again when one has left")
    func perAddress() {
        let count = ConnectionCount(ConnectionLimits(connectionsMax: 10, perAddressMax: 2))
        #expect(count.enter([1]) == .admitted)
        #expect(count.enter([1]) == .admitted)
        #expect(count.enter([1]) == .addressFull)
        #expect(count.enter([2]) == .admitted)
        count.leave([1])
        #expect(count.enter([1]) == .admitted)
        #expect(count.enter([1]) == .addressFull)
    }

    @Test("What is refused is not counted, in all and for its address")
    func refusedIsNotCounted() {
        let count = ConnectionCount(ConnectionLimits(connectionsMax: 2, perAddressMax: 1))
        #expect(count.enter([1]) == .admitted)
        for _ in 0..<5 { #expect(count.enter([1]) == .addressFull) }
        #expect(!count.isFull)
        #expect(count.enter(nil) == .admitted)
        #expect(count.isFull)
        count.leave([1])
        #expect(!count.isFull)
        #expect(count.enter([1]) == .admitted)
    }

    @Test("A count of nothing is not kept: a stranger with many addresses costs no memory")
    func forgets() {
        let count = ConnectionCount(ConnectionLimits(connectionsMax: 10, perAddressMax: 2))
        for address in UInt8(0)..<200 {
            #expect(count.enter([address]) == .admitted)
            count.leave([address])
        }
        #expect(count.addressCount == 0)
    }

    @Test("This machine's addresses are not counted, however they are written")
    func loopback() throws {
        for address in ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"] {
            #expect(try key(address) == nil, "\(address)")
        }
        #expect(ConnectionCount.key(of: nil) == nil)
        #expect(ConnectionCount.key(of: try SocketAddress(unixDomainSocketPath: "/x")) == nil)
    }

    @Test("An IPv4 address is the same when IPv6 carries it; an IPv6 network counts as one")
    func networks() throws {
        #expect(try key("203.0.113.7") == [203, 0, 113, 7])
        #expect(try key("::ffff:203.0.113.7") == [203, 0, 113, 7])
        #expect(try key("2001:db8:1:2::1") == key("2001:db8:1:2:ffff::9"))
        #expect(try key("2001:db8:1:2::1") != key("2001:db8:1:3::1"))
        #expect(try key("::2") != nil)
    }

    @Test("A limit is never below one")
    func floors() {
        let limits = ConnectionLimits(connectionsMax: 0, perAddressMax: -3)
        #expect(limits == ConnectionLimits(connectionsMax: 1, perAddressMax: 1))
    }
}
