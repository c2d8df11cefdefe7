"""The first sale: a real model sold, called through an unmodified client, paid and checked."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from openai import OpenAI

from .demo_home import fresh_home
from .network import start_network
from .processes import Service, Stoa, write_record

ROOT = Path(__file__).resolve().parents[2]
MODEL = "smollm2-135m"
QUESTION = "What is the capital of France?"
SYSTEM = "You are a helpful assistant. Answer in one short sentence."
CALLS = 200
LANES = 8
OWN_HOME = ROOT / ".demo"
RECORD = "running.json"


def say(text: str = "") -> None:
    print(text, file=sys.stderr, flush=True)


def obol(text: str) -> str:
    whole, rest = divmod(int(text), 10**9)
    return f"{whole}.{rest:09d} STOA"


def no_engine() -> bool:
    """Whether a network cannot run here, which is said."""
    if os.environ.get("COMETBFT_BIN"):
        return False
    say("error: COMETBFT_BIN is not set\n"
        "hint: set it to the program of CometBFT 0.38, or to python/stoa_standin/standin, a "
        "stand-in for tests that is not for money")
    return True


def start_ledger(stoa: Stoa, start) -> str:
    """Starts a ledger in one process; returns what a client names it by."""
    genesis = stoa("node", "init", "--allocate", "seller=1000", "--allocate", "buyer=1000")
    say(f"    chain {genesis['chain'][:16]}…, supply {obol(genesis['supplyObol'])}, no master key")
    node = start(stoa.service("node", "node", "run", "--port", "0"))
    say(f"    ledger node    {node.url}")
    return node.url


def start_market(binary: Path, home: Path, services: list[Service], validators: int) -> Stoa:
    """Starts ledger, model, seller and buyer as processes of their own.

    Adds each to `services` before it starts, so that the caller can stop what a failure leaves,
    and writes it down after, so that `--stop` finds what a kill left.
    """
    def start(service: Service) -> Service:
        services.append(service)
        service.start(timeout_seconds=120, detached=True)
        write_record(home / RECORD, services)
        return service

    stoa = Stoa(binary, home)
    for wallet in ("seller", "buyer"):
        stoa("wallet", "new", wallet)
    if validators:
        stoa = start_network(stoa, start, validators, say)
    else:
        stoa = Stoa(binary, home, start_ledger(stoa, start))
    python = sys.executable
    server = ROOT / "python" / "stoa_models" / "serve_smollm2.py"
    model = start(Service(
        "model", [python, str(server), "--port", "0"], home / "model.log", stoa.env))
    say(f"    model server   {model.url}   SmolLM2-135M-Instruct, a real LLM")
    weights = subprocess.run(
        [python, str(server), "--print-path"], capture_output=True, text=True, check=True)
    seller = start(stoa.service(
        "seller", "sell", MODEL, "--wallet", "seller", "--upstream", model.url,
        "--weights", weights.stdout.strip(), "--licence", "Apache-2.0",
        "--price-in", "20", "--price-out", "60", "--bond", "100", "--port", "0"))
    say(f"    seller         {seller.url}   20 obol per input token, 60 per output token")
    buyer = start(stoa.service(
        "buyer", "connect", "--wallet", "buyer", "--budget", "50", "--lanes", str(LANES),
        "--port", "0"))
    say(f"    buyer's door   {buyer.url}/v1   any OpenAI client works here")
    return stoa


def ask_streamed(client: OpenAI) -> tuple[str, dict]:
    """One question, streamed; returns the answer and what it cost."""
    answer, usage = "", {}
    stream = client.chat.completions.create(
        model=MODEL, max_tokens=40, temperature=0, stream=True,
        stream_options={"include_usage": True},
        messages=[{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}])
    say(f"\n    {QUESTION}")
    print("    ", end="", file=sys.stderr)
    for chunk in stream:
        if chunk.choices and chunk.choices[0].delta.content:
            answer += chunk.choices[0].delta.content
            print(chunk.choices[0].delta.content, end="", file=sys.stderr, flush=True)
        if chunk.usage:
            usage = chunk.usage.model_dump()
    say("\n")
    return answer.strip(), usage


def call_many(client: OpenAI) -> tuple[int, float]:
    """Many short calls at once; returns how many were answered and how long it took."""
    def one(number: int) -> bool:
        reply = client.chat.completions.create(
            model=MODEL, max_tokens=2, temperature=0,
            messages=[{"role": "user", "content": f"Say {number % 10}."}])
        return bool(reply.choices)

    started = time.monotonic()
    with ThreadPoolExecutor(LANES) as pool:
        answered = sum(pool.map(one, range(CALLS)))
    return answered, time.monotonic() - started


def wait_for_close(stoa: Stoa, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while stoa("channel", "list", "--wallet", "buyer"):
        if time.monotonic() > deadline:
            raise SystemExit("the channel did not close in time")
        time.sleep(0.1)


def sell_once(
    binary: Path, home: Path, services: list[Service], validators: int = 0,
) -> tuple[dict, str, Stoa]:
    """Starts a market in `services` and sells in it; returns what happened and the buyer's door."""
    stoa = start_market(binary, home, services, validators)
    url = services[-1].url
    client = OpenAI(base_url=f"{url}/v1", api_key="none-needed", max_retries=0, timeout=120)
    height = stoa("status")["height"]
    before = {who: stoa("wallet", "balance", who) for who in ("buyer", "seller")}

    say("==> one question through the unmodified openai package, streamed")
    answer, usage = ask_streamed(client)
    say(f"    {usage['prompt_tokens']} tokens in, {usage['completion_tokens']} out: "
        f"{usage['cost']} obol")
    receipt = stoa("receipts", "show", usage["receipt"])
    verdict = stoa("receipts", "verify", usage["receipt"])
    say(f"    receipt {usage['receipt'][:16]}…  {receipt['status']}, charge "
        f"{receipt['chargeObol']} obol, weights {receipt['weights'][:16]}…")
    say(f"    checked offline: {verdict['verdict']}")

    say(f"\n==> {CALLS} more calls over {LANES} lanes")
    answered, seconds = call_many(client)
    say(f"    {answered} answers in {seconds:.1f} s")
    receipts = stoa("receipts", "verify", "--all")
    say(f"    {receipts['verified']} receipts check, {receipts['refused']} do not; "
        f"together {receipts['chargeObol']} obol")

    say("\n==> the buyer closes the channel; the seller claims and releases the rest")
    for channel in stoa("channel", "list", "--wallet", "buyer"):
        stoa("channel", "close", "--wallet", "buyer", channel["channel"])
    wait_for_close(stoa)
    after = {who: stoa("wallet", "balance", who) for who in ("buyer", "seller")}
    for who in ("buyer", "seller"):
        say(f"    {who:<7} {obol(before[who]['balanceObol'])} → {obol(after[who]['balanceObol'])}")
    supply = stoa("supply")
    blocks = stoa("blocks", "--from", str(height + 1))
    transactions = sum(block["transactions"] for block in blocks)
    say(f"    {answered + 1} paid calls took {transactions} ledger transactions: "
        "open and close by the buyer, one claim by the seller")
    conserved = supply["conserved"] == "true"
    say(f"    supply {obol(supply['supplyObol'])}: "
        f"{'every obol is accounted for' if conserved else 'NOT CONSERVED'}")
    summary = {
        "answer": answer, "calls": answered + 1, "ledger_transactions": transactions,
        "receipts_verified": receipts["verified"], "conserved": conserved,
        "cost_obol": receipts["chargeObol"], "seconds_for_200_calls": round(seconds, 2),
        "gateway": f"{url}/v1", "node": stoa.node, "validators": validators,
    }
    return summary, url, stoa


def stop(services: list[Service], home: Path) -> None:
    for service in reversed(services):
        service.stop()
    (home / RECORD).unlink(missing_ok=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stoa", type=Path, required=True)
    parser.add_argument("--home", type=Path, default=OWN_HOME)
    parser.add_argument("--once", action="store_true", help="stop the market at the end")
    parser.add_argument(
        "--network", action="store_true", help="four validators order the ledger (COMETBFT_BIN)")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    options = parser.parse_args()
    if options.network and no_engine():
        return 1
    fresh_home(options.home, OWN_HOME)
    # Whoever ends the demo ends its processes too: they have sessions of their own.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    say("==> a market of four processes" + (" on four validators" if options.network else ""))
    services: list[Service] = []
    try:
        summary, url, stoa = sell_once(
            options.stoa, options.home, services, validators=4 if options.network else 0)
    except BaseException:
        stop(services, options.home)
        raise
    ok = summary["conserved"] and summary["receipts_verified"] == summary["calls"]
    if options.once:
        stop(services, options.home)
    else:
        say(f"""
The market is running. Use it:
    curl {url}/v1/models
    STOA_HOME={options.home} STOA_NODE={stoa.node} STOA_PASSPHRASE=demo \\
        {options.stoa} call --gateway {url} {MODEL} "Why is the sky blue?"
Stop it with ./scripts/demo --stop""")
    if options.json:
        print(json.dumps(summary, ensure_ascii=False))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
