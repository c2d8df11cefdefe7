"""Who may do what, on a real `stoa serve`: passkeys, sessions, keys and limits over HTTP.

The authenticator is `cryptography`; `webauthn`, a website's library, agrees with every answer.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from access_vectors import (ATTESTED, PRESENT, VERIFIED, Authenticator, registered, signed_in)
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

    def __init__(self, home: Path):
        home.mkdir(parents=True)
        binary = Path(os.environ.get("STOA_BINARY", ROOT / ".build" / "debug" / "stoa"))
        stoa = Stoa(binary, home)
        stoa("wallet", "new", "alice")
        stoa("node", "init", "--allocate", "alice=1000000")
        self.node = stoa.service("node", "node", "run", "--port", "0").start()
        self.stoa = Stoa(binary, home, self.node.url)
        self.home = home
        self.serve = self.stoa.service("serve", "serve", "--port", "0").start()
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

    def stop(self):
        self.serve.stop()
        self.node.stop()


def cookie_of(answer: Answer) -> str:
    return answer.headers["set-cookie"].split(";")[0]


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    door = Door(tmp_path_factory.mktemp("door") / "home")
    yield door
    door.stop()


@pytest.fixture(autouse=True)
def patience(door):
    """The door lets an address try to sign in so often in a minute; the tests are many."""
    import sqlite3
    with sqlite3.connect(door.home / "access.sqlite", timeout=10) as database:
        database.execute("DELETE FROM buckets")


def test_a_passkey_signs_up_and_in_and_out(door):
    passkey = door.authenticator()
    created = door.register(passkey)
    assert created.status == 200, created.body
    assert "HttpOnly" in created.headers["set-cookie"]
    assert "SameSite=Lax" in created.headers["set-cookie"]
    shown = door.stoa("key", "show", "2:" + passkey.compressed.hex())
    assert shown["address"] == created.json["account"], "the passkey is the wallet"
    session = door.ask("GET", "/auth/session", cookie=cookie_of(created))
    assert session.json["name"] == "Alice"
    assert session.json["account"] == created.json["account"]

    again = door.sign_in(passkey)
    assert again.status == 200, again.body
    assert again.json["user"] == created.json["user"]
    cookie = cookie_of(again)
    out = door.ask("POST", "/auth/sign-out", {}, cookie=cookie,
                   headers={"Origin": door.origin})
    assert out.status == 204
    assert door.ask("GET", "/auth/session", cookie=cookie).status == 401
    assert door.ask("GET", "/auth/session", cookie=cookie_of(created)).status == 200


def test_a_challenge_is_answered_once(door):
    passkey = door.authenticator()
    assert door.register(passkey).status == 200
    challenge = unplain(door.ask("POST", "/auth/sign-in/begin", {}).json["challenge"])
    body = passkey.json(passkey.get(challenge))
    assert door.ask("POST", "/auth/sign-in/finish", body).status == 200
    replayed = door.ask("POST", "/auth/sign-in/finish", body)
    assert replayed.status == 401 and replayed.json["code"] == "passkey_refused"
    # A wrong answer uses the challenge up too.
    challenge = unplain(door.ask("POST", "/auth/sign-in/begin", {}).json["challenge"])
    wrong = passkey.json(passkey.get(challenge, flags=PRESENT))
    assert door.ask("POST", "/auth/sign-in/finish", wrong).status == 401
    right = passkey.json(passkey.get(challenge))
    assert door.ask("POST", "/auth/sign-in/finish", right).status == 401
    # A challenge for one thing is none for the other.
    begun = door.ask("POST", "/auth/passkeys/create/begin", {"name": "A"}).json
    crossed = passkey.json(passkey.get(unplain(begun["challenge"])))
    assert door.ask("POST", "/auth/sign-in/finish", crossed).status == 401


def test_one_passkey_has_one_user(door):
    passkey = door.authenticator()
    assert door.register(passkey).status == 200
    twice = door.register(passkey)
    assert twice.status == 409 and twice.json["code"] == "passkey_conflict"


def test_a_copied_authenticator_is_noticed(door):
    passkey = door.authenticator()
    passkey.counter = 5
    assert door.register(passkey).status == 200
    for counter, status in ((6, 200), (6, 401), (5, 401), (7, 200)):
        passkey.counter = counter
        challenge = unplain(door.ask("POST", "/auth/sign-in/begin", {}).json["challenge"])
        answer = door.ask("POST", "/auth/sign-in/finish", passkey.json(passkey.get(challenge)))
        assert answer.status == status, (counter, answer.body)


@pytest.mark.parametrize("changes", [
    {"flags": VERIFIED | ATTESTED}, {"flags": PRESENT | ATTESTED}, {"site": "evil.example"},
    {"form": "fido-u2f", "statement": {"sig": b"1"}},
])
def test_wrong_registrations_are_refused(door, changes):
    passkey = door.authenticator()
    begun = door.ask("POST", "/auth/passkeys/create/begin", {"name": "A"}).json
    parts = passkey.create(unplain(begun["challenge"]), **changes)
    refused = door.ask("POST", "/auth/passkeys/create/finish", passkey.json(parts))
    assert refused.status == 401 and "set-cookie" not in refused.headers


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"name":5}', b'{"name":""}',
                                  b'{"name":"a","name":"b"}', b"\xff", b'{"name":"a\\u0000"}'])
def test_wrong_bodies_are_refused(door, body):
    refused = door.ask("POST", "/auth/passkeys/create/begin", body)
    assert refused.status == 400, refused.body
    assert refused.headers["content-type"] == "application/problem+json"


# --- API2 (OWASP 2023): broken authentication -------------------------------------------------------

def test_a_cookie_proves_nothing_for_another_sites_page(door):
    cookie = cookie_of(door.register(door.authenticator()))
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {},
                    {"Sec-Fetch-Site": "cross-site", "Origin": door.origin},
                    {"Sec-Fetch-Site": "same-site"}, {"x-csrf-token": "AAAA"}):
        refused = door.ask("POST", "/auth/sign-out", {}, cookie=cookie, headers=headers)
        assert refused.status == 403, headers
        assert refused.json["code"] == "cross_site_request"
    assert door.ask("GET", "/auth/session", cookie=cookie).status == 200
    token = door.ask("GET", "/auth/session", cookie=cookie).json["csrfToken"]
    assert door.ask("POST", "/auth/sign-out", {}, cookie=cookie,
                    headers={"x-csrf-token": token}).status == 204


def test_no_page_of_another_site_signs_anybody_in(door):
    passkey = door.authenticator()
    door.register(passkey)
    refused = door.ask("POST", "/auth/sign-in/begin", {},
                       headers={"Origin": "https://evil.example"})
    assert refused.status == 403


def test_signing_in_has_a_limit_and_says_when_to_come_back(door):
    statuses = [door.ask("POST", "/auth/sign-in/begin", {}) for _ in range(40)]
    refused = [answer for answer in statuses if answer.status == 429]
    assert refused and statuses[0].status == 200
    assert int(refused[0].headers["retry-after"]) >= 1
    assert refused[0].json["code"] == "rate_limited"


def test_every_answer_is_careful_with_browsers(door):
    for path in ("/auth/session", "/nothing", "/api/v1/status", "/"):
        answer = door.ask("GET", path)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-request-id"]
        assert "access-control-allow-origin" not in answer.headers


def test_a_wrong_key_is_told_what_is_wrong_with_it(door):
    for key, hint in (("stoa_live_x", "Copy"), ("sk-1234", "Copy")):
        for headers in ({"Authorization": f"Bearer {key}"}, {"x-api-key": key}):
            refused = door.ask("GET", "/api/v1/status", headers=headers)
            assert refused.status == 401 and hint in refused.json["hint"]
            assert "invalid_token" in refused.headers["www-authenticate"]
    assert door.ask("GET", "/api/v1/status", headers={"Authorization": "Basic YTpi"}).status == 401
