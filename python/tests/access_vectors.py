#!/usr/bin/env python3
"""Writes Vectors/access/passkeys.json: what authenticators answer, right and wrong.

Made with `cryptography` and `cbor2`'s encoder inside `webauthn`; each right answer is verified by
`webauthn`, a website's library, before it is written. Run once: an entry that stands there stays.
"""

from __future__ import annotations

import hashlib
import json
import struct
import sys
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers import bytes_to_base64url, encode_cbor
from webauthn.helpers.structs import COSEAlgorithmIdentifier

SITE, ORIGIN = "market.example", "https://market.example"
PRESENT, VERIFIED, ELIGIBLE, BACKED, ATTESTED, EXTENDED = 1, 4, 8, 16, 64, 128


class Authenticator:
    """A passkey on some device, and the browser in front of it."""

    def __init__(self, site: str = SITE, origin: str = ORIGIN, secret: int | None = None,
                 credential: bytes = b"credential-0001"):
        self.site, self.origin, self.credential = site, origin, credential
        curve = ec.SECP256R1()
        self.secret = ec.derive_private_key(secret, curve) if secret else \
            ec.generate_private_key(curve)
        point = self.secret.public_key()
        self.compressed = point.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        self.x, self.y = (n.to_bytes(32, "big") for n in
                          (point.public_numbers().x, point.public_numbers().y))
        self.counter = 0

    @property
    def cose(self) -> dict:
        return {1: 2, 3: -7, -1: 1, -2: self.x, -3: self.y}

    def client(self, kind: str, challenge: bytes, tail: str = ',"crossOrigin":false}') -> bytes:
        return (f'{{"type":"webauthn.{kind}","challenge":"{bytes_to_base64url(challenge)}",'
                f'"origin":"{self.origin}"' + tail).encode()

    def data(self, flags: int, attested: bytes = b"", site: str | None = None) -> bytes:
        head = hashlib.sha256((site or self.site).encode()).digest()
        return head + struct.pack(">BI", flags, self.counter) + attested

    def attested(self, cose: dict | None = None) -> bytes:
        return (bytes(16) + struct.pack(">H", len(self.credential)) + self.credential
                + encode_cbor(cose or self.cose))

    def create(self, challenge: bytes, **changes) -> dict:
        """The parts that a browser hands out after making a passkey."""
        client = changes.get("client") or self.client("create", challenge)
        flags = changes.get("flags", PRESENT | VERIFIED | ATTESTED)
        data = changes.get("data") or self.data(
            flags, self.attested(changes.get("cose")), changes.get("site"))
        statement, form = changes.get("statement", {}), changes.get("form", "none")
        if form == "packed" and not statement:
            signed = data + hashlib.sha256(client).digest()
            statement = {"alg": -7, "sig": self.secret.sign(signed, ec.ECDSA(hashes.SHA256()))}
        attestation = encode_cbor({"fmt": form, "attStmt": statement, "authData": data})
        return {"clientDataJSON": client, "attestationObject": attestation + changes.get("rest", b"")}

    def get(self, challenge: bytes, **changes) -> dict:
        """The parts that a browser hands out after signing in."""
        client = changes.get("client") or self.client("get", challenge)
        data = self.data(changes.get("flags", PRESENT | VERIFIED), b"", changes.get("site"))
        signed = data + hashlib.sha256(client).digest()
        signer = changes.get("secret", self.secret)
        return {"authenticatorData": data, "clientDataJSON": client,
                "signature": signer.sign(signed, ec.ECDSA(hashes.SHA256()))}

    def json(self, parts: dict) -> dict:
        """What `PublicKeyCredential.toJSON()` gives."""
        name = bytes_to_base64url(self.credential)
        return {"id": name, "rawId": name, "type": "public-key", "clientExtensionResults": {},
                "response": {key: bytes_to_base64url(value) for key, value in parts.items()}}


def registered(authenticator: Authenticator, parts: dict, challenge: bytes) -> None:
    done = verify_registration_response(
        credential=authenticator.json(parts), expected_challenge=challenge,
        expected_rp_id=authenticator.site, expected_origin=authenticator.origin,
        require_user_verification=True,
        supported_pub_key_algs=[COSEAlgorithmIdentifier.ECDSA_SHA_256])
    assert done.credential_id == authenticator.credential


def signed_in(authenticator: Authenticator, parts: dict, challenge: bytes) -> None:
    verify_authentication_response(
        credential=authenticator.json(parts), expected_challenge=challenge,
        expected_rp_id=authenticator.site, expected_origin=authenticator.origin,
        credential_public_key=encode_cbor(authenticator.cose), credential_current_sign_count=0,
        require_user_verification=True)


def vectors() -> dict:
    challenge = hashlib.sha256(b"a challenge").digest()
    key, other = Authenticator(secret=0x1234567), Authenticator(secret=0x7654321)
    created, refused = [], []

    def right(name: str, parts: dict) -> None:
        registered(key, parts, challenge)
        created.append({"name": name, **{k: v.hex() for k, v in parts.items()}})

    def wrong(name: str, code: int, parts: dict) -> None:
        refused.append({"name": name, "code": code, **{k: v.hex() for k, v in parts.items()}})

    right("without attestation", key.create(challenge))
    right("without cross-origin member", key.create(
        challenge, client=key.client("create", challenge, "}")))
    right("synced between devices", key.create(
        challenge, flags=PRESENT | VERIFIED | ELIGIBLE | BACKED | ATTESTED))
    right("signed by itself", key.create(challenge, form="packed"))
    extended = key.data(PRESENT | VERIFIED | ATTESTED | EXTENDED,
                        key.attested() + encode_cbor({"credProtect": 2}))
    right("with an extension", key.create(challenge, data=extended))

    wrong("bytes after the attestation", 1, key.create(challenge, rest=b"\0"))
    wrong("client data with other beginnings", 1, key.create(
        challenge, client=b'{"origin":"' + ORIGIN.encode() + b'","type":"webauthn.create"}'))
    wrong("bytes after the key", 1, key.create(
        challenge, data=key.data(PRESENT | VERIFIED | ATTESTED, key.attested() + b"\0")))
    wrong("an assertion", 2, key.create(challenge, client=key.client("get", challenge)))
    key.origin = "https://market.example.evil"
    wrong("a page of another site", 4, key.create(challenge))
    key.origin = "http://market.example"
    wrong("a page without TLS", 4, key.create(challenge))
    key.origin = ORIGIN
    wrong("a page in a frame of another", 4, key.create(
        challenge, client=key.client("create", challenge, ',"crossOrigin":true}')))
    wrong("another site's authenticator data", 5, key.create(challenge, site="evil.example"))
    wrong("nobody was there", 6, key.create(challenge, flags=VERIFIED | ATTESTED))
    wrong("nobody proved who they are", 6, key.create(challenge, flags=PRESENT | ATTESTED))
    wrong("backed up but not eligible", 7, key.create(
        challenge, flags=PRESENT | VERIFIED | BACKED | ATTESTED))
    wrong("no key in it", 7, key.create(challenge, data=key.data(PRESENT | VERIFIED)))
    off = dict(key.cose)
    off[-3] = bytes(31) + b"\1"
    wrong("a point that is not on the curve", 8, key.create(challenge, cose=off))
    wrong("another algorithm", 8, key.create(challenge, cose={**key.cose, 3: -257}))
    wrong("another curve", 8, key.create(challenge, cose={**key.cose, -1: 2}))
    wrong("a member too many", 8, key.create(challenge, cose={**key.cose, 4: 1}))
    wrong("an attestation of another maker", 9, key.create(
        challenge, form="fido-u2f", statement={"sig": b"1"}))
    wrong("a statement where none is due", 9, key.create(challenge, statement={"alg": -7}))
    forged = other.create(challenge, form="packed")
    signature = other.secret.sign(b"something", ec.ECDSA(hashes.SHA256()))
    assert forged
    wrong("signed by another key", 9, key.create(
        challenge, form="packed", statement={"alg": -7, "sig": signature}))

    answers, denied = [], []
    for name, changes, counter in (
            ("without a counter", {}, 0), ("with a counter", {}, 7),
            ("synced", {"flags": PRESENT | VERIFIED | ELIGIBLE | BACKED}, 0)):
        key.counter = counter
        parts = key.get(challenge, **changes)
        signed_in(key, parts, challenge)
        answers.append({"name": name, "counter": counter,
                        **{k: v.hex() for k, v in parts.items()}})
    key.counter = 0

    def deny(name: str, code: int, parts: dict, stored: int = 0) -> None:
        denied.append({"name": name, "code": code, "stored": stored,
                       **{k: v.hex() for k, v in parts.items()}})

    deny("a registration", 2, key.get(challenge, client=key.client("create", challenge)))
    deny("a page in a frame of another", 4, key.get(
        challenge, client=key.client("get", challenge, ',"crossOrigin":true}')))
    deny("another site's data", 5, key.get(challenge, site="evil.example"))
    deny("nobody was there", 6, key.get(challenge, flags=VERIFIED))
    deny("nobody proved who they are", 6, key.get(challenge, flags=PRESENT))
    deny("a flag for a key without one", 7, key.get(challenge, flags=PRESENT | VERIFIED | ATTESTED))
    deny("signed by another key", 12, key.get(challenge, secret=other.secret))
    deny("a counter that stopped", 13, key.get(challenge), stored=3)
    key.counter = 3
    deny("a counter that stands", 13, key.get(challenge), stored=3)
    return {"site": SITE, "origin": ORIGIN, "challenge": challenge.hex(),
            "credential": key.credential.hex(), "publicKey": key.compressed.hex(),
            "created": created, "refused": refused, "answers": answers, "denied": denied}


if __name__ == "__main__":
    target = Path(__file__).resolve().parents[2] / "Vectors" / "access" / "passkeys.json"
    if target.exists():
        sys.exit(f"{target} stands already")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(vectors(), indent=1) + "\n")
