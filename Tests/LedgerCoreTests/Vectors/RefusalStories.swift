import CanonicalCoding
import Identity
import MarketTypes

@testable import LedgerCore

extension RefusalFile {
    /// The market's components, each with the table of its refusal tests.
    static let all: [RefusalFile] = [
        RefusalFile("lineage", 9, lineage),
        RefusalFile("shares", 10, shares),
        RefusalFile("units", 11, units),
        RefusalFile("passes", 12, passes, unreachable: calls),
        RefusalFile("exchange", 13, exchange),
        RefusalFile("escrows", 14, deals(RefusedDeal.jobs) + [lateAcceptance]),
        RefusalFile("disputes", 15, deals(RefusedDeal.disputes + RefusedDeal.claims) + [lateVote]),
        RefusalFile("governance", 16, governance, unreachable: executions),
        RefusalFile("authorization", 17, authorization),
        RefusalFile("deadlines", 18, deadlines),
    ]

    private static let lineage = RefusedLineage.all.map { refused in
        RefusalStory(refused.name, refused.refusal) {
            var family = Family.start
            let message = refused.message(&family)
            family.harness.keepsMet = true
            family.harness.send(refused.sender, message)
            return family.harness.met
        }
    }

    private static let shares = RefusedShares.all.map { refused in
        RefusalStory(refused.name, refused.refusal) {
            var town = ShareTown.start
            let message = refused.message(&town)
            town.passes.harness.keepsMet = true
            town.passes.harness.send(refused.sender, message)
            return town.harness.met
        }
    }

    private static let units = RefusedUnit.all.map { refused in
        RefusalStory(refused.name, refused.refusal) {
            var town = UnitTown.start
            let message = refused.message(&town)
            town.harness.keepsMet = true
            town.send(refused.sender, message)
            return town.harness.met
        }
    }

    private static let passes = RefusedPass.all.map { refused in
        RefusalStory(refused.name, refused.refusal) {
            var town = PassTown.start
            let message = refused.message(&town)
            town.harness.keepsMet = true
            town.harness.send(refused.sender, message)
            return town.harness.met
        }
    }

    private static let exchange = RefusedExchange.all.map { refused in
        RefusalStory(refused.name, refused.refusal) {
            var town = ExchangeTown.start
            let message = refused.message(&town)
            town.harness.keepsMet = true
            town.send(refused.sender, message)
            return town.harness.met
        }
    }

    /// Disputes: whoever adds a message adds its refusals to ``RefusedDeal``, and records anew.
    private static func deals(_ table: [RefusedDeal]) -> [RefusalStory] {
        table.map { refused in
            RefusalStory(refused.what, refused.refusal) {
                var court = Court()
                let message = refused.message(&court)
                court.harness.keepsMet = true
                court.harness.send(refused.sender, message)
                return court.harness.met
            }
        }
    }

    private static let governance = RefusedVote.all.map { refused in
        RefusalStory(refused.name, refused.refusal) {
            var town = Assembly()
            town.harness.keepsMet = true
            _ = refused.act(&town)
            return town.harness.met
        }
    }

    private static let authorization = RefusedAct.all.map { refused in
        RefusalStory(refused.name, refused.refusal) {
            var house = Household()
            house.harness.keepsMet = true
            _ = refused.act(&house)
            return house.harness.met
        }
    }
}

extension RefusalFile {
    /// A deadline ends what is late, unless it had to wait for its turn; so entries are planted.
    private static let lateAcceptance = RefusalStory(
        "accepting after the last height",
        .escrows(.tooLate)
    ) {
        var court = Court()
        let job = court.lock()
        let terms = court.terms()
        let passed = JobTerms(
            seller: terms.seller,
            asset: nil,
            denomination: .native,
            amount: terms.amount,
            document: terms.document,
            acceptBy: BlockHeight(1),
            deliverBy: BlockHeight(2),
            reviewBlocks: 20
        )
        let late = Escrow(buyer: Person.alice.id, terms: passed, status: .offered)
        court.harness.plant(late, .escrow(job))
        court.harness.keepsMet = true
        court.harness.send(.bob, .escrows(.accept(job)))
        return court.harness.met
    }

    private static let lateVote = RefusalStory("voting too late", .disputes(.tooLate)) {
        var court = Court()
        let (_, id) = court.seated()
        guard var dispute = court.dispute(id) else { return nil }
        dispute.until = BlockHeight(court.height - 1)
        court.harness.plant(dispute, .dispute(id))
        court.harness.keepsMet = true
        court.harness.send(.carol, .disputes(.castVote(id, sealed: digest(1))))
        return court.harness.met
    }

    private static let deadlines = [
        RefusalStory("no room at 65 heights", .deadlines(.tooManyDue)) {
            var town = PassTown.start
            let plan = town.publish(
                PlanDraft {
                    $0.included = PassTown.included(7)
                    $0.periodBlocks = 200
                }
            )
            let end = town.height + 200 + 1 + Deadline.spillBlocksMax
            town.fill(end...(end + Deadline.spillBlocksMax))
            town.endBlocks(end - 200 - town.height)
            town.harness.keepsMet = true
            town.buy(.alice, plan)
            return town.harness.met
        },
        RefusalStory("beyond all heights", .deadlines(.invalidHeight)) {
            var town = PassTown.start
            town.buy(.alice, town.monthly)
            guard var pass = town.pass(.alice, town.monthly),
                let name = town.name(.alice, town.monthly)
            else { return nil }
            let last = PassPeriod(startsAt: pass.end, endsAt: BlockHeight(.max - 9))
            pass.periods = [last]
            town.harness.plant(pass, .pass(name))
            town.harness.keepsMet = true
            town.send(.alice, .renewPass(town.monthly, priceMax: Amount(obol: .max)))
            return town.harness.met
        },
    ]

    private static let calls = [
        UnreachableCode(
            code: 1290,
            name: "noPass, of a call",
            reason: "a provider answers it to a call (PAS-40); no transaction is refused with it"
        ),
        UnreachableCode(
            code: 1291,
            name: "unitsUsed, of a call",
            reason: "a provider answers it to a call (PAS-42); no transaction is refused with it"
        ),
    ]

    private static let executions = [
        UnreachableCode(
            code: 1616,
            name: "governance.treasuryTooSmall",
            reason: "found when a proposal is executed, at a deadline (GOV-24)"
        ),
        UnreachableCode(
            code: 1617,
            name: "governance.inconsistentNumbers",
            reason: "found when a proposal is executed, at a deadline (GOV-24)"
        ),
    ]
}
