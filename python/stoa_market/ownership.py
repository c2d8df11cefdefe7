"""Everything can be owned: a dataset, a model trained on it and a fine-tune of that are published,
sold, shared, subscribed to, traded, disputed and voted on, in one sitting."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from pathlib import Path

from openai import OpenAI

from .demo_home import fresh_home
from .first_sale import no_engine, obol, say
from .processes import Service
from .sitting import JURORS, OWNERS, Sitting

ROOT = Path(__file__).resolve().parents[2]
OWN_HOME = ROOT / ".demo-market"
CORPUS = "id,text\n1,The Stoa was a hall in Athens.\n2,Anyone could walk in and trade.\n"


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


def share(sitting: Sitting) -> None:
    """Many people own what the fine-tune earns; trader and buyer a tenth each."""
    stoa = sitting.stoa
    stoa("shares", "issue", "tune", "1000", "--wallet", "finn")
    parts = ["trader=100", "buyer=100"]
    for number in range(sitting.holders - len(parts) - 1):
        stoa("wallet", "new", f"holder-{number}")
        parts.append(f"holder-{number}=5")
    stoa("shares", "distribute", "tune", *parts, "--wallet", "finn")
    listed = stoa("shares", "holders", "finn/tune")
    say(f"    1000 shares of tune, {len(listed)} holders")


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
    sitting.each(JURORS, lambda juror: stoa("jury", "join", "500", "--wallet", juror))
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
    verdicts = dict(zip(JURORS, ("buyer", "buyer", "seller")))
    sitting.each(
        JURORS, lambda juror: stoa("jury", "vote", case, verdicts[juror], "--wallet", juror))
    sitting.each(JURORS, lambda juror: stoa("jury", "open", case, "--wallet", juror))
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
    # The gateway follows the ledger: it shows what the pass pays for once it knows of it.
    sitting.wait("the pass at the gateway", lambda: any(
        model["id"] == "tune" and any(offer["prices"]["call"]["obol"] == 0
                                      for offer in model["offers"])
        for model in sitting.ask_gateway("/v1/models")["data"]))
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


def vote(sitting: Sitting) -> str:
    """A number of the rules is voted on; what opened before keeps the old one."""
    stoa = sitting.stoa
    # Together more than the hundredth of all STOA that must vote, the validators' included.
    sitting.each(OWNERS, lambda owner: stoa("govern", "lock", "--wallet", owner, "2000"))
    proposal = stoa(
        "govern", "propose", "number", "--wallet", "dana", "--title", "leave sooner",
        "channels.closingDelayBlocks=150")["proposal"]
    choices = dict(zip(OWNERS, ("yes", "yes", "no")))
    sitting.each(OWNERS, lambda owner: sitting.wait(
        f"the vote of {owner}",
        lambda: "error" not in stoa(
            "govern", "vote", "--wallet", owner, proposal, choices[owner], check=False)))
    say(f"    proposal {proposal[:16]}…: dana and mona vote yes, finn no")
    return proposal


def execute(sitting: Sitting, proposal: str) -> dict:
    """The ledger executes what passed, by itself, once its delay is over."""
    def ended():
        shown = sitting.stoa("govern", "show", proposal)
        return shown if shown["status"] in ("executed", "ended", "failed") else None

    shown = sitting.wait("the execution", ended)
    assert shown["status"] == "executed", shown
    say("    executed after its delay: an exit takes 150 blocks from now on")
    return shown


def prove(sitting: Sitting) -> list[str]:
    """Entries of the market are proven, and checked with nothing but the genesis."""
    pool = sitting.stoa("exchange", "pool", "list")[0]["pool"]
    verdicts = [
        sitting.proof("shares", "shares", "finn/tune", "trader"),
        sitting.proof("pass", "pass", "monthly", "buyer"),
        sitting.proof("pool", "pool", pool),
        sitting.proof("reserve", "reserve", pool, "STOA"),
    ]
    for verdict in verdicts:
        lines = verdict.splitlines()
        say(f"    {lines[0]}")
        say(f"        {lines[2]}")
        if sitting.network:
            say(f"        {lines[3]}")
    return verdicts


def account_for(sitting: Sitting, ids: dict[str, str]) -> dict:
    """Who earned what from whom; an index made from the same ledger says what the ledger says."""
    stoa = sitting.stoa
    # The index has followed the ledger since the sitting began, and goes on while the two are
    # compared; on a network, which makes blocks all the time, some of the blocks are read again.
    check = stoa("index", "check", *([] if sitting.network else ["--full"]))
    names = {sitting.address(name): name for name in ("buyer", *OWNERS)}
    payers = {}
    for name in ids:
        payers[name] = stoa("asset", "income", ids[name], "--payers")["payers"]
        for row in payers[name]:
            row["payerName"] = names[row["payer"]]
            row["accountName"] = names[row["account"]]
            way = f" through {', '.join(row['through'])}" if row["through"] else ""
            to = f"the holders of {row['shares']} shares" if "shares" in row else row["accountName"]
            say(f"    {name:<8} {obol(row['amount'])} from {row['payerName']} for {row['paidFor']}"
                f"{way}, to {to}")
    say(f"    an index of {check['blocks']} blocks and {check['events']} events: "
        + ("equal to the ledger" if check["equal"] else "DIFFERS"))
    return {"payers": payers, "index_equal": check["equal"]}


def run(sitting: Sitting, calls: int = 20) -> dict:
    """The whole sitting; returns what happened."""
    say("==> a dataset, a base model trained on it, and a fine-tune of that")
    ids = publish(sitting)
    say(f"\n==> {sitting.holders} owners of the fine-tune's income")
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
    say("\n==> a vote")
    proposal = vote(sitting)
    say("\n==> meanwhile, a job is disputed")
    judged = dispute(sitting)
    say("\n==> the vote has ended")
    voted = execute(sitting, proposal)
    say("\n==> who earned what from whom")
    accounts = account_for(sitting, ids)
    say("\n==> proofs for a stranger, checked offline")
    verdicts = prove(sitting)
    summary = {
        "earned_obol": {name: income[name]["totals"]["native"] for name in ids},
        "pass_costs_obol": passes["costs"], "proposal": voted["status"],
        "dividend_obol": gained, "dana_shares": traded["owned"].get(sitting.address("dana"), 0),
        "verdict": judged["verdict"], "outcome": judged["outcome"], "verdicts": verdicts,
        **accounts, **conserve(sitting),
    }
    return summary


def conserve(sitting: Sitting) -> dict:
    """Counts all money; on a network, compares what every validator has."""
    supply = sitting.stoa("supply")
    conserved = supply["conserved"] == "true"
    say(f"\n==> supply {obol(supply['supplyObol'])}, {supply['unitsIssued']} issued units: "
        f"{'every obol is accounted for' if conserved else 'NOT CONSERVED'}")
    if not sitting.network:
        return {"conserved": conserved}
    height, roots = sitting.roots()
    say(f"    {len(sitting.network.nodes)} validators, block {height}: "
        + (f"one state root, {roots.copy().pop()[:16].lower()}…" if len(roots) == 1
           else f"{len(roots)} STATE ROOTS"))
    return {"conserved": conserved and len(roots) == 1, "state_roots": sorted(roots)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stoa", type=Path, required=True)
    parser.add_argument("--home", type=Path, default=OWN_HOME)
    parser.add_argument(
        "--network", action="store_true", help="four validators order the ledger (COMETBFT_BIN)")
    parser.add_argument(
        "--holders", type=int, default=100, help="how many own a share of the fine-tune's income")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    options = parser.parse_args()
    if options.network and no_engine():
        return 1
    fresh_home(options.home, OWN_HOME)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # Through `finally`, which stops all.
    server = ROOT / "python" / "stoa_models" / "serve_smollm2.py"
    model = Service(
        "smollm2-135m", [sys.executable, str(server), "--port", "0"], options.home / "model.log",
        dict(os.environ))
    sitting = None
    try:
        model.start(timeout_seconds=120)
        if options.network:
            say("==> four validators order the ledger")
        sitting = Sitting(
            options.stoa, options.home, model, holders=options.holders,
            validators=4 if options.network else 0)
        summary = run(sitting)
    finally:
        if sitting:
            sitting.stop()
        model.stop()
    if options.json:
        print(json.dumps(summary))
    return 0 if summary["conserved"] and summary["index_equal"] else 1


if __name__ == "__main__":
    sys.exit(main())
