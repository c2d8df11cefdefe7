"""A real `stoa serve` with a faucet, and people with passkeys in a browser: shared by the tests of
the pages behind sign-in."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from stoa_market.processes import Service, Stoa

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = os.environ.get("STOA_CHROMIUM", "/usr/bin/chromium")


class Stay(urllib.request.HTTPRedirectHandler):
    """Shows where an answer leads instead of going there."""

    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(Stay)


class AccountSite:
    """A ledger of one node, with the market's pages over it."""

    def __init__(self, home: Path, *options: str):
        home.mkdir(parents=True, exist_ok=True)
        binary = Path(os.environ.get("STOA_BINARY", ROOT / ".build" / "debug" / "stoa"))
        stoa = Stoa(binary, home)
        for wallet in ("faucet", "alice", "seller"):
            stoa("wallet", "new", wallet)
        stoa("node", "init", "--allocate", "faucet=1000000", "--allocate", "alice=1000",
             "--allocate", "seller=10000", "--number", "governance.votingDelayBlocks=12",
             "--number", "governance.votingPeriodBlocks=600")
        self.node = stoa.service("node", "node", "run", "--port", "0").start()
        self.home = home
        self.stoa = Stoa(binary, home, self.node.url)
        self.serve = self.stoa.service(
            "serve", "serve", "--port", "0", "--faucet", "faucet", "--address-rate", "1000000",
            *options).start()
        self.plain_url = self.serve.url
        # Passkeys belong to names: no number is a relying party.
        self.url = "http://localhost:" + self.serve.url.rsplit(":", 1)[1]
        self.others: list[Service] = []

    def address(self, wallet: str) -> str:
        return next(entry["address"] for entry in self.stoa("wallet", "list")
                    if entry["name"] == wallet)

    def balance(self, account: str) -> int:
        return int(self.stoa("wallet", "balance", account)["balanceObol"])

    def ask(self, method: str, path: str, data: bytes | None = None, **headers):
        """An answer as it is, also one that leads elsewhere or refuses."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named.setdefault("accept", "text/html")
        request = urllib.request.Request(self.plain_url + path, data, named, method=method)
        try:
            answer = OPENER.open(request, timeout=60)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return answer.status, answer.headers, answer.read().decode()

    def forget_rates(self) -> None:
        """Addresses and people may do so much in a minute; the tests of one module are many."""
        with sqlite3.connect(self.home / "access.sqlite", timeout=10) as database:
            database.execute("DELETE FROM buckets WHERE name NOT LIKE 'faucet:%'")

    def sell(self) -> Service:
        """A seller of a model that only says what it is told."""
        mock = Path(__file__).parent / "mock_upstream.py"
        upstream = Service(
            "upstream", [sys.executable, str(mock)], self.home / "upstream.log",
            dict(os.environ)).start()
        self.others.append(upstream)
        seller = self.stoa.service(
            "seller", "sell", "mock-model", "--wallet", "seller", "--upstream", upstream.url,
            "--price-in", "20000", "--price-out", "60000", "--bond", "10", "--port", "0").start()
        self.others.insert(0, seller)
        return seller

    def call(self, key: str) -> tuple[int, dict]:
        """A model called with a key of this market, paid from its organisation's account."""
        body = {"model": "mock-model", "messages": [{"role": "user", "content": "Hello"}]}
        status, _, text = self.ask(
            "POST", "/v1/chat/completions", json.dumps(body).encode(),
            content_type="application/json", authorization="Bearer " + key,
            accept="application/json")
        return status, json.loads(text)

    def spent(self, key: str, lines: list[tuple[str, int, int]]) -> None:
        """Counts that a gateway would have kept: model, days ago and obol, of a key's name."""
        today = int(time.time() // 86_400)
        with sqlite3.connect(self.home / "access.sqlite", timeout=10) as database:
            sums: dict[tuple[str, int], int] = {}
            for model, ago, amount in lines:
                for name in (model, ""):
                    sums[name, today - ago] = sums.get((name, today - ago), 0) + amount
            for (model, day), amount in sums.items():
                database.execute(
                    "INSERT INTO counters VALUES (?, ?, ?, ?, ?, ?)",
                    (key, bytes(32), model, day, amount.to_bytes(16, "big"), bytes(16)))

    def stop(self) -> None:
        for service in self.others:
            service.stop()
        self.serve.stop()
        self.node.stop()


class Person:
    """Somebody with a browser whose device holds passkeys and always says yes."""

    def __init__(self, site: AccountSite, browser, width: int = 1280, theme: str = "light",
                 **options):
        self.site = site
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, **options)
        self.page = self.context.new_page()
        self.said: list[str] = []
        # That keys are P-256 alone is meant: they are accounts of the ledger.
        self.page.on("console", lambda message: message.type in ("error", "warning")
                     and "pubKeyCredParams" not in message.text
                     and self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.devtools = self.context.new_cdp_session(self.page)
        self.devtools.send("WebAuthn.enable")
        self.add_authenticator()

    def add_authenticator(self) -> None:
        self.authenticator = self.devtools.send("WebAuthn.addVirtualAuthenticator", {"options": {
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
            "hasUserVerification": True, "isUserVerified": True,
            "automaticPresenceSimulation": True}})["authenticatorId"]

    def another_device(self) -> None:
        """From now on another device answers; the first one lies in a drawer."""
        self.devtools.send("WebAuthn.removeVirtualAuthenticator", {
            "authenticatorId": self.authenticator})
        self.add_authenticator()

    def go(self, path: str):
        return self.page.goto(self.site.url + path, wait_until="load")

    def sign_up(self, name: str, next_path: str = "/wallet") -> None:
        self.site.forget_rates()
        self.go("/sign-up?next=" + next_path)
        self.page.fill("#f-name", name)
        self.page.click("text=Make a passkey")
        self.page.wait_for_url(self.site.url + next_path)

    def sign_in(self, next_path: str = "/wallet") -> None:
        self.site.forget_rates()
        self.go("/sign-in?next=" + next_path)
        self.page.click("text=Sign in with a passkey")
        self.page.wait_for_url(self.site.url + next_path)

    def sign_out(self) -> None:
        self.page.click(".who summary")
        self.page.click(".who >> text=Sign out")
        self.page.wait_for_selector(".sign-in")

    @property
    def address(self) -> str:
        return self.page.inner_text("#address")

    def take_from_faucet(self) -> None:
        self.go("/wallet")
        self.page.locator("form[action='/wallet/faucet'] button").first.click()
        self.page.wait_for_selector(".notice")

    def sign(self) -> str:
        """Signs what the open dialog shows, and waits for what the ledger says."""
        self.page.wait_for_selector("#transact-sign:not([disabled])")
        self.page.click("#transact-sign")
        self.page.wait_for_selector("#transact[data-outcome]", timeout=60_000)
        return self.page.get_attribute("#transact", "data-outcome") or ""

    def close_dialog(self) -> None:
        with self.page.expect_navigation():
            self.page.click("#transact-cancel")

    def cookie(self) -> str:
        return "; ".join(f"{cookie['name']}={cookie['value']}"
                         for cookie in self.context.cookies())

    def close(self) -> None:
        self.context.close()


def until(what: str, is_so, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)
