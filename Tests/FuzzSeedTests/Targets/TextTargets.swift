import Foundation
import Identity
import MarketTypes
import Provider
import Yams

@testable import Gateway

extension FuzzTarget {
    /// Addresses, keys and amounts as people type them: no two texts for the same account.
    static let names = FuzzTarget(
        "names",
        bytesMax: 4096,
        mutantsInTests: 4000,
        seeds: {
            let accounts = RecordedChain.people.map { "\($0.key.accountID)" }
            let keys = RecordedChain.people.map { "\($0.key.publicKey)" }
            let other = ["12.5", "0.000000001", "340282366920938463463374607431768211455", "00ff"]
            return (accounts + keys + other).map { Array($0.utf8) }
        }
    ) { bytes in
        guard let text = String(validating: bytes, as: UTF8.self) else { return false }
        var isAccepted = false
        if let account = AccountID(address: text) {
            isAccepted = true
            try require(Array(account.description.utf8) == bytes, "two addresses of one account")
        }
        if let key = PublicKey(text: text) {
            isAccepted = true
            try require(key.description == text.lowercased(), "two texts of one key")
        }
        if let amount = try? Amount(stoa: text) {
            isAccepted = true
            let again = try? Amount(stoa: amount.description)
            try require(again == amount, "an amount that does not read back")
        }
        if let amount = try? Amount(obolText: text) {
            isAccepted = true
            try require((try? Amount(obolText: "\(amount.obol)")) == amount, "obol")
        }
        if let decoded = Hex.decode(text) {
            isAccepted = true
            try require(Hex.encode(decoded) == text.lowercased(), "two texts of one byte")
        }
        return isAccepted
    }

    /// Keystore files; what would cost more than this program spends is refused unspent.
    static let keystores = FuzzTarget(
        "keystores",
        bytesMax: 8192,
        mutantsInTests: 600,
        seeds: {
            let cost = Keystore.Cost(passes: 1, memoryBytes: 8192)
            let ours = try RecordedChain.people.prefix(2).map {
                try Keystore.seal($0.key, passphrase: KeystoreCheck.passphrase, cost: cost)
            }
            let golden = try GoldenInputs.strings("text", in: "identity/keystores.json")
            return (ours + golden).map { Array($0.utf8) }
        }
    ) { bytes in
        try KeystoreCheck.run(bytes)
    }

    /// Configuration files of providers (YAML) and gateways (JSON), and their validation.
    static let configurations = FuzzTarget(
        "configurations",
        bytesMax: 8192,
        mutantsInTests: 600,
        seeds: { ConfigurationSamples.all.map { Array($0.utf8) } }
    ) { bytes in
        var isAccepted = false
        let text = String(decoding: bytes, as: UTF8.self)
        if let file = try? YAMLDecoder().decode(ProviderConfiguration.self, from: text) {
            isAccepted = true
            _ = file.validate()
            let written = try? YAMLEncoder().encode(file)
            let again = try? YAMLDecoder().decode(ProviderConfiguration.self, from: written ?? "")
            try require(again == file, "a provider's configuration does not read back")
        }
        if let file = try? JSONDecoder().decode(GatewayConfiguration.self, from: Data(bytes)) {
            isAccepted = true
            _ = file.validate()
            let written = try? JSONEncoder().encode(file)
            let again = try? JSONDecoder().decode(
                GatewayConfiguration.self,
                from: written ?? Data()
            )
            try require(again == file, "a gateway's configuration does not read back")
        }
        return isAccepted
    }
}

private enum KeystoreCheck {
    static let passphrase = Array("fuzz".utf8)
    private static let derivationsMax = 1 << 20

    static func run(_ bytes: [UInt8]) throws -> Bool {
        guard let text = String(validating: bytes, as: UTF8.self) else { return false }
        let account: AccountID
        do throws(KeystoreError) {
            account = try Keystore.account(in: text)
        } catch {
            // Whatever the header says, a refusal of the form comes before any work.
            let clock = ContinuousClock()
            let spent = clock.measure { _ = try? Keystore.open(text, passphrase: passphrase) }
            try FuzzTarget.require(spent < .milliseconds(500), "\(error) took \(spent)")
            return false
        }
        // Deriving costs what the header says; only what is cheap is derived here.
        guard text.contains("argon2id 1 8192 ") else { return true }
        if let key = try? Keystore.open(text, passphrase: passphrase) {
            try FuzzTarget.require(key.accountID == account, "another account's key")
        }
        return true
    }
}

private enum ConfigurationSamples {
    private static let offer = String(repeating: "ab", count: 32)

    static let all = [
        """
        host: 127.0.0.1
        port: 8443
        concurrentCallsMax: 8
        claims:
          amountObol: 1000
          intervalSeconds: 60
        services:
          - offer: "\(offer)"
            upstream: {kind: openai, url: "http://127.0.0.1:8080", model: m}
        """,
        "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nservices: [*c, *c]\n",
        #"{"port":8090,"budget":{"totalObol":5},"sellers":{"allow":["x"],"sellersMax":3}}"#,
        #"{"health":{"failuresMax":3},"apiKey":"k","priceMaxObolPerCall":7}"#,
        "port: 0x10\nhost: !!str 1\nservices: ~\n", "{}",
    ]
}
