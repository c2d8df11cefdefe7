import MarketTypes
import Testing

@testable import Identity

@Suite("Keystore")
struct KeystoreTests {
    private static let cheap = Keystore.Cost(passes: 1, memoryBytes: 8192)
    private static let passphrase = Array("correct horse".utf8)

    private func sealed() throws -> String {
        try Keystore.seal(key(5), passphrase: Self.passphrase, cost: Self.cheap)
    }

    private func line(_ index: Int, _ text: String) throws -> String {
        var lines = try sealed().split(separator: "\n", omittingEmptySubsequences: false)
        lines[index] = Substring(text)
        return lines.joined(separator: "\n")
    }

    @Test(
        "IDN-12: a wrong passphrase is refused",
        arguments: ["", "correct hors", "Correct horse"]
    )
    func wrongPassphrase(_ text: String) throws {
        let file = try sealed()
        #expect(throws: KeystoreError.wrongPassphrase) {
            try Keystore.open(file, passphrase: Array(text.utf8))
        }
    }

    @Test("IDN-12, IDN-13: a file with any bit flipped is refused or opens to the same key")
    func flipped() throws {
        let file = Array(try sealed().utf8)
        var opened = 0
        for place in file.indices {
            for bit in 0..<8 {
                var bytes = file
                bytes[place] ^= 1 << bit
                let text = String(decoding: bytes, as: UTF8.self)
                do throws(KeystoreError) {
                    let found = try Keystore.open(text, passphrase: Self.passphrase)
                    #expect(found.publicKey == key(5).publicKey)
                    opened += 1
                } catch {
                    let reasons: [KeystoreError] = [.malformed, .wrongPassphrase, .tooCostly]
                    #expect(reasons.contains(error), "\(text)")
                }
            }
        }
        // Hex digits of the secret may be upper case; nothing else may change.
        #expect(opened < 96)
    }

    @Test("IDN-9: every prefix, and every line left out, doubled or swapped, is refused")
    func cut() throws {
        let file = try sealed()
        for count in 0..<file.utf8.count {
            let part = String(decoding: Array(file.utf8).prefix(count), as: UTF8.self)
            #expect(throws: KeystoreError.malformed) {
                try Keystore.open(part, passphrase: Self.passphrase)
            }
        }
        let lines = file.split(separator: "\n", omittingEmptySubsequences: false)
        for index in lines.indices {
            var out = lines
            out.remove(at: index)
            var doubled = lines
            doubled.insert(lines[index], at: index)
            for wrong in [out, doubled] {
                #expect(throws: KeystoreError.malformed) {
                    let text = wrong.joined(separator: "\n")
                    return try Keystore.open(text, passphrase: Self.passphrase)
                }
            }
        }
    }

    @Test(
        "IDN-9: other shapes are malformed",
        arguments: [
            (0, "stoa-keystore 2"), (0, "stoa-keystore  1"), (0, "stoa-keystore 1 "),
            (1, "address stoa1q"), (1, "adress x"), (2, "kdf argon2i 1 8192 00"),
            (2, "kdf argon2id 1 8192 00"), (3, "aead xchacha20poly1305 00"),
            (3, "aead aes 00"), (4, "secret 00"), (4, "secret"), (5, "x"),
        ]
    )
    func shapes(_ index: Int, _ text: String) throws {
        let file = try line(index, text)
        #expect(throws: KeystoreError.malformed) {
            try Keystore.open(file, passphrase: Self.passphrase)
        }
    }

    @Test("IDN-9: lines end in a line feed alone")
    func carriageReturns() throws {
        let file = try sealed().split(separator: "\n", omittingEmptySubsequences: false)
            .joined(separator: "\r\n")
        #expect(throws: KeystoreError.malformed) {
            try Keystore.open(file, passphrase: Self.passphrase)
        }
    }

    private static let salt = String(repeating: "00", count: 16)

    @Test(
        "IDN-10: numbers with a sign, leading zeros or out of range are malformed",
        arguments: [
            "+1 8192", "01 8192", "1 08192", "1 +8192", "-1 8192", "1 -8192", "0 8192", "1 0",
            "1 8191", "1 99999999999999999999", "1e1 8192",
        ]
    )
    func numbers(_ numbers: String) throws {
        let file = try line(2, "kdf argon2id \(numbers) \(Self.salt)")
        #expect(throws: KeystoreError.malformed) {
            try Keystore.open(file, passphrase: Self.passphrase)
        }
    }

    @Test(
        "IDN-11: a file that asks for too much work is refused before any of it",
        arguments: [
            "65 8192", "18446744073709551615 8192", "1 1073741825", "1 9223372036854775807",
            "64 1073741824", "17 1073741824",
        ]
    )
    func tooCostly(_ numbers: String) throws {
        let file = try line(2, "kdf argon2id \(numbers) \(Self.salt)")
        let elapsed = ContinuousClock().measure {
            #expect(throws: KeystoreError.tooCostly) {
                try Keystore.open(file, passphrase: Self.passphrase)
            }
        }
        #expect(elapsed < .milliseconds(500))
    }

    @Test("IDN-11: nothing is sealed that could not be opened")
    func sealsOnlyWhatOpens() {
        let costs: [(UInt64, Int, KeystoreError)] = [
            (65, 8192, .tooCostly), (1, 1 << 31, .tooCostly), (64, 1 << 30, .tooCostly),
            (0, 8192, .malformed), (1, 8191, .malformed), (1, -1, .malformed),
        ]
        for (passes, memory, refusal) in costs {
            let cost = Keystore.Cost(passes: passes, memoryBytes: memory)
            #expect(throws: refusal) { try Keystore.seal(key(5), passphrase: [], cost: cost) }
        }
    }

    @Test("IDN-9: golden files open to the golden keys")
    func golden() throws {
        for vector in try Vectors.load([KeystoreVector].self, "identity/keystores.json") {
            let seed = try #require(Hex.decode(vector.seed))
            let opened = try Keystore.open(
                vector.text,
                passphrase: Array(vector.passphrase.utf8)
            )
            #expect(opened.publicKey == SigningKey(seed: seed)?.publicKey)
            #expect(try Keystore.account(in: vector.text) == opened.accountID)
        }
    }

    @Test("IDN-13: a file that was sealed under another's address opens to nobody's key")
    func anothersAddress() throws {
        let path = "identity/keystores-refused.json"
        for vector in try Vectors.load([KeystoreVector].self, path) {
            #expect(throws: KeystoreError.malformed) {
                try Keystore.open(vector.text, passphrase: Array(vector.passphrase.utf8))
            }
        }
    }

    @Test("what is sealed opens, whatever the passphrase is made of")
    func opens() throws {
        for passphrase in [[], [0], [0, 1, 0], [0xff, 0xfe], [UInt8](repeating: 65, count: 1000)] {
            let file = try Keystore.seal(key(6), passphrase: passphrase, cost: Self.cheap)
            #expect(try Keystore.open(file, passphrase: passphrase).accountID == key(6).accountID)
        }
    }

    @Test("two files of one key have nothing secret in common")
    func salted() throws {
        let files = try (0..<2).map { _ in
            try sealed().split(separator: "\n").suffix(3).map(String.init)
        }
        for (first, second) in zip(files[0], files[1]) { #expect(first != second) }
    }
}
