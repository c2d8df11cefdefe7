import CanonicalCoding
import MarketTypes

@testable import LedgerCore

extension CourtModel {
    /// The number of the refusal, or 0; whoever sends it has paid the transaction's fee.
    mutating func apply(
        _ message: DisputeMessage,
        by sender: AccountID,
        _ name: DisputeID
    ) -> UInt32 {
        switch message {
        case .joinJury(let amount): return join(sender, amount.obol)
        case .leaveJury:
            guard let stake = stakes[sender] else { return 1504 }
            stakes[sender] = nil
            exits[sender] = (stake, height + Court.exit)
            return 0
        case .withdrawJury:
            guard let exit = exits[sender], exit.at <= height else { return 1505 }
            pay(sender, exit.amount)
            exits[sender] = nil
            return 0
        case .open(let escrow, _, let bound):
            guard let job = jobs.firstIndex(where: { $0.id == escrow }) else { return 1406 }
            guard jobs[job].buyer == sender else { return 1506 }
            switch jobs[job].status {
            case .accepted, .delivered: break
            default: return 1507
            }
            guard take(sender, Court.bond) else { return 202 }
            let (buyer, seller) = (jobs[job].buyer, jobs[job].seller)
            open(name, job, (buyer, seller), Court.speak, bound)
            jobs[job].status = .disputed
            return 0
        case .claimBond(let channel, let amount, _, let bound):
            return claim(channel, amount.obol, bound, by: sender, name)
        case .answer(let id, _, _), .appeal(let id, _, _), .reveal(let id, _),
            .castVote(let id, _), .openVote(let id, _, _):
            guard let place = cases.firstIndex(where: { $0.id == id }) else { return 1508 }
            return speak(message, in: place, by: sender)
        }
    }

    private mutating func join(_ sender: AccountID, _ amount: UInt128) -> UInt32 {
        let stake = stakes[sender, default: 0] + amount
        guard amount > 0, stake >= Court.stake else { return 1501 }
        guard exits[sender] == nil else { return 1503 }
        guard take(sender, amount) else { return 202 }
        stakes[sender] = stake
        return 0
    }

    private mutating func open(
        _ name: DisputeID,
        _ job: Int?,
        _ parties: (buyer: AccountID, seller: AccountID),
        _ speak: UInt64,
        _ bound: Digest
    ) {
        cases.append(
            Case(
                id: name,
                job: job,
                buyer: parties.buyer,
                seller: parties.seller,
                speak: speak,
                opener: parties.buyer,
                bound: bound,
                until: height,
                held: Court.bond
            )
        )
        keepJurors(cases.count - 1)
        enter(cases.count - 1, 1)
    }

    /// What is said in a dispute that exists.
    private mutating func speak(
        _ message: DisputeMessage,
        in place: Int,
        by sender: AccountID
    ) -> UInt32 {
        let one = cases[place]
        let phase: UInt8 =
            switch message {
            case .answer: 1
            case .reveal: 2
            case .castVote: 3
            case .openVote: 4
            default: 5
            }
        guard one.phase == phase else { return 1509 }
        switch message {
        case .answer(_, _, let number):
            guard sender == one.other(one.opener) else { return 1506 }
            guard take(sender, one.stake) else { return 202 }
            cases[place].held += one.stake
            cases[place].answer = number
            enter(place, 2)
        case .reveal(_, let number):
            guard sender == one.opener else { return 1506 }
            guard Digest(.disputeSeed, number.bytes) == one.bound else { return 1511 }
            draw(place, number)
            guard cases[place].seats.isEmpty else {
                enter(place, 3)
                return 0
            }
            giveBack(place, one.stake, to: one.buyer)
            giveBack(place, one.stake, to: one.seller)
            finish(place, standing(place))
        case .castVote(_, let sealed):
            guard let seat = one.seats.firstIndex(where: { $0.juror == sender }) else {
                return 1512
            }
            guard one.seats[seat].sealed == nil else { return 1513 }
            cases[place].seats[seat].sealed = sealed
            if cases[place].seats.allSatisfy({ $0.sealed != nil }) { enter(place, 4) }
        case .openVote(_, let vote, let salt): return openVote(vote, salt, in: place, by: sender)
        default: return appeal(message, in: place, by: sender)
        }
        return 0
    }

    private mutating func openVote(
        _ vote: Verdict,
        _ salt: Digest,
        in place: Int,
        by sender: AccountID
    ) -> UInt32 {
        let one = cases[place]
        guard let seat = one.seats.firstIndex(where: { $0.juror == sender }) else { return 1512 }
        guard one.seats[seat].vote == nil else { return 1513 }
        let text =
            one.id.digest.bytes + [UInt8(one.round)] + sender.digest.bytes + [vote.rawValue]
            + salt.bytes
        guard one.seats[seat].sealed == Digest(.juryVote, text) else { return 1514 }
        cases[place].seats[seat].vote = vote.rawValue
        let isComplete = cases[place].seats.allSatisfy { $0.sealed == nil || $0.vote != nil }
        if isComplete { decide(place) }
        return 0
    }

    private mutating func appeal(
        _ message: DisputeMessage,
        in place: Int,
        by sender: AccountID
    ) -> UInt32 {
        guard case .appeal(_, _, let bound) = message else { return 0 }
        let one = cases[place]
        guard sender == one.buyer || sender == one.seller else { return 1506 }
        guard one.verdict != (sender == one.buyer ? 1 : 2) else { return 1515 }
        guard take(sender, 2 * one.stake) else { return 202 }
        cases[place].round += 1
        cases[place].held += cases[place].stake
        cases[place].opener = sender
        cases[place].bound = bound
        cases[place].answer = .zero
        cases[place].seats = []
        keepJurors(place)
        enter(place, 1)
        return 0
    }

    // MARK: bonds

    mutating func deposit(_ sender: AccountID, _ amount: UInt128) -> UInt32 {
        guard amount > 0 else { return 601 }
        guard take(sender, amount) else { return 202 }
        bonds[sender, default: Bond()].active += amount
        return 0
    }

    mutating func unbond(_ sender: AccountID, _ amount: UInt128) -> UInt32 {
        guard amount > 0 else { return 601 }
        guard let bond = bonds[sender], amount <= bond.active else { return 602 }
        guard bond.parts.count < 8 else { return 603 }
        bonds[sender]?.active -= amount
        bonds[sender]?.parts.append((amount, height + 8))
        return 0
    }

    mutating func withdrawBond(_ sender: AccountID) -> UInt32 {
        let due = (bonds[sender]?.parts ?? []).filter { $0.at <= height }
        guard !due.isEmpty else { return 604 }
        for part in due { pay(sender, part.amount) }
        bonds[sender]?.parts.removeAll { $0.at <= height }
        return 0
    }

    private mutating func claim(
        _ channel: ChannelID,
        _ amount: UInt128,
        _ bound: Digest,
        by sender: AccountID,
        _ name: DisputeID
    ) -> UInt32 {
        guard let parties = channels[channel] else { return 506 }
        guard parties.payer == sender else { return 1506 }
        guard amount >= Court.claimMin else { return 1516 }
        let others = cases.filter { $0.isUnsettled && $0.seller == parties.payee }
        guard !others.contains(where: { $0.buyer == sender }) else { return 1517 }
        guard others.count < 16 else { return 1518 }
        guard amount <= bonds[parties.payee]?.all ?? 0 else { return 1519 }
        let deposit = amount / 20
        guard take(sender, deposit + Court.bond) else { return 202 }
        var left = amount
        while left > 0, var bond = bonds[parties.payee] {
            let part = bond.active > 0 ? bond.active : bond.parts.last?.amount ?? 0
            let taken = min(left, part)
            left -= taken
            if bond.active > 0 {
                bond.active -= taken
            } else {
                bond.parts[bond.parts.count - 1].amount -= taken
                if taken == part { bond.parts.removeLast() }
            }
            bonds[parties.payee] = bond
        }
        open(name, nil, (sender, parties.payee), Court.claimSpeak, bound)
        let place = cases.count - 1
        cases[place].claimed = amount
        cases[place].deposited = deposit
        cases[place].releasedAt = height + 8
        cases[place].isUnsettled = true
        cases[place].claimTurn = nextTurn()
        return 0
    }

    mutating func settle(_ place: Int, _ verdict: UInt8) {
        let one = cases[place]
        func sellers(_ all: UInt128) -> UInt128 { verdict == 1 ? 0 : verdict == 2 ? all : all / 2 }
        pay(one.seller, sellers(one.deposited))
        pay(one.buyer, one.deposited - sellers(one.deposited))
        cases[place].deposited = 0
        let restored = sellers(one.claimed)
        if restored > 0 { bonds[one.seller, default: Bond()].active += restored }
        cases[place].claimed -= restored
        cases[place].isAwarded = true
        if cases[place].claimed == 0 || one.releasedAt <= height { payAward(place) }
    }

    mutating func payAward(_ place: Int) {
        pay(cases[place].buyer, cases[place].claimed)
        cases[place].claimed = 0
        cases[place].isUnsettled = false
    }

    /// A proof that holds, about one of Alice's calls to Bob.
    mutating func report(_ call: UInt64, by sender: AccountID, payer: AccountID, seller: AccountID)
        -> UInt32
    {
        guard !punished.contains(call) else { return 606 }
        var all = bonds[seller]?.all ?? 0
        for one in cases where one.seller == seller { all += one.claimed }
        guard all > 0 else { return 607 }
        punished.append(call)
        bonds[seller] = nil
        for place in cases.indices where cases[place].seller == seller {
            cases[place].claimed = 0
            if cases[place].isAwarded { cases[place].isUnsettled = false }
        }
        pay(payer, all / 4)
        pay(sender, all / 8)
        fees += all - all / 4 - all / 8
        return 0
    }
}
