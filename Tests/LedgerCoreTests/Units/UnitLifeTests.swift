import CanonicalCoding
import Identity
import MarketTypes
import Testing

@testable import LedgerCore

@Suite("A unit's life")
struct UnitLifeTests {
    private static let unit = UnitTown.unit

    @Test("UNI-10: is made empty, under the issuer's name and the ticker")
    func issue() {
        var harness = LedgerHarness()
        let result = harness.send(.carol, TermsDraft().message)
        #expect(result.events == [.units(.issued(Self.unit, issuer: Person.carol.id))])
        let record = harness.ledger.state.read(UnitRecord.self, .unit(Self.unit))
        #expect(record?.issuer == Person.carol.id)
        #expect(record?.terms == TermsDraft().terms)
        #expect(record?.issuedAt == harness.context.height)
        #expect(harness.ledger.state.contains(.supply(UnitTown.denomination)))
        #expect(harness.ledger.state.supply(UnitTown.denomination) == .zero)
        #expect(harness.send(.bob, TermsDraft().message).isAccepted, "another's ticker is free")
        DenominationCount(harness).check()
    }

    @Test("UNI-11: grows by the issuer's minting, seen in supply, record and event")
    func mint() {
        var town = UnitTown.start
        let mint = UnitMessage.mintUnit(Self.unit, Amount(obol: 50), to: Person.dave.id)
        let result = town.send(.carol, mint)
        #expect(
            result.events == [
                .units(
                    .minted(
                        Self.unit,
                        Amount(obol: 50),
                        to: Person.dave.id,
                        supply: Amount(obol: 6750)
                    )
                )
            ]
        )
        #expect(town.has(.dave) == 50)
        #expect(town.supply == 6750)
        #expect(town.record?.minted.obol == 6750)
        let rest = Amount(obol: 1_000_000 - 6750)
        #expect(town.send(.carol, .mintUnit(Self.unit, rest, to: Person.carol.id)).isAccepted)
        #expect(town.supply == 1_000_000)
        DenominationCount(town.harness).check()
    }

    @Test("UNI-12: shrinks by a holder's burning, which makes room for as much")
    func burn() {
        var town = UnitTown.start
        let result = town.send(.bob, .burnUnit(Self.unit, Amount(obol: 400)))
        #expect(
            result.events == [
                .units(
                    .burned(
                        Self.unit,
                        Amount(obol: 400),
                        by: Person.bob.id,
                        supply: Amount(obol: 6300)
                    )
                )
            ]
        )
        #expect(town.has(.bob) == 600)
        #expect(town.supply == 6300)
        #expect(town.record?.minted.obol == 6700)
        #expect(town.record?.burned.obol == 400)
        let rest = Amount(obol: 1_000_000 - 6300)
        #expect(town.send(.carol, .mintUnit(Self.unit, rest, to: Person.carol.id)).isAccepted)
        DenominationCount(town.harness).check()
    }

    @Test("UNI-13, UNI-14: what is to be redeemed is locked, and gone once the issuer has paid")
    func redeem() {
        var town = UnitTown.start
        #expect(town.has(.alice) == 5000)
        #expect(town.locked(town.redemption) == 700)
        let key = StateKey.redemption(town.redemption)
        let redemption = town.harness.ledger.state.read(Redemption.self, key)
        #expect(redemption?.returnableAt == BlockHeight(1 + UnitTown.blocks))
        #expect(redemption?.reference == digest(3))
        for index in [
            StateKey.redemption(town.redemption, of: Self.unit),
            .redemption(town.redemption, by: Person.alice.id),
        ] { #expect(town.harness.ledger.state.contains(index)) }
        let result = town.send(.carol, .settleRedemption(town.redemption))
        guard case .units(.redemptionSettled(let names, let supply)) = result.events.first else {
            Issue.record("no event")
            return
        }
        #expect(names.amount.obol == 700)
        #expect(names.holder == Person.alice.id)
        #expect(supply.obol == 6000)
        #expect(town.supply == 6000)
        #expect(town.record?.burned.obol == 700)
        #expect(!town.harness.ledger.state.contains(key))
        let left = town.harness.base.entries.keys.filter {
            [0x59, 0x5a, 0x5b].contains($0.bytes[0])
                && town.harness.ledger.state.contains($0)
        }
        #expect(left.isEmpty)
        DenominationCount(town.harness).check()
    }

    @Test("UNI-15: comes back to the holder when the issuer's time is over, and not before")
    func takeBack() {
        var town = UnitTown.start
        town.harness.endBlock(blocks: UnitTown.blocks - 2)
        #expect(
            town.send(.alice, .cancelRedemption(town.redemption)).refusal == .units(.tooEarly)
        )
        town.harness.endBlock()
        let result = town.send(.alice, .cancelRedemption(town.redemption))
        #expect(result.isAccepted)
        #expect(town.has(.alice) == 5700)
        #expect(town.supply == 6700)
        #expect(
            town.send(.carol, .settleRedemption(town.redemption)).refusal
                == .units(.unknownRedemption)
        )
        DenominationCount(town.harness).check()
    }

    @Test("UNI-14: the issuer may be late, as long as the holder has not taken it back")
    func late() {
        var town = UnitTown.start
        town.harness.endBlock(blocks: 2 * UnitTown.blocks)
        #expect(town.send(.carol, .settleRedemption(town.redemption)).isAccepted)
    }

    @Test("UNI-15: the issuer can decline at once, to the holder's good only")
    func decline() {
        var town = UnitTown.start
        #expect(town.send(.carol, .cancelRedemption(town.redemption)).isAccepted)
        #expect(town.has(.alice) == 5700)
        #expect(town.has(.carol) == 0)
    }

    @Test("UNI-13: a vote on the delay does not touch what was asked for before")
    func delay() {
        var town = UnitTown.start
        town.harness.plant(StoredNumber(60), .governedNumber(.redemptionBlocks))
        let id = town.redeem(.bob, 10)
        town.harness.endBlock(blocks: 60)
        #expect(town.send(.bob, .cancelRedemption(id)).isAccepted)
        #expect(
            town.send(.alice, .cancelRedemption(town.redemption)).refusal == .units(.tooEarly)
        )
    }

    @Test("UNI-3: an issuer has no message that takes from a holder")
    func powerless() {
        var town = UnitTown.start
        let before = Person.all.filter { $0.id != Person.carol.id }.map { town.has($0) }
        for message in [
            UnitMessage.burnUnit(Self.unit, Amount(obol: 1)),
            .redeemUnit(Self.unit, Amount(obol: 1), reference: digest(1)),
            .issueUnit(TermsDraft().terms),
            .settleRedemption(digest(1)), .cancelRedemption(digest(1)),
        ] {
            #expect(!town.send(.carol, message).isAccepted)
        }
        #expect(town.send(.carol, .settleRedemption(town.redemption)).isAccepted)
        #expect(Person.all.filter { $0.id != Person.carol.id }.map { town.has($0) } == before)
    }

    @Test("encodings lead back, of terms, messages, records and events")
    func coding() throws {
        let terms = TermsDraft().terms
        let messages: [UnitMessage] = [
            .issueUnit(terms), .mintUnit(digest(1), Amount(obol: 2), to: Person.bob.id),
            .burnUnit(digest(1), Amount(obol: 2)),
            .redeemUnit(digest(1), Amount(obol: 2), reference: digest(3)),
            .settleRedemption(digest(1)), .cancelRedemption(digest(2)),
        ]
        #expect(messages.map(\.tag) == Array(48...53))
        for message in messages {
            let whole = Message.units(message)
            #expect(try Message(canonicalBytes: whole.canonicalBytes) == whole)
        }
        let redemption = Redemption(
            unit: digest(1),
            holder: Person.bob.id,
            reference: digest(2),
            returnableAt: BlockHeight(7)
        )
        #expect(try Redemption(canonicalBytes: redemption.canonicalBytes) == redemption)
        let names = RedemptionNames(digest(8), redemption, Amount(obol: 5))
        let amount = Amount(obol: 2)
        let events: [UnitEvent] = [
            .issued(digest(1), issuer: Person.bob.id),
            .minted(digest(1), amount, to: Person.bob.id, supply: Amount(obol: 3)),
            .burned(digest(1), amount, by: Person.bob.id, supply: Amount(obol: 3)),
            .redemptionAsked(names, reference: digest(4)),
            .redemptionSettled(names, supply: Amount(obol: 3)), .redemptionReturned(names),
        ]
        for event in events {
            let whole = Event.units(event)
            #expect(try Event(canonicalBytes: whole.canonicalBytes) == whole)
            #expect(whole.record.name.hasPrefix("units."))
        }
        #expect(Set(events.map(\.record.name)).count == events.count)
    }
}
