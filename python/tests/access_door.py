"""A real `stoa serve`, and whoever knocks at it: shared by the tests of access."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import sqlite3
import time
import urllib.error
import urllib.request
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from access_vectors import Authenticator, registered, signed_in
from stoa_market.processes import Stoa

ROOT = Path(__file__).resolve().parents[2]


def plain(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unplain(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Answer:
    def __init__(self, status: int, headers, body: bytes):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)


class Door:
    """A ledger, and the market's pages and API over it."""

    def __init__(self, home: Path, *words: str):
        home.mkdir(parents=True)
        binary = Path(os.environ.get("STOA_BINARY", ROOT / ".build" / "debug" / "stoa"))
        stoa = Stoa(binary, home)
        stoa("wallet", "new", "alice")
        stoa("node", "init", "--allocate", "alice=1000000")
        self.node = stoa.service("node", "node", "run", "--port", "0").start()
        self.stoa = Stoa(binary, home, self.node.url)
        self.home = home
        self.serve = self.stoa.service("serve", "serve", "--port", "0", *words).start()
        self.serve.command += ["--port", self.serve.url.rsplit(":", 1)[1]]
        self.url = self.serve.url
        self.origin = "http://localhost:" + self.url.rsplit(":", 1)[1]

    def ask(self, method: str, path: str, body=None, headers=None, cookie=None) -> Answer:
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        if cookie:
            request.add_header("Cookie", cookie)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read())

    def authenticator(self) -> Authenticator:
        return Authenticator("localhost", self.origin, credential=secrets.token_bytes(20))

    def register(self, passkey: Authenticator, name: str = "Alice", cookie=None) -> Answer:
        begun = self.ask("POST", "/auth/passkeys/create/begin", {"name": name}, cookie=cookie,
                         headers={"Origin": self.origin})
        assert begun.status == 200, begun.body
        options = begun.json
        assert options["attestation"] == "none" and options["rp"]["id"] == "localhost"
        assert options["authenticatorSelection"]["userVerification"] == "required"
        challenge = unplain(options["challenge"])
        parts = passkey.create(challenge)
        registered(passkey, parts, challenge)
        return self.ask("POST", "/auth/passkeys/create/finish", passkey.json(parts),
                        cookie=cookie, headers={"Origin": self.origin})

    def sign_in(self, passkey: Authenticator) -> Answer:
        challenge = unplain(self.ask("POST", "/auth/sign-in/begin", {}).json["challenge"])
        parts = passkey.get(challenge)
        signed_in(passkey, parts, challenge)
        return self.ask("POST", "/auth/sign-in/finish", passkey.json(parts),
                        headers={"Origin": self.origin})

    def forget_rates(self) -> None:
        """An address may try to sign in so often in a minute; the tests of one module are many."""
        with sqlite3.connect(self.home / "access.sqlite", timeout=10) as database:
            database.execute("DELETE FROM buckets")

    def stop(self):
        self.serve.stop()
        self.node.stop()


def cookie_of(answer: Answer) -> str:
    return answer.headers["set-cookie"].split(";")[0]


def signed(key: str, method: str, target: str, body: bytes, when=None, nonce=None) -> dict:
    """The field as docs/spec/access.md describes it, written a second time."""
    mode_and_name, secret = key.rsplit("_", 1)
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    number = 0
    for character in secret[:43]:
        number = number * 62 + digits.index(character)
    tag = b"stoa/access/request-seed/1"
    seed = hashlib.sha256(bytes([len(tag)]) + tag + number.to_bytes(32, "big")).digest()
    name = mode_and_name.split("_")[2]
    when, nonce = when or int(time.time() * 1000), nonce or secrets.token_bytes(16)
    lines = ["stoa-request-1", method, target, hashlib.sha256(body).hexdigest(), str(when),
             plain(nonce), name]
    message = "".join(line + "\n" for line in lines).encode()
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(message)
    return {"Authorization": f"Stoa-Ed25519 id={name}, ts={when}, nonce={plain(nonce)}, "
                             f"sig={plain(signature)}"}
