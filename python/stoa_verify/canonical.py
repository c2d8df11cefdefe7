"""Canonical documents, hashes and signatures, after docs/spec/canonical.md and identity.md."""

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

# The y of the points of small order, and the field's prime (IDN-5).
PRIME = 2**255 - 19
WEAK = {0, 1, PRIME - 1} | {
    int.from_bytes(bytes.fromhex(text), "little") % 2**255 for text in (
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")}


class Refused(Exception):
    """A field and what is wrong with it."""


def sha(data):
    return hashlib.sha256(data).digest()


def tagged(tag, data):
    return sha(bytes([len(tag)]) + tag.encode() + data)


def signed_by(key, signature, message):
    """Ed25519 without small-order points and with canonical ones only (IDN-5)."""
    for point in (key, signature[:32]):
        y = int.from_bytes(point, "little") % 2**255
        if y in WEAK or y >= PRIME:
            return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
        return True
    except (InvalidSignature, ValueError):
        return False


def need(condition, field, why):
    if not condition:
        raise Refused(field, why)


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if count > len(self.data) - self.at:
            raise ValueError("truncated")
        self.at += count
        return self.data[self.at - count:self.at]

    def read(self, kind):
        """Reads u8…u128, digest, textN, a key, a signature, or what RECORDS has by that name."""
        if kind in RECORDS:
            return {name: self.read(part) for name, part in RECORDS[kind]}
        if kind[0] == "u":
            return int.from_bytes(self.take(int(kind[1:]) // 8), "big")
        if kind == "digest":
            return self.take(32)
        if kind.startswith("text"):
            return self.some(self.read("u32"), int(kind[4:])).decode("utf-8")
        if kind == "key":
            scheme = self.choice(1, 3)
            return scheme, self.take(32 if scheme == 1 else 33)
        if kind == "signature":
            scheme = self.choice(1, 3)
            return scheme, self.some(self.read("u32"), 2048 if scheme == 2 else 64)
        if kind.startswith("choice"):
            return self.choice(int(kind[6]), int(kind[7]))
        if kind == "denomination":
            return self.take(32) if self.choice(0, 1) else None
        if kind == "opt digest":
            return self.take(32) if self.choice(0, 1) else None
        if kind == "status":
            status = self.choice(1, 3)
            return status, self.read("u64") if status == 2 else None
        width, limit, element, order = LISTS[kind]
        count = self.read(width)
        if count > limit:
            raise ValueError("too long")
        found = [self.read(element) for _ in range(count)]
        keys = [order(item) for item in found]
        if keys != sorted(set(keys)):
            raise ValueError("order")
        return found

    def some(self, count, limit):
        if count > limit:
            raise ValueError("too long")
        return self.take(count)

    def choice(self, low, high):
        tag = self.take(1)[0]
        if not low <= tag <= high:
            raise ValueError("unknown tag")
        return tag


def record(text):
    return [tuple(part.strip().rsplit(" ", 1)[::-1]) for part in text.split(",")]


RECORDS = {name: record(text) for name, text in {
    "price": "choice15 unit, u128 amount, u64 per",
    "count": "choice15 unit, u64 count",
    "parameter": "text64 name, text64 value",
    "voucher": "digest chain, digest channel, u16 lane, u64 sequence, u128 cap, digest offer, "
               "digest request, u64 expires",
    "receipt": "digest chain, digest channel, u16 lane, u64 sequence, digest voucher, "
               "digest offer, choice13 status, counts units, u128 charge, u128 total, "
               "digest request, digest response, u32 chunks, digest weights, "
               "parameters parameters, u64 started, u64 finished",
    "offer": "digest seller, key receipt_key, digest asset, u32 asset_version, digest weights, "
             "text64 model, choice16 interface, text256 endpoint, denomination denomination, "
             "prices prices, u32 l1, u32 l2, u32 l3, u32 l4, u32 l5, choice01 verification, "
             "u128 bond, u32 version, opt digest supersedes, u64 expires",
    "offer entry": "offer offer, choice13 standing, u64 published",
    "channel entry": "digest payer, digest payee, denomination denomination, u128 deposit, "
                     "u128 paid, key voucher_key, u16 lanes, u32 claims, status status, "
                     "u64 closing_delay_blocks",
    "claim entry": "digest root, u64 count, u128 paid, u64 height",
    "header": "digest chain, u64 height, u64 time, digest parent, digest transactions, "
              "digest results, digest state",
    "allocation": "digest account, u128 amount",
    "validator": "digest operator, key key, u128 bond, u16 c1, u16 c2, u16 c3",
    "genesis": "text64 name, u64 time, key sequencer, u128 p1, u128 p2, u64 p3, u64 p4, "
               "allocations allocations",
    "staking": "u16 validators_max, u16 s1, u128 s2, u64 s3, u16 s4, u64 s5, u64 s6, "
               "validators validators",
}.items()}
LISTS = {
    "prices": ("u8", 5, "price", lambda price: price["unit"]),
    "counts": ("u8", 5, "count", lambda count: count["unit"]),
    "parameters": ("u32", 16, "parameter", lambda pair: pair["name"].encode()),
    "allocations": ("u32", 2**20, "allocation", lambda item: item["account"]),
    "validators": ("u32", 200, "validator", lambda item: item["operator"]),
}


def document(data, kind):
    """Decodes a top-level document: all of it, version first."""
    reader = Reader(data)
    if reader.take(1) != b"\x01":
        raise ValueError("version")
    value = reader.read(kind)
    if reader.at != len(data):
        raise ValueError("trailing bytes")
    return value


def signed(data, kind, field):
    """Decodes a signed document; `digest` is what was signed and names it."""
    try:
        reader = Reader(data)
        if reader.take(1) != b"\x01":
            raise ValueError("version")
        value = reader.read(kind)
        body = data[:reader.at]
        value["key"], value["signature"] = reader.read("key"), reader.read("signature")
        zero = any(count["count"] == 0 for count in value.get("units", []))
        if reader.at != len(data) or zero:
            raise ValueError("trailing bytes")
    except ValueError as error:
        raise Refused(field, f"does not decode ({error})") from None
    tag = {"header": "block-header"}.get(kind, kind)
    value["digest"] = tagged(f"stoa/{tag}/1", body)
    return value


def check_signature(paper, field):
    (scheme, key), (other, signature) = paper["key"], paper["signature"]
    good = scheme == other == 1 and len(signature) == 64
    need(good and signed_by(key, signature, paper["digest"]), field, "wrong signature")
