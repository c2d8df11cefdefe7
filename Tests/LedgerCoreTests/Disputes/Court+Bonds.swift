import CanonicalCoding
import Identity
import MarketTypes
import SettlementCore
import Testing

@testable import LedgerCore

/// Claims to bonds, and the fraud that takes them.
extension Court {
    /// Opens a channel; returns its name.
    mutating func channel(_ payer: Person, to seller: Person = .bob) -> ChannelID {
        let sequence = harness.account(payer).sequence + 1
        let opening = Town.opening { draft in
            draft.payee = seller.id
            draft.key = payer.voucherKey.publicKey
        }
        #expect(harness.send(payer, .openChannel(opening)).isAccepted)
        return Channel.id(payer: payer.id, sequence: sequence, messageIndex: 0)
    }

    /// What Bob sells calls under.
    mutating func offer() -> Offer {
        let asset = Asset.id(owner: Person.bob.id, name: "small")
        let offer = Town.offer(of: asset) { $0.bond = 0 }
        let publication = AssetPublication(
            name: "small",
            kind: .model,
            licence: "MIT",
            version: AssetVersion(content: digest(1), metadataLink: "")
        )
        let result = harness.send(.bob, .publishAsset(publication), .publishOffer(offer))
        #expect(result.isAccepted)
        return offer
    }

    /// Two receipts of Bob's for one call.
    func fraud(_ channel: ChannelID, _ offer: Offer, call: UInt64 = 1) -> Message {
        var units = UnitCounts()
        units[.call] = 1
        let draft = CallDraft(
            chain: harness.chain,
            channel: channel,
            lane: 0,
            after: LaneSettlement(sequence: call - 1, total: Amount(obol: 100)),
            under: offer,
            units: units,
            payer: .alice,
            payee: .bob
        )
        var second = draft
        second.receipt.total += 1
        return .reportFraud(.equivocation(draft.claim.receipt, second.claim.receipt))
    }

    static func claim(
        _ channel: ChannelID,
        _ amount: UInt128,
        number: Digest = digest(11)
    ) -> Message {
        .disputes(
            .claimBond(
                channel,
                Amount(obol: amount),
                evidence: digest(3),
                commitment: Dispute.commitment(to: number)
            )
        )
    }

    /// A dispute about a part of Bob's bond; the number of whoever claims it is digest(11).
    mutating func claimed(
        _ amount: UInt128,
        by payer: Person = .alice,
        of channel: ChannelID? = nil
    ) -> DisputeID {
        let name = channel ?? self.channel(payer)
        let sequence = harness.account(payer).sequence + 1
        #expect(harness.send(payer, Self.claim(name, amount)).isAccepted)
        return DisputeID(opener: payer.id, sequence: sequence, messageIndex: 0)
    }

    /// Answers and draws the jury.
    mutating func seat(_ id: DisputeID, opener: Person = .alice, other: Person = .bob) {
        let answer = DisputeMessage.answer(id, evidence: digest(4), number: digest(12))
        #expect(harness.send(other, .disputes(answer)).isAccepted)
        let reveal = DisputeMessage.reveal(id, number: digest(11))
        #expect(harness.send(opener, .disputes(reveal)).isAccepted)
    }

    mutating func bond(_ amount: UInt128, _ person: Person = .bob) {
        #expect(harness.send(person, .depositBond(Amount(obol: amount))).isAccepted)
    }

    func bond(_ person: Person = .bob) -> Bond { state.bond(person.id) }
    func held(_ person: Person = .bob) -> [HeldClaim] { state.heldClaims(person.id).claims }
    func pot(_ id: DisputeID) -> UInt128 { state.amount(in: .claim(id)).obol }
}
