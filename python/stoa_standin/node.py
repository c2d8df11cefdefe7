"""A node: application, chain, consensus, peers and RPC together."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
import tomllib
from pathlib import Path

from . import statesync
from .application import Application, ApplicationLost
from .chain import Chain, ConsensusFailure
from .consensus import Consensus, Timeouts
from .mempool import Full, Mempool
from .peers import Peers
from .rpc import RPC
from .signer import Signer


def place(text: str) -> str:
    return text.removeprefix("tcp://")


class Node:
    def __init__(self, home: Path):
        self.home = home
        with open(home / "config" / "config.toml", "rb") as file:
            self.settings = tomllib.load(file)
        genesis = json.loads((home / "config" / "genesis.json").read_text())
        genesis["members"] = [
            {"key": base64.b64decode(each["pub_key"]["value"]).hex(),
             "power": int(each["power"])} for each in genesis["validators"]]
        self.name = self.settings.get("moniker", "standin")
        self.chain = Chain(home, genesis)
        self.signer = Signer(home)
        self.app = Application(self.settings["proxy_app"])
        limits = self.settings.get("mempool", {})
        self.mempool = Mempool(self.app, limits.get("size", 5000),
                               limits.get("cache_size", 10000),
                               limits.get("max_tx_bytes", 1 << 20))
        p2p = self.settings["p2p"]
        peers = [each.split("@")[1] for each in p2p["persistent_peers"].split(",") if each]
        self.listen = place(p2p["laddr"])
        self.peers = Peers(self.listen, peers, self.receive)
        self.consensus = Consensus(
            self.chain, self.app, self.mempool, self.signer, self.peers,
            Timeouts(self.settings.get("consensus", {})), self.listen)
        self.tasks: set[asyncio.Task] = set()

    def spawn(self, work) -> None:
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and isinstance(task.exception(), ApplicationLost):
            end(task.exception())

    def receive(self, message: dict) -> None:
        if message["kind"] == "tx":
            self.spawn(self.take(bytes.fromhex(message["tx"])))
        elif not self.consensus.inbox.full():
            self.consensus.inbox.put_nowait(("message", message))

    async def take(self, transaction: bytes) -> None:
        try:
            await self.mempool.add(transaction)
        except (Full, KeyError, ValueError):
            pass

    async def run(self) -> None:
        await self.app.connect()
        try:
            sync = self.settings.get("statesync", {})
            if sync.get("enable") and self.chain.height == 0:
                await statesync.restore(self.chain, self.app, sync)
            await self.chain.handshake(self.app)
        except ConsensusFailure as failure:
            print(f"E error during handshake: {failure}", flush=True)
            sys.exit(2)
        await RPC(self).start(place(self.settings["rpc"]["laddr"]))
        await self.peers.start()
        await self.consensus.run()


def end(error: BaseException | None) -> None:
    """The engine ends itself with status 0 when it loses its application."""
    print(f"E connection terminated. Did the application crash? err={error}", flush=True)
    os._exit(0)


def main() -> int:
    words = sys.argv[1:]
    if words[:1] == ["version"]:
        print("0.38.0-standin")
        return 0
    if words[:1] != ["start"] or "--home" not in words:
        print("usage: standin start --home DIRECTORY | standin version", file=sys.stderr)
        return 1
    node = Node(Path(words[words.index("--home") + 1]))
    try:
        asyncio.run(node.run())
    except ApplicationLost as error:
        end(error)
    except KeyboardInterrupt:
        pass
    return 0
