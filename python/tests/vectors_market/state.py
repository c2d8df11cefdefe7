"""Entries of the state, their money, and the root over them (ledger.md, state-tree.md)."""

import hashlib

from vectors_market import codec, schema
from vectors_market.names import tagged

NATIVE_UNIT = "00" * 32


def sha256(data):
    return hashlib.sha256(data).digest()


def root(entries):
    """STT-1 to STT-5, of keys and values."""
    leaves = []
    for key, value in entries.items():
        path = tagged("stoa/state-key/1", key)
        leaves.append((path, sha256(b"\x00" + path + sha256(value))))
    return subtree(sorted(leaves), 0)


def subtree(leaves, depth):
    if not leaves:
        return bytes(32)
    if len(leaves) == 1:
        return leaves[0][1]
    sides = ([], [])
    for leaf in leaves:
        sides[leaf[0][depth // 8] >> (7 - depth % 8) & 1].append(leaf)
    return sha256(b"\x01" + subtree(sides[0], depth + 1) + subtree(sides[1], depth + 1))


def read(key, value):
    """The document under a key, after the table of keys."""
    kind, widths = schema.ENTRIES[key[0]]
    if len(key) != 1 + sum(widths):
        raise ValueError(f"a key of another width: {key.hex()}")
    document = codec.parse(kind, value)
    if codec.document(kind, document) != value:
        raise ValueError(f"an entry that is written otherwise: {key.hex()}")
    return document


def unit_of(denomination):
    return NATIVE_UNIT if denomination["case"] == "native" else denomination["unit"]


def money(key, document):
    """(unit, amount) of what an entry holds; supplies are no money."""
    first = key[0]
    if first == 0x01:
        yield NATIVE_UNIT, int(document["balance"])
    elif first == 0x02:
        yield key[33:].hex(), int(document["amount"])
    elif first == 0x03:
        yield NATIVE_UNIT, int(document["amount"])
    elif first == 0x07:
        yield key[34:].hex(), int(document["amount"])
    elif first == 0x20 and document["status"]["case"] != "closed":
        locked = int(document["deposit"]) - int(document["paid"])
        yield unit_of(document["denomination"]), locked
    elif first == 0x30:
        parts = sum(int(part["amount"]) for part in document["unbonding"])
        yield NATIVE_UNIT, int(document["active"]) + parts
    elif first == 0x40:
        names = ("stake", "rewards", "commissionEarned")
        yield NATIVE_UNIT, sum(int(document[name]) for name in names)
    elif first == 0x41:
        yield NATIVE_UNIT, sum(int(part["amount"]) for part in document["parts"])


class State:
    """Keys and values, read as documents where somebody asks."""

    def __init__(self, entries=()):
        self.entries = dict(entries)

    def copy(self):
        return State(self.entries)

    def apply(self, changes):
        for key, value in changes:
            key = bytes.fromhex(key)
            if value is None:
                del self.entries[key]
            else:
                self.entries[key] = bytes.fromhex(value)
                read(key, self.entries[key])

    def get(self, first, *parts):
        """The document under a key of hexadecimal parts, or None."""
        key = bytes([first]) + b"".join(bytes.fromhex(part) for part in parts)
        value = self.entries.get(key)
        return None if value is None else read(key, value)

    def of(self, first):
        """All documents of one kind: (parts of the key in hexadecimal, document)."""
        for key in sorted(key for key in self.entries if key[0] == first):
            yield key[1:].hex(), read(key, self.entries[key])

    def balance(self, account, unit=NATIVE_UNIT):
        if unit == NATIVE_UNIT:
            return int((self.get(0x01, account) or {"balance": 0})["balance"])
        return int((self.get(0x02, account, unit) or {"amount": 0})["amount"])

    def pot(self, kind, name, unit=NATIVE_UNIT):
        return int((self.get(0x07, "%02x" % kind, name, unit) or {"amount": 0})["amount"])

    def number(self, number, standard):
        """LAW-5."""
        found = self.get(0x0A, "%04x" % number)
        return standard if found is None else int(found["value"])

    def totals(self):
        """All money by unit, and all supplies."""
        sums, supplies = {}, {}
        for key, value in self.entries.items():
            document = read(key, value)
            for unit, amount in money(key, document):
                sums[unit] = sums.get(unit, 0) + amount
            if key[0] == 0x05:
                supplies[key[1:].hex()] = int(document["amount"])
        return sums, supplies

    def root(self):
        return root(self.entries)
