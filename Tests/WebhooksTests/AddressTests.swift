import Foundation
import Testing
import Webhooks

/// SplitMix64: the same numbers for the same seed, so that a failure is rerun by its argument.
private struct SeededGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

@Suite("Where webhooks may go")
struct AddressTests {
    private func address(_ text: String) throws -> NetworkAddress {
        if text.contains(":") {
            var groups: [UInt16] = []
            let halves = text.components(separatedBy: "::")
            let front = halves[0].split(separator: ":").compactMap { UInt16($0, radix: 16) }
            let back = halves.count > 1
                ? halves[1].split(separator: ":").compactMap { UInt16($0, radix: 16) } : []
            groups = front + Array(repeating: 0, count: 8 - front.count - back.count) + back
            let bytes = groups.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
            return try #require(NetworkAddress(bytes: bytes))
        }
        let bytes = text.split(separator: ".").compactMap { UInt8($0) }
        return try #require(NetworkAddress(bytes: bytes))
    }

    @Test(
        "WHK-4: no private, loopback, link-local, shared, test or multicast address of IPv4",
        arguments: [
            "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255",
            "127.0.0.1", "127.255.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255",
            "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.1",
            "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1",
            "255.255.255.255",
        ]
    )
    func private4(text: String) throws { #expect(try !address(text).isPublic) }

    @Test(
        "WHK-4: nothing of IPv6 but global unicast, and nothing in which IPv4 may hide",
        arguments: [
            "::", "::1", "::7f00:1", "::ffff:7f00:1", "::ffff:808:808", "64:ff9b::7f00:1",
            "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:1::1", "2001:10::1",
            "2001:20::1", "2001:1ff::1", "2001:db8::1", "2002:7f00:1::1", "3fff::1", "3fff:fff::1",
            "4000::1", "5f00::1", "fc00::1", "fd12::1", "fe80::1", "fec0::1", "ff02::1",
        ]
    )
    func private6(text: String) throws { #expect(try !address(text).isPublic) }

    @Test(
        "what is on the internet is public",
        arguments: [
            "1.1.1.1", "8.8.8.8", "100.63.0.1", "100.128.0.1", "172.15.0.1", "172.32.0.1",
            "192.0.1.1", "198.17.0.1", "198.20.0.1", "223.255.255.255", "2606:4700::1111",
            "2001:200::1", "2a00:1450::1", "2001:db9::1",
        ]
    )
    func publicOnes(text: String) throws { #expect(try address(text).isPublic) }

    @Test("an address has 4 or 16 bytes")
    func lengths() {
        for count in [0, 3, 5, 8, 15, 17] {
            #expect(NetworkAddress(bytes: Array(repeating: 8, count: count)) == nil)
        }
    }

    @Test(
        "WHK-3: an address that two readers could read as two hosts is none",
        arguments: [
            "", "https://", "http://example.com/", "HTTPS://example.com/", "ftp://example.com/",
            "https://user@example.com/", "https://user:pw@example.com/", "https:///path",
            "https://exa mple.com/", "https://example.com\\@evil.com/", "https://example.com:0/",
            "https://example.com:65536/", "https://example.com:+80/", "https://example.com:/",
            "https://example.com:1:2/", "https://example.com/#x", "https://2130706433/",
            "https://0x7f.0.0.1/", "https://0177.0.0.1/", "https://127.1/", "https://1.2.3.4.5/",
            "https://1.2.3.256/", "https://01.2.3.4/", "https://[::1/", "https://[]/",
            "https://[::1]x/", "https://[::1%25eth0]/", "https://[127.0.0.1]/",
            "https://example.com./", "https://-a.com/", "https://a-.com/", "https://a..com/",
            "https://ex_ample.com/", "https://exämple.com/", "https://example.com/\r\nHost: x",
            "https://" + String(repeating: "a", count: 64) + ".com/",
            "https://example.com/" + String(repeating: "a", count: 1024),
        ]
    )
    func refused(text: String) {
        #expect(throws: WebhookRefusal.self) { try WebhookURL(text, allowsLoopback: false) }
    }

    @Test("WHK-3: another reader sees the same host in what is taken", arguments: 0..<8)
    func readersAgree(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let seeds = [
            "https://example.com/", "https://a.b-c.example:8443/x?y=z", "https://1.2.3.4/",
            "https://[2606:4700::1111]:8443/", "http://127.0.0.1:80/", "https://user@h.example/",
        ].map { Array($0.utf8) }
        let pieces = [
            "@", "\\", "//", "#", "?", ":", "[", "]", "%00", "%2f", ".", "0x7f", "\t", "é",
        ]
        var taken = 0
        for _ in 0..<4_000 {
            var bytes = seeds[Int(random.next() % UInt64(seeds.count))]
            for _ in 0...random.next() % 3 {
                let place = Int(random.next() % UInt64(bytes.count + 1))
                switch random.next() % 3 {
                case 0: bytes.insert(UInt8(truncatingIfNeeded: random.next() % 128), at: place)
                case 1: if place < bytes.count { bytes.remove(at: place) }
                default:
                    let piece = pieces[Int(random.next() % UInt64(pieces.count))]
                    bytes.insert(contentsOf: Array(piece.utf8), at: place)
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            guard let url = try? WebhookURL(text, allowsLoopback: true) else { continue }
            taken += 1
            let other = URLComponents(string: url.text)
            let host = (other?.host ?? "").filter { $0 != "[" && $0 != "]" }
            #expect(host == url.host, "\(text)")
            #expect((other?.port ?? (url.isSecure ? 443 : 80)) == url.port, "\(text)")
            #expect(other?.user == nil && other?.fragment == nil, "\(text)")
            let again = try? WebhookURL(url.text, allowsLoopback: true)
            #expect(again == url, "\(text)")
        }
        #expect(taken > 100)
    }

    @Test("http is for this machine, and only where that is allowed")
    func development() throws {
        let url = try WebhookURL("http://127.0.0.1:8080/a?b=c", allowsLoopback: true)
        #expect(!url.isSecure && url.host == "127.0.0.1" && url.port == 8080)
        #expect(url.target == "/a?b=c")
        #expect(throws: WebhookRefusal.self) {
            try WebhookURL("http://127.0.0.1:8080/", allowsLoopback: false)
        }
    }

    @Test("an address is put together as it was read")
    func text() throws {
        for (given, wanted) in [
            ("https://Example.COM", "https://example.com/"),
            ("https://example.com:443/x", "https://example.com/x"),
            ("https://example.com:8443?y", "https://example.com:8443/?y"),
            ("https://[2606:4700::1111]/", "https://[2606:4700::1111]/"),
        ] {
            #expect(try WebhookURL(given, allowsLoopback: false).text == wanted)
        }
    }
}
