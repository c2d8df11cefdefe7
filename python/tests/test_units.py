"""An issuer's euro credit pays for calls: a seller prices in it, an unmodified client buys with it,
by the call and by a subscription, and nothing of it appears or disappears."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest
from openai import APIStatusError, OpenAI

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))

from stoa_market.processes import Service, Stoa  # noqa: E402

BINARY = Path(os.environ.get("STOA_BINARY", ROOT / ".build" / "debug" / "stoa"))
MODEL = "mock-model"
CENTS = 25
MINTED = 50_000


class EuroMarket:
    """A ledger, an issuer, a seller in euros, and a seller in STOA of the same model."""

    def __init__(self, home: Path):
        self.home = home
        self.services: list[Service] = []
        stoa = Stoa(BINARY, home)
        for wallet in ("carol", "seller", "other", "buyer"):
            stoa("wallet", "new", wallet)
        stoa("node", "init", *(word for who in ("carol", "seller", "other", "buyer")
                               for word in ("--allocate", f"{who}=1000")))
        node = self.start(stoa.service("node", "node", "run", "--port", "0", "--tick", "20"))
        self.stoa = stoa = Stoa(BINARY, home, node.url)
        stoa("unit", "issue", "EURC", "Euro credit", "--supply-max", "1000000", "--document",
             "22" * 32, "--wallet", "carol")
        stoa("unit", "mint", "EURC", "buyer", "500", "--wallet", "carol")
        self.unit = stoa("unit", "list")[0]["unit"]
        self.upstream = self.start(Service(
            "upstream", [sys.executable, str(Path(__file__).parent / "mock_upstream.py")],
            home / "upstream.log", dict(os.environ)))
        self.sellers = {
            "seller": self.sell("seller", "--unit", "carol/EURC", "--price-call", str(CENTS)),
            "other": self.sell("other", "--price-call", "1"),
        }

    def sell(self, wallet: str, *prices: str) -> Service:
        # Each seller has a home of its own, as two machines would.
        home = self.home / wallet
        home.mkdir(exist_ok=True)
        stoa = Stoa(BINARY, home, self.stoa.node)
        if not (home / "wallets").exists():
            (home / "wallets").symlink_to(self.home / "wallets")
        return self.start(stoa.service(
            "seller", "sell", MODEL, "--wallet", wallet, "--upstream", self.upstream.url, *prices,
            "--bond", "10", "--port", "0"))

    def start(self, service: Service) -> Service:
        self.services.append(service)
        return service.start(120)

    def connect(self, name: str, *options: str) -> tuple[Stoa, Service, OpenAI]:
        """A gateway of the buyer's with a journal of its own."""
        home = self.home / name
        home.mkdir()
        (home / "wallets").symlink_to(self.home / "wallets")
        stoa = Stoa(BINARY, home, self.stoa.node)
        gateway = self.start(stoa.service(
            "gateway", "connect", "--wallet", "buyer", "--lanes", "4", "--port", "0", *options))
        return stoa, gateway, OpenAI(
            base_url=f"{gateway.url}/v1", api_key="none", max_retries=0, timeout=60)

    def euros(self, wallet: str) -> int:
        return sum(int(row["amount"]) for row in self.stoa("unit", "balance", wallet)
                   if row["unit"] == self.unit)

    def close(self) -> None:
        """The buyer closes; the sellers claim and release the rest."""
        for channel in self.stoa("channel", "list", "--wallet", "buyer"):
            self.stoa("channel", "close", "--wallet", "buyer", channel["channel"])
        self.wait(lambda: not self.stoa("channel", "list", "--wallet", "buyer"))

    def wait(self, done, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def conserved(self) -> None:
        supply = self.stoa("supply")
        assert supply["conserved"] == "true" and supply["unitsIssued"] == "1"
        shown = self.stoa("unit", "show", "carol/EURC")["unit"]
        assert int(shown["minted"]) - int(shown["burned"]) == MINTED
        held = sum(self.euros(who) for who in ("carol", "seller", "other", "buyer"))
        locked = sum(int(row["depositObol"]) - int(row["paidObol"])
                     for row in self.stoa("channel", "list", "--wallet", "buyer")
                     if row["denomination"] == self.unit)
        assert held + locked == MINTED


def ask(client: OpenAI, number: int = 0):
    return client.chat.completions.create(
        model=MODEL, max_tokens=4, messages=[{"role": "user", "content": f"hello {number}"}])


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    market = None
    try:
        market = EuroMarket(tmp_path_factory.mktemp("euro"))
        yield market
    finally:
        for service in reversed(market.services if market else []):
            service.stop()


def test_offers_say_what_their_prices_count(market):
    offers = {row["seller"]: row for row in market.stoa("offers", "--model", MODEL)}
    euro = offers[market.stoa("wallet", "balance", "seller")["address"]]
    assert (euro["denomination"], euro["unitName"], euro["unitDecimals"]) == (
        market.unit, "EURC", 2)
    other = offers[market.stoa("wallet", "balance", "other")["address"]]
    assert other["denomination"] == "native"
    only = market.stoa("offers", "--unit", "carol/EURC")
    assert [row["id"] for row in only] == [euro["id"]]


def test_calls_are_paid_in_euros_alone(market):
    stoa, gateway, client = market.connect("euro", "--budget", "20 carol/EURC")
    before = market.euros("seller")
    for number in range(7):
        usage = ask(client, number).usage.model_dump()
        assert (usage["cost"], usage["cost_unit"]) == (CENTS, market.unit)
        assert (usage["cost_unit_name"], usage["cost_unit_decimals"]) == ("EURC", 2)
    stream = client.chat.completions.create(
        model=MODEL, max_tokens=4, stream=True, stream_options={"include_usage": True},
        messages=[{"role": "user", "content": "hello"}])
    assert [chunk.usage.model_dump()["cost_unit"] for chunk in stream if chunk.usage] == [
        market.unit]
    answer = client.chat.completions.with_raw_response.create(
        model=MODEL, messages=[{"role": "user", "content": "hello"}])
    assert answer.headers["x-stoa-cost"] == str(CENTS)
    assert answer.headers["x-stoa-cost-unit"] == market.unit
    verdict = stoa("receipts", "verify", "--all")
    assert (verdict["verified"], verdict["refused"]) == (9, 0)
    assert verdict["charges"] == {market.unit: str(9 * CENTS)} and verdict["chargeObol"] == "0"
    assert {row["denomination"] for row in stoa("receipts", "list")} == {market.unit}
    called = stoa("call", "--gateway", gateway.url, MODEL, "hello")
    assert (called["cost"], called["costUnitName"]) == (CENTS, "EURC")
    assert "costObol" not in called
    channels = market.stoa("channel", "list", "--wallet", "buyer")
    assert [row["denomination"] for row in channels] == [market.unit]
    assert channels[0]["depositObol"] == "400", "a tenth of the budget, topped up by as much"
    # Cents are no obol: they stand in a row of their own.
    held = market.stoa("wallet", "balance", "buyer")
    [locked] = held["otherUnitsInChannels"]
    assert (held["inChannelsObol"], locked["unit"]) == ("0", market.unit)
    assert (locked["name"], locked["decimals"]) == ("EURC", 2)
    assert 0 < int(locked["amount"]) <= 400
    market.conserved()
    market.close()
    gateway.stop()
    assert market.euros("seller") - before == 10 * CENTS
    assert market.euros("buyer") == MINTED - 10 * CENTS
    market.conserved()


def test_a_budget_in_euros_ends_and_says_so_in_euros(market):
    _, gateway, client = market.connect("small", "--budget", "0.60 carol/EURC")
    ask(client)
    ask(client)
    with pytest.raises(APIStatusError) as refused:
        ask(client)
    assert refused.value.status_code == 402
    assert "EURC more in a channel" in refused.value.message
    assert "EURC left" in refused.value.message
    assert f"{market.unit}" in str(refused.value.body)
    market.close()
    gateway.stop()
    market.conserved()


def test_a_limit_per_call_counts_its_own_unit(market):
    _, gateway, client = market.connect(
        "limited", "--budget", "20 carol/EURC", "--price-max", "0.24 carol/EURC")
    with pytest.raises(APIStatusError) as refused:
        ask(client)
    assert refused.value.status_code == 402
    gateway.stop()


def test_prices_in_different_units_are_not_compared(market):
    # 25 cents are fewer of their kind than 26 obol, and it does not matter: STOA has a budget.
    stoa, gateway, client = market.connect(
        "both", "--budget", "20 carol/EURC", "--budget", "50")
    usage = ask(client).usage.model_dump()
    assert usage["cost"] == 1 and "cost_unit" not in usage
    other = market.sellers["other"]
    other.stop()
    # The preferred seller is gone: the next unit's is asked, and the cost says which.
    usage = ask(client).usage.model_dump()
    assert (usage["cost"], usage["cost_unit"]) == (CENTS, market.unit)
    verdict = stoa("receipts", "verify", "--all")
    assert verdict["charges"] == {"native": "1", market.unit: str(CENTS)}
    other.start(120)
    market.close()
    gateway.stop()
    market.conserved()


def test_a_subscription_is_priced_in_euros(market):
    stoa = market.stoa
    offer = stoa("offers", "--unit", "carol/EURC")[0]["id"]
    stoa("pass", "plan", "publish", "monthly", "--wallet", "seller", "--offer", offer, "--price",
         "4.90", "--blocks", "100000", "--include", "call=3")
    plan = stoa("pass", "plan", "list")[0]
    assert (plan["denomination"], plan["price"]) == (market.unit, "490")
    assert plan["priceText"] == "4.90 EURC"
    before = {who: market.euros(who) for who in ("seller", "buyer")}
    stoa("pass", "buy", "monthly", "--wallet", "buyer", "--price-max", "5")
    assert market.euros("seller") - before["seller"] == 490
    _, gateway, client = market.connect("subscribed", "--budget", "20 carol/EURC")
    costs = [ask(client, number).usage.model_dump()["cost"] for number in range(5)]
    assert costs == [0, 0, 0, CENTS, CENTS]
    market.close()
    gateway.stop()
    assert before["buyer"] - market.euros("buyer") == 490 + 2 * CENTS
    market.conserved()


def test_an_unknown_unit_is_refused_before_anything_is_locked(market):
    refused = market.stoa(
        "connect", "--wallet", "buyer", "--budget", "20 DOLLAR", "--port", "0", check=False)
    assert "there is no unit" in refused["error"]
    twice = market.stoa(
        "connect", "--wallet", "buyer", "--budget", "20 carol/EURC", "--budget",
        f"3 {market.unit}", check=False)
    assert "named twice" in twice["error"]
    sold = market.stoa(
        "sell", "x", "--wallet", "seller", "--upstream", market.upstream.url, "--unit", "DOLLAR",
        "--price-call", "1", "--publish-only", check=False)
    assert "there is no unit" in sold["error"]
