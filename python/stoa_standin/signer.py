"""The key that votes, and the file that keeps it from voting twice."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from . import hashes


class Signer:
    def __init__(self, home: Path):
        document = json.loads((home / "config" / "priv_validator_key.json").read_text())
        secret = base64.b64decode(document["priv_key"]["value"])
        self.key = Ed25519PrivateKey.from_private_bytes(secret[:32])
        self.public = secret[32:].hex()
        self.address = hashes.address(secret[32:]).hex()
        self.path = home / "data" / "priv_validator_state.json"
        self.last = json.loads(self.path.read_text()) if self.path.exists() else {}

    def sign(self, chain: str, kind: int, height: int, turn: int, block: dict | None, time: int,
             lock: dict | None) -> dict | None:
        """A vote, durable before it is returned; None where it would contradict an earlier one."""
        place = (height, turn, kind)
        name = block["hash"] if block else ""
        last = (int(self.last.get("height", 0)), int(self.last.get("round", 0)),
                int(self.last.get("step", 0)))
        if place < last:
            return None
        if place == last:
            vote = self.last.get("vote")
            return vote if vote and self.last.get("block") == name else None
        signature = self.key.sign(hashes.vote_bytes(chain, kind, height, turn, block, time))
        vote = {"type": kind, "height": height, "round": turn, "block_id": block, "time": time,
                "address": self.address, "signature": signature.hex()}
        self.last = {"height": str(height), "round": turn, "step": kind, "block": name,
                     "vote": vote, "lock": lock}
        draft = self.path.with_suffix(".new")
        with open(draft, "w") as file:
            json.dump(self.last, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)
        return vote

    def lock(self, height: int) -> dict | None:
        """What this validator was locked on when it last voted at this height."""
        return self.last.get("lock") if int(self.last.get("height", 0)) == height else None
