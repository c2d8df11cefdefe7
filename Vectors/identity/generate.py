"""Writes schemes.json and keccak.json in this folder, with implementations that are not ours.

    pip install -r ../../python/requirements-test.txt && python3 generate.py

P-256 is signed by `cryptography` and each assertion is checked by `webauthn` as a website would;
secp256k1 by `coincurve` (plain) and `eth-account` (texts and typed data); Ed25519 by
`cryptography`; Keccak-256 is pycryptodome's. Every signature is deterministic (RFC 6979), so the
files come out the same each time.
"""

import hashlib
import json
import pathlib
import struct

from coincurve import PrivateKey as PlainKey
from Crypto.Hash import keccak
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from eth_account import Account
from eth_account.messages import encode_defunct
from webauthn import verify_authentication_response
from webauthn.helpers import bytes_to_base64url, encode_cbor

HERE = pathlib.Path(__file__).parent
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SECP_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
PURPOSE = "stoa/transaction/1"
SITE = "market.example"


def digest(number):
    return hashlib.sha256(b"document %d" % number).digest()


def sized(data):
    return struct.pack(">I", len(data)) + data


def both(r, s):
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


# --- P-256 in a WebAuthn assertion ---------------------------------------------------------------


class Passkey:
    def __init__(self, number):
        self.secret = ec.derive_private_key(1000 + number, ec.SECP256R1())
        self.point = self.secret.public_key()
        self.key = self.point.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)

    def client_data(self, challenge, kind="webauthn.get", tail=',"crossOrigin":false}'):
        text = f'{{"type":"{kind}","challenge":"{challenge}","origin":"https://{SITE}"{tail}'
        return text.encode()

    def sign(self, authenticator, client):
        """r, s in the lower half, and the DER bytes that a browser would hand out."""
        data = authenticator + hashlib.sha256(client).digest()
        der = self.secret.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        r, s = decode_dss_signature(der)
        return r, min(s, P256_ORDER - s), der

    def cose(self):
        numbers = self.point.public_numbers()
        x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
        return encode_cbor({1: 2, 3: -7, -1: 1, -2: x, -3: y})


def authenticator(flags=0x05, rest=b"", counter=7):
    return hashlib.sha256(SITE.encode()).digest() + struct.pack(">BI", flags, counter) + rest


def assertion(passkey, what, auth=None, client=None, ends=b"", high=False, rs=None):
    auth = authenticator() if auth is None else auth
    client = passkey.client_data(bytes_to_base64url(what)) if client is None else client
    r, s, _ = passkey.sign(auth, client)
    if high:
        s = P256_ORDER - s
    return sized(auth) + sized(client) + (rs if rs is not None else both(r, s)) + ends


def website_accepts(passkey, what, auth, client):
    """What py_webauthn, a relying party's library, says; it raises if it refuses."""
    _, _, der = passkey.sign(auth, client)
    credential = {
        "id": bytes_to_base64url(b"credential"), "rawId": bytes_to_base64url(b"credential"),
        "type": "public-key", "clientExtensionResults": {},
        "response": {
            "authenticatorData": bytes_to_base64url(auth),
            "clientDataJSON": bytes_to_base64url(client),
            "signature": bytes_to_base64url(der),
        },
    }
    verify_authentication_response(
        credential=credential, expected_challenge=what, expected_rp_id=SITE,
        expected_origin=f"https://{SITE}", credential_public_key=passkey.cose(),
        credential_current_sign_count=0,
    )


def passkey_entries():
    one, other = Passkey(1), Passkey(2)
    d = digest(1)
    text = bytes_to_base64url(d)
    entries = []

    def add(name, valid, signature, key=None, what=d):
        entries.append(entry("p256-" + name, 2, key or one.key, what, signature, valid))

    extended = authenticator(0x85, encode_cbor({"uvm": True}))
    good = [
        ("present", authenticator(0x01), one.client_data(text)),
        ("verified", authenticator(0x05), one.client_data(text)),
        ("backed-up", authenticator(0x1D), one.client_data(text)),
        ("extension", extended, one.client_data(text)),
        ("no-cross-origin", authenticator(), one.client_data(text, tail="}")),
        ("further-members", authenticator(), one.client_data(
            text, tail=',"crossOrigin":false,"other_keys_can_be_added_here":"compare"}')),
    ]
    for name, auth, client in good:
        website_accepts(one, d, auth, client)
        add(name, True, assertion(one, d, auth, client))
    for number in range(3, 11):
        passkey, what = Passkey(number), digest(number)
        client = passkey.client_data(bytes_to_base64url(what))
        website_accepts(passkey, what, authenticator(), client)
        add(f"key-{number}", True, assertion(passkey, what), passkey.key, what)

    add("upper-half", False, assertion(one, d, high=True))
    add("other-digest", False, assertion(one, d), what=digest(2))
    add("other-key", False, assertion(one, d), other.key)
    add("trailing-byte", False, assertion(one, d, ends=b"\0"))
    add("truncated", False, assertion(one, d)[:-1])
    add("empty", False, b"")
    add("not-present", False, assertion(one, d, authenticator(0x04)))
    add("attested", False, assertion(one, d, authenticator(0x45)))
    add("extension-unsaid", False, assertion(one, d, authenticator(0x05, b"\xa0")))
    add("extension-missing", False, assertion(one, d, authenticator(0x85)))
    add("short-authenticator", False, assertion(one, d, authenticator()[:-1]))
    add("long-authenticator", False, assertion(one, d, authenticator(0x85, b"\0" * 476)))
    wrong = {
        "created": one.client_data(text, kind="webauthn.create"),
        "other-challenge": one.client_data(bytes_to_base64url(digest(2))),
        "padded-challenge": one.client_data(text + "="),
        "hex-challenge": one.client_data(d.hex()),
        "spaced": one.client_data(text).replace(b'":"', b'": "'),
        "reordered": json.dumps({"challenge": text, "type": "webauthn.get",
                                 "origin": SITE}).replace(" ", "").encode(),
        "unended": one.client_data(text, tail=""),
        "no-origin": b'{"type":"webauthn.get","challenge":"' + text.encode() + b'"}',
        "nothing": b"",
        "long": one.client_data(text, tail=',"x":"' + "y" * 1024 + '"}'),
    }
    for name, client in wrong.items():
        add(name, False, assertion(one, d, client=client))
    r, s, _ = one.sign(authenticator(), one.client_data(text))
    for name, rs in {"r-zero": both(0, s), "s-zero": both(r, 0), "r-order": both(P256_ORDER, s),
                     "swapped": both(s, r), "negative-r": both(P256_ORDER - r, s)}.items():
        add(name, False, assertion(one, d, rs=rs))
    bare = one.secret.sign(d, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    r, s = decode_dss_signature(bare)
    add("bare", False, both(r, min(s, P256_ORDER - s)))
    off = off_curve(2**256 - 2**224 + 2**192 + 2**96 - 1, -3,
                    0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B)
    for name, key in {"off-curve": off, "uncompressed": b"\x04" + one.key[1:],
                      "above-field": b"\x02" + b"\xff" * 32, "infinity": bytes(33)}.items():
        add(name, False, assertion(one, d), key)
    return entries


def off_curve(field, a, b):
    x = 1
    while pow(x**3 + a * x + b, (field - 1) // 2, field) == 1:
        x += 1
    return b"\x02" + x.to_bytes(32, "big")


# --- secp256k1 -----------------------------------------------------------------------------------


class Wallet:
    def __init__(self, number):
        self.secret = (2000 + number).to_bytes(32, "big")
        self.plain = PlainKey(self.secret)
        self.key = self.plain.public_key.format(compressed=True)

    def digest(self, what, purpose=PURPOSE):
        return b"\x01" + self.plain.sign_recoverable(what, hasher=None)[:64]

    def text(self, what, purpose=PURPOSE):
        text = f"Sign for Stoa\npurpose: {purpose}\ndigest: {what.hex()}"
        return b"\x02" + Account.sign_message(encode_defunct(text=text), self.secret).signature[:64]

    def typed(self, what, purpose=PURPOSE, version="1"):
        signed = Account.sign_typed_data(
            self.secret, {"name": "Stoa", "version": version},
            {"StoaDocument": [{"name": "digest", "type": "bytes32"},
                              {"name": "purpose", "type": "string"}]},
            {"digest": what, "purpose": purpose})
        return b"\x03" + signed.signature[:64]


def wallet_entries():
    one, other = Wallet(1), Wallet(2)
    d = digest(1)
    entries = []

    def add(name, valid, signature, key=None, what=d):
        entries.append(entry("secp256k1-" + name, 3, key or one.key, what, signature, valid))

    kinds = {"digest": Wallet.digest, "text": Wallet.text, "typed": Wallet.typed}
    for number, (name, sign) in enumerate(kinds.items(), 1):
        add(name, True, sign(one, d))
        for seed in range(3, 8):
            wallet = Wallet(seed)
            add(f"{name}-key-{seed}", True, sign(wallet, digest(seed)), wallet.key, digest(seed))
        good = sign(one, d)
        r, s = int.from_bytes(good[1:33], "big"), int.from_bytes(good[33:], "big")
        add(f"{name}-upper-half", False, good[:1] + both(r, SECP_ORDER - s))
        add(f"{name}-other-digest", False, sign(one, digest(2)))
        add(f"{name}-other-key", False, good, other.key)
        add(f"{name}-as-next", False, bytes([number % 3 + 1]) + good[1:])
        if name != "digest":
            add(f"{name}-other-purpose", False, sign(one, d, "stoa/voucher/1"))
    add("typed-other-version", False, one.typed(d, version="2"))
    good = one.digest(d)
    r, s = int.from_bytes(good[1:33], "big"), int.from_bytes(good[33:], "big")
    for name, signature in {
        "format-0": b"\0" + good[1:], "format-4": b"\x04" + good[1:], "short": good[:-1],
        "bare": good[1:], "empty": b"", "r-zero": b"\x01" + both(0, s),
        "s-zero": b"\x01" + both(r, 0), "r-order": b"\x01" + both(SECP_ORDER, s),
        "swapped": b"\x01" + both(s, r),
    }.items():
        add(name, False, signature)
    off = off_curve(2**256 - 2**32 - 977, 0, 7)
    for name, key in {"off-curve": off, "uncompressed": b"\x04" + one.key[1:],
                      "above-field": b"\x02" + b"\xff" * 32, "infinity": bytes(33)}.items():
        add(name, False, good, key)
    return entries


# --- several keys --------------------------------------------------------------------------------


class Plain:
    def __init__(self, number):
        self.secret = ed25519.Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
        self.key = self.secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def members():
    """Two of each scheme: (scheme, key, sign)."""
    for number in (1, 2):
        plain, passkey, wallet = Plain(number), Passkey(number), Wallet(number)
        yield 1, plain.key, plain.secret.sign
        yield 2, passkey.key, lambda what, passkey=passkey: assertion(passkey, what)
        yield 3, wallet.key, lambda what, wallet=wallet: wallet.text(what)


def policy(threshold, keys, count=None):
    keys = list(keys)
    head = bytes([threshold, len(keys) if count is None else count])
    return head + b"".join(bytes([scheme]) + key for scheme, key in keys)


def policy_entries():
    group = sorted(members(), key=lambda member: (member[0], member[1]))
    keys = [(scheme, key) for scheme, key, _ in group]
    d = digest(1)
    two = policy(2, keys)
    entries = []

    def joined(places, what=d, bitmap=None, ends=b""):
        bits = sum(1 << place for place in places) if bitmap is None else bitmap
        parts = b"".join(sized(group[place][2](what)) for place in places)
        return struct.pack(">H", bits) + parts + ends

    def add(name, valid, signature, key=two, what=d):
        entries.append(entry("policy-" + name, 4, key, what, signature, valid))

    for first in range(6):
        for second in range(first + 1, 6):
            add(f"{first}-and-{second}", True, joined([first, second]))
    add("all", True, joined(range(6)), policy(6, keys))
    add("one-of-one", True, joined([0]), policy(1, keys[:1]))
    sixteen = sorted((1, Plain(number).key) for number in range(1, 17))
    secrets = {Plain(number).key: Plain(number).secret for number in range(1, 17)}
    parts = b"".join(sized(secrets[key].sign(d)) for _, key in sixteen)
    add("sixteen-of-sixteen", True, b"\xff\xff" + parts, policy(16, sixteen))

    add("too-few", False, joined([0]))
    add("none", False, joined([]))
    add("empty", False, b"")
    add("too-many", False, joined([0, 1, 2]))
    add("swapped", False, joined([1, 0], bitmap=3))
    add("twice", False, joined([0, 0], bitmap=3))
    add("other-place", False, joined([0, 1], bitmap=0b101))
    add("beyond", False, joined([0, 1], bitmap=0b1000001))
    add("said-more", False, joined([0, 1], bitmap=0b111))
    add("trailing-byte", False, joined([0, 1], ends=b"\0"))
    add("truncated", False, joined([0, 1])[:-1])
    add("other-digest", False, joined([0, 1], what=digest(2)))
    add("one-other-digest", False, joined([0, 1])[:2] + sized(group[0][2](d))
        + sized(group[1][2](digest(2))))
    add("other-policy", False, joined([2, 3]), policy(2, keys[:2]))

    refused = {
        "threshold-zero": policy(0, keys), "threshold-above": policy(7, keys),
        "nobody": policy(0, []), "one-of-nobody": policy(1, []),
        "descending": policy(1, keys[::-1]), "duplicate": policy(2, [keys[0], keys[0]]),
        "seventeen": policy(1, sorted((1, Plain(number).key) for number in range(1, 18))),
        "nested": policy(1, [(4, policy(1, keys[:1]))]), "unknown-scheme": policy(1, [(5, keys[0][1])]),
        "said-more": policy(1, keys[:2], count=3), "said-less": policy(1, keys[:2], count=1),
        "trailing-byte": policy(1, keys[:2]) + b"\0", "truncated": policy(1, keys[:2])[:-1],
        "empty": b"",
    }
    return entries, [{"name": name, "key": key.hex()} for name, key in refused.items()]


# --- files ---------------------------------------------------------------------------------------


def entry(name, scheme, key, what, signature, valid):
    tag = b"stoa/account/1"
    account = hashlib.sha256(bytes([len(tag)]) + tag + bytes([scheme]) + key).hexdigest()
    return {"name": name, "scheme": scheme, "key": key.hex(), "account": account,
            "digest": what.hex(), "signature": signature.hex(), "valid": valid}


def foreign_der():
    """DER signatures as browsers hand them out, with what they become."""
    entries = []
    for number in range(1, 13):
        passkey, what = Passkey(number), digest(number)
        client = passkey.client_data(bytes_to_base64url(what))
        r, s, der = passkey.sign(authenticator(), client)
        entries.append({"authenticatorData": authenticator().hex(), "clientDataJSON": client.hex(),
                        "der": der.hex(), "signature": assertion(passkey, what).hex()})
    return entries


def main():
    policies, refused = policy_entries()
    write("schemes.json", {
        "purpose": PURPOSE, "signatures": passkey_entries() + wallet_entries() + policies,
        "refusedPolicies": refused, "der": foreign_der()})
    inputs = [bytes(range(256))[:n] for n in (0, 1, 3, 31, 32, 33, 135, 136, 137, 200, 256)]
    inputs += [b"abc", b"\x5a" * 271, b"\x5a" * 272, b"\x5a" * 273, b"q" * 1000]
    write("keccak.json", [
        {"bytes": data.hex(), "hash": keccak.new(digest_bits=256, data=data).hexdigest()}
        for data in inputs])


def write(name, value):
    (HERE / name).write_text(json.dumps(value, indent=1) + "\n")


main()
