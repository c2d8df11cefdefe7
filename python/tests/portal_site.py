"""A portal over a market of real processes in which everything was published, sold, shared, traded,
judged and voted on; the browser's tests and Benchmarks/pages.py look at its pages."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))

from stoa_market import ownership  # noqa: E402
from stoa_market.processes import Service, submit_unforeseen  # noqa: E402
from stoa_market.sitting import Sitting  # noqa: E402

LIBRARIES = ROOT / ".libraries"
NAMES = (
    "home", "search", "search-empty", "assets", "exchange", "jobs", "governance", "rules",
    "explorer", "blocks", "transactions", "status", "docs", "problems", "problem", "offer",
    "corpus", "base", "tune", "account", "stranger", "market", "job", "dispute", "proposal",
    "transaction", "refused", "block", "proof")


class Site:
    """A portal over a sitting, and where each kind of page is."""

    def __init__(self, sitting: ownership.Sitting, service: Service):
        self.sitting = sitting
        self.url = service.url
        self.paths: dict[str, str] = {}

    def get(self, path: str, accept: str = "text/html", **headers: str) -> tuple[int, str]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.url + path, headers={"accept": accept, **named})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def first(self, path: str, pattern: str) -> str:
        found = re.search(pattern, self.get(path)[1])
        assert found, f"{path} has no {pattern}"
        return found[1]

    def find_pages(self) -> None:
        digest = "[0-9a-f]{64}"
        assets = {name: asset["asset"] for asset in self.sitting.stoa("asset", "list")
                  for name in [asset["name"]]}
        self.paths = {
            "home": "/", "search": "/search", "search-empty": "/search?text=zzzz",
            "assets": "/assets", "exchange": "/exchange", "jobs": "/jobs",
            "governance": "/governance", "rules": "/governance/rules", "explorer": "/explorer",
            "blocks": "/explorer/blocks", "transactions": "/explorer/transactions",
            "status": "/status", "docs": "/docs", "problems": "/problems",
            "problem": "/problems/accounts.insufficientBalance",
            "offer": self.first("/search", f'href="(/offers/{digest})"'),
            "corpus": f"/assets/{assets['corpus']}", "base": f"/assets/{assets['base']}",
            "tune": f"/assets/{assets['tune']}",
            "account": f"/accounts/{self.sitting.address('finn')}",
            "stranger": "/accounts/" + self.sitting.stoa("wallet", "new", "stranger")["address"],
            "market": self.first("/exchange", f'href="(/exchange/{digest})"'),
            "job": self.first("/jobs", f'href="(/jobs/{digest})"'),
            "dispute": self.first("/jobs", f'href="(/disputes/{digest})"'),
            "proposal": self.first("/governance", f'href="(/governance/{digest})"'),
            "transaction": self.first(
                "/explorer/transactions", f'href="(/explorer/transactions/{digest})"'),
        }
        refused = re.search(
            f'href="(/explorer/transactions/{digest})"[^\\n]*Refused',
            self.get("/explorer/transactions")[1])
        assert refused
        self.paths["refused"] = refused[1]
        self.paths["block"] = self.first(
            self.paths["transaction"], r'href="(/explorer/blocks/\d+)"')
        self.paths["proof"] = self.first(
            self.paths["account"], r'href="(/explorer/proof\?key=[0-9a-f]+)"')


@contextlib.contextmanager
def open_site(binary: Path, home: Path) -> Iterator[Site]:
    """Makes the market, and its portal; ends both."""
    mock = Path(__file__).parent / "mock_upstream.py"
    upstream = Service(
        "mock-model", [sys.executable, str(mock)], home / "upstream.log", dict(os.environ)).start()
    sitting = None
    try:
        sitting = Sitting(binary, home, upstream, holders=12)
        ownership.run(sitting, calls=3)
        refused = submit_unforeseen(
            sitting.stoa, "trader", "wallet", "send", "buyer", "999999")
        assert "error" in refused
        libraries = ["--libraries", str(LIBRARIES)] if LIBRARIES.is_dir() else []
        service = sitting.start(sitting.stoa.service(
            "serve", "serve", "--port", "0", "--address-rate", "1000000", "--database",
            str(home / "pages.sqlite"), *libraries))
        site = Site(sitting, service)
        height = sitting.stoa("status")["height"]

        def caught_up():
            seen = re.search(r"<dt>Index</dt><dd><span class=\"num\">([\d,]+)",
                             site.get("/status")[1])
            return seen and int(seen[1].replace(",", "")) >= height
        sitting.wait("the index", caught_up, 120)
        site.find_pages()
        assert set(site.paths) == set(NAMES)
        yield site
    finally:
        if sitting:
            sitting.stop()
        upstream.stop()
