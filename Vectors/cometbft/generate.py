#!/usr/bin/env python3
"""Makes light.json, and checks engine.json on the way.

Written from CometBFT's .proto files and specification; shares no code with Sources. Needs the
package `cryptography`. Deterministic: running it again writes the same bytes.
"""
import base64
import hashlib
import json
import pathlib
from datetime import datetime, timezone

from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

HERE = pathlib.Path(__file__).parent
NO_TIME = (-62135596800, 0)
EMPTY = hashlib.sha256(b"").digest()


def sha(data):
    return hashlib.sha256(data).digest()


def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(field, value):
    return varint(field << 3) + varint(value) if value else b""


def fixed(field, value):
    return varint(field << 3 | 1) + value.to_bytes(8, "little", signed=True) if value else b""


def message(field, data):
    return varint(field << 3 | 2) + varint(len(data)) + data


def data(field, value):
    return message(field, value) if value else b""


def merkle(leaves):
    if not leaves:
        return EMPTY
    if len(leaves) == 1:
        return sha(b"\0" + leaves[0])
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha(b"\1" + merkle(leaves[:split]) + merkle(leaves[split:]))


def timestamp(time):
    return number(1, time[0]) + number(2, time[1])


def seconds(text):
    whole, _, fraction = text.rstrip("Z").partition(".")
    moment = datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    return (int(moment.timestamp()), int((fraction or "0").ljust(9, "0")))


def block_id(name):
    if name is None:
        return message(2, b"")
    block, total, parts = name
    return data(1, block) + message(2, number(1, total) + data(2, parts))


def version(header):
    return number(1, header["block"]) + number(2, header["app"])


HASHES = [
    "last_commit_hash", "data_hash", "validators_hash", "next_validators_hash", "consensus_hash",
    "app_hash", "last_results_hash", "evidence_hash", "proposer_address",
]


def header_hash(header):
    leaves = [
        version(header), data(1, header["chain_id"].encode()), number(1, header["height"]),
        timestamp(header["time"]), block_id(header["last_block_id"]),
    ]
    return merkle(leaves + [data(1, header[name]) for name in HASHES])


def header_bytes(header):
    out = message(1, version(header)) + data(2, header["chain_id"].encode())
    out += number(3, header["height"]) + message(4, timestamp(header["time"]))
    out += message(5, block_id(header["last_block_id"]))
    for field, name in enumerate(HASHES, start=6):
        out += data(field, header[name])
    return out


def sign_bytes(step, height, round_, name, time, chain):
    body = number(1, step) + fixed(2, height) + fixed(3, round_)
    if name is not None:
        body += message(4, block_id(name))
    body += message(5, timestamp(time)) + data(6, chain.encode())
    return varint(len(body)) + body


def set_hash(members):
    return merkle([message(1, data(1, key)) + number(2, power) for key, power in members])


def address(key):
    return sha(key)[:20]


def ordered(members):
    return sorted(members, key=lambda member: (-member[1], address(member[0])))


def commit_sig(flag, who, time, signature):
    return number(1, flag) + data(2, who) + message(3, timestamp(time)) + data(4, signature)


def light_block(header, height, round_, name, votes, members):
    commit = number(1, height) + number(2, round_) + message(3, block_id(name))
    commit += b"".join(message(4, vote) for vote in votes)
    validators = b"".join(
        message(1, data(1, address(key)) + message(2, data(1, key)) + number(3, power))
        for key, power in members
    )
    signed = message(1, header_bytes(header)) + message(2, commit)
    return message(1, signed) + message(2, validators)


class Chain:
    """Blocks of a network whose validators change; keys come from seeds 1, 2, 3, …"""

    name = "stoa-0123456789012345678901234567890123456789"

    def __init__(self):
        self.signers = {}
        self.last = None
        self.last_votes = []

    def key(self, seed):
        private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.signers[public] = private
        return public

    def members(self, powers):
        return ordered([(self.key(seed), power) for seed, power in powers])

    def block(self, height, powers, next_powers, flags):
        members = self.members(powers)
        time = (1_700_000_000 + 5 * height, 1000 * height)
        header = {
            "block": 11, "app": 1, "chain_id": self.name, "height": height, "time": time,
            "last_block_id": self.last, "last_commit_hash": merkle(self.last_votes),
            "data_hash": EMPTY, "validators_hash": set_hash(members),
            "next_validators_hash": set_hash(self.members(next_powers)),
            "consensus_hash": sha(b"parameters"), "app_hash": sha(b"state %d" % height),
            "last_results_hash": EMPTY, "evidence_hash": EMPTY,
            "proposer_address": address(members[height % len(members)][0]),
        }
        name = (header_hash(header), 1, sha(b"parts %d" % height))
        round_ = height % 3
        votes = []
        for index, (key, _) in enumerate(members):
            flag = flags[index] if index < len(flags) else 2
            if flag == 1:
                votes.append(commit_sig(1, b"", NO_TIME, b""))
                continue
            when = (time[0] + 1, 1 + index)
            message_ = sign_bytes(2, height, round_, name if flag == 2 else None, when, self.name)
            votes.append(commit_sig(flag, address(key), when, self.signers[key].sign(message_)))
        self.last, self.last_votes = name, votes
        return {
            "height": str(height),
            "hash": name[0].hex(),
            "validators_hash": header["validators_hash"].hex(),
            "commit_hash": merkle(votes).hex(),
            "signed_power": str(sum(
                power for index, (_, power) in enumerate(members)
                if (flags[index] if index < len(flags) else 2) == 2
            )),
            "total_power": str(sum(power for _, power in members)),
            "bytes": light_block(header, height, round_, name, votes, members).hex(),
        }


def network():
    chain = Chain()
    sets = [
        [(1, 10), (2, 10), (3, 10), (4, 10)], [(1, 10), (2, 10), (3, 10), (4, 10)],
        [(1, 10), (2, 10), (3, 10), (5, 25)], [(5, 25), (6, 30), (3, 10)],
        [(6, 30), (7, 30), (8, 2 ** 59)], [(6, 30), (7, 30), (8, 2 ** 59)],
    ]
    flags = [[], [1], [2, 3], [], [2, 1, 3]]
    return [
        chain.block(height, sets[height - 1], sets[height], flags[height - 1])
        for height in range(1, 6)
    ]


def check_engine():
    engine = json.loads((HERE / "engine.json").read_text())
    stated = engine["header"]
    header = {
        "block": int(stated["version"]["block"]), "app": int(stated["version"]["app"]),
        "chain_id": stated["chain_id"], "height": int(stated["height"]),
        "time": seconds(stated["time"]), "last_block_id": (bytes(32), 6, bytes(32)),
    }
    for name, text in stated["hashed_texts"].items():
        header[name] = sha(text.encode())
    header["proposer_address"] = header["proposer_address"][:20]
    assert header_hash(header).hex() == stated["hash"]
    for vector in engine["sign_bytes"]:
        made = sign_bytes(
            vector["step"], int(vector["height"]), int(vector["round"]), None, NO_TIME,
            vector["chain_id"],
        )
        assert made.hex() == vector["bytes"], vector["source"]
    check_network(engine["network"])


def check_network(net):
    genesis, common = net["genesis"], net["all_blocks"]
    key = base64.b64decode(genesis["key"])
    assert address(key).hex() == genesis["address"]
    assert set_hash([(key, 10)]).hex() == genesis["validators_hash"]
    empty = bytes.fromhex(common["empty_hashes"])
    for block in (net["first_block"], net["tenth_block"]):
        last = block["last_block_id"]
        validators = bytes.fromhex(genesis["validators_hash"])
        header = {
            "block": 11, "app": 1, "chain_id": genesis["chain_id"],
            "height": int(block["height"]), "time": seconds(block["time"]),
            "last_block_id": last and (
                bytes.fromhex(last["hash"]), last["total"], bytes.fromhex(last["parts"])
            ),
            "last_commit_hash": bytes.fromhex(block["last_commit_hash"]), "data_hash": empty,
            "validators_hash": validators, "next_validators_hash": validators,
            "consensus_hash": bytes.fromhex(common["consensus_hash"]),
            "app_hash": bytes.fromhex(common["app_hash"]), "last_results_hash": empty,
            "evidence_hash": empty, "proposer_address": address(key),
        }
        assert header_hash(header).hex() == block["hash"]
    commit, ninth = net["tenth_commit"], net["ninth_vote"]
    name = (bytes.fromhex(net["tenth_block"]["hash"]), 1, bytes.fromhex(commit["parts"]))
    signed = sign_bytes(2, 10, 0, name, seconds(commit["time"]), genesis["chain_id"])
    Ed25519PublicKey.from_public_bytes(key).verify(base64.b64decode(commit["signature"]), signed)
    vote = commit_sig(
        2, address(key), seconds(ninth["time"]), base64.b64decode(ninth["signature"])
    )
    assert merkle([vote]).hex() == net["tenth_block"]["last_commit_hash"]
    transaction = base64.b64decode(net["transaction"]["bytes"])
    assert sha(transaction).hex() == net["transaction"]["hash"]
    assert merkle([sha(transaction)]).hex() == net["transaction"]["data_hash_alone"]


def results():
    """Results as the ledger gives them: code, one byte of data when refused, no gas."""
    lists = [[], [(0, b"")], [(0, b""), (107, b"\0"), (503, b"\2")]]
    return [
        {
            "results": [{"code": code, "data": body.hex()} for code, body in items],
            "root": merkle([number(1, code) + data(2, body) for code, body in items]).hex(),
        }
        for items in lists
    ]


def main():
    check_engine()
    document = {"chain_id": Chain.name, "blocks": network(), "results": results()}
    (HERE / "light.json").write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()
