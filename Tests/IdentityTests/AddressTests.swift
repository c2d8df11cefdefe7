import MarketTypes
import Testing

@testable import Identity

@Suite("Addresses")
struct AddressTests {
    @Test("IDN-8: what is no address is refused")
    func refuses() throws {
        for vector in try Vectors.load(AddressVectors.self, "identity/addresses.json").invalid {
            #expect(AccountID(address: vector.address) == nil, "\(vector.reason)")
        }
    }

    @Test("IDN-8: any one or two characters changed are noticed", arguments: UInt64(0)..<200)
    func typos(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let address = key(1).accountID.description
        var letters = Array(address.utf8)
        for _ in 0...(random.next() % 2) {
            let place = Int(random.next() % UInt64(letters.count))
            letters[place] = UInt8(0x20 + random.next() % 0x5f)
        }
        let typo = String(decoding: letters, as: UTF8.self)
        #expect(typo == address || AccountID(address: typo) == nil)
    }

    @Test("IDN-8: two neighbours swapped, a character lost or doubled, are noticed")
    func slips() {
        let address = key(2).accountID.description
        let letters = Array(address)
        for place in letters.indices {
            var lost = letters
            lost.remove(at: place)
            #expect(AccountID(address: String(lost)) == nil)
            var doubled = letters
            doubled.insert(letters[place], at: place)
            #expect(AccountID(address: String(doubled)) == nil)
            guard place > 0, letters[place] != letters[place - 1] else { continue }
            var swapped = letters
            swapped.swapAt(place, place - 1)
            #expect(AccountID(address: String(swapped)) == nil)
        }
    }

    @Test("IDN-8: addresses are the golden ones, both ways")
    func golden() throws {
        let vectors = try Vectors.load(AddressVectors.self, "identity/addresses.json")
        for vector in vectors.valid {
            let account = AccountID(try #require(Digest(hex: vector.account)))
            #expect(account.description == vector.address)
            #expect(AccountID(address: vector.address) == account)
        }
        for vector in vectors.bip350 {
            let bytes = try #require(Hex.decode(vector.bytes))
            #expect(Bech32m.encode(prefix: vector.prefix, bytes: bytes) == vector.text)
            #expect(Bech32m.decode(vector.text, prefix: vector.prefix) == bytes)
        }
    }

    @Test("bech32m goes both ways for every length", arguments: 0...40)
    func lengths(count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
        let text = Bech32m.encode(prefix: "x", bytes: bytes)
        #expect(Bech32m.decode(text, prefix: "x") == bytes)
        #expect(Bech32m.decode(text, prefix: "y") == nil)
    }

    @Test("different schemes with the same key bytes are different accounts")
    func schemes() throws {
        let bytes = [UInt8](repeating: 3, count: 33)
        let first = try #require(PublicKey(scheme: .p256WebAuthn, bytes: bytes))
        let second = try #require(PublicKey(scheme: .secp256k1, bytes: bytes))
        #expect(first.accountID != second.accountID)
    }

    @Test(
        "IDN-7: what is no key is refused",
        arguments: [
            "", ":", "1:", "1", "4:" + String(repeating: "00", count: 32), "1:zz",
            "1:" + String(repeating: "00", count: 33), "2:" + String(repeating: "00", count: 32),
            "+1:" + String(repeating: "00", count: 32), "01:" + String(repeating: "00", count: 32),
            "1:" + String(repeating: "00", count: 32) + ":",
        ]
    )
    func refusesKey(_ text: String) {
        #expect(PublicKey(text: text) == nil)
    }

    @Test("IDN-7: a key's text parses to the key")
    func keyText() throws {
        for scheme in SignatureScheme.allCases where scheme != .multisignature {
            let bytes = [UInt8](repeating: 0xab, count: scheme.publicKeyBytes.lowerBound)
            let key = try #require(PublicKey(scheme: scheme, bytes: bytes))
            #expect(PublicKey(text: key.description) == key)
            let policy = try #require(KeyPolicy(threshold: 1, members: [key]))
            #expect(PublicKey(text: policy.publicKey.description) == policy.publicKey)
        }
    }
}
