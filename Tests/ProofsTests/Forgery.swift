import CanonicalCoding
import CometBFTTypes
import Foundation
import Identity
import LedgerCore
import MarketTypes
import Proofs
import SettlementCore
import Testing

/// A file that is right but for one thing, made by somebody who can sign.
struct Forgery: Sendable {
    let name: String
    let text: String
    /// The field that must be named.
    let field: String
    /// What must be said of it; nil if that does not matter.
    var fault: ProofFault?

    private init(_ name: String, _ file: ProofFile, _ field: String, _ fault: ProofFault? = nil) {
        self.init(name, text: file.text, field, fault)
    }

    private init(_ name: String, text: String, _ field: String, _ fault: ProofFault? = nil) {
        self.name = name
        self.text = text
        self.field = field
        self.fault = fault
    }

    static func all() throws -> [Forgery] {
        let embedded = try Sale.make(isNetwork: false)
        let network = try Sale.make(isNetwork: true)
        return try seals(embedded, network) + leaps(network) + papers(embedded) + places(embedded)
            + rules()
            + encodings(embedded, network)
    }

    private static func seals(_ embedded: Sale, _ network: Sale) throws -> [Forgery] {
        let other = try Sale.make(isNetwork: false, name: "other")
        let invented = Validators([(31, 40), (32, 40), (33, 40)])
        func of(_ name: String, _ seal: ProofSeal, _ field: String, _ fault: ProofFault) throws
            -> Forgery
        {
            let sale = name.hasPrefix("network") ? network : embedded
            return Forgery(name, try sale.receiptProof(seal: seal), field, fault)
        }
        let first = "seal.blocks[0]"
        return [
            try of(
                "embedded-other-sequencer",
                embedded.sequencerSeal(key: Sale.key(10)),
                "seal.header",
                .wrongSealer
            ),
            try of(
                "embedded-other-chain",
                embedded.sequencerSeal(chain: other.genesis.chain),
                "seal.header",
                .otherChain
            ),
            try of("network-sequencer", network.sequencerSeal(), "seal.kind", .otherSeal),
            try of("embedded-validators", embedded.validatorSeal(), "seal.kind", .otherSeal),
            try of(
                "network-invented",
                .validators([try invented.block(network.plan())]),
                first,
                .untrustedValidators
            ),
            try of(
                "network-no-quorum",
                network.validatorSeal { $0.absent = [22, 24] },
                first,
                .light(.noQuorum(signed: 60, total: 100))
            ),
            try of(
                "network-other-chain",
                network.validatorSeal { $0.chainName = "stoa-other" },
                first,
                .otherChain
            ),
            try of(
                "network-short-root",
                network.validatorSeal { $0.appHash = [1, 2, 3] },
                first,
                .malformedValue
            ),
        ]
    }

    private static func leaps(_ network: Sale) throws -> [Forgery] {
        guard case .validators(let blocks) = try network.longSeal() else { return [] }
        func of(_ name: String, _ blocks: [LightBlock], _ field: String) throws -> Forgery {
            Forgery(name, try network.receiptProof(seal: .validators(blocks)), field)
        }
        let others = Validators([(21, 40), (22, 30), (23, 21)])
        let unannounced = [
            try Validators.genesis.block(network.plan(2)), try others.block(network.plan(3)),
        ]
        // A third of the genesis' power is left, which is not more than a third.
        let few = Validators([(24, 10), (23, 20), (28, 60)])
        let tooFew = [
            try Validators.genesis.block(network.plan(2)), try few.block(network.plan(9)),
        ]
        return [
            try of("network-leap", [blocks[0], blocks[3]], "seal.blocks[1]"),
            try of("network-backwards", [blocks[0], blocks[2], blocks[1]], "seal.blocks[2]"),
            try of("network-repeated", [blocks[0], blocks[0]], "seal.blocks[1]"),
            try of("network-headless", Array(blocks.dropFirst()), "seal.blocks[0]"),
            try of("network-unannounced", unannounced, "seal.blocks[1]"),
            try of("network-too-few", tooFew, "seal.blocks[1]"),
        ]
    }

    private static func papers(_ sale: Sale) throws -> [Forgery] {
        let seal = try sale.sequencerSeal()
        let calls = sale.calls
        let other = try Sale.make(isNetwork: false, name: "other")
        let resigned = SettledCall(
            voucher: calls[3].voucher,
            receipt: try Sale.key(5).sign(calls[3].receipt.document)
        )
        let promised = SettledCall(
            voucher: try Sale.key(5).sign(calls[3].voucher.document),
            receipt: calls[3].receipt
        )
        let mixed = SettledCall(voucher: calls[1].voucher, receipt: calls[3].receipt)
        return [
            Forgery(
                "embedded-other-signer",
                try sale.receiptProof(seal: seal, call: resigned),
                "receipt",
                .rule(.wrongSigner)
            ),
            Forgery(
                "embedded-other-payer",
                try sale.receiptProof(seal: seal, call: promised),
                "receipt",
                .rule(.wrongSigner)
            ),
            Forgery(
                "embedded-other-voucher",
                try sale.receiptProof(seal: seal, call: mixed),
                "receipt",
                .rule(.wrongRequest)
            ),
            Forgery(
                "embedded-other-papers",
                try sale.receiptProof(seal: seal, call: other.calls[3]),
                "voucher",
                .otherChain
            ),
        ]
    }

    private static func places(_ sale: Sale) throws -> [Forgery] {
        let seal = try sale.sequencerSeal()
        let right = try sale.inclusion(of: 3)
        let counted = ReceiptInclusion(index: 3, count: 8, siblings: right.siblings)
        let longer = ReceiptInclusion(index: 3, count: 7, siblings: right.siblings + [.zero])
        return [
            Forgery(
                "embedded-other-place",
                try sale.receiptProof(seal: seal, inclusion: sale.inclusion(of: 2)),
                "inclusion",
                .notIncluded
            ),
            Forgery(
                "embedded-other-count",
                try sale.receiptProof(seal: seal, inclusion: counted),
                "inclusion.count",
                .notIncluded
            ),
            Forgery(
                "embedded-long-path",
                try sale.receiptProof(seal: seal, inclusion: longer),
                "inclusion",
                .notIncluded
            ),
            Forgery(
                "embedded-other-claim",
                try sale.receiptProof(seal: seal, claim: .lane(sale.channel, LaneID(0))),
                "claim.key",
                .wrongKey
            ),
            Forgery(
                "embedded-other-channel",
                try sale.receiptProof(seal: seal, channel: .claim(sale.channel, 0)),
                "channel.key",
                .wrongKey
            ),
            Forgery(
                "embedded-other-offer",
                try sale.receiptProof(seal: seal, offer: .channel(sale.channel)),
                "offer.key",
                .wrongKey
            ),
            Forgery(
                "embedded-no-claim",
                try sale.receiptProof(seal: seal, claim: .claim(sale.channel, 1)),
                "claim.value"
            ),
        ]
    }

    /// Receipts that the seller signed and anchored, though they break a rule.
    private static func rules() throws -> [Forgery] {
        let faults: [SettlementRefusal] = [
            .offerExpired, .voucherExpired, .wrongWeights, .unpricedUnit, .wrongCharge,
            .chargedForFailure, .wrongTotal, .overCap, .wrongTimes,
        ]
        return try faults.map { fault in
            let sale = try Sale.make(isNetwork: false, fault: fault)
            let file = try sale.receiptProof(seal: sale.sequencerSeal())
            return Forgery("embedded-rule-\(fault.code)", file, "receipt", .rule(fault))
        }
    }

    /// Other bytes for the same values.
    private static func encodings(_ embedded: Sale, _ network: Sale) throws -> [Forgery] {
        let text = try embedded.receiptProof(seal: embedded.sequencerSeal()).text
        let receipt = Hex.encode(embedded.calls[3].receipt.signed.canonicalBytes)
        guard case .validators(let blocks) = try network.validatorSeal() else { return [] }
        let block = blocks[0].bytes
        // The length of the first part in three bytes instead of two.
        let stretched = [block[0], block[1], block[2] | 0x80, 0] + block.dropFirst(3)
        let sealed = try network.receiptProof(seal: .validators(blocks)).text
        return [
            Forgery(
                "embedded-trailing",
                text: text.replacingOccurrences(of: receipt, with: receipt + "00"),
                "receipt",
                .malformedValue
            ),
            Forgery(
                "embedded-zero-ahead",
                text: text.replacingOccurrences(of: "\"7\"", with: "\"07\""),
                "inclusion.count",
                .malformedValue
            ),
            Forgery(
                "embedded-plus-ahead",
                text: text.replacingOccurrences(of: "\"3\"", with: "\"+3\""),
                "inclusion.index",
                .malformedValue
            ),
            Forgery(
                "network-stretched",
                text: sealed.replacingOccurrences(
                    of: Hex.encode(block),
                    with: Hex.encode(stretched)
                ),
                "seal.blocks[0]"
            ),
        ]
    }
}
