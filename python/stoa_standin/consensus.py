"""Rounds of propose, prevote and precommit, after the Tendermint paper (arXiv 1807.04938)."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import time

from . import hashes, wire
from .application import Application
from .chain import Chain, ConsensusFailure, verify
from .mempool import Mempool
from .peers import Peers
from .signer import Signer

PREVOTE, PRECOMMIT = 1, 2


class Timeouts:
    def __init__(self, table: dict):
        def seconds(name: str, default: str) -> float:
            text = table.get(name, default)
            return float(text[:-2]) / 1000 if text.endswith("ms") else float(text[:-1])

        self.propose = seconds("timeout_propose", "3s")
        self.vote = seconds("timeout_prevote", "1s")
        self.delta = seconds("timeout_propose_delta", "500ms")
        self.commit = seconds("timeout_commit", "1s")


class Consensus:
    def __init__(self, chain: Chain, app: Application, mempool: Mempool, signer: Signer,
                 peers: Peers, timeouts: Timeouts, listen: str):
        self.chain, self.app, self.mempool, self.signer = chain, app, mempool, signer
        self.peers, self.timeouts, self.listen = peers, timeouts, listen
        self.inbox: asyncio.Queue = asyncio.Queue(100_000)
        self.failed: str | None = None
        self.evidence: list[dict] = []
        self.later: list[dict] = []
        self.double_sign_at = int(os.environ.get("STOA_ENGINE_DOUBLE_SIGN", "0"))

    # The state of one height.

    def begin_height(self) -> None:
        self.height = self.chain.height + 1
        self.turn, self.step = 0, "new"
        self.proposals: dict[int, dict] = {}
        self.known: dict[str, dict] = {}
        self.votes: dict[tuple[int, int], dict[str, dict]] = {}
        self.verdicts: dict[str, bool] = {}
        self.timers: set[tuple] = set()
        lock = self.signer.lock(self.height) or {}
        self.locked, self.locked_turn = lock.get("block"), lock.get("round", -1)
        self.valid, self.valid_turn = self.locked, self.locked_turn
        if self.locked:
            self.known[self.name(self.locked)["hash"]] = self.locked
        waiting, self.later = self.later, []
        for message in waiting:
            self.take(message)

    @staticmethod
    def name(block: dict) -> dict:
        body = json.dumps(block, sort_keys=True).encode()
        return {"hash": hashes.header_hash(block["header"]).hex(), "total": 1,
                "parts": hashlib.sha256(b"\0" + body).hexdigest()}

    async def run(self) -> None:
        self.begin_height()
        gossip = asyncio.ensure_future(self.gossip())
        try:
            await self.start_turn(0)
            while True:
                kind, *rest = await self.inbox.get()
                if kind == "message":
                    await self.receive(rest[0])
                elif kind == "timeout":
                    await self.timeout(*rest)
                await self.advance()
        except ConsensusFailure as failure:
            self.failed = str(failure)
            print(f"E CONSENSUS FAILURE!!! err={failure}", flush=True)
            gossip.cancel()
            await asyncio.Event().wait()

    async def receive(self, message: dict) -> None:
        if message["kind"] == "standing":
            self.help(message)
        elif message["kind"] == "decided":
            await self.take_decided(message)
        else:
            self.take(message)

    def after(self, seconds: float, step: str) -> None:
        key = (self.height, self.turn, step)
        if key in self.timers:
            return
        self.timers.add(key)
        asyncio.get_running_loop().call_later(
            seconds, lambda: self.inbox.put_nowait(("timeout", *key)))

    async def start_turn(self, turn: int) -> None:
        self.turn, self.step = turn, "propose"
        proposer = self.chain.proposer(self.height, turn)
        if proposer["address"] == self.signer.address:
            await self.propose()
        self.after(self.timeouts.propose + turn * self.timeouts.delta, "propose")

    async def propose(self) -> None:
        block = self.valid or await self.make_block()
        proposal = {"kind": "proposal", "height": self.height, "round": self.turn,
                    "valid_round": self.valid_turn, "block": block,
                    "proposer": self.signer.address}
        self.peers.broadcast(proposal)
        self.take(proposal)

    async def make_block(self) -> dict:
        height = self.height
        last_commit = self.chain.blocks[height - 1]["commit"] if height > 1 else None
        evidence = [entry for entry in self.evidence if not entry.get("done")][:4]
        limit = (self.chain.block_bytes_max - 637
                 - 94 - 111 * len(self.chain.sets[height]) - 500 * len(evidence))
        header = self.chain.make_header(height, [], evidence, last_commit, self.signer.address)
        body = wire.integer(1, limit)
        body += b"".join(wire.message(2, tx) for tx in self.mempool.take(limit))
        body += wire.message(3, self.chain.commit_info(height - 1, last_commit, 5))
        body += Chain.misbehavior(evidence, 4) + wire.integer(5, height)
        body += wire.message(6, wire.timestamp(header["time"]))
        body += wire.data(7, bytes.fromhex(header["next_validators_hash"]))
        body += wire.data(8, bytes.fromhex(header["proposer"]))
        answer = await self.app.consensus.call(16, body)
        txs = [tx.hex() for tx in answer.get(1, [])]
        size = sum(1 + len(wire.varint(len(tx) // 2)) + len(tx) // 2 for tx in txs)
        if size > limit:
            raise ConsensusFailure(f"transaction data size exceeds maximum {size} > {limit}")
        header = self.chain.make_header(
            height, txs, evidence, last_commit, self.signer.address)
        return {"header": header, "txs": txs, "evidence": evidence, "last_commit": last_commit}

    def take(self, message: dict) -> None:
        """Notes a proposal or a vote of this height; keeps those of the next."""
        if message["height"] == self.height + 1 and len(self.later) < 1000:
            self.later.append(message)
        if message["height"] != self.height:
            return
        if message["kind"] == "proposal":
            turn = message["round"]
            if message["proposer"] == self.chain.proposer(self.height, turn)["address"]:
                self.proposals.setdefault(turn, message)
                self.known[self.name(message["block"])["hash"]] = message["block"]
        elif message["kind"] == "vote":
            self.take_vote(message["vote"])

    def take_vote(self, vote: dict) -> None:
        members = {entry["address"]: entry for entry in self.chain.sets[self.height]}
        entry = members.get(vote["address"])
        votes = self.votes.setdefault((vote["round"], vote["type"]), {})
        earlier = votes.get(vote["address"])
        if entry is None or earlier == vote:
            return
        signed = hashes.vote_bytes(self.chain.name, vote["type"], self.height, vote["round"],
                                   vote["block_id"], vote["time"])
        if not verify(entry["key"], signed, vote["signature"]):
            return
        if earlier and earlier["block_id"] != vote["block_id"]:
            self.catch(entry, vote)
            return
        votes.setdefault(vote["address"], vote)

    def catch(self, entry: dict, vote: dict) -> None:
        evidence = {"address": entry["address"], "power": entry["power"],
                    "height": vote["height"], "time": self.chain.time(self.height - 1),
                    "total": sum(each["power"] for each in self.chain.sets[self.height])}
        if not any(known["address"] == entry["address"] and known["height"] == vote["height"]
                   for known in self.evidence):
            self.evidence.append(evidence)

    def quorum(self, turn: int, kind: int, block: str | None) -> bool:
        """Whether more than two thirds voted so; `block` None for anything at all."""
        votes = self.votes.get((turn, kind), {})
        voters = {address for address, vote in votes.items()
                  if block is None or (vote["block_id"] or {"hash": ""})["hash"] == block}
        return self.chain.is_quorum(self.height, voters)

    async def is_valid(self, block: dict) -> bool:
        name = self.name(block)["hash"]
        if name not in self.verdicts:
            self.verdicts[name] = await self.judge(block, name)
        return self.verdicts[name]

    async def judge(self, block: dict, name: str) -> bool:
        last = block["last_commit"]
        if (last is None) != (self.height == 1):
            return False
        if last and not self.chain.check_commit(
                self.height - 1, self.chain.block_id(self.height - 1), last):
            return False
        expected = self.chain.make_header(
            self.height, block["txs"], block["evidence"], last, block["header"]["proposer"])
        if expected != block["header"]:
            wrong = [key for key in expected if expected[key] != block["header"].get(key)]
            print(f"E prevote step: ProposalBlock is invalid: wrong Block.Header {wrong}",
                  flush=True)
            return False
        answer = await self.app.consensus.call(17, self.chain.block_message(block, name))
        verdict = wire.one(answer, 1, 0)
        if verdict not in (1, 2):
            raise ConsensusFailure("ProcessProposal responded with status UNKNOWN")
        return verdict == 1

    def vote(self, kind: int, block: dict | None) -> None:
        if not any(entry["address"] == self.signer.address
                   for entry in self.chain.sets[self.height]):
            return
        now = max(time.time_ns(), self.chain.time(self.height - 1) + 10**6)
        lock = {"block": self.locked, "round": self.locked_turn} if self.locked else None
        vote = self.signer.sign(self.chain.name, kind, self.height, self.turn,
                                self.name(block) if block else None, now, lock)
        if vote:
            self.take_vote(vote)
            self.peers.broadcast({"kind": "vote", "height": self.height, "vote": vote})
            if self.height == self.double_sign_at and kind == PREVOTE:
                self.sign_twice(vote)

    def sign_twice(self, vote: dict) -> None:
        """Breaks consensus on purpose, for the test of evidence."""
        other = {"hash": "ab" * 32, "total": 1, "parts": "cd" * 32}
        raw = self.signer.key.sign(hashes.vote_bytes(
            self.chain.name, vote["type"], self.height, vote["round"], other, vote["time"]))
        self.peers.broadcast({"kind": "vote", "height": self.height,
                              "vote": {**vote, "block_id": other, "signature": raw.hex()}})

    async def timeout(self, height: int, turn: int, step: str) -> None:
        if (height, turn) != (self.height, self.turn):
            return
        if step == "new" and self.step == "new":
            await self.start_turn(0)
        elif step == "propose" and self.step == "propose":
            self.vote(PREVOTE, None)
            self.step = "prevote"
        elif step == "prevote" and self.step == "prevote":
            self.vote(PRECOMMIT, None)
            self.step = "precommit"
        elif step == "precommit":
            await self.start_turn(turn + 1)

    async def advance(self) -> None:
        """Applies the rules until none applies any more."""
        while await self.rule():
            pass

    async def rule(self) -> bool:
        if await self.decide():
            return True
        turns = {turn for turn, _ in self.votes if turn > self.turn}
        for turn in sorted(turns, reverse=True):
            voters = set().union(*(self.votes.get((turn, kind), {}) for kind in (1, 2)))
            members = self.chain.sets[self.height]
            power = sum(each["power"] for each in members if each["address"] in voters)
            if power * 3 > sum(each["power"] for each in members):
                await self.start_turn(turn)
                return True
        proposal = self.proposals.get(self.turn)
        wait = self.timeouts.vote + self.turn * self.timeouts.delta
        if proposal and self.step == "propose":
            return await self.prevote(proposal)
        if self.step == "prevote" and self.quorum(self.turn, PREVOTE, None):
            self.after(wait, "prevote")
        if proposal and self.step in ("prevote", "precommit"):
            name = self.name(proposal["block"])["hash"]
            if (self.valid_turn < self.turn and self.quorum(self.turn, PREVOTE, name)
                    and await self.is_valid(proposal["block"])):
                self.valid, self.valid_turn = proposal["block"], self.turn
                if self.step == "prevote":
                    self.locked, self.locked_turn = proposal["block"], self.turn
                    self.vote(PRECOMMIT, proposal["block"])
                    self.step = "precommit"
                return True
        if self.step == "prevote" and self.quorum(self.turn, PREVOTE, ""):
            self.vote(PRECOMMIT, None)
            self.step = "precommit"
            return True
        if self.quorum(self.turn, PRECOMMIT, None):
            self.after(wait, "precommit")
        return False

    async def prevote(self, proposal: dict) -> bool:
        block, earlier = proposal["block"], proposal["valid_round"]
        name = self.name(block)["hash"]
        if earlier >= 0 and not (earlier < self.turn and self.quorum(earlier, PREVOTE, name)):
            return False
        is_free = self.locked is None or self.name(self.locked)["hash"] == name \
            or (earlier >= 0 and self.locked_turn <= earlier)
        self.vote(PREVOTE, block if is_free and await self.is_valid(block) else None)
        self.step = "prevote"
        return True

    async def decide(self) -> bool:
        for (turn, kind), votes in list(self.votes.items()):
            if kind != PRECOMMIT:
                continue
            for name in {(vote["block_id"] or {"hash": ""})["hash"] for vote in votes.values()}:
                block = self.known.get(name)
                if block and self.quorum(turn, PRECOMMIT, name) and await self.is_valid(block):
                    await self.commit(block, self.make_commit(turn, block))
                    return True
        return False

    def make_commit(self, turn: int, block: dict) -> dict:
        votes, name = self.votes[(turn, PRECOMMIT)], self.name(block)
        signatures = []
        for entry in self.chain.sets[self.height]:
            vote = votes.get(entry["address"])
            if vote is None:
                signatures.append({"flag": 1, "address": "", "time": 0, "signature": ""})
            else:
                flag = 2 if vote["block_id"] == name else 3
                signatures.append({"flag": flag, "address": entry["address"],
                                   "time": vote["time"], "signature": vote["signature"]})
        return {"height": self.height, "round": turn, "block_id": name, "votes": signatures}

    async def commit(self, block: dict, commit: dict) -> None:
        """Stores, executes, stores the answer, commits: the engine's own order."""
        height = self.height
        started = time.monotonic()
        self.chain.append({"kind": "block", "block": block, "commit": commit})
        answer = await self.chain.execute(height, self.app)
        async with self.mempool.turn:
            self.chain.append({"kind": "result", "height": height, "answer": answer})
            await self.app.consensus.call(11)
            await self.mempool.committed([bytes.fromhex(tx) for tx in block["txs"]])
        for entry in self.evidence:
            if entry in block["evidence"]:
                entry["done"] = True
        self.begin_height()
        left = self.timeouts.commit - (time.monotonic() - started)
        asyncio.get_running_loop().call_later(
            max(0.0, left), lambda h=self.height: self.inbox.put_nowait(("timeout", h, 0, "new")))
        self.peers.broadcast({"kind": "standing", "height": self.height, "from": self.listen})

    # What peers missed is sent again.

    async def gossip(self) -> None:
        while True:
            await asyncio.sleep(0.5)
            self.peers.broadcast({"kind": "standing", "height": self.height, "from": self.listen})
            for turn in (self.turn - 1, self.turn):
                proposal = self.proposals.get(turn)
                if proposal and proposal["proposer"] == self.signer.address:
                    self.peers.broadcast(proposal)
                for kind in (PREVOTE, PRECOMMIT):
                    for vote in self.votes.get((turn, kind), {}).values():
                        self.peers.broadcast(
                            {"kind": "vote", "height": self.height, "vote": vote})

    def help(self, standing: dict) -> None:
        """Sends a peer that is behind the blocks that it misses."""
        for height in range(standing["height"], min(standing["height"] + 20, self.chain.height + 1)):
            if height in self.chain.blocks:
                self.peers.send(standing["from"], {
                    "kind": "decided", "height": height, **self.chain.blocks[height]})

    async def take_decided(self, message: dict) -> None:
        """Takes a block that the others decided, if enough of them signed it."""
        block, commit = message["block"], message["commit"]
        name = self.name(block)
        if message["height"] != self.height or not self.chain.check_commit(
                self.height, name, commit):
            return
        if not await self.is_valid(block):
            raise ConsensusFailure("a decided block is invalid here: wrong Block.Header.AppHash")
        await self.commit(block, commit)
