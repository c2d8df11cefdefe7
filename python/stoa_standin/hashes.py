"""What CometBFT 0.38 hashes and signs, byte for byte."""

from __future__ import annotations

import hashlib
from datetime import datetime, timezone

from . import wire


def sha256(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()


def merkle(leaves: list[bytes]) -> bytes:
    """RFC 6962."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0])
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1" + merkle(leaves[:split]) + merkle(leaves[split:]))


def merkle_path(leaves: list[bytes], index: int) -> list[bytes]:
    """The hashes beside the way from a leaf to the root, the leaf's neighbour first."""
    if len(leaves) == 1:
        return []
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if index < split:
        return merkle_path(leaves[:split], index) + [merkle(leaves[split:])]
    return merkle_path(leaves[split:], index - split) + [merkle(leaves[:split])]


def address(key: bytes) -> bytes:
    return sha256(key)[:20]


def block_id(block: dict | None) -> bytes:
    """A block's name as a message; empty for none."""
    if not block:
        return wire.message(2, b"")
    parts = wire.integer(1, block["total"]) + wire.data(2, bytes.fromhex(block["parts"]))
    return wire.data(1, bytes.fromhex(block["hash"])) + wire.message(2, parts)


def validators_hash(validators: list[dict]) -> bytes:
    return merkle([
        wire.message(1, wire.data(1, bytes.fromhex(member["key"])))
        + wire.integer(2, member["power"]) for member in validators])


def consensus_hash(max_bytes: int, max_gas: int) -> bytes:
    return sha256(wire.integer(1, max_bytes) + wire.integer(2, max_gas))


def results_hash(results: list[dict]) -> bytes:
    return merkle([
        wire.integer(1, result["code"]) + wire.data(2, bytes.fromhex(result["data"]))
        + wire.integer(5, result["gas_wanted"]) + wire.integer(6, result["gas_used"])
        for result in results])


def commit_signature(vote: dict) -> bytes:
    return (wire.integer(1, vote["flag"]) + wire.data(2, bytes.fromhex(vote["address"]))
            + wire.message(3, wire.timestamp(vote["time"]) if vote["flag"] != 1 else
                           wire.integer(1, -62135596800))
            + wire.data(4, bytes.fromhex(vote["signature"])))


def commit_hash(commit: dict | None) -> bytes:
    return merkle([commit_signature(vote) for vote in commit["votes"]]) if commit else merkle([])


def header_hash(header: dict) -> bytes:
    def wrapped(name: str) -> bytes:
        return wire.data(1, bytes.fromhex(header[name]))

    return merkle([
        wire.integer(1, header["version_block"]) + wire.integer(2, header["version_app"]),
        wire.text(1, header["chain_id"]), wire.integer(1, header["height"]),
        wire.timestamp(header["time"]), block_id(header["last_block_id"]),
        wrapped("last_commit_hash"), wrapped("data_hash"), wrapped("validators_hash"),
        wrapped("next_validators_hash"), wrapped("consensus_hash"), wrapped("app_hash"),
        wrapped("last_results_hash"), wrapped("evidence_hash"), wrapped("proposer")])


def vote_bytes(chain: str, kind: int, height: int, turn: int, block: dict | None,
               time: int) -> bytes:
    """What a validator signs: 1 for a prevote, 2 for a precommit."""
    body = wire.integer(1, kind) + wire.fixed(2, height) + wire.fixed(3, turn)
    if block:
        body += wire.message(4, block_id(block))
    body += wire.message(5, wire.timestamp(time)) + wire.text(6, chain)
    return wire.varint(len(body)) + body


def rfc3339(nanoseconds: int) -> str:
    seconds, nanos = divmod(nanoseconds, 10**9)
    text = datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    return text + (f".{nanos:09d}".rstrip("0") if nanos else "") + "Z"


def parse_time(text: str) -> int:
    whole, _, rest = text.rstrip("Z").partition(".")
    seconds = int(datetime.fromisoformat(whole + "+00:00").timestamp())
    return seconds * 10**9 + int((rest + "000000000")[:9])
