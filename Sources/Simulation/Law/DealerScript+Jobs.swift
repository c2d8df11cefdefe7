import CanonicalCoding
import Identity
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

    /// Bonds, channels by which others may claim them, and claims, too large ones among them.
    func dealInBonds() -> Message? {
        switch chance.index(9) {
        case 0, 1:
            return .depositBond(Amount(obol: UInt128(chance.number(0...100)) << 30))
        case 2:
            return .unbond(Amount(obol: UInt128(chance.number(0...40)) << 30))
        case 3: return .withdrawBond
        case 4:
            return .openChannel(
                ChannelOpening(
                    payee: somebody,
                    denomination: .native,
                    deposit: amount,
                    voucherKey: me.signer.publicKey,
                    lanes: 1
                )
            )
        default:
            return .disputes(
                .claimBond(
                    ChannelID(known("channel of \(me.id)")),
                    Amount(obol: UInt128(chance.number(9...60)) << 30),
                    evidence: someDigest,
                    commitment: Dispute.commitment(to: number)
                )
            )
        }
    }

    /// Judges, pleads, or does what one may not: shows a wrong number, opens another vote than it
    /// cast, speaks for somebody else. Who has nothing to say stays silent by that.
    func judge() -> Message? {
        guard chance.chance(permille: 700), let next = nextWord() else { return anyWord() }
        return next
    }

    /// What the dispute at hand waits for, if it waits for this dealer.
    private func nextWord() -> Message? {
        let id = dispute
        guard let entry = market.replica.value(for: .dispute(id)),
            let dispute = try? Dispute(canonicalBytes: entry)
        else { return nil }
        let seat = dispute.seats.first { $0.juror == me.id }
        switch dispute.phase {
        case .answering:
            guard dispute.other == me.id else { return nil }
            return .disputes(.answer(id, evidence: someDigest, number: number))
        case .revealing:
            guard dispute.opener == me.id else { return nil }
            return .disputes(.reveal(id, number: number))
        case .voting:
            guard seat != nil else { return nil }
            let vote = verdict
            let sealed = Dispute.sealedVote(
                vote,
                salt: .zero,
                by: me.id,
                in: id,
                round: dispute.round
            )
            return .disputes(.castVote(id, sealed: sealed))
        case .opening:
            guard seat != nil else { return nil }
            return .disputes(.openVote(id, verdict, salt: .zero))
        case .decided:
            let commitment = Dispute.commitment(to: number)
            return .disputes(.appeal(id, evidence: someDigest, commitment: commitment))
        case .ended: return nil
        }
    }

    private func anyWord() -> Message? {
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
