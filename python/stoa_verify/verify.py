#!/usr/bin/env python3
"""Checks a Stoa proof file offline: written from docs/spec alone, it shares no code with Sources.

    python3 verify.py FILE --genesis GENESIS [--validators-hash HEX]

Ends with 0 and says what is proven, or with 1 and names the field that is wrong. Needs the
standard library and `cryptography`, which checks Ed25519. (PRF-n: docs/spec/proofs.md.)
"""

import argparse
import json
import re
import sys
from collections import Counter

from canonical import Reader, Refused, check_signature, document, need, sha, signed, tagged
from light import check_step, check_votes, light_block, moment, ordered, set_hash

UNITS = {1: "input_token", 2: "output_token", 3: "call", 4: "second", 5: "byte"}
STATUS = {1: "delivered", 2: "partial", 3: "failed"}


# --- the file (PRF-1 to PRF-4) ------------------------------------------------------------------

def members(value, field, names):
    """The members of an object: exactly these, each once."""
    need(isinstance(value, list) and value[:1] == [dict], field or "file", "is no object")
    pairs, prefix = value[1], f"{field}." if field else ""
    seen = Counter(name for name, _ in pairs)  # Strangers write files: one look at each name.
    for name, count in seen.items():
        need(count == 1, prefix + name, "is there twice")
    for name in seen:
        need(names is None or name in names, prefix + name, "is unknown")
    for name in names or []:
        need(name in seen, prefix + name, "is missing")
    return dict(pairs)


def text(value, field):
    need(isinstance(value, str), field, "is no text")
    return value


def unhex(value, field, limit=2**18):
    ok = isinstance(value, str) and re.fullmatch("(?:[0-9a-f]{2})*", value)
    need(ok and len(value) <= 2 * limit, field, "is not lower-case hex")
    return bytes.fromhex(value)


def integer(value, field):
    ok = isinstance(value, str) and re.fullmatch("0|[1-9][0-9]{0,19}", value)
    need(ok and int(value) < 2**64, field, "is no integer")
    return int(value)


def read_entry(value, field):
    parts = members(value, field, ["key", "leaf", "value", "path"])
    key = unhex(parts["key"], f"{field}.key")
    need(1 <= len(key) <= 128, f"{field}.key", "has a wrong length")
    leaf = unhex(parts["leaf"], f"{field}.leaf")
    need(leaf == tagged("stoa/state-key/1", key), field, "key and leaf differ")
    present = parts["value"] is not None or field != "entry"
    held = unhex(parts["value"], f"{field}.value") if present else None
    try:
        path = read_path(Reader(unhex(parts["path"], f"{field}.path")))
    except ValueError:
        raise Refused(f"{field}.path", "does not decode") from None
    return key, held, path


def read_path(reader):
    """A state proof (state-tree.md): terminal, other leaf, siblings."""
    if reader.take(1) != b"\x01":
        raise ValueError("version")
    terminal = reader.choice(0, 2)
    other = (reader.take(32), reader.take(32)) if terminal == 2 else None
    count = reader.read("u16")
    if count > 256:
        raise ValueError("too long")
    marks = "".join(f"{byte:08b}" for byte in reader.take((count + 7) // 8))
    siblings = [reader.take(32) if mark == "1" else bytes(32) for mark in marks[:count]]
    zero = any(mark == "1" and not any(item) for mark, item in zip(marks, siblings))
    if "1" in marks[count:] or zero or reader.at != len(reader.data):
        raise ValueError("another encoding")
    return terminal, other, siblings


def check_entry(entry, root, field):
    """STT-8 to STT-10."""
    key, value, (terminal, other, siblings) = entry
    path = tagged("stoa/state-key/1", key)
    bits = [path[depth // 8] >> (7 - depth % 8) & 1 for depth in range(256)]
    need((terminal == 0) == (value is not None), field, "shows the other claim")
    node = bytes(32)
    if terminal == 0:
        node = sha(b"\0" + path + sha(value))
    elif terminal == 2:
        theirs = [other[0][depth // 8] >> (7 - depth % 8) & 1 for depth in range(256)]
        fits = other[0] != path and theirs[:len(siblings)] == bits[:len(siblings)]
        need(fits, field, "has an unrelated leaf")
        node = sha(b"\0" + other[0] + other[1])
    for depth in reversed(range(len(siblings))):
        pair = (siblings[depth], node) if bits[depth] else (node, siblings[depth])
        node = sha(b"\1" + pair[0] + pair[1])
    need(node == root, field, "does not lead to the state root")


# --- trust (PRF-5 to PRF-8) ---------------------------------------------------------------------

class Trust:
    """What a genesis says of who seals blocks."""

    def __init__(self, data, validators_hash=None):
        reader = Reader(data)
        if reader.take(1) != b"\x01":
            raise ValueError("version")
        genesis = reader.read("genesis")
        self.chain, self.sequencer = tagged("stoa/genesis/1", data), genesis["sequencer"]
        self.validators = []
        if reader.at < len(data):
            staking = reader.read("staking")
            found = [(item["key"][1], min(item["bond"] // 10**9, 2**51))
                     for item in staking["validators"]]
            self.validators = ordered(found)[:staking["validators_max"]]
        if reader.at != len(data):
            raise ValueError("trailing bytes")
        self.own_hash = set_hash(self.validators)
        self.hash = validators_hash or self.own_hash

    def check(self, seal):
        """Returns state root, height, time in milliseconds, and who sealed it."""
        kind, value = seal
        need((kind == "validators") == bool(self.validators), "seal.kind", "is not this chain's")
        if kind == "sequencer":
            need(value["chain"] == self.chain, "seal.header", "is of another chain")
            need(value["key"] == self.sequencer, "seal.header", "has another sealer")
            check_signature(value, "seal.header")
            who = f"sealed by the sequencer of chain {self.chain.hex()}"
            return value["state"], value["height"], value["time"], who
        first, last = value[0], value[-1]
        name = b"stoa-" + self.chain.hex()[:40].encode()
        need(first["header"][2] == name, "seal.blocks[0]", "is of another chain")
        need(first["header"][8] == self.hash, "seal.blocks[0]", "has untrusted validators")
        for index, block in enumerate(value):
            field = f"seal.blocks[{index}]"
            if index:
                check_step(value[index - 1], block, field)
            signers, power, total = check_votes(block, field)
        need(len(last["header"][11]) == 32, field, "has no state root")
        source = "the genesis" if self.hash == self.own_hash else "the hash that was given"
        who = (f"signed by {signers} of {len(last['set'])} validators with {power} of {total} of "
               f"the power, whose set is {last['header'][8].hex()}, trusting {source}"
               + (f" and {len(value) - 1} blocks in between" if len(value) > 1 else ""))
        seconds, nanoseconds = moment(last)
        milliseconds = seconds * 1000 + nanoseconds // 10**6
        return last["header"][11], last["header"][3] - 1, milliseconds, who


def read_seal(value):
    kind = text(members(value, "seal", None).get("kind"), "seal.kind")
    need(kind in ("sequencer", "validators"), "seal.kind", "is unknown")
    if kind == "sequencer":
        parts = members(value, "seal", ["kind", "header"])
        return kind, signed(unhex(parts["header"], "seal.header"), "header", "seal.header")
    blocks = members(value, "seal", ["kind", "blocks"])["blocks"]
    fine = isinstance(blocks, list) and blocks[:1] != [dict] and 0 < len(blocks) <= 64
    need(fine, "seal.blocks", "is no list of blocks")
    return kind, [light_block(unhex(block, f"seal.blocks[{index}]"), f"seal.blocks[{index}]")
                  for index, block in enumerate(blocks)]


# --- receipts (PRF-9 to PRF-14) -----------------------------------------------------------------

def audit_root(leaf, index, count, siblings):
    """RFC 9162, section 2.1.3.2; None if the path has another length."""
    if index >= count:
        return None
    node, last = sha(b"\0" + leaf), count - 1
    for sibling in siblings:
        if last == 0:
            return None
        if index & 1 or index == last:
            node = sha(b"\1" + sibling + node)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            node = sha(b"\1" + node + sibling)
        index, last = index >> 1, last >> 1
    return node if last == 0 else None


def check_rules(receipt, voucher, offer, offer_name, channel):
    """SET-8, in order; what was compared before is not repeated."""
    prices = {price["unit"]: price for price in offer["prices"]}
    units = receipt["units"]
    priced = all(count["unit"] in prices for count in units)
    charge = sum(-(-count["count"] * prices[count["unit"]]["amount"]
                   // prices[count["unit"]]["per"]) for count in units) if priced else 0
    failed = receipt["status"] == 3
    for fine, why in (
        (voucher["channel"] == receipt["channel"], "wrongChannel"),
        (voucher["key"] == channel["voucher_key"], "wrongSigner"),
        (receipt["key"] == offer["receipt_key"], "wrongSigner"),
        (receipt["offer"] == voucher["offer"] == offer_name, "wrongOffer"),
        (offer["seller"] == channel["payee"], "wrongOffer"),
        (offer["denomination"] == channel["denomination"], "wrongOffer"),
        (receipt["started"] <= offer["expires"], "offerExpired"),
        (receipt["started"] <= voucher["expires"], "voucherExpired"),
        (receipt["lane"] == voucher["lane"] < channel["lanes"], "laneOutOfRange"),
        (receipt["request"] == voucher["request"], "wrongRequest"),
        (receipt["voucher"] == voucher["digest"], "wrongVoucher"),
        (receipt["sequence"] == voucher["sequence"], "wrongVoucher"),
        (receipt["weights"] == offer["weights"], "wrongWeights"),
        (priced, "unpricedUnit"),
        (charge < 2**128, "arithmetic"),
        (receipt["charge"] == charge, "wrongCharge"),
        (not failed or not units and not charge, "chargedForFailure"),
        (receipt["charge"] <= receipt["total"], "wrongTotal"),
        (receipt["total"] <= voucher["cap"], "overCap"),
        (receipt["started"] <= receipt["finished"], "wrongTimes"),
    ):
        need(fine, "receipt", f"breaks a rule of settlement ({why})")


def verify_receipt(file, seal, trust):
    voucher, receipt, place = file["voucher"], file["receipt"], file["inclusion"]
    root, height, time, who = trust.check(seal)
    for field, paper in (("voucher", voucher), ("receipt", receipt)):
        need(paper["chain"] == trust.chain, field, "is of another chain")
        check_signature(paper, field)
    key = file["claim"][0]
    names = receipt["channel"]
    need(len(key) == 37 and key[:33] == b"\x22" + names, "claim.key", "is of another claim")
    need(file["channel"][0] == b"\x20" + names, "channel.key", "is of another channel")
    need(file["offer"][0] == b"\x18" + receipt["offer"], "offer.key", "is of another offer")
    entries = {}
    for field in ("claim", "channel", "offer"):
        check_entry(file[field], root, field)
        try:
            entries[field] = document(file[field][1], f"{field} entry")
        except ValueError:
            raise Refused(f"{field}.value", "does not decode") from None
    claim, channel, offer = entries["claim"], entries["channel"], entries["offer"]["offer"]
    index, count, siblings = place
    need(count == claim["count"], "inclusion.count", "is not the claim's")
    found = audit_root(receipt["digest"], index, count, siblings)
    need(found == claim["root"], "inclusion", "does not lead to the claim's root")
    body = file["offer"][1]
    offer_name = tagged("stoa/offer/1", body[:-9])  # without standing and height
    check_rules(receipt, voucher, offer, offer_name, channel)
    units = ", ".join(f"{item['count']} {UNITS[item['unit']]}" for item in receipt["units"])
    return [
        f"proven: receipt {receipt['digest'].hex()}", f"payer {channel['payer'].hex()}",
        f"payee {channel['payee'].hex()}", f"model {offer['model']}",
        f"{STATUS[receipt['status']]}: {units or 'nothing'}, {receipt['charge']} obol",
        f"number {index} of {count} in claim {int.from_bytes(key[33:], 'big')} of channel "
        f"{names.hex()}, paid in block {claim['height']}",
        f"state of block {height}, header of {time} ms, {who}"]


def verify_state(file, seal, trust):
    root, height, time, who = trust.check(seal)
    check_entry(file["entry"], root, "entry")
    key, value, _ = file["entry"]
    there = "is absent from" if value is None else f"is {value.hex()} in"
    return [f"proven: entry {key.hex()} {there} the state of block {height}, header of {time} ms",
            who]


def read_inclusion(value):
    parts = members(value, "inclusion", ["index", "count", "siblings"])
    index = integer(parts["index"], "inclusion.index")
    count = integer(parts["count"], "inclusion.count")
    siblings = parts["siblings"]
    fine = isinstance(siblings, list) and siblings[:1] != [dict] and len(siblings) <= 64
    need(fine, "inclusion.siblings", "is no list")
    found = []
    for place, sibling in enumerate(siblings):
        field = f"inclusion.siblings[{place}]"
        found.append(unhex(sibling, field))
        need(len(found[-1]) == 32, field, "is no digest")
    return index, count, found


def verify(data, trust):
    """Checks a file's bytes; returns what is proven as lines, or raises Refused."""
    try:
        plain = data.decode("ascii")
        if len(data) > 2**24 or "\\" in plain:
            raise ValueError("size")
        whole = json.loads(plain, object_pairs_hook=lambda pairs: [dict, pairs],
                           parse_constant=lambda _: float("nan"))
    except (ValueError, RecursionError):
        raise Refused("file", "is not a proof document") from None
    top = members(whole, "", None)
    for field in ("format", "version", "subject"):
        need(field in top, field, "is missing")
        known = {"format": ("stoa-proof",), "version": (1,), "subject": ("state", "receipt")}
        same = [type(item) for item in known[field]][0] is type(top[field])
        need(same and top[field] in known[field], field, "is unknown")
    common = ["format", "version", "subject"]
    if top["subject"] == "state":
        members(whole, "", common + ["entry", "seal"])
        return verify_state({"entry": read_entry(top["entry"], "entry")},
                            read_seal(top["seal"]), trust)
    members(whole, "", common + ["voucher", "receipt", "inclusion", "claim", "channel", "offer",
                                 "seal"])
    file = {field: signed(unhex(top[field], field), field, field)
            for field in ("voucher", "receipt")}
    file["inclusion"] = read_inclusion(top["inclusion"])
    for field in ("claim", "channel", "offer"):
        file[field] = read_entry(top[field], field)
    return verify_receipt(file, read_seal(top["seal"]), trust)


def main():
    parser = argparse.ArgumentParser(description="checks a Stoa proof file offline")
    parser.add_argument("file")
    parser.add_argument("--genesis", required=True, help="the chain's genesis file (hex)")
    parser.add_argument("--validators-hash", type=bytes.fromhex, help="trust this set instead")
    words = parser.parse_args()
    with open(words.genesis, encoding="ascii") as genesis:
        trust = Trust(bytes.fromhex(genesis.read().strip()), words.validators_hash)
    try:
        with open(words.file, "rb") as file:
            print("\n".join(verify(file.read(), trust)))
    except Refused as refused:
        print(f"refused: {refused.args[0]}: {refused.args[1]}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
