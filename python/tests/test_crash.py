"""P4: kill -9 of any process at any moment loses nothing, pays nothing twice, needs no human."""

from __future__ import annotations

import os
import random
import threading
import time

import pytest
from conftest import Market
from openai import OpenAI, APIError

KILLS = int(os.environ.get("STOA_KILLS", "21"))


class Load:
    """Buyers that keep calling, and remember the receipt of every answer they got."""

    def __init__(self, url: str, callers: int):
        self.client = OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0, timeout=20)
        self.receipts: list[str] = []
        self.failures = 0
        self.stopped = threading.Event()
        self.threads = [threading.Thread(target=self.call, args=(n,)) for n in range(callers)]
        for thread in self.threads:
            thread.start()

    def call(self, number: int) -> None:
        while not self.stopped.is_set():
            try:
                reply = self.client.chat.completions.with_raw_response.create(
                    model="mock-model", max_tokens=32,
                    messages=[{"role": "user", "content": f"hello {number}"}])
                if reply.parse().choices:
                    self.receipts.append(reply.headers["x-stoa-receipt"])
            except APIError:
                self.failures += 1
                time.sleep(0.05)

    def stop(self) -> None:
        self.stopped.set()
        for thread in self.threads:
            thread.join(60)


def wait_until(condition, seconds: float = 30.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.1)
    return None


@pytest.mark.parametrize("seed", [1])
def test_p4_kill_9_of_any_process_under_load(tmp_path, seed):
    market = Market(tmp_path / "market", lanes=8)
    chance = random.Random(seed)
    load = Load(market.gateway.url, callers=8)
    killed = {"node": 0, "seller": 0, "gateway-buyer": 0}
    try:
        time.sleep(1)
        for round in range(KILLS):
            service = [market.node, market.seller, market.gateway][round % 3]
            time.sleep(chance.uniform(0.05, 0.4))
            service.kill()
            killed[service.name] += 1
            service.start()
        answered_before = len(load.receipts)
        assert wait_until(lambda: len(load.receipts) > answered_before + 20), \
            f"calls go through again by themselves; {load.failures} failed"
        load.stop()
        assert len(load.receipts) > 50
        check_books(market, load)
    finally:
        load.stop()
        market.stop()
    print(f"killed {killed}, {len(load.receipts)} answered, {load.failures} failed")


def check_books(market: Market, load: Load) -> None:
    # Every answered call has its receipt on the buyer's side, once, and all of them check.
    assert len(set(load.receipts)) == len(load.receipts), "no answer was paid for twice"
    listed = market.stoa("receipts", "list", "--limit", "1000000")
    known = {receipt["receipt"] for receipt in listed}
    missing = [receipt for receipt in load.receipts if receipt not in known]
    assert not missing, f"{len(missing)} answered calls have no receipt in the buyer's journal"
    verdict = market.stoa("receipts", "verify", "--all")
    assert verdict["refused"] == 0
    # Each lane's receipts are in sequence without gaps or repeats, and add up.
    lanes: dict[tuple, list] = {}
    for receipt in listed:
        lanes.setdefault((receipt["channel"], receipt["lane"]), []).append(receipt)
    for receipts in lanes.values():
        receipts.sort(key=lambda receipt: receipt["sequence"])
        assert [r["sequence"] for r in receipts] == list(range(1, len(receipts) + 1))
        total = 0
        for receipt in receipts:
            total += int(receipt["chargeObol"])
            assert int(receipt["totalObol"]) == total
    # The seller is paid exactly what the receipts say: it has them all on its side too.
    owed = sum(int(receipt["chargeObol"]) for receipt in listed)
    before = int(market.stoa("wallet", "balance", "seller")["balanceObol"])
    for channel in market.stoa("channel", "list", "--wallet", "buyer"):
        market.stoa("channel", "close", "--wallet", "buyer", "--wait", channel["channel"])
    assert not market.stoa("channel", "list", "--wallet", "buyer")
    paid = 0
    for block in market.stoa("blocks", "--limit", "100000"):
        for event in block["events"]:
            words = event.split()
            if words[0] == "channel" and words[2] == "paid":
                whole, part = words[3].split(".")
                paid += int(whole) * 10**9 + int(part)
    assert paid == owed, "claims add up to the receipts, to the obol"
    after = int(market.stoa("wallet", "balance", "seller")["balanceObol"])
    assert before <= after <= before + owed
    assert market.stoa("supply")["conserved"] == "true"
