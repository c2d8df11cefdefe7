"""The ledger, people and processes of one sitting, on a node of one's own or on four validators."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .network import Network
from .processes import ProcessFailed, Service, Stoa

OWNERS = ("dana", "mona", "finn")
JURORS = ("judy", "jack", "joan")
PEOPLE = (*OWNERS, *JURORS, "buyer", "trader")
# Short where the sitting waits for the end of a window, long where somebody must act in it. One
# node makes a block every tick while something waits, 20 ms; the validators, ten a second at most.
NUMBERS = {
    "governance.votingDelayBlocks": (10, 5),
    "governance.votingPeriodBlocks": (600, 100),
    "governance.timelockBlocks": (100, 20),
    "disputes.speakBlocks": (6000, 6000),
    "disputes.voteBlocks": (6000, 6000),
    "disputes.appealBlocks": (50, 10),
}


class Sitting:
    """The processes and files of one sitting; with `validators`, on a network of so many."""

    def __init__(self, binary: Path, home: Path, upstream: Service, *, holders: int = 100,
                 validators: int = 0, engine: str = "", tick: int = 20):
        self.binary = binary
        self.home = home
        self.upstream = upstream
        self.holders = holders
        self.network: Network | None = None
        self.services: list[Service] = []
        self.files = home / "files"
        self.files.mkdir(parents=True, exist_ok=True)
        stoa = Stoa(binary, home)
        if engine:
            stoa.env["COMETBFT_BIN"] = engine
        for wallet in PEOPLE:
            stoa("wallet", "new", wallet)
        options = [word for name in PEOPLE for word in ("--allocate", f"{name}=10000")]
        for name, values in NUMBERS.items():
            options += ["--number", f"{name}={values[1 if validators else 0]}"]
        try:
            self.stoa = (
                self._validators(stoa, validators, options) if validators
                else self._node(stoa, tick, options))
            self.start(self.stoa.service("index", "index", "run"))
        except BaseException:
            self.stop()
            raise

    def _node(self, stoa: Stoa, tick: int, options: list[str]) -> Stoa:
        stoa("node", "init", *options)
        node = self.start(stoa.service("node", "node", "run", "--port", "0", "--tick", str(tick)))
        self.genesis = str(self.home / "node" / "genesis.stoa")
        return Stoa(self.binary, self.home, node.url)

    def _validators(self, stoa: Stoa, count: int, options: list[str]) -> Stoa:
        self.network = Network(
            stoa, self.home / "network", "--validators", str(count), "--block-interval-ms", "100",
            *options)
        for service in self.network.services:
            self.start(service)
        self.network.wait_for_height(0, 2)
        self.genesis = self.network.document["genesis"]
        return self.network.client()

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

    def wait(self, what: str, done, seconds: float = 300):
        """Asks `done` until it returns something; what that was is returned."""
        deadline = time.monotonic() + seconds
        while not (found := done()):
            if time.monotonic() > deadline:
                raise SystemExit(f"{what} did not happen in {seconds} s")
            time.sleep(0.05)
        return found

    def each(self, people, act) -> list:
        """Lets people act at once, each for an account of its own."""
        with ThreadPoolExecutor(len(people)) as pool:
            return list(pool.map(act, people))

    def ask_gateway(self, path: str) -> dict:
        with urllib.request.urlopen(self.gateway.url + path, timeout=30) as answer:
            return json.load(answer)

    def proof(self, name: str, *words: str) -> str:
        """Has an entry proven, and checked without a ledger; returns what was proven."""
        file = self.files / f"{name}.proof"
        file.write_text(self._text(self.stoa.env, "prove", *words))
        offline = {
            key: value for key, value in self.stoa.env.items()
            if key not in ("STOA_NODE", "STOA_GENESIS")}
        return self._text(offline, "verify", "state", str(file), "--genesis", self.genesis)

    def _text(self, env: dict[str, str], *words: str) -> str:
        done = subprocess.run(
            [self.stoa.binary, *words], env=env, capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise ProcessFailed(f"stoa {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def roots(self) -> tuple[int, set[str]]:
        """A height that every validator has reached, and the state roots that they have for it."""
        assert self.network is not None
        nodes = range(len(self.network.nodes))
        height = max(self.network.height(index) for index in nodes)
        for index in nodes:
            self.network.wait_for_height(index, height + 1)
        return height, {self._root(node["rpc"], height) for node in self.network.nodes}

    @staticmethod
    def _root(url: str, height: int) -> str:
        question = {"jsonrpc": "2.0", "id": 1, "method": "block",
                    "params": {"height": str(height + 1)}}
        request = urllib.request.Request(
            url, json.dumps(question).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)["result"]["block"]["header"]["app_hash"]
