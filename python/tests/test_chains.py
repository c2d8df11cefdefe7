"""One home directory on several chains: what is promised on one stays apart from the others."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))

from stoa_market.processes import Service, Stoa  # noqa: E402

BINARY = Path(os.environ.get("STOA_BINARY", ROOT / ".build" / "debug" / "stoa"))
PRICES = ("--price-in", "20", "--price-out", "60")


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.fixture(scope="module")
def upstream(tmp_path_factory):
    log = tmp_path_factory.mktemp("upstream") / "log"
    mock = Path(__file__).parent / "mock_upstream.py"
    service = Service("upstream", [sys.executable, str(mock)], log, dict(os.environ)).start()
    yield service
    service.stop()


@pytest.fixture(scope="module")
def chains(tmp_path_factory):
    """Two chains, and a home with a seller and a buyer who have money on both."""
    home = tmp_path_factory.mktemp("both")
    people = Stoa(BINARY, home)
    owners = [people("wallet", "new", name)["address"] for name in ("seller", "buyer")]
    nodes = []
    for name in ("one", "two"):
        stoa = Stoa(BINARY, tmp_path_factory.mktemp(name))
        stoa("node", "init", "--name", name, "--closing-delay-blocks", "10",
             *[word for owner in owners for word in ("--allocate", f"{owner}=1000")])
        nodes.append(stoa.service("node", "node", "run", "--port", "0", "--tick", "50").start())
    yield [Stoa(BINARY, home, node.url) for node in nodes]
    for node in nodes:
        node.stop()


def buy_once(stoa: Stoa, upstream: Service) -> None:
    """Sells and buys one call on a chain, and ends both services."""
    seller = stoa.service("seller", "sell", "mock-model", "--wallet", "seller", "--upstream",
                          upstream.url, *PRICES, "--bond", "10", "--port", "0")
    gateway = stoa.service("gateway", "connect", "--wallet", "buyer", "--budget", "20",
                           "--port", "0")
    try:
        seller.start()
        gateway.start()
        answer = stoa("call", "mock-model", "hello", "--gateway", gateway.url)
        assert answer["receipt"], answer
    finally:
        gateway.stop()
        seller.stop()


def test_a_home_goes_from_chain_to_chain_and_back(chains, upstream):
    one, two = chains
    for stoa in (one, two, one, two):
        buy_once(stoa, upstream)
    for stoa in chains:
        # A seller is paid by its own chain alone: two calls on each, and the rest comes back.
        channel, = stoa("channel", "list", "--wallet", "buyer")
        assert int(channel["paidObol"]) > 0
    receipts = one("receipts", "list")
    assert len({receipt["receipt"] for receipt in receipts}) == 4
    assert one("receipts", "verify", "--all")["refused"] == 0
    journals = sorted(path.name.split("-")[0] for path in one.home.iterdir()
                      if path.name.startswith(("gateway", "provider")) and path.is_dir())
    assert journals == ["gateway", "gateway", "provider", "provider"]


def test_a_market_on_this_machine_begins_anew(tmp_path, upstream):
    stoa = Stoa(BINARY, tmp_path / "home")
    stoa.home.mkdir()
    ports = ("--node-port", free_port(), "--port", free_port())
    up = stoa.service("up", "up", "--budget", "20", *ports)
    node, gateway = (f"http://127.0.0.1:{ports[index]}" for index in (1, 3))
    for _ in range(2):
        up.start()
        Stoa(BINARY, stoa.home, node)(
            "sell", "mock-model", "--wallet", "seller", "--upstream", upstream.url, *PRICES,
            "--port", free_port(), "--publish-only")
        up.stop()
        up.start()
        try:
            assert wait_for_call(stoa, gateway)["receipt"]
        finally:
            up.stop()
        shutil.rmtree(stoa.home / "node")
    # With nothing of the old chain to sell, the rest starts all the same, and says so.
    up.start()
    up.stop()
    assert "its offer is not on this chain" in up.log.read_text()


def wait_for_call(stoa: Stoa, gateway: str) -> dict:
    """`up` says that the node answers before its gateway and provider do."""
    answer: dict = {}
    for _ in range(100):
        answer = stoa("call", "mock-model", "hello", "--gateway", gateway, check=False)
        if "receipt" in answer:
            break
    return answer
