import CanonicalCoding
import LedgerCore
import MarketTypes

/// Jobs, juries and disputes; numbers and salts are few, so that they are often the right ones.
extension DealerScript {
    private var job: EscrowID { EscrowID(known("escrow")) }
    private var dispute: DisputeID { DisputeID(known("dispute")) }
    private var number: Digest { Digest(sha256: [UInt8(chance.index(2))]) }
    private var verdict: Verdict { Verdict.allCases[chance.index(Verdict.allCases.count)] }

    func dealInJobs() -> Message? {
        switch chance.index(7) {
        case 0, 1:
            .escrows(
                .lock(
                    JobTerms(
                        seller: somebody,
                        asset: chance.chance(permille: 300) ? someAsset : nil,
                        denomination: someDenomination,
                        amount: amount,
                        document: someDigest,
                        acceptBy: BlockHeight(height + chance.number(1...12)),
                        deliverBy: BlockHeight(height + chance.number(6...20)),
                        reviewBlocks: chance.number(18...30)
                    )
                )
            )
        case 2, 3: .escrows(.accept(job))
        case 4: .escrows(.deliver(job, content: someDigest))
        case 5: .escrows(.approve(job))
        default: .escrows(.cancel(job))
        }
    }

    func judge() -> Message? {
        switch chance.index(12) {
        case 0, 1: return .disputes(.joinJury(Amount(obol: UInt128(chance.number(0...300)) << 30)))
        case 2: return .disputes(.leaveJury)
        case 3: return .disputes(.withdrawJury)
        case 4, 5:
            let commitment = Dispute.commitment(to: number)
            return .disputes(.open(job, evidence: someDigest, commitment: commitment))
        case 6: return .disputes(.answer(dispute, evidence: someDigest, number: number))
        case 7: return .disputes(.reveal(dispute, number: number))
        case 8, 9:
            let sealed = Dispute.sealedVote(
                verdict,
                salt: .zero,
                by: me.id,
                in: dispute,
                round: 0
            )
            return .disputes(.castVote(dispute, sealed: sealed))
        case 10: return .disputes(.openVote(dispute, verdict, salt: .zero))
        default:
            let commitment = Dispute.commitment(to: number)
            return .disputes(.appeal(dispute, evidence: someDigest, commitment: commitment))
        }
    }
}
