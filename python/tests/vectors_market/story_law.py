"""The story's jobs, juries, votes and keys."""

from vectors_market import names
from vectors_market.chain import NATIVE, NUMBERS, STOA, issued, message


PENALTY = NUMBERS[1503]


def content(number):
    return f"{number:02x}" * 32


def lock(story, buyer, seller, asset=None, amount=20 * STOA, accept=3, deliver=8):
    """Locks a job's pay; returns its name."""
    name = story.named("escrow", buyer)
    height = story.chain.height
    terms = {
        "seller": seller.account, "asset": asset, "denomination": NATIVE, "amount": str(amount),
        "document": content(0x61), "acceptBy": str(height + accept),
        "deliverBy": str(height + deliver), "reviewBlocks": "6",
    }
    story.send(buyer, "locks the pay of a job", message("lock", terms=terms))
    return name


def work(story, seller, job):
    accept = message("accept", escrow=job)
    deliver = message("deliver", escrow=job, content=content(0x62))
    story.send(seller, "does the job", accept, deliver)


def draw(jurors, parties, seats, seed):
    """DIS-30."""
    left = sorted((account, stake) for account, stake in jurors if account not in parties)
    drawn = []
    for seat in range(seats):
        total = sum(stake for _, stake in left)
        if not total:
            break
        number = int(names.draw(seed, seat), 16) % total
        for place, (account, stake) in enumerate(left):
            if number < stake:
                drawn.append(account)
                del left[place]
                break
            number -= stake
    return drawn


class Court:
    """Jurors with their stakes, and the disputes that they judge."""

    def __init__(self, story, stakes):
        self.story = story
        self.keys = {key.account: key for key in stakes}
        self.stakes = {key.account: stake for key, stake in stakes.items()}
        for key, stake in stakes.items():
            story.send(key, "joins the jury", message("joinJury", amount=str(stake)))

    def open(self, job, buyer, seller, numbers):
        """Up to the drawn jury; returns the dispute's name and the jury."""
        story, (mine, other) = self.story, numbers
        name = story.named("dispute", buyer)
        opened = message(
            "open", escrow=job, evidence=content(0x63), commitment=names.commitment(mine)
        )
        story.send(buyer, "disputes the delivery", opened)
        answer = message("answer", dispute=name, evidence=content(0x64), number=other)
        story.send(seller, "answers", answer)
        story.send(buyer, "reveals", message("reveal", dispute=name, number=mine))
        return name, self.jury(name, buyer, seller, numbers)

    def claim(self, channel, payer, seller, amount, numbers):
        """The same about a part of a seller's bond (DIS-50)."""
        story, (mine, other) = self.story, numbers
        name = story.named("dispute", payer)
        claimed = message(
            "claimBond", channel=channel, amount=str(amount), evidence=content(0x67),
            commitment=names.commitment(mine),
        )
        story.send(payer, "claims a part of the seller's bond", claimed)
        answer = message("answer", dispute=name, evidence=content(0x68), number=other)
        story.send(seller, "answers the claim", answer)
        story.send(payer, "reveals", message("reveal", dispute=name, number=mine))
        return name, self.jury(name, payer, seller, numbers)

    def jury(self, name, buyer, seller, numbers):
        seed = names.jury_seed(name, 0, *numbers)
        return draw(self.stakes.items(), (buyer.account, seller.account), 3, seed)

    def judge(self, name, jury, votes):
        for juror, vote in zip(jury, votes):
            sealed = names.sealed_vote(name, 0, juror, vote, content(0x65))
            cast = message("castVote", dispute=name, sealed=sealed)
            self.story.send(self.keys[juror], "votes", cast)
        self.story.chain.end()
        for juror, vote in zip(jury, votes):
            opened = message("openVote", dispute=name, vote=vote, salt=content(0x65))
            self.story.send(self.keys[juror], "opens the vote", opened)
        self.story.chain.end()
        # DIS-31: who is in the minority is drawn with less from now on.
        verdict = max(votes, key=votes.count)
        for juror, vote in zip(jury, votes):
            if vote != verdict:
                self.stakes[juror] -= min(PENALTY, self.stakes[juror])


def jobs_and_juries(story):
    """A job paid to an asset, one called off, one nobody took, and two that a jury decides."""
    paid = lock(story, story.hal, story.cyn, asset=story.tune, amount=20 * STOA + 1)
    work(story, story.cyn, paid)
    story.send(story.hal, "approves", message("approve", escrow=paid))
    off = lock(story, story.hal, story.ben)
    story.send(story.hal, "calls it off", message("cancel", escrow=off))
    lock(story, story.hal, story.ada, accept=1, deliver=2)
    stakes = {
        story.dan: 3 * STOA, story.eve: 5 * STOA, story.fay: 2 * STOA + 1, story.jon: 7 * STOA
    }
    court = Court(story, stakes)
    first = lock(story, story.hal, story.cyn)
    second = lock(story, story.gus, story.cyn, amount=9 * STOA + 1)
    for job in (first, second):
        work(story, story.cyn, job)
    story.chain.end()
    name, jury = court.open(first, story.hal, story.cyn, (content(0x71), content(0x72)))
    other, bench = court.open(second, story.gus, story.cyn, (content(0x73), content(0x74)))
    court.judge(name, jury, (2, 2, 1))
    appeal = message(
        "appeal", dispute=name, evidence=content(0x66), commitment=names.commitment(content(0x75))
    )
    story.send(story.hal, "appeals; nobody answers", appeal)
    court.judge(other, bench, (1, 3, 1))
    story.send(story.cyn, "has a bond", message("depositBond", amount=str(12 * STOA + 7)))
    numbers = (content(0x76), content(0x77))
    claim, jurors = court.claim(
        story.channels[0], story.gus, story.cyn, 10 * STOA + 1, numbers
    )
    court.judge(claim, jurors, (1, 1, 2))
    story.send(story.jon, "leaves the jury", message("leaveJury"))
    story.chain.end(9)
    story.send(story.jon, "takes the stake back", message("withdrawJury"))
    story.chain.end()


def proposal(story, signer, title, action):
    name = story.named("proposal", signer)
    body = {
        "title": title, "document": content(0x81), "link": "https://vote.example",
        "action": action,
    }
    story.send(
        signer, f"proposes: {title}", message("propose", content=body, deposit=str(STOA))
    )
    return name


def government(story):
    """Stake that votes: two rules are changed, the treasury pays once and cannot once, one veto."""
    def send(signer, about, case, **fields):
        story.send(signer, about, message(case, **fields))

    send(story.ada, "locks votes", "lockVotes", amount=str(50 * STOA))
    send(story.ben, "locks votes", "lockVotes", amount=str(30 * STOA))
    send(story.fay, "locks votes", "lockVotes", amount=str(9 * STOA + 5))
    send(story.fay, "lets ada vote", "delegateVotes", delegate=story.ada.account)
    send(story.ben, "fills the treasury", "fundTreasury", denomination=NATIVE, amount="100000")
    euro = issued(story.euro)
    send(story.dan, "fills it with euros", "fundTreasury", denomination=euro, amount="500")
    story.chain.end()
    change = [{"number": 1602, "value": "3"}, {"number": 1609, "value": "1000"}]
    numbers = {"case": "numbers", "changes": change}

    def payment(amount, denomination=NATIVE):
        paid = {
            "recipient": story.dan.account, "denomination": denomination, "amount": str(amount)
        }
        return {"case": "payment", "payment": paid}

    rules = proposal(story, story.ada, "a treasury", numbers)
    pay = proposal(story, story.ada, "pay dan", payment(499, euro))
    much = proposal(story, story.ada, "pay dan everything", payment(10**15))
    bad = proposal(story, story.ben, "nonsense", {"case": "text"})
    story.chain.end(2)
    for name in (rules, pay, much):
        send(story.ada, "yes", "vote", proposal=name, choice=1)
    send(story.fay, "not in her name", "vote", proposal=rules, choice=2)
    send(story.ben, "yes", "vote", proposal=rules, choice=1)
    send(story.ada, "veto", "vote", proposal=bad, choice=4)
    send(story.ben, "abstains", "vote", proposal=bad, choice=3)
    send(story.fay, "unlocks", "unlockVotes", amount=str(4 * STOA))
    story.chain.end(9)
    send(story.fay, "takes it back", "withdrawVotes")
    story.chain.end(2)


def keys_that_act(story):
    """A session's key, a key that is replaced, one that is not, and a policy of two of three."""
    grant = {
        "session": story.jon.account,
        "scope": {"messages": "01063a", "payees": sorted([story.dan.account, story.ada.account])},
        "limits": [{"denomination": NATIVE, "amount": str(STOA)}], "periodBlocks": "5",
        "validUntil": str(story.chain.height + 50),
    }
    story.send(story.cyn, "lets jon's key pay", message("grantSession", grant=grant))
    gift = story.give(story.cyn, story.dan, 12_345)
    story.send(story.jon, "pays in cyn's name", gift, account=story.cyn.account)
    story.send(story.jon, "and again", gift, account=story.cyn.account)
    story.send(story.dan, "changes the key", message("rotateKey", to=story.kim.account))
    story.send(story.eve, "would change the key", message("rotateKey", to=story.ada.account))
    story.send(story.eve, "does not", message("cancelRotation"))
    story.send(story.ivy, "pays with two keys of three", story.give(story.ivy, story.ada, 99))
    story.chain.end(6)
    story.send(story.jon, "pays in a new period", gift, account=story.cyn.account)
    revoke = message("revokeSession", session=story.jon.account)
    story.send(story.cyn, "ends the session", revoke)
    paid = story.give(story.kim, story.ada, 5)
    story.send(story.kim, "signs for dan now", paid, account=story.dan.account)
    story.chain.end()
