"""Keys of every scheme that sign transactions, after docs/spec/identity.md.

P-256 and Ed25519 are `cryptography`'s, secp256k1 `coincurve`'s, texts and typed data
`eth-account`'s.
"""

import base64
import hashlib
import struct

from coincurve import PrivateKey, PublicKey
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data

from vectors_market import codec, names

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SECP_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
PURPOSE = "stoa/transaction/1"
SITE = "market.example"


def both(r, s):
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


class Key:
    """A key with its scheme; its account is what it controls on its own."""

    @property
    def account(self):
        return names.account(self.scheme, self.key)

    @property
    def public(self):
        return {"scheme": self.scheme, "key": self.key.hex()}


class Ed25519Key(Key):
    scheme = 1

    def __init__(self, seed):
        self.secret = ed25519.Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        self.key = self.secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, digest):
        return self.secret.sign(digest)


class Passkey(Key):
    scheme = 2

    def __init__(self, number):
        self.secret = ec.derive_private_key(1000 + number, ec.SECP256R1())
        public = self.secret.public_key()
        self.key = public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)

    def sign(self, digest):
        """IDN-15 to IDN-17, as a browser makes it and whoever submits it brings it into form."""
        authenticator = hashlib.sha256(SITE.encode()).digest() + struct.pack(">BI", 0x05, 7)
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        client = (
            f'{{"type":"webauthn.get","challenge":"{challenge}",'
            f'"origin":"https://{SITE}","crossOrigin":false}}'
        ).encode()
        signed = authenticator + hashlib.sha256(client).digest()
        der = self.secret.sign(signed, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        r, s = decode_dss_signature(der)
        return codec.sized(authenticator) + codec.sized(client) + both(r, min(s, P256_ORDER - s))


class EthereumKey(Key):
    scheme = 3

    def __init__(self, number, form):
        self.secret = (10**40 + number).to_bytes(32, "big")
        self.form = form
        self.key = PrivateKey(self.secret).public_key.format(compressed=True)

    def sign(self, digest):
        signable = signable_of(self.form, digest)
        made = Account.sign_message(signable, self.secret)
        return bytes([self.form]) + both(made.r, min(made.s, SECP_ORDER - made.s))


class Policy(Key):
    """So many of so many keys (IDN-21)."""

    scheme = 4

    def __init__(self, threshold, members):
        self.members = sorted(members, key=lambda member: (member.scheme, member.key))
        listed = b"".join(bytes([member.scheme]) + member.key for member in self.members)
        self.threshold = threshold
        self.key = bytes([threshold, len(self.members)]) + listed

    def sign(self, digest):
        """By the last members: the bitmap's highest bits (IDN-22)."""
        first = len(self.members) - self.threshold
        bitmap = sum(1 << place for place in range(first, len(self.members)))
        signed = b"".join(codec.sized(member.sign(digest)) for member in self.members[first:])
        return struct.pack(">H", bitmap) + signed


def signable_of(form, digest):
    """What a wallet is asked to sign: a text (IDN-19) or typed data (IDN-20)."""
    if form == 2:
        text = f"Sign for Stoa\npurpose: {PURPOSE}\ndigest: {digest.hex()}"
        return encode_defunct(text=text)
    return encode_typed_data(
        {"name": "Stoa", "version": "1"},
        {
            "StoaDocument": [
                {"name": "digest", "type": "bytes32"}, {"name": "purpose", "type": "string"}
            ]
        },
        {"digest": digest, "purpose": PURPOSE},
    )


# --- verifying -----------------------------------------------------------------------------------


def holds(scheme, key, signature, digest):
    """Whether a signature is one of the key over the digest (IDN-2 to IDN-22)."""
    check = {1: ed25519_holds, 2: passkey_holds, 3: ethereum_holds, 4: policy_holds}[scheme]
    try:
        return check(key, signature, digest)
    except (InvalidSignature, ValueError, codec.Refused):
        return False


def ed25519_holds(key, signature, digest):
    ed25519.Ed25519PublicKey.from_public_bytes(key).verify(signature, digest)
    return True


def halves(raw, order):
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    return r, s, len(raw) == 64 and 0 < r < order and 0 < s <= order // 2


def passkey_holds(key, signature, digest):
    reader = codec.Reader(signature)
    authenticator = reader.take(reader.counted(4, 512))
    client = reader.take(reader.counted(4, 1024))
    r, s, is_low = halves(signature[reader.at:], P256_ORDER)
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=")
    head = b'{"type":"webauthn.get","challenge":"' + challenge + b'","origin":"'
    flags = authenticator[32]
    is_form = (len(authenticator) > 37) == bool(flags & 0x80) and flags & 0x41 == 0x01
    if not (is_low and is_form and client.startswith(head) and client.endswith(b"}")):
        return False
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)
    signed = authenticator + hashlib.sha256(client).digest()
    public.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
    return True


def ethereum_holds(key, signature, digest):
    form = signature[0]
    r, s, is_low = halves(signature[1:], SECP_ORDER)
    if form not in (1, 2, 3) or not is_low:
        return False
    hashed = digest
    if form > 1:
        from eth_account.messages import _hash_eip191_message
        hashed = bytes(_hash_eip191_message(signable_of(form, digest)))
    return PublicKey(key).verify(encode_dss_signature(r, s), hashed, hasher=None)


def policy_holds(key, signature, digest):
    reader = codec.Reader(key)
    threshold, count = reader.number(1), reader.number(1)
    members = []
    for _ in range(count):
        scheme = reader.tag(1, 3)
        members.append((scheme, reader.take(codec.KEY_BYTES[scheme])))
    if reader.at != len(key) or members != sorted(set(members)):
        return False
    signed = codec.Reader(signature)
    bitmap = signed.number(2)
    if bin(bitmap).count("1") != threshold or bitmap >> count:
        return False
    for place, (scheme, member) in enumerate(members):
        if bitmap >> place & 1:
            part = signed.take(signed.counted(4, codec.SIGNATURE_BYTES_MAX[scheme]))
            if not holds(scheme, member, part, digest):
                return False
    return signed.at == len(signature)
