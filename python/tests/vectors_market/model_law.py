"""Juries, votes, and what takes time, after disputes.md, governance.md and passes.md."""

import hashlib

from vectors_market import names
from vectors_market.state import NATIVE_UNIT
from vectors_market.story_law import draw


def write_validators(put, genesis):
    """What STK-1 to STK-6 write for a genesis' validators, while all are candidates."""
    if genesis["staking"] != {
        "validatorsMax": 100, "candidatesMax": 200, "selfBondMin": str(10**9),
        "unbondingDelayBlocks": "7200", "slashBasisPoints": 500, "missedBlocksMax": "600",
        "jailBlocks": "600",
    }:
        put("43", "StakingParameters", genesis["staking"])
    powers = []
    for one in genesis["validators"]:
        bond, operator = one["selfBond"], one["operator"]
        address = hashlib.sha256(bytes.fromhex(one["consensusKey"]["key"])).digest()[:20]
        entry = {
            "consensusKey": one["consensusKey"], "commission": one["commission"],
            "commissionSetAt": "0", "stake": bond, "shares": bond, "rewardIndex": "0",
            "rewardRest": "0", "rewards": "0", "commissionEarned": "0", "jailedUntil": None,
            "slashes": [],
        }
        put("40" + operator, "Validator", entry)
        put("41" + operator * 2, "Delegation", {
            "shares": bond, "paidIndex": "0", "parts": [], "exitDelayBlocks": None,
        })
        put("42" + address.hex(), "StoredDigest", {"digest": operator})
        powers.append({"address": address.hex(), "number": str(int(bond) // 10**9)})
    table = {"entries": sorted(powers, key=lambda one: one["address"])}
    for key in ("44", "45"):
        put(key, "AddressTable", table)


class Juries:
    """Draws, sealed votes, verdicts, and who pays whom (DIS-20 to DIS-32)."""

    def __init__(self, checker):
        self.checker, self.verdicts = checker, []

    def block(self, state, height):
        pass

    def same(self, step, what, expected, found):
        self.checker.same(f"{step.name}: {what}", expected, found)

    def step(self, step):
        for message in step.messages:
            if message["case"] == "reveal":
                self.reveal(step, message)
            elif message["case"] == "openVote":
                dispute = step.before.get(0x7A, message["dispute"])
                self.opened(step, message, dispute)
        for event in step.told("decided"):
            self.decided(step, event)

    def reveal(self, step, message):
        name, number = message["dispute"], message["number"]
        dispute = step.before.get(0x7A, name)
        self.same(step, "commitment", dispute["commitment"], names.commitment(number))
        # Those who were jurors when the round opened (DIS-30).
        height = int(step.before.get(0x7C, name)["value"])
        kept = step.before.get(0x7B, f"{height:016x}")
        jurors = [(one["account"], int(one["stake"])) for one in kept["jurors"]]
        seed = names.jury_seed(name, dispute["round"], number, dispute["answer"])
        parties = dispute["buyer"], dispute["seller"]
        seats = (4 << dispute["round"]) - 1
        drawn = draw(jurors, parties, seats, seed)
        found = [(event["juror"], event["round"]) for event in step.told("seated")]
        self.same(step, "jury", [(juror, dispute["round"]) for juror in drawn], found)
        seated = [seat["juror"] for seat in step.after.get(0x7A, name)["seats"]]
        self.same(step, "seats", drawn, seated)

    def opened(self, step, message, dispute):
        seat = next(one for one in dispute["seats"] if one["juror"] == step.paper.sender)
        sealed = names.sealed_vote(
            message["dispute"], dispute["round"], step.paper.sender, message["vote"],
            message["salt"],
        )
        self.same(step, "sealed vote", seat["commitment"], sealed)

    def decided(self, step, event):
        """DIS-31, where a vote was opened."""
        name = event["dispute"]
        dispute = step.after.get(0x7A, name)
        seats = dispute["seats"]
        votes = [seat["vote"] for seat in seats if seat["vote"]]
        counts = {vote: votes.count(vote) for vote in votes}
        most = [vote for vote, count in counts.items() if count == max(counts.values())]
        verdict = most[0] if len(most) == 1 else 3
        self.same(step, "verdict", verdict, event["verdict"])
        is_tie = len(most) > 1
        winners = [s["juror"] for s in seats if s["vote"] and (is_tie or s["vote"] == verdict)]
        losers = [s["juror"] for s in seats if s["juror"] not in winners]
        stakes = {one["account"]: int(one["stake"]) for one in step.before.get(0x78)["jurors"]}
        penalty = int(dispute["rules"]["penalty"])
        fines = [(juror, min(penalty, stakes[juror])) for juror in losers]
        found = [(one["juror"], int(one["amount"])) for one in step.told("jurorFined")]
        self.same(step, "fines", fines, found)
        bond = int(dispute["rules"]["bond"]) << dispute["round"]
        lost = bond if verdict in (1, 2) else 2 * (bond - bond // 2)
        pay = lost + sum(fine for _, fine in fines)
        each, more = divmod(pay, len(winners))
        parts = [each + (place < more) for place in range(len(winners))]
        found = [(one["juror"], int(one["amount"])) for one in step.told("jurorPaid")]
        self.same(step, "jurors' pay", list(zip(winners, parts)), found)
        self.same(step, "the dispute's pot", 0, step.after.pot(7, name))
        self.verdicts.append(verdict)

    def finish(self):
        self.checker.same("verdicts", [2, 1, 1], self.verdicts)


class Claims:
    """What a claim to a bond holds, costs and brings (DIS-50 to DIS-53)."""

    DEPOSIT_BASIS_POINTS = 500
    POT = 13

    def __init__(self, checker):
        self.checker, self.paid = checker, 0

    def block(self, state, height):
        pass

    def step(self, step):
        for event in step.told("claimHeld"):
            name, amount = event["dispute"], int(event["amount"])
            deposit = amount * self.DEPOSIT_BASIS_POINTS // 10_000
            self.same(step, "deposit", deposit, int(event["deposit"]))
            self.same(step, "held", amount + deposit, step.after.pot(self.POT, name))
            bonds = [
                int((state.get(0x30, event["seller"]) or {"active": 0})["active"])
                for state in (step.before, step.after)
            ]
            self.same(step, "bond", bonds[0] - amount, bonds[1])
        for event in step.told("claimEnded"):
            claim = step.after.get(0x7A, event["dispute"])
            amount, verdict = int(claim["claim"]["amount"]), claim["verdict"]
            restored = {1: 0, 2: amount, 3: amount // 2}[verdict]
            found = int(event["restored"]), int(event["awarded"])
            self.same(step, "settled", (restored, amount - restored), found)
        for event in step.told("claimPaid"):
            claim = step.after.get(0x7A, event["dispute"])["claim"]
            self.same(step, "in time", True, step.height >= int(claim["releasedAt"]))
            self.same(step, "its pot", 0, step.after.pot(self.POT, event["dispute"]))
            self.paid += 1

    def same(self, step, what, expected, found):
        self.checker.same(f"{step.name}: claim's {what}", expected, found)

    def finish(self):
        self.checker.same("claims that were paid", 1, self.paid)


class Votes:
    """What stake counted for what (GOV-4, GOV-22, GOV-23), person by person."""

    def __init__(self, checker):
        self.checker, self.openings, self.outcomes = checker, {}, []
        self.seen = {}

    def block(self, state, height):
        self.seen[height] = state.copy()

    def same(self, step, what, expected, found):
        self.checker.same(f"{step.name}: {what}", expected, found)

    def standing(self, proposal):
        """Everybody's own stake and delegate when the proposal's first block began."""
        state = self.seen[int(proposal["opensAt"])]
        return {
            account: (int(voter["own"]), voter["delegate"]) for account, voter in state.of(0x80)
        }

    def choices(self, state, name):
        return {
            key[64:]: ballot["choice"] for key, ballot in state.of(0x85)
            if key.startswith(name) and ballot["choice"]
        }

    def step(self, step):
        for event in step.told("voted"):
            self.voted(step, event)
        for event in step.told("proposalEnded"):
            self.ended(step, event)
        for event in step.told("numberChanged"):
            stored = step.after.get(0x0A, "%04x" % event["number"])
            self.same(step, "number", event["to"], stored["value"])
        for event in step.told("treasuryPaid"):
            self.paid(step, event["payment"])
        for event in step.told("treasuryFunded"):
            if event["account"] is not None:
                given = next(one for one in step.messages if one["case"] == "fundTreasury")
                self.same(step, "gift", given["amount"], event["amount"])
            else:
                fees = int(step.before.get(0x03)["amount"])
                share = fees * step.before.number(1609, 0) // 10_000
                self.same(step, "treasury's share", str(share), event["amount"])
                earned = step.told("rewardEarned")[0]
                self.same(step, "the proposer's", str(fees - share), earned["amount"])

    def voted(self, step, event):
        """Own stake and that of all who have not voted and let this account vote."""
        proposal = step.before.get(0x84, event["proposal"])
        standing = self.standing(proposal)
        voted = self.choices(step.before, event["proposal"])
        weight = standing.get(event["account"], (0, None))[0]
        for account, (own, delegate) in standing.items():
            if delegate == event["account"] and account not in voted:
                weight += own
        self.same(step, "weight", str(weight), event["weight"])

    def ended(self, step, event):
        proposal = step.after.get(0x84, event["proposal"])
        standing = self.standing(proposal)
        choices = self.choices(step.after, event["proposal"])
        sums = dict.fromkeys((1, 2, 3, 4), 0)
        for account, (own, delegate) in standing.items():
            choice = choices.get(account) or choices.get(delegate)
            if choice:
                sums[choice] += own
        tally = dict(zip(("yes", "no", "abstain", "veto"), (str(s) for s in sums.values())))
        self.same(step, "tally", tally, proposal["tally"])
        total, cast = sum(own for own, _ in standing.values()), sum(sums.values())
        self.same(step, "total", str(total), proposal["total"])
        rules = proposal["rules"]
        supply = int(step.before.get(0x05, NATIVE_UNIT)["amount"])
        self.same(step, "votesMin", str(supply * 10 // 10_000), rules["votesMin"])
        yes, no, _, veto = sums.values()
        is_few = cast < int(rules["votesMin"]) or cast * 10_000 < total * int(rules["quorum"])
        if not cast or is_few:
            outcome = 2
        elif veto * 10_000 >= cast * int(rules["veto"]):
            outcome = 4
        elif yes * 10_000 <= (yes + no + veto) * int(rules["threshold"]):
            outcome = 3
        else:
            outcome = 1
        self.same(step, "outcome", outcome, event["outcome"])
        self.outcomes.append(outcome)

    def paid(self, step, payment):
        unit = payment["denomination"].get("unit", NATIVE_UNIT)
        pots = [state.pot(11, NATIVE_UNIT, unit) for state in (step.before, step.after)]
        self.same(step, "payment", int(payment["amount"]), pots[0] - pots[1])

    def finish(self):
        self.checker.same("outcomes", [1, 1, 1, 4], self.outcomes)


class Terms:
    """What takes time: periods of passes, redemptions, rotations; and supplies of units."""

    def __init__(self, checker):
        self.checker, self.renewals = checker, 0

    def block(self, state, height):
        pass

    def same(self, step, what, expected, found):
        self.checker.same(f"{step.name}: {what}", expected, found)

    def step(self, step):
        for event in step.told("bought", "renewed"):
            plan = step.after.get(0x60, event["names"]["plan"])["terms"]
            period = event["paid"]["period"]
            length = int(period["endsAt"]) - int(period["startsAt"])
            self.same(step, "period", int(plan["periodBlocks"]), length)
            self.same(step, "price", plan["price"], event["paid"]["paid"])
            if event["case"] == "bought" or event["isStanding"]:
                self.same(step, "begins", str(step.height), period["startsAt"])
            self.renewals += event.get("isStanding", False)
        for event in step.told("passEnded", "trialEnded"):
            self.same(step, "it is gone", None, step.after.get(0x63, event["names"]["pass"]))
        self.supplies(step)
        for event in step.told("redemptionAsked"):
            waits = step.after.get(0x59, event["names"]["redemption"])["returnableAt"]
            blocks = step.after.number(1101, 86_400)
            self.same(step, "returnable", str(step.height + blocks), waits)
        for event in step.told("rotationStarted"):
            delay = step.after.number(1701, 7200)
            self.same(step, "effective", str(step.height + delay), event["effectiveAt"])

    def supplies(self, step):
        """UNI-4: every change is an event with the supply after it."""
        supplies = {}
        for event in step.told("minted", "burned", "redemptionSettled"):
            about = event.get("names", event)
            unit, amount = about["unit"], int(about["amount"])
            if unit not in supplies:
                supplies[unit] = int((step.before.get(0x05, unit) or {"amount": 0})["amount"])
            supplies[unit] += amount if event["case"] == "minted" else -amount
            self.same(step, "supply that was told", str(supplies[unit]), event["supply"])
        for unit, supply in supplies.items():
            record = step.after.get(0x58, unit)
            made = int(record["minted"]) - int(record["burned"])
            stored = int(step.after.get(0x05, unit)["amount"])
            is_within = supply <= int(record["terms"]["supplyMax"])
            self.same(step, "supply", (supply, supply, True), (made, stored, is_within))

    def finish(self):
        self.checker.same("renewals by deadline", 1, self.renewals)
