"""Decided blocks, what became of them, and the validator sets that follow."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from . import application as abci
from . import hashes, wire


class ConsensusFailure(Exception):
    """What the engine panics at: the node stays alive, and does nothing any more."""


def ordered(members: list[dict]) -> list[dict]:
    return sorted(members, key=lambda member: (-member["power"], member["address"]))


def member(key: str, power: int) -> dict:
    return {"key": key, "power": power, "address": hashes.address(bytes.fromhex(key)).hex()}


def changed(members: list[dict], updates: list[dict]) -> list[dict]:
    """A set after updates, with the engine's own refusals."""
    keys = [update["key"] for update in updates]
    if len(set(keys)) != len(keys):
        raise ConsensusFailure("duplicate key in validator updates")
    known = {entry["key"]: entry for entry in members}
    for update in updates:
        if update["power"] < 0:
            raise ConsensusFailure("negative voting power")
        if update["power"] == 0:
            if update["key"] not in known:
                raise ConsensusFailure("failed to find validator to remove")
            del known[update["key"]]
        else:
            known[update["key"]] = member(update["key"], update["power"])
    if not known:
        raise ConsensusFailure("applying the updates would result in an empty set")
    return ordered(list(known.values()))


class Chain:
    """The append-only file of a node: one line for a decided block, one for its results."""

    def __init__(self, home: Path, genesis: dict):
        self.genesis = genesis
        self.name: str = genesis["chain_id"]
        self.start = hashes.parse_time(genesis["genesis_time"])
        params = genesis["consensus_params"]["block"]
        self.block_bytes_max = int(params["max_bytes"])
        self.consensus_hash = hashes.consensus_hash(
            int(params["max_bytes"]), int(params["max_gas"]))
        self.version_app = int(genesis["consensus_params"]["version"]["app"])
        self.blocks: dict[int, dict] = {}
        self.results: dict[int, dict] = {}
        self.sets: dict[int, list[dict]] = {}
        self.first_root = ""
        self.base = 1
        self.places: dict[str, tuple[int, int]] = {}
        self.path = home / "data" / "blocks.jsonl"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._load()
        self.file = open(self.path, "ab")

    def _load(self) -> None:
        if not self.path.exists():
            return
        good = 0
        with open(self.path, "rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._take(json.loads(line))
                good += len(line)
        os.truncate(self.path, good)  # a line that a crash cut short

    def _take(self, record: dict) -> None:
        if record["kind"] == "start":
            self.begin(record["members"], record["root"])
        elif record["kind"] == "synced":
            self._synced(record)
        elif record["kind"] == "block":
            self._add(record["block"], record["commit"])
        else:
            self._executed(record["height"], record["answer"])

    def append(self, record: dict) -> None:
        """Writes a record durably, then takes it in."""
        self.file.write(json.dumps(record).encode() + b"\n")
        self.file.flush()
        os.fsync(self.file.fileno())
        self._take(record)

    def begin(self, members: list[dict], root: str) -> None:
        members = ordered(members)
        self.sets[1] = self.sets[2] = members
        self.first_root = root

    def _synced(self, record: dict) -> None:
        """Begins behind a snapshot: the sets and hashes around its height, from peers."""
        self.base = record["height"] + 1
        self.sets = {int(height): members for height, members in record["sets"].items()}
        self._add(record["block"], record["commit"])
        self.results[record["height"]] = record["answer"]

    def _add(self, block: dict, commit: dict) -> None:
        height = block["header"]["height"]
        self.blocks[height] = {"block": block, "commit": commit}
        for index, transaction in enumerate(block["txs"]):
            name = hashlib.sha256(bytes.fromhex(transaction)).hexdigest()
            self.places.setdefault(name, (height, index))

    def _executed(self, height: int, answer: dict) -> None:
        self.results[height] = answer
        self.sets[height + 2] = changed(self.sets[height + 1], answer["updates"])

    @property
    def height(self) -> int:
        return max(self.blocks, default=0)

    @property
    def executed(self) -> int:
        return max(self.results, default=0)

    def root(self, height: int) -> str:
        return self.results[height]["root"] if height else self.first_root

    def time(self, height: int) -> int:
        return self.blocks[height]["block"]["header"]["time"] if height else self.start

    def block_id(self, height: int) -> dict | None:
        return self.blocks[height]["commit"]["block_id"] if height else None

    def proposer(self, height: int, turn: int) -> dict:
        """Whose turn it is, by power; not the engine's own rotation."""
        members = self.sets[height]
        seed = hashlib.sha256(f"{self.name}/{height}/{turn}".encode()).digest()
        point = int.from_bytes(seed, "big") % sum(entry["power"] for entry in members)
        for entry in members:
            point -= entry["power"]
            if point < 0:
                return entry
        raise AssertionError

    def make_header(self, height: int, txs: list[str], evidence: list[dict],
                    last_commit: dict | None, proposer: str) -> dict:
        last = height - 1
        return {
            "version_block": 11, "version_app": self.version_app, "chain_id": self.name,
            "height": height, "time": self.median(last_commit, last) if last else self.start,
            "last_block_id": self.block_id(last),
            "last_commit_hash": hashes.commit_hash(last_commit).hex(),
            "data_hash": hashes.merkle(
                [hashes.sha256(bytes.fromhex(tx)) for tx in txs]).hex(),
            "validators_hash": hashes.validators_hash(self.sets[height]).hex(),
            "next_validators_hash": hashes.validators_hash(self.sets[height + 1]).hex(),
            "consensus_hash": self.consensus_hash.hex(), "app_hash": self.root(last),
            "last_results_hash": (
                hashes.results_hash(self.results[last]["results"]).hex()
                if last else hashes.merkle([]).hex()),
            "evidence_hash": hashes.merkle(
                [json.dumps(entry, sort_keys=True).encode() for entry in evidence]).hex(),
            "proposer": proposer}

    def median(self, commit: dict, height: int) -> int:
        """BFT time: the votes' times, weighed by power."""
        votes = sorted(
            (vote["time"], entry["power"])
            for vote, entry in zip(commit["votes"], self.sets[height]) if vote["flag"] == 2)
        half = sum(power for _, power in votes) // 2
        for time, power in votes:
            if half < power:
                return max(time, self.time(height) + 10**6)
            half -= power
        return votes[-1][0]

    def is_quorum(self, height: int, addresses) -> bool:
        members = self.sets[height]
        power = sum(entry["power"] for entry in members if entry["address"] in addresses)
        return power * 3 > sum(entry["power"] for entry in members) * 2

    def check_commit(self, height: int, block_id: dict, commit: dict) -> bool:
        """Whether more than two thirds signed a block: for blocks that peers hand over."""
        signers = set()
        if len(commit["votes"]) != len(self.sets[height]) or commit["block_id"] != block_id:
            return False
        for vote, entry in zip(commit["votes"], self.sets[height]):
            if vote["flag"] != 2:
                continue
            message = hashes.vote_bytes(
                self.name, 2, height, commit["round"], block_id, vote["time"])
            if not verify(entry["key"], message, vote["signature"]):
                return False
            signers.add(entry["address"])
        return self.is_quorum(height, signers)

    def execution_request(self, height: int) -> bytes:
        """FinalizeBlock for a decided block."""
        block = self.blocks[height]["block"]
        return self.block_message(block, self.blocks[height]["commit"]["block_id"]["hash"])

    def commit_info(self, height: int, commit: dict | None, flag: int = 3) -> bytes:
        """Who voted; an extended commit has its flag in field 5."""
        if commit is None:
            return b""
        info = wire.integer(1, commit["round"])
        for vote, entry in zip(commit["votes"], self.sets[height]):
            validator = (wire.data(1, bytes.fromhex(entry["address"]))
                         + wire.integer(3, entry["power"]))
            info += wire.message(2, wire.message(1, validator) + wire.integer(flag, vote["flag"]))
        return info

    @staticmethod
    def misbehavior(evidence: list[dict], field: int) -> bytes:
        out = b""
        for entry in evidence:
            validator = (wire.data(1, bytes.fromhex(entry["address"]))
                         + wire.integer(3, entry["power"]))
            out += wire.message(field, wire.integer(1, 1) + wire.message(2, validator)
                                + wire.integer(3, entry["height"])
                                + wire.message(4, wire.timestamp(entry["time"]))
                                + wire.integer(5, entry["total"]))
        return out

    def block_message(self, block: dict, block_hash: str) -> bytes:
        """The body of ProcessProposal and FinalizeBlock."""
        header = block["header"]
        height = header["height"]
        body = b"".join(wire.message(1, bytes.fromhex(tx)) for tx in block["txs"])
        body += wire.message(2, self.commit_info(height - 1, block["last_commit"]))
        body += self.misbehavior(block["evidence"], 3)
        return (body + wire.data(4, bytes.fromhex(block_hash)) + wire.integer(5, height)
                + wire.message(6, wire.timestamp(header["time"]))
                + wire.data(7, bytes.fromhex(header["next_validators_hash"]))
                + wire.data(8, bytes.fromhex(header["proposer"])))

    async def execute(self, height: int, app: abci.Application) -> dict:
        answer = await app.consensus.call(20, self.execution_request(height))
        results = [abci.read_result(raw) for raw in answer.get(2, [])]
        if len(results) != len(self.blocks[height]["block"]["txs"]):
            raise ConsensusFailure("the application gave another number of results")
        return {
            "events": abci.read_events(answer.get(1, [])), "results": results,
            "updates": abci.read_updates(answer.get(3, [])),
            "root": wire.one(answer, 5, b"").hex()}

    async def handshake(self, app: abci.Application) -> None:
        """Brings a restarted application level (cometbft-abci, section 5.2)."""
        height, root = await app.info()
        if height > self.height:
            raise SystemExit(f"app block height ({height}) is higher than core ({self.height})")
        if height == 0:
            members = [member(entry["key"], entry["power"]) for entry in self.genesis["members"]]
            state = json.dumps(self.genesis["app_state"]).encode()
            answer = await app.init_chain(self.genesis, self.start, state)
            updates = abci.read_updates(answer.get(2, []))
            if updates:
                members = [member(entry["key"], entry["power"]) for entry in updates]
            if 1 not in self.sets:
                self.append({"kind": "start", "members": members,
                             "root": wire.one(answer, 3, b"").hex()})
        for number in range(height + 1, self.height + 1):
            answer = await self.execute(number, app)
            if number not in self.results:
                self.append({"kind": "result", "height": number, "answer": answer})
            elif answer["root"] != self.results[number]["root"]:
                raise ConsensusFailure("wrong app hash in replay")
            await app.consensus.call(11)
        _, root = await app.info()
        if root.hex() != self.root(self.height):
            raise ConsensusFailure("state.AppHash does not match AppHash after replay")


def verify(key: str, message: bytes, signature: str) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(
            bytes.fromhex(signature), message)
        return True
    except (InvalidSignature, ValueError):
        return False
