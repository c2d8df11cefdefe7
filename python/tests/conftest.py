"""A market of real processes for each test that asks for one."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))

from stoa_market.processes import Service, Stoa  # noqa: E402

PRICES = ("--price-in", "20", "--price-out", "60")
# The files that take longest, the longest first: whoever runs several files at a time waits for the
# last one to end.
LONGEST = ("ownership", "portal", "account", "network", "governance", "api", "journey", "passes",
           "webhook_pages", "proofs", "hosted", "crash", "operator", "otlp", "disputes", "supervise",
           "media", "shared_limits")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long files first; otherwise as they come."""
    place = {f"test_{name}": number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(place)))


class Market:
    """Node, upstream, seller and gateway, each a process that a test may kill and start again."""

    def __init__(self, home: Path, upstream_options: tuple[str, ...] = (), lanes: int = 32,
                 budget: str = "100"):
        home.mkdir(parents=True, exist_ok=True)
        binary = Path(os.environ.get("STOA_BINARY", ROOT / ".build" / "debug" / "stoa"))
        self.home = home
        stoa = Stoa(binary, home)
        for wallet in ("seller", "buyer", "poor"):
            stoa("wallet", "new", wallet)
        stoa("node", "init", "--allocate", "seller=1000", "--allocate", "buyer=1000",
             "--closing-delay-blocks", "10")
        self.node = stoa.service("node", "node", "run", "--port", "0").start()
        self.stoa = Stoa(binary, home, self.node.url)
        # From here on each service keeps its port, so that it comes back where it was.
        self.node.command += ["--port", self.node.url.rsplit(":", 1)[1]]
        mock = Path(__file__).parent / "mock_upstream.py"
        self.upstream = Service(
            "upstream", [sys.executable, str(mock), *upstream_options], home / "upstream.log",
            dict(os.environ)).start()
        self.seller = self.stoa.service(
            "seller", "sell", "mock-model", "--wallet", "seller", "--upstream", self.upstream.url,
            *PRICES, "--bond", "10", "--port", "0").start()
        port = self.seller.url.rsplit(":", 1)[1]
        self.seller.command = [
            port if word == "0" and self.seller.command[index - 1] == "--port" else word
            for index, word in enumerate(self.seller.command)]
        self.gateway = self.connect("buyer", lanes=lanes, budget=budget)

    def connect(self, wallet: str, lanes: int = 32, budget: str = "100",
                home: Path | None = None) -> Service:
        stoa = self.stoa if home is None else Stoa(Path(self.stoa.binary), home, self.node.url)
        service = stoa.service(
            f"gateway-{wallet}", "connect", "--wallet", wallet, "--budget", budget, "--lanes",
            str(lanes), "--port", "0").start()
        port = service.url.rsplit(":", 1)[1]
        service.command = [
            port if word == "0" and service.command[index - 1] == "--port" else word
            for index, word in enumerate(service.command)]
        return service

    @property
    def services(self) -> list[Service]:
        return [self.gateway, self.seller, self.upstream, self.node]

    def stop(self) -> None:
        for service in self.services:
            service.stop()


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    market = Market(tmp_path_factory.mktemp("market"), ("--chunk-delay-ms", "2"))
    yield market
    market.stop()


@pytest.fixture(scope="module")
def browser():
    """Debian's chromium."""
    # Most tests need no browser, and the package that drives one takes its time to load.
    from account_site import CHROMIUM
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()
