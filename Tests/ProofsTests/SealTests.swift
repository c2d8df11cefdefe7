import CanonicalCoding
import CometBFTTypes
import Identity
import LedgerCore
import MarketTypes
import Proofs
import Testing

@Suite("who vouches for a state root")
struct SealTests {
    private let embedded: Sale
    private let network: Sale

    init() throws {
        embedded = try Sale.make(isNetwork: false)
        network = try Sale.make(isNetwork: true)
    }

    private func refused(
        _ sale: Sale,
        _ seal: ProofSeal,
        _ trust: ProofTrust? = nil
    ) throws -> ProofRefusal? {
        let file = try sale.receiptProof(seal: seal)
        return refusal(trust ?? ProofTrust(genesis: sale.genesis)) { () throws(ProofRefusal) in
            file
        }
    }

    private func verdict(_ seal: ProofSeal, _ trust: ProofTrust? = nil) throws -> SealVerdict {
        try (trust ?? ProofTrust(genesis: network.genesis)).verify(seal)
    }

    @Test("PRF-5: a header that another key than the genesis' sequencer sealed is refused")
    func otherSequencer() throws {
        let seal = try embedded.sequencerSeal(key: Sale.key(10))
        #expect(try refused(embedded, seal) == ProofRefusal("seal.header", .wrongSealer))
    }

    @Test("PRF-5: a header of another chain is refused, and so is another genesis")
    func otherChain() throws {
        let other = try Sale.make(isNetwork: false, name: "other")
        let seal = try embedded.sequencerSeal(chain: other.genesis.chain)
        #expect(try refused(embedded, seal) == ProofRefusal("seal.header", .otherChain))
        let trust = ProofTrust(genesis: other.genesis)
        let right = try embedded.sequencerSeal()
        #expect(try refused(embedded, right, trust) == ProofRefusal("seal.header", .otherChain))
    }

    @Test("PRF-6: a sequencer's seal counts for nothing on a chain that validators order")
    func sequencerOfNetwork() throws {
        let seal = try network.sequencerSeal()
        #expect(try refused(network, seal) == ProofRefusal("seal.kind", .otherSeal))
    }

    @Test("PRF-6: validators count for nothing on a chain that one process orders")
    func validatorsOfEmbedded() throws {
        let seal = try embedded.validatorSeal()
        #expect(try refused(embedded, seal) == ProofRefusal("seal.kind", .otherSeal))
    }

    @Test("PRF-7: validators of nobody's choosing are refused, however well they sign")
    func inventedValidators() throws {
        let invented = Validators([(31, 40), (32, 40), (33, 40)])
        let seal = ProofSeal.validators([try invented.block(network.plan())])
        let field = "seal.blocks[0]"
        #expect(try refused(network, seal) == ProofRefusal(field, .untrustedValidators))
        let trust = ProofTrust(
            genesis: network.genesis,
            validatorsHash: try invented.set().hash
        )
        #expect(try refused(network, seal, trust) == nil, "unless they are given to be trusted")
        let own = try network.validatorSeal()
        #expect(try refused(network, own, trust) == ProofRefusal(field, .untrustedValidators))
    }

    @Test("PRF-7: two thirds of the power are not enough, and one more is")
    func quorum() throws {
        // Of 100, seeds 21, 22 and 23 have 90, and 21 with 23 have 60.
        let few = try network.validatorSeal { $0.absent = [22, 24] }
        let refusal = LightRefusal.noQuorum(signed: 60, total: 100)
        #expect(try refused(network, few) == ProofRefusal("seal.blocks[0]", .light(refusal)))
        let against = try network.validatorSeal {
            $0.against = [22]
            $0.absent = []
        }
        #expect(try refused(network, against) == nil, "70 of 100 signed, 30 voted for no block")
        guard case .validators(let sealer) = try verdict(network.validatorSeal()).sealer else {
            Issue.record("another seal")
            return
        }
        #expect(sealer.tally.signers == 3 && sealer.tally.validators == 4)
        #expect(sealer.tally.signedPower == 90 && sealer.tally.totalPower == 100)
        #expect(sealer.isGenesisTrusted && sealer.blocksBetween == 0)
    }

    @Test("PRF-5: a block of another chain, or with a root of another length, is refused")
    func otherNetwork() throws {
        let other = try network.validatorSeal { $0.chainName = "stoa-other" }
        #expect(try refused(network, other) == ProofRefusal("seal.blocks[0]", .otherChain))
        let short = try network.validatorSeal { $0.appHash = [1, 2, 3] }
        #expect(try refused(network, short) == ProofRefusal("seal.blocks[0]", .malformedValue))
    }

    @Test("PRF-8: blocks lead from the genesis' validators to later ones")
    func longSeal() throws {
        let found = try verdict(network.longSeal())
        #expect(found.height == BlockHeight(89))
        guard case .validators(let sealer) = found.sealer else {
            Issue.record("another seal")
            return
        }
        #expect(sealer.blocksBetween == 3 && sealer.isGenesisTrusted)
        #expect(sealer.trustedHash != sealer.validatorsHash)
        #expect(sealer.tally.signedPower == 55 && sealer.tally.totalPower == 60)
    }

    @Test("PRF-8: a leap to validators who are mostly strangers is refused, in any order")
    func tooLong() throws {
        guard case .validators(let blocks) = try network.longSeal() else { return }
        let leap = ProofSeal.validators([blocks[0], blocks[3]])
        let strangers = LightRefusal.tooLittleOverlap(signed: 0, total: 100)
        #expect(try refused(network, leap) == ProofRefusal("seal.blocks[1]", .light(strangers)))
        let back = ProofSeal.validators([blocks[0], blocks[2], blocks[1]])
        let earlier = ProofRefusal("seal.blocks[2]", .light(.heightNotLater))
        #expect(try refused(network, back) == earlier)
        let later = ProofSeal.validators(Array(blocks.dropFirst()))
        let unknown = ProofRefusal("seal.blocks[0]", .untrustedValidators)
        #expect(try refused(network, later) == unknown)
    }

    @Test("PRF-8: the next block must have the validators that were announced")
    func unannounced() throws {
        let others = Validators([(21, 40), (22, 30), (23, 21)])
        let seal = ProofSeal.validators([
            try Validators.genesis.block(network.plan(2)), try others.block(network.plan(3)),
        ])
        let refusal = ProofRefusal("seal.blocks[1]", .light(.unannouncedValidators))
        #expect(try refused(network, seal) == refusal)
    }
}
