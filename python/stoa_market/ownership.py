"""Everything can be owned: a dataset, a model trained on it and a fine-tune of that are published,
sold, shared, subscribed to, traded, disputed and voted on, in one sitting."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from pathlib import Path

from openai import OpenAI

from .first_sale import obol, say
from .processes import Service, Stoa

ROOT = Path(__file__).resolve().parents[2]
OWNERS = ("dana", "mona", "finn")
JURORS = ("judy", "jack", "joan")
PEOPLE = (*OWNERS, *JURORS, "buyer", "trader")
HOLDERS = 100
# Short where the sitting waits for the end of a window, long where somebody must act in it.
SHORT = (
    ("governance.votingDelayBlocks", 10), ("governance.votingPeriodBlocks", 1000),
    ("governance.timelockBlocks", 600), ("disputes.speakBlocks", 6000),
    ("disputes.voteBlocks", 6000), ("disputes.appealBlocks", 50),
)
CORPUS = "id,text\n1,The Stoa was a hall in Athens.\n2,Anyone could walk in and trade.\n"


class Sitting:
    """The processes and files of one sitting."""

    def __init__(self, binary: Path, home: Path, upstream: Service, tick: int = 20):
        self.binary = binary
        self.home = home
        self.upstream = upstream
        self.services: list[Service] = []
        self.files = home / "files"
        self.files.mkdir(parents=True, exist_ok=True)
        stoa = Stoa(binary, home)
        for wallet in PEOPLE:
            stoa("wallet", "new", wallet)
        allocations = [word for name in PEOPLE for word in ("--allocate", f"{name}=10000")]
        numbers = [word for name, value in SHORT for word in ("--number", f"{name}={value}")]
        stoa("node", "init", *allocations, *numbers)
        node = self.start(stoa.service("node", "node", "run", "--port", "0", "--tick", str(tick)))
        self.stoa = Stoa(binary, home, node.url)

    def start(self, service: Service) -> Service:
        self.services.append(service)
        return service.start(timeout_seconds=120)

    def stop(self) -> None:
        for service in reversed(self.services):
            service.stop()

    def file(self, name: str, text: str) -> str:
        path = self.files / name
        path.write_text(text)
        return str(path)

    def address(self, wallet: str) -> str:
        return self.stoa("wallet", "balance", wallet)["address"]

    def balance(self, wallet: str) -> int:
        return int(self.stoa("wallet", "balance", wallet)["balanceObol"])

    def wait(self, what: str, done, seconds: float = 60):
        """Asks `done` until it returns something; what that was is returned."""
        deadline = time.monotonic() + seconds
        while not (found := done()):
            if time.monotonic() > deadline:
                raise SystemExit(f"{what} did not happen in {seconds} s")
            time.sleep(0.05)
        return found


def publish(sitting: Sitting) -> dict[str, str]:
    """A dataset, a base model trained on it, and a fine-tune of that, by three owners."""
    stoa = sitting.stoa
    ids = {}
    corpus = sitting.file("corpus.csv", CORPUS)
    ids["corpus"] = stoa(
        "asset", "publish", "corpus", "--wallet", "dana", "--kind", "dataset", "--file", corpus,
        "--licence", "CC-BY-4.0", "--training", "allowed", "--royalty-min", "5%")["asset"]
    ids["base"] = stoa(
        "asset", "publish", "base", "--wallet", "mona", "--file",
        sitting.file("base.bin", "base weights\n"), "--royalty-min", "10%", "--parent",
        "dana/corpus:dataset:10%")["asset"]
    ids["tune"] = stoa(
        "asset", "publish", "tune", "--wallet", "finn", "--file",
        sitting.file("tune.bin", "tuned weights\n"), "--parent", "mona/base:base-model:20%",
        "--parent", "dana/corpus:dataset:5%")["asset"]
    for name, owner in zip(ids, OWNERS):
        say(f"    {name:<8} {ids[name][:16]}…  by {owner}")
    return ids


def share(sitting: Sitting) -> list[str]:
    """A hundred people own what the fine-tune earns; returns two of them, who have wallets."""
    stoa = sitting.stoa
    stoa("shares", "issue", "tune", "1000", "--wallet", "finn")
    holders = ["trader", "buyer"]
    for holder in holders:
        stoa("shares", "transfer", "tune", holder, "100", "--wallet", "finn")
    for number in range(HOLDERS - len(holders) - 1):
        wallet = f"holder-{number}"
        stoa("wallet", "new", wallet)
        stoa("shares", "transfer", "tune", wallet, "5", "--wallet", "finn")
    listed = stoa("shares", "holders", "finn/tune")
    say(f"    1000 shares of tune, {len(listed)} holders")
    return holders


def dividends(sitting: Sitting, holder: str) -> tuple[int, int]:
    """What a holder's shares have earned, and what it has more after taking it."""
    stoa = sitting.stoa
    found = stoa("shares", "dividends", holder, "--asset", "finn/tune")
    before = sitting.balance(holder)
    stoa("shares", "withdraw", "finn/tune", "--wallet", holder)
    gained = sitting.balance(holder) - before
    say(f"    {holder} has 100 of 1000 shares and took {obol(gained)} after the fee")
    return found, gained


def trade(sitting: Sitting) -> dict:
    """Shares are traded in a pool and by an order."""
    stoa = sitting.stoa
    stoa("exchange", "pool", "create", "shares:finn/tune", "100", "STOA", "200", "--wallet", "finn")
    swapped = stoa(
        "exchange", "swap", "10", "STOA", "shares:finn/tune", "--wallet", "trader")
    stoa("exchange", "order", "place", "sell", "20", "shares:finn/tune", "--price", "2",
         "--wallet", "trader")
    bought = stoa("exchange", "order", "place", "buy", "20", "shares:finn/tune", "--price", "3",
                  "--wallet", "dana")
    owned = {row["account"]: int(row["shares"]) for row in stoa("shares", "holders", "finn/tune")}
    say(f"    dana bought {owned.get(sitting.address('dana'), 0)} shares by an order")
    return {"swap": swapped, "order": bought, "owned": owned}


def dispute(sitting: Sitting) -> dict:
    """A job is delivered, disputed, and decided by three jurors."""
    stoa = sitting.stoa
    for juror in JURORS:
        stoa("jury", "join", "500", "--wallet", juror)
    task = sitting.file("task.md", "Translate the corpus into Greek.\n")
    job = stoa(
        "escrow", "lock", "--wallet", "buyer", "--seller", "finn", "--amount", "20", "--document",
        task, "--review-blocks", "1000")["escrow"]
    stoa("escrow", "accept", job, "--wallet", "finn")
    stoa("escrow", "deliver", job, sitting.file("greek.txt", "lorem ipsum\n"), "--wallet", "finn")
    say(f"    job {job[:16]}…: 20 STOA locked, delivered; the buyer disputes it")
    case = stoa(
        "dispute", "open", job, "--wallet", "buyer", "--evidence",
        sitting.file("why.md", "This is not Greek.\n"))["dispute"]
    stoa("dispute", "answer", case, "--wallet", "finn", "--evidence",
         sitting.file("because.md", "It is all Greek to me.\n"))
    stoa("dispute", "reveal", case, "--wallet", "buyer")
    for juror, verdict in zip(JURORS, ("buyer", "buyer", "seller")):
        stoa("jury", "vote", case, verdict, "--wallet", juror)
    for juror in JURORS:
        stoa("jury", "open", case, "--wallet", juror)
    shown = stoa("dispute", "show", case)
    say(f"    the jury: {', '.join(seat['vote'] for seat in shown['jury'])}; "
        f"verdict {shown['verdict']}")
    ended = sitting.wait(
        "the end of the appeal", lambda: (lambda found: found["status"] == "ended" and found)(
            stoa("escrow", "show", job)))
    say(f"    no appeal: the pay is {ended['outcome']}")
    return {"verdict": shown["verdict"], "outcome": ended["outcome"]}


def sell(sitting: Sitting, ids: dict[str, str], calls: int) -> dict[str, int]:
    """Sells calls to the fine-tune; returns what each owner earned, in obol."""
    stoa = sitting.stoa
    sitting.seller = sitting.start(stoa.service(
        "seller", "sell", "tune", "--wallet", "finn", "--asset", ids["tune"], "--upstream",
        sitting.upstream.url, "--upstream-model", sitting.upstream.name, "--price-call",
        "1000003", "--bond", "100", "--port", "0"))
    sitting.gateway = sitting.start(stoa.service(
        "gateway", "connect", "--wallet", "buyer", "--budget", "50", "--lanes", "8",
        "--port", "0"))
    client = OpenAI(
        base_url=f"{sitting.gateway.url}/v1", api_key="none-needed", max_retries=0, timeout=120)
    sitting.client = client
    for number in range(calls):
        reply = client.chat.completions.create(
            model="tune", max_tokens=4, messages=[{"role": "user", "content": f"Say {number}."}])
        assert reply.choices
    say(f"    {calls} calls through the unmodified openai package")
    close_channels(sitting)
    income = {name: stoa("asset", "income", ids[name]) for name in ids}
    return income


def close_channels(sitting: Sitting) -> None:
    """The buyer closes; the seller's daemon claims and releases the rest."""
    stoa = sitting.stoa
    for channel in stoa("channel", "list", "--wallet", "buyer"):
        stoa("channel", "close", "--wallet", "buyer", channel["channel"])
    sitting.wait("the claim", lambda: not stoa("channel", "list", "--wallet", "buyer"))


def subscribe(sitting: Sitting, calls: int) -> dict:
    """The buyer subscribes, calls for nothing, and pays by the call beyond what is included."""
    stoa = sitting.stoa
    offer = stoa("offers", "--model", "tune")[0]["id"]
    plan = stoa(
        "pass", "plan", "publish", "monthly", "--wallet", "finn", "--offer", offer, "--price", "5",
        "--blocks", "100000", "--include", f"call={calls - 2}")
    bought = stoa("pass", "buy", "monthly", "--wallet", "buyer")
    before = sitting.balance("buyer")
    costs = []
    for number in range(calls):
        reply = sitting.client.chat.completions.create(
            model="tune", max_tokens=4, messages=[{"role": "user", "content": f"Say {number}."}])
        costs.append(int(reply.usage.model_dump()["cost"]))
    say(f"    a pass for 5 STOA; {calls} calls cost {costs} obol: {calls - 2} are included")
    close_channels(sitting)
    return {"plan": plan, "pass": bought, "costs": costs,
            "paid": before - sitting.balance("buyer")}


def vote(sitting: Sitting) -> dict:
    """A number of the rules is changed by a vote, and what opened before keeps the old one."""
    stoa = sitting.stoa
    for owner in OWNERS:
        stoa("govern", "lock", "--wallet", owner, "1000")
    proposal = stoa(
        "govern", "propose", "number", "--wallet", "dana", "--title", "leave sooner",
        "channels.closingDelayBlocks=150")["proposal"]
    for owner, choice in zip(OWNERS, ("yes", "yes", "no")):
        sitting.wait(
            f"the vote of {owner}",
            lambda: "error" not in stoa(
                "govern", "vote", "--wallet", owner, proposal, choice, check=False))
    say(f"    proposal {proposal[:16]}…: dana and mona vote yes, finn no")

    def executed():
        shown = stoa("govern", "show", proposal)
        return shown if shown["status"] in ("executed", "rejected", "failed") else None

    shown = sitting.wait("the execution", executed, 120)
    say(f"    {shown['status']} after its delay: an exit takes 150 blocks from now on")
    return shown


def run(sitting: Sitting, calls: int = 20) -> dict:
    """The whole sitting; returns what happened."""
    say("==> a dataset, a base model trained on it, and a fine-tune of that")
    ids = publish(sitting)
    say("\n==> a hundred owners of the fine-tune's income")
    share(sitting)
    say(f"\n==> {calls} calls to the fine-tune, claimed at once, split over three owners")
    income = sell(sitting, ids, calls)
    for name in ids:
        total = income[name]["totals"]["native"]
        say(f"    {name:<8} earned {obol(total)}")
    _, gained = dividends(sitting, "trader")
    say("\n==> a subscription")
    passes = subscribe(sitting, 5)
    say("\n==> shares are traded")
    traded = trade(sitting)
    say("\n==> a job is disputed")
    judged = dispute(sitting)
    say("\n==> a vote")
    voted = vote(sitting)
    supply = sitting.stoa("supply")
    conserved = supply["conserved"] == "true"
    say(f"\n==> supply {obol(supply['supplyObol'])}, {supply['unitsIssued']} issued units: "
        f"{'every obol is accounted for' if conserved else 'NOT CONSERVED'}")
    return {
        "earned_obol": {name: income[name]["totals"]["native"] for name in ids},
        "pass_costs_obol": passes["costs"], "proposal": voted["status"], "conserved": conserved,
        "dividend_obol": gained, "dana_shares": traded["owned"].get(sitting.address("dana"), 0),
        "verdict": judged["verdict"], "outcome": judged["outcome"],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stoa", type=Path, required=True)
    parser.add_argument("--home", type=Path, default=ROOT / ".demo-market")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    options = parser.parse_args()
    shutil.rmtree(options.home, ignore_errors=True)
    options.home.mkdir(parents=True, mode=0o700)
    server = ROOT / "python" / "stoa_models" / "serve_smollm2.py"
    model = Service(
        "smollm2-135m", [sys.executable, str(server), "--port", "0"], options.home / "model.log",
        dict(os.environ))
    sitting = None
    try:
        model.start(timeout_seconds=120)
        sitting = Sitting(options.stoa, options.home, model)
        summary = run(sitting)
    finally:
        if sitting:
            sitting.stop()
        model.stop()
    if options.json:
        print(json.dumps(summary))
    return 0 if summary["conserved"] else 1


if __name__ == "__main__":
    sys.exit(main())
