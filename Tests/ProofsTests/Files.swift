import CanonicalCoding
import Foundation
import Identity
import LedgerCore
import MarketTypes
import Proofs
import SettlementCore
import Testing

/// The files of `Vectors/proofs`, made anew.
enum Files {
    static let directory: URL = {
        var root = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { root.deleteLastPathComponent() }
        return root.appendingPathComponent("Vectors/proofs")
    }()

    private static let made = Result { try make() }

    static func all() throws -> [(name: String, text: String)] { try made.get() }

    private static func make() throws -> [(name: String, text: String)] {
        let embedded = try Sale.make(isNetwork: false)
        let network = try Sale.make(isNetwork: true)
        let seal = try embedded.sequencerSeal()
        let votes = try network.validatorSeal()
        func state(_ sale: Sale, _ key: StateKey, _ seal: ProofSeal) -> String {
            ProofFile.state(StateEntryProof(entry: sale.entry(key), seal: seal)).text
        }
        let stranger = StateKey.account(try Sale.key(77).accountID)
        return [
            ("embedded.genesis", Hex.encode(embedded.genesis.canonicalBytes) + "\n"),
            ("network.genesis", Hex.encode(network.genesis.canonicalBytes) + "\n"),
            ("embedded-receipt.json", try embedded.receiptProof(3, seal: seal).text),
            ("embedded-failed.json", try embedded.receiptProof(2, seal: seal).text),
            ("embedded-account.json", state(embedded, .account(embedded.offer.seller), seal)),
            ("embedded-absent.json", state(embedded, stranger, seal)),
            ("network-receipt.json", try network.receiptProof(6, seal: votes).text),
            ("network-channel.json", state(network, .channel(network.channel), votes)),
            ("network-absent.json", state(network, stranger, votes)),
            ("network-later.json", try network.receiptProof(0, seal: try network.longSeal()).text),
        ]
    }

    /// What a file is checked against.
    static func trust(_ name: String, _ genesis: Genesis? = nil) throws -> ProofTrust {
        let sale = try Sale.make(isNetwork: name.hasPrefix("network"))
        return ProofTrust(genesis: genesis ?? sale.genesis)
    }
}

/// The refusal with which a text ends, or nil if it proves something.
func refusal(_ text: String, _ trust: ProofTrust) -> ProofRefusal? {
    refusal(trust) { () throws(ProofRefusal) in try ProofFile(bytes: Array(text.utf8)) }
}

func refusal(
    _ trust: ProofTrust,
    _ file: () throws(ProofRefusal) -> ProofFile
) -> ProofRefusal? {
    do throws(ProofRefusal) {
        _ = try ProofVerifier(trusting: trust).verify(try file())
        return nil
    } catch {
        return error
    }
}
