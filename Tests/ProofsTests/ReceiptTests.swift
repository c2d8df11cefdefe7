import CanonicalCoding
import Identity
import LedgerCore
import MarketTypes
import Proofs
import SettlementCore
import Testing

@Suite("what a receipt's proof must hold")
struct ReceiptTests {
    private let sale: Sale
    private let seal: ProofSeal

    init() throws {
        sale = try Sale.make(isNetwork: false)
        seal = try sale.sequencerSeal()
    }

    private func refused(_ file: ProofFile) -> ProofRefusal? {
        refusal(ProofTrust(genesis: sale.genesis)) { () throws(ProofRefusal) in file }
    }

    @Test("PRF-12: every receipt of the claim is proven, and says what it said")
    func allReceipts() throws {
        let verifier = ProofVerifier(trusting: ProofTrust(genesis: sale.genesis))
        for (index, call) in sale.calls.enumerated() {
            let file = try sale.receiptProof(index, seal: seal)
            guard case .receipt(let verdict) = try verifier.verify(file) else {
                Issue.record("another verdict")
                return
            }
            #expect(verdict.digest == call.receipt.digest)
            #expect(verdict.receipt == call.receipt.document)
            #expect(verdict.claimIndex == 0 && verdict.inclusion.index == UInt64(index))
            #expect(verdict.channel.payee == sale.offer.seller)
            #expect(verdict.seal.height == BlockHeight(5))
        }
    }

    @Test("PRF-12: a receipt at another place, or of another claim's count, is refused")
    func otherPlace() throws {
        let wrong = try sale.receiptProof(3, seal: seal, inclusion: sale.inclusion(of: 2))
        #expect(refused(wrong) == ProofRefusal("inclusion", .notIncluded))
        let right = try sale.inclusion(of: 3)
        let longer = ReceiptInclusion(index: 3, count: 8, siblings: right.siblings)
        let counted = try sale.receiptProof(3, seal: seal, inclusion: longer)
        #expect(refused(counted) == ProofRefusal("inclusion.count", .notIncluded))
        let outside = ReceiptInclusion(index: 7, count: 7, siblings: right.siblings)
        let beyond = try sale.receiptProof(3, seal: seal, inclusion: outside)
        #expect(refused(beyond) == ProofRefusal("inclusion", .notIncluded))
    }

    @Test("PRF-12: the inner nodes of the tree are no receipts, and no path may go on")
    func pathLength() throws {
        let right = try sale.inclusion(of: 3)
        for siblings in [right.siblings + [.zero], Array(right.siblings.dropLast())] {
            let inclusion = ReceiptInclusion(index: 3, count: 7, siblings: siblings)
            let file = try sale.receiptProof(3, seal: seal, inclusion: inclusion)
            #expect(refused(file) == ProofRefusal("inclusion", .notIncluded))
        }
    }

    @Test("PRF-10: a claim of another channel, and an entry of another kind, are refused")
    func otherKeys() throws {
        let stranger = StateKey.claim(ChannelID(.zero), 0)
        for key in [stranger, .channel(sale.channel), .lane(sale.channel, LaneID(0))] {
            let file = try sale.receiptProof(seal: seal, claim: key)
            #expect(refused(file) == ProofRefusal("claim.key", .wrongKey))
        }
    }

    @Test("PRF-11: a claim that the ledger has not is refused")
    func noSuchClaim() throws {
        let key = StateKey.claim(sale.channel, 1)
        let file = try sale.receiptProof(seal: seal, claim: key)
        // Absence is proven well, but a receipt needs a presence.
        let absent = ProofRefusal("claim.value", .malformedValue)
        #expect(refused(file) == absent)
        #expect(refusal(file.text, ProofTrust(genesis: sale.genesis)) == absent)
    }

    @Test("PRF-9: a receipt that another than the payee's key signed is refused")
    func otherSigner() throws {
        let call = sale.calls[3]
        let forged = SettledCall(
            voucher: call.voucher,
            receipt: try Sale.key(5).sign(call.receipt.document)
        )
        let file = try sale.receiptProof(seal: seal, call: forged)
        #expect(refused(file) == ProofRefusal("receipt", .rule(.wrongSigner)))
    }

    @Test("PRF-13: a receipt is refused with the voucher of another call")
    func otherVoucher() throws {
        let mixed = SettledCall(voucher: sale.calls[1].voucher, receipt: sale.calls[3].receipt)
        let file = try sale.receiptProof(seal: seal, call: mixed)
        #expect(refused(file) == ProofRefusal("receipt", .rule(.wrongRequest)))
    }

    @Test("PRF-9: papers of another chain are refused although their signatures verify")
    func otherChain() throws {
        let other = try Sale.make(isNetwork: false, name: "other")
        let file = try sale.receiptProof(seal: seal, call: other.calls[3])
        #expect(refused(file) == ProofRefusal("voucher", .otherChain))
    }
}
