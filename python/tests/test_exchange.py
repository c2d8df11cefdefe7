"""Units traded by real processes: pools, sales and orders, and nothing made or lost by it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stoa_market.processes import Stoa

ROOT = Path(__file__).resolve().parents[2]
STOA = 10**9  # obol


class Exchange:
    """A node, three wallets with STOA, and a unit of Carol's of which everybody has some."""

    def __init__(self, home: Path):
        binary = Path(os.environ.get("STOA_BINARY", ROOT / ".build" / "debug" / "stoa"))
        stoa = Stoa(binary, home)
        for wallet in ("carol", "alice", "bob"):
            stoa("wallet", "new", wallet)
        stoa("node", "init", *(word for wallet in ("carol", "alice", "bob")
                               for word in ("--allocate", f"{wallet}=10000")))
        self.node = stoa.service("node", "node", "run", "--port", "0").start()
        self.stoa = Stoa(binary, home, self.node.url)
        self.stoa("unit", "issue", "CHFC", "Swiss franc credit", "--decimals", "2",
                  "--supply-max", "1000000", "--document", "00" * 32, "--wallet", "carol")
        for wallet in ("carol", "alice", "bob"):
            self.stoa("unit", "mint", "CHFC", wallet, "10000", "--wallet", "carol")

    def __call__(self, wallet: str, *words: str) -> list[dict]:
        """Does something of the exchange; returns what happened."""
        return self.stoa("exchange", *words, "--wallet", wallet)["events"]

    def has(self, wallet: str, unit: str) -> int:
        for entry in self.stoa("unit", "balance", wallet):
            if entry["name"] == unit:
                return int(entry["amount"])
        return 0


@pytest.fixture(scope="module")
def exchange(tmp_path_factory):
    exchange = Exchange(tmp_path_factory.mktemp("exchange"))
    yield exchange
    exchange.node.stop()


@pytest.fixture(scope="module")
def pool(exchange):
    events = exchange("carol", "pool", "create", "CHFC", "1000", "STOA", "400")
    return next(event["pool"] for event in events if event["event"] == "exchange.poolCreated")


def one(events: list[dict], name: str) -> dict:
    found = [event for event in events if event["event"] == f"exchange.{name}"]
    assert len(found) == 1, events
    return found[0]


def test_a_swap_gives_what_was_quoted(exchange, pool):
    quote = exchange.stoa("exchange", "swap", "10", "STOA", "CHFC", "--quote")
    before = exchange.has("alice", "CHFC")
    trade = one(exchange("alice", "swap", "10", "STOA", "CHFC"), "trade")
    assert trade["venue"] == "pool" and trade["side"] == "buy" and trade["pool"] == pool
    assert int(trade["baseAmount"]) == int(quote["get"])
    assert int(trade["quoteAmount"]) == 10 * STOA
    assert exchange.has("alice", "CHFC") - before == int(quote["get"])
    # 1000 and 400: g = 10^10 × 9970, out = 100,000.
    counted = 10 * STOA * 9970
    assert int(quote["get"]) == counted * 100_000 // (400 * STOA * 10_000 + counted)


def test_what_was_given_to_a_pool_comes_back_with_its_fees(exchange, pool):
    exchange("bob", "pool", "add", pool, "100", "CHFC")
    assert int(exchange.stoa("exchange", "pool", "show", pool, "bob")["position"]) > 0
    exchange("alice", "swap", "50", "STOA", "CHFC")
    exchange("alice", "swap", "100", "CHFC", "STOA")
    moved = one(exchange("bob", "pool", "remove", pool[:12]), "liquidityRemoved")
    assert int(moved["baseAmount"]) > 0 and int(moved["quoteAmount"]) > 0
    again = exchange.stoa("exchange", "pool", "remove", pool, "--wallet", "bob", check=False)
    assert "no part" in again["error"]


def test_a_sale_sells_at_its_price_and_ends(exchange):
    opened = exchange("bob", "sale", "open", "10", "CHFC", "--price", "0.5", "--blocks", "5000")
    sale = one(opened, "saleOpened")["sale"]
    assert exchange.stoa("exchange", "sale", "list")[0]["left"] == "1000"
    trade = one(exchange("alice", "sale", "buy", sale[:10], "0.03"), "trade")
    assert trade["quoteAmount"] == str(15 * STOA // 1000) and trade["baseAmount"] == "3"
    end = one(exchange("bob", "sale", "close", sale), "saleClosed")
    assert end["returned"] == "997" and end["end"] == "cancelled"
    assert exchange.stoa("exchange", "sale", "list") == []


def test_orders_meet_at_one_price(exchange):
    ask = one(exchange("bob", "order", "place", "sell", "20", "CHFC", "--price", "0.4"),
              "orderPlaced")["order"]
    before = exchange.has("alice", "CHFC")
    bid = one(exchange("alice", "order", "place", "buy", "5", "CHFC", "--price", "0.5"),
              "orderPlaced")["order"]
    assert exchange.has("alice", "CHFC") == before + 500
    market = exchange.stoa("exchange", "market", "CHFC")
    assert market["market"]["lastPriceText"] == "0.45"
    assert market["buys"] == []
    assert [(level["priceText"], level["amount"]) for level in market["sells"]] == [("0.4", "1500")]
    assert exchange.stoa("exchange", "order", "list", "alice") == []
    mine = exchange.stoa("exchange", "order", "list", "bob")
    assert [(order["order"], order["open"], order["settled"]) for order in mine] == [
        (ask, "1500", str(5 * 45 * STOA // 100))]
    refused = exchange.stoa(
        "exchange", "order", "cancel", ask, "--wallet", "alice", check=False)
    assert "notOwner" in refused["error"] or "1321" in refused["error"], refused
    one(exchange("bob", "order", "cancel", ask[:8]), "orderClosed")
    assert bid != ask


def test_nothing_was_made_or_lost(exchange):
    supply = exchange.stoa("supply")
    assert supply["conserved"] == "true", supply
