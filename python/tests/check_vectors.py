#!/usr/bin/env python3
"""Recomputes the golden vectors from docs/spec alone.

Shares no code with the Swift sources: encodings, digests, signatures, addresses, Merkle roots,
charges and a keystore are computed here a second time, with the standard library and the
`cryptography` package; the market's are in `vectors_market`. Usage: check_vectors.py [VECTORS]; ends with 1 if anything differs.
"""

import hashlib
import json
import pathlib
import struct
import sys

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from vectors_market import checks as market


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def tagged(tag: str, data: bytes) -> bytes:
    """H(tag, x) of IDN-1."""
    return sha256(bytes([len(tag)]) + tag.encode("ascii") + data)


# --- canonical.md -------------------------------------------------------------------------------

WIDTHS = {"u8": 1, "u16": 2, "u32": 4, "u64": 8, "u128": 16}
KEY_BYTES = {1: 32, 2: 33, 3: 33}

PARTS = {
    "Price": [("unit", "u8"), ("amount", "u128"), ("perUnits", "u64")],
    "UnitCount": [("unit", "u8"), ("count", "u64")],
    "Limits": [
        ("requestBytesMax", "u32"),
        ("inputTokensMax", "u32"),
        ("outputTokensMax", "u32"),
        ("templateTokensMax", "u32"),
        ("callMillisecondsMax", "u32"),
    ],
    "Parameter": [("name", "text"), ("value", "text")],
    "Offer": [
        ("seller", "digest"),
        ("receiptKey", "publicKey"),
        ("asset", "digest"),
        ("assetVersion", "u32"),
        ("weights", "digest"),
        ("model", "text"),
        ("interface", "u8"),
        ("endpoint", "text"),
        ("denomination", "denomination"),
        ("prices", "list8 Price"),
        ("limits", "Limits"),
        ("verification", "u8"),
        ("bond", "u128"),
        ("version", "u32"),
        ("supersedes", "opt digest"),
        ("expiresAt", "u64"),
    ],
    "Voucher": [
        ("chain", "digest"),
        ("channel", "digest"),
        ("lane", "u16"),
        ("sequence", "u64"),
        ("cap", "u128"),
        ("offer", "digest"),
        ("request", "digest"),
        ("expiresAt", "u64"),
    ],
    "Receipt": [
        ("chain", "digest"),
        ("channel", "digest"),
        ("lane", "u16"),
        ("sequence", "u64"),
        ("voucher", "digest"),
        ("offer", "digest"),
        ("status", "u8"),
        ("units", "list8 UnitCount"),
        ("charge", "u128"),
        ("total", "u128"),
        ("request", "digest"),
        ("response", "digest"),
        ("chunks", "u32"),
        ("weights", "digest"),
        ("parameters", "list Parameter"),
        ("startedAt", "u64"),
        ("finishedAt", "u64"),
    ],
    "LaneClaim": [("voucher", "Signed Voucher"), ("receipt", "Signed Receipt")],
    "LedgerParameters": [
        ("feeMinimum", "u128"),
        ("feePerByte", "u128"),
        ("closingDelayBlocks", "u64"),
        ("unbondingDelayBlocks", "u64"),
    ],
    "Allocation": [("account", "digest"), ("amount", "u128")],
    "Genesis": [
        ("name", "text"),
        ("time", "u64"),
        ("sequencer", "publicKey"),
        ("parameters", "LedgerParameters"),
        ("allocations", "list Allocation"),
    ],
    "Transaction": [
        ("chain", "digest"),
        ("sender", "digest"),
        ("sequence", "u64"),
        ("fee", "u128"),
        ("validUntil", "u64"),
        ("messages", "list Message"),
    ],
    "AssetVersion": [("content", "digest"), ("metadataLink", "text")],
    "BlockHeader": [
        ("chain", "digest"),
        ("height", "u64"),
        ("time", "u64"),
        ("parent", "digest"),
        ("transactionsRoot", "digest"),
        ("resultsRoot", "digest"),
        ("stateRoot", "digest"),
    ],
    "Block": [("header", "Signed BlockHeader"), ("transactions", "list bytes")],
    "TransactionResult": [("code", "u32"), ("messageIndex", "u8"), ("events", "list Event")],
    "Account": [("sequence", "u64"), ("balance", "u128")],
    "Asset": [
        ("owner", "digest"),
        ("name", "text"),
        ("kind", "u8"),
        ("licence", "text"),
        ("latestVersion", "u32"),
    ],
    "OfferRecord": [("offer", "Offer"), ("standing", "u8"), ("publishedAt", "u64")],
    "Channel": [
        ("payer", "digest"),
        ("payee", "digest"),
        ("denomination", "denomination"),
        ("deposit", "u128"),
        ("paid", "u128"),
        ("voucherKey", "publicKey"),
        ("lanes", "u16"),
        ("claims", "u32"),
        ("status", "Status"),
        ("closingDelayBlocks", "u64"),
    ],
    "LaneSettlement": [("sequence", "u64"), ("total", "u128")],
    "ClaimRecord": [
        ("receiptsRoot", "digest"),
        ("receiptsCount", "u64"),
        ("paid", "u128"),
        ("height", "u64"),
    ],
    "Unbonding": [("amount", "u128"), ("releasedAt", "u64")],
    "Bond": [("active", "u128"), ("unbonding", "list8 Unbonding")],
}

CHOICES = {
    "denomination": {"native": (0, []), "issued": (1, [("unit", "digest")])},
    "Status": {"open": (1, []), "closing": (2, [("height", "u64")]), "closed": (3, [])},
    "FraudProof": {
        "equivocation": (1, [("first", "Signed Receipt"), ("second", "Signed Receipt")]),
        "wrongCharge": (2, [("receipt", "Signed Receipt")]),
        "overclaim": (3, [("claimed", "Signed Receipt"), ("held", "Signed Receipt")]),
    },
    "Message": {
        "transfer": (1, [("to", "digest"), ("denomination", "denomination"), ("amount", "u128")]),
        "publishAsset": (
            2,
            [("name", "text"), ("kind", "u8"), ("licence", "text"), ("version", "AssetVersion")],
        ),
        "publishAssetVersion": (3, [("asset", "digest"), ("version", "AssetVersion")]),
        "publishOffer": (4, [("offer", "Offer")]),
        "withdrawOffer": (5, [("offer", "digest")]),
        "openChannel": (
            6,
            [
                ("payee", "digest"),
                ("denomination", "denomination"),
                ("deposit", "u128"),
                ("voucherKey", "publicKey"),
                ("lanes", "u16"),
            ],
        ),
        "topUpChannel": (7, [("channel", "digest"), ("amount", "u128")]),
        "claimChannel": (
            8,
            [
                ("channel", "digest"),
                ("lanes", "list LaneClaim"),
                ("receiptsRoot", "digest"),
                ("receiptsCount", "u64"),
                ("release", "bool"),
            ],
        ),
        "closeChannel": (9, [("channel", "digest")]),
        "withdrawChannel": (10, [("channel", "digest")]),
        "depositBond": (11, [("amount", "u128")]),
        "unbond": (12, [("amount", "u128")]),
        "withdrawBond": (13, []),
        "reportFraud": (14, [("proof", "FraudProof")]),
    },
    "Event": {
        "transferred": (
            1,
            [
                ("from", "digest"),
                ("to", "digest"),
                ("denomination", "denomination"),
                ("amount", "u128"),
            ],
        ),
        "assetPublished": (2, [("asset", "digest"), ("version", "u32")]),
        "offerPublished": (3, [("offer", "digest")]),
        "offerWithdrawn": (4, [("offer", "digest")]),
        "channelOpened": (5, [("channel", "digest"), ("payer", "digest"), ("payee", "digest")]),
        "channelToppedUp": (6, [("channel", "digest"), ("deposit", "u128")]),
        "channelClaimed": (7, [("channel", "digest"), ("paid", "u128")]),
        "channelClosing": (8, [("channel", "digest"), ("closesAt", "u64")]),
        "channelClosed": (9, [("channel", "digest"), ("refunded", "u128")]),
        "bondChanged": (10, [("account", "digest"), ("active", "u128")]),
        "bondSlashed": (
            11,
            [
                ("account", "digest"),
                ("amount", "u128"),
                ("channel", "digest"),
                ("lane", "u16"),
                ("sequence", "u64"),
            ],
        ),
    },
}

SIGNING_TAGS = {
    "Voucher": "stoa/voucher/1",
    "Receipt": "stoa/receipt/1",
    "Transaction": "stoa/transaction/1",
    "BlockHeader": "stoa/block-header/1",
}
NAMING_TAGS = {"Offer": "stoa/offer/1", "Genesis": "stoa/genesis/1"}


def encode(kind: str, value) -> bytes:
    """The fields of `value` without a version byte."""
    if kind in WIDTHS:
        return int(value).to_bytes(WIDTHS[kind], "big")
    if kind == "bool":
        return b"\x01" if value else b"\x00"
    if kind == "digest":
        raw = bytes.fromhex(value)
        assert len(raw) == 32
        return raw
    if kind == "text":
        return encode("u32", len(value.encode())) + value.encode()
    if kind == "bytes":
        raw = bytes.fromhex(value)
        return encode("u32", len(raw)) + raw
    if kind == "publicKey":
        raw = bytes.fromhex(value["key"])
        assert len(raw) == KEY_BYTES[value["scheme"]]
        return encode("u8", value["scheme"]) + raw
    if kind == "signature":
        return encode("u8", value["scheme"]) + encode("bytes", value["signature"])
    head, _, rest = kind.partition(" ")
    if head == "opt":
        return encode("bool", value is not None) + (b"" if value is None else encode(rest, value))
    if head in ("list", "list8"):
        count = encode("u32" if head == "list" else "u8", len(value))
        return count + b"".join(encode(rest, item) for item in value)
    if head == "Signed":
        return (
            encode(rest, value["document"])
            + encode("publicKey", value["key"])
            + encode("signature", value["signature"])
        )
    if kind in CHOICES:
        tag, fields = CHOICES[kind][value["case"]]
        return encode("u8", tag) + b"".join(encode(k, value[n]) for n, k in fields)
    return b"".join(encode(k, value[n]) for n, k in PARTS[kind])


def document(kind: str, value) -> bytes:
    """A top-level document (CAN-1)."""
    return b"\x01" + encode(kind, value)


def digest_of(kind: str, value):
    tag = SIGNING_TAGS.get(kind) or NAMING_TAGS.get(kind)
    return tagged(tag, document(kind, value)) if tag else None


# --- merkle trees: CAN-12 -----------------------------------------------------------------------


def merkle_root(leaves) -> bytes:
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0])
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + merkle_root(leaves[:split]) + merkle_root(leaves[split:]))


# --- identity.md --------------------------------------------------------------------------------

ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def polymod(values) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for i, g in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            if top >> i & 1:
                check ^= g
    return check


def address(account: bytes, prefix: str = "stoa") -> str:
    number = int.from_bytes(account, "big") << (-len(account) * 8) % 5
    count = (len(account) * 8 + 4) // 5
    data = [number >> 5 * (count - 1 - i) & 31 for i in range(count)]
    expanded = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    check = polymod(expanded + data + [0] * 6) ^ 0x2BC830A3
    data += [check >> 5 * (5 - i) & 31 for i in range(6)]
    return prefix + "1" + "".join(ALPHABET[d] for d in data)


def is_address(text: str) -> bool:
    if len(text) != 63 or not text.startswith("stoa1"):
        return False
    if any(c not in ALPHABET for c in text[5:]):
        return False
    digits = [ALPHABET.index(c) for c in text[5:]]
    number = 0
    for digit in digits[:52]:
        number = number << 5 | digit
    return number % 16 == 0 and address((number >> 4).to_bytes(32, "big")) == text


def key_of(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def hchacha20(key: bytes, nonce: bytes) -> bytes:
    state = list(struct.unpack("<4I", b"expand 32-byte k") + struct.unpack("<8I", key))
    state += struct.unpack("<4I", nonce)

    def rotate(x, n):
        return (x << n | x >> (32 - n)) & 0xFFFFFFFF

    def quarter(a, b, c, d):
        for first, second, third, n in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            state[first] = (state[first] + state[second]) & 0xFFFFFFFF
            state[third] = rotate(state[third] ^ state[first], n)

    for _ in range(10):
        for i in range(4):
            quarter(i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return struct.pack("<8I", *state[:4], *state[12:])


def xchacha(key: bytes, nonce: bytes):
    return ChaCha20Poly1305(hchacha20(key, nonce[:16])), b"\x00" * 4 + nonce[16:]


def keystore_key(passphrase: str, passes: int, memory: int, salt: bytes) -> bytes:
    derive = Argon2id(
        salt=salt, length=32, iterations=passes, lanes=1, memory_cost=memory // 1024
    )
    return derive.derive(passphrase.encode())


def open_keystore(text: str, passphrase: str) -> bytes:
    lines = text.split("\n")
    assert lines[0] == "stoa-keystore 1" and lines[5] == "" and len(lines) == 6
    _, kdf, passes, memory, salt = lines[2].split(" ")
    assert kdf == "argon2id"
    key = keystore_key(passphrase, int(passes), int(memory), bytes.fromhex(salt))
    cipher, nonce = xchacha(key, bytes.fromhex(lines[3].split(" ")[2]))
    header = "\n".join(lines[:4]) + "\n"
    seed = cipher.decrypt(nonce, bytes.fromhex(lines[4].split(" ")[1]), header.encode())
    account = tagged("stoa/account/1", b"\x01" + public_bytes(key_of(seed)))
    assert lines[1] == "address " + address(account)
    return seed


# --- settlement.md ------------------------------------------------------------------------------


def charge(prices, units):
    """SET-3; a number, or the name of the refusal."""
    table = {p["unit"]: (int(p["amount"]), int(p["perUnits"])) for p in prices}
    total = 0
    for count in units:
        if count["unit"] not in table:
            return "unpricedUnit"
        amount, per_units = table[count["unit"]]
        total += -(-int(count["count"]) * amount // per_units)
        if total >= 1 << 128:
            return "arithmetic"
    return str(total)


def genesis_powers(raw: bytes):
    """The powers of a genesis' validators by address (STK-1, STK-24)."""
    place = 1
    place += 4 + int.from_bytes(raw[place : place + 4], "big")  # name
    place += 8 + 33 + 48  # time, sequencer, parameters
    place += 4 + 48 * int.from_bytes(raw[place : place + 4], "big")  # allocations
    if place == len(raw):
        return {}
    most = int.from_bytes(raw[place : place + 2], "big")
    place += 46
    count = int.from_bytes(raw[place : place + 4], "big")
    place += 4
    powers = {}
    for _ in range(count):
        key, bond = raw[place + 33 : place + 65], raw[place + 65 : place + 81]
        powers[sha256(key)[:20]] = min(int.from_bytes(bond, "big") // 10**9, 1 << 51)
        place += 32 + 33 + 16 + 6
    assert place == len(raw)
    ranked = sorted(powers.items(), key=lambda entry: (-entry[1], entry[0]))
    return dict(ranked[:most])


def response_head(voucher: bytes, chunks) -> bytes:
    head = voucher
    for chunk in chunks:
        head = tagged("stoa/chunk/1", head + chunk)
    return head


# --- the checks ---------------------------------------------------------------------------------


class Checker:
    def __init__(self, root: pathlib.Path):
        self.root = root
        self.checks = 0
        self.failures = []

    def same(self, name, expected, found):
        self.checks += 1
        if expected != found:
            self.failures.append(f"{name}: the vector says {expected}, computed {found}")

    def load(self, path):
        return json.loads((self.root / path).read_text())

    def documents(self):
        for vector in self.load("canonical/documents.json"):
            name, kind, fields = vector["name"], vector["type"], vector["fields"]
            self.same(f"{name} bytes", vector["bytes"], document(kind, fields).hex())
            digest = digest_of(kind, fields)
            self.same(f"{name} digest", vector.get("digest"), digest.hex() if digest else None)

    def merkle(self):
        vectors = self.load("canonical/merkle.json")
        leaves = [bytes.fromhex(leaf) for leaf in vectors["rfc6962"]["leaves"]]
        for count, root in enumerate(vectors["rfc6962"]["roots"]):
            self.same(f"RFC 6962 root of {count}", root, merkle_root(leaves[:count]).hex())
        for vector in vectors["digests"]:
            leaves = [sha256(bytes([i])) for i in range(vector["count"])]
            self.same(f"root of {vector['count']}", vector["root"], merkle_root(leaves).hex())

    def signatures(self):
        for vector in self.load("identity/signatures.json"):
            name, key = vector["name"], key_of(bytes.fromhex(vector["seed"]))
            raw = bytes.fromhex(vector["bytes"])
            public = public_bytes(key)
            account = tagged("stoa/account/1", b"\x01" + public)
            digest = tagged(SIGNING_TAGS[vector["type"]], raw)
            signature = key.sign(digest)
            Ed25519PublicKey.from_public_bytes(public).verify(signature, digest)
            self.same(f"{name} key", vector["publicKey"], public.hex())
            self.same(f"{name} account", vector["account"], account.hex())
            self.same(f"{name} address", vector["address"], address(account))
            self.same(f"{name} digest", vector["digest"], digest.hex())
            self.same(f"{name} signature", vector["signature"], signature.hex())
            signed = raw + b"\x01" + public + b"\x01" + encode("bytes", signature.hex())
            self.same(f"{name} signed", vector["signed"], signed.hex())

    def addresses(self):
        vectors = self.load("identity/addresses.json")
        for vector in vectors["valid"]:
            found = address(bytes.fromhex(vector["account"]))
            self.same(f"address of {vector['account']}", vector["address"], found)
            self.same(f"{found} is valid", True, is_address(found))
        for vector in vectors["bip350"]:
            found = address(bytes.fromhex(vector["bytes"]), vector["prefix"])
            self.same(f"BIP-350 {vector['text']}", vector["text"], found)
        for vector in vectors["invalid"]:
            self.same(f"{vector['reason']}", False, is_address(vector["address"]))

    def keystores(self):
        for vector in self.load("identity/keystores.json"):
            seed = open_keystore(vector["text"], vector["passphrase"])
            self.same("keystore seed", vector["seed"], seed.hex())
            try:
                open_keystore(vector["text"], vector["passphrase"] + "x")
                self.same("wrong passphrase", "refused", "opened")
            except InvalidTag:
                self.checks += 1

        for vector in self.load("identity/keystores-refused.json"):
            try:
                open_keystore(vector["text"], vector["passphrase"])
                self.same("another's address", "refused", "opened")
            except AssertionError:
                self.checks += 1

    def prices(self):
        for vector in self.load("settlement/prices.json"):
            found = charge(vector["prices"], vector["units"])
            self.same(vector["name"], vector.get("charge") or vector["refused"], found)

    def digests(self):
        vectors = self.load("settlement/digests.json")
        for vector in vectors["requests"]:
            body = encode("text", vector["path"]) + encode("bytes", vector["body"])
            self.same("request", vector["digest"], tagged("stoa/request/1", body).hex())
        for vector in vectors["responses"]:
            voucher = bytes.fromhex(vector["voucher"])
            chunks = [bytes.fromhex(chunk) for chunk in vector["chunks"]]
            heads = [response_head(voucher, chunks[:n]).hex() for n in range(len(chunks) + 1)]
            self.same("response heads", vector["heads"], heads)

    def chain(self):
        """What a stranger can check of a recorded chain without its rules."""
        for name in ("chain", "staking"):
            path = self.root / f"ledger/{name}.json"
            if path.exists():
                self.recorded(json.loads(path.read_text()))

    def recorded(self, chain):
        genesis = bytes.fromhex(chain["genesis"])
        self.same("chain name", chain["chain"], tagged("stoa/genesis/1", genesis).hex())
        validators = genesis_powers(genesis)
        for block in chain["blocks"]:
            for transaction in block["transactions"]:
                raw = bytes.fromhex(transaction["bytes"])
                body, public, signature = raw[:-102], raw[-101:-69], raw[-64:]
                digest = tagged("stoa/transaction/1", body)
                self.same("transaction digest", transaction["digest"], digest.hex())
                Ed25519PublicKey.from_public_bytes(public).verify(signature, digest)
                sender = tagged("stoa/account/1", b"\x01" + public)
                self.same("sender", raw[33:65].hex(), sender.hex())
            leaves = [bytes.fromhex(t["digest"]) for t in block["transactions"]]
            root = merkle_root(leaves).hex()
            self.same("transactions root", block["transactionsRoot"], root)
            leaves = [
                tagged(
                    "stoa/transaction-result/1",
                    encode("u32", t["code"]) + encode("u8", t["messageIndex"]),
                )
                for t in block["transactions"]
            ]
            self.same("results root", block["resultsRoot"], merkle_root(leaves).hex())
            self.updates(validators, block.get("updates", []))

    def updates(self, validators, updates):
        """STK-24, as an engine sees it: in order, no unknown removal, never an empty set."""
        names = [sha256(bytes.fromhex(u["key"]))[:20] for u in updates]
        self.same("order of updates", sorted(set(names)), names)
        for name, update in zip(names, updates):
            before, power = validators.pop(name, 0), int(update["power"])
            self.same("an update that changes something", True, before != power)
            if power:
                validators[name] = power
        self.same("a set that is not empty", True, bool(validators) or not updates)

    def run(self):
        for check in (
            self.documents,
            self.merkle,
            self.signatures,
            self.addresses,
            self.keystores,
            self.prices,
            self.digests,
            self.chain,
        ):
            check()
        market.run(self)


def main() -> int:
    default = pathlib.Path(__file__).resolve().parents[2] / "Vectors"
    checker = Checker(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default)
    checker.run()
    for failure in checker.failures:
        print(failure)
    print(f"{checker.checks} checks, {len(checker.failures)} failures")
    return 1 if checker.failures else 0


if __name__ == "__main__":
    sys.exit(main())
