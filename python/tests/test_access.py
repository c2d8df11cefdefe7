"""Who may do what, on a real `stoa serve`: passkeys, sessions, keys and limits over HTTP.

The authenticator is `cryptography`; `webauthn`, a website's library, agrees with every answer.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
import subprocess
import time

import pytest

from access_door import Door, cookie_of, plain, signed, unplain
from access_vectors import ATTESTED, PRESENT, VERIFIED


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    door = Door(tmp_path_factory.mktemp("door") / "home")
    yield door
    door.stop()


@pytest.fixture(autouse=True)
def patience(door):
    door.forget_rates()


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


# --- keys -----------------------------------------------------------------------------------------

def made(door, *words):
    return door.stoa("keys", "create", "test", *words)


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


def who(door, headers):
    return door.ask("GET", "/auth/session", headers=headers)


def test_a_key_lets_in_until_it_is_revoked(door):
    key = made(door, "--scope", "usage:read", "--scope", "calls:write")
    assert key["key"].startswith(f"stoa_live_{key['id']}_") and len(key["key"]) == 72
    for headers in (bearer(key["key"]), {"x-api-key": key["key"]}):
        answer = who(door, headers)
        assert answer.status == 200 and answer.json["scopes"] == "calls:write usage:read"
    listed = door.stoa("keys", "list")
    assert "key" not in listed[0] and any(entry["id"] == key["id"] for entry in listed)
    mistyped = key["key"][:-1] + ("A" if key["key"][-1] != "A" else "B")
    refused = who(door, bearer(mistyped))
    assert refused.status == 401 and "mistyped" in refused.json["detail"]
    door.stoa("keys", "revoke", key["id"])
    refused = who(door, bearer(key["key"]))
    assert refused.status == 401 and "revoked" in refused.json["detail"]
    assert b"stoa_live" not in refused.body


def test_a_list_of_keys_says_what_each_may_spend(door):
    key = made(door, "--budget", "5", "--day-budget", "10", "--model-budget", "llama=0.5")
    [entry] = [entry for entry in door.stoa("keys", "list") if entry["id"] == key["id"]]
    budgets = [(one["window"], one.get("model"), one["denomination"], one["limit"], one["spent"],
                one["reserved"]) for one in entry["budgets"]]
    assert budgets == [("total", None, "native", str(5 * 10**9), "0", "0"),
                       ("day", None, "native", str(10 * 10**9), "0", "0"),
                       ("total", "llama", "native", str(5 * 10**8), "0", "0")]
    assert entry["spent"] == []
    text = subprocess.run([door.stoa.binary, "keys", "list"], env=door.stoa.env, check=True,
                          capture_output=True, text=True, timeout=60).stdout
    [line] = [line for line in text.splitlines() if key["id"] in line]
    assert "0.000000000 of 5.000000000 STOA in all, 0.000000000 of 10.000000000 STOA today" in line
    said = subprocess.run([door.stoa.binary, "keys", "create", "open"], env=door.stoa.env,
                          check=True, capture_output=True, text=True, timeout=60).stderr
    assert "no budget" in said
    said = subprocess.run([door.stoa.binary, "keys", "create", "bound", "--budget", "1"],
                          env=door.stoa.env, check=True, capture_output=True, text=True,
                          timeout=60).stderr
    assert "budget" not in said


def test_a_key_is_rotated_with_an_overlap(door):
    old = made(door)
    new = door.stoa("keys", "rotate", old["id"], "--overlap-hours", "1")
    assert who(door, bearer(old["key"])).status == who(door, bearer(new["key"])).status == 200
    gone = door.stoa("keys", "rotate", new["id"], "--overlap-hours", "0")
    assert who(door, bearer(new["key"])).status == 401
    assert who(door, bearer(gone["key"])).status == 200


# --- API5 (OWASP 2023): broken function level authorization ------------------------------------------

def test_a_key_does_nothing_that_only_a_person_may(door):
    key = made(door, "--scope", "keys:write")
    refused = door.ask("POST", "/oauth/clients", {"name": "x", "scope": "keys:write"},
                       headers=bearer(key["key"]))
    assert refused.status == 403 and refused.json["code"] == "session_needed"


# --- API4 (OWASP 2023): unrestricted resource consumption -------------------------------------------

def test_a_key_asks_only_so_fast_and_reads_how_fast(door):
    key = made(door)
    first = who(door, bearer(key["key"]))
    policies = first.headers["ratelimit-policy"]
    assert '"key";q=60;w=30' in policies and '"day";q=20000;w=86400' in policies
    assert '"address"' in policies and "retry-after" not in first.headers
    assert first.headers["ratelimit-limit"] == "60"
    answers = [who(door, bearer(key["key"])) for _ in range(120)]
    refused = next(answer for answer in answers if answer.status == 429)
    assert refused.headers["ratelimit-remaining"] == "0"
    wait = int(refused.headers["retry-after"])
    assert 1 <= wait <= 30
    assert made(door)["id"] != key["id"], "another key is not held up"
    time.sleep(wait)
    assert who(door, bearer(key["key"])).status == 200


def test_a_body_is_only_so_large(door):
    for headers in ({}, {"Transfer-Encoding": "chunked"}):
        refused = door.ask("POST", "/auth/passkeys/create/begin", b"[" * 100_000, headers=headers)
        assert refused.status == 413, refused.body


# --- signed requests --------------------------------------------------------------------------------

def test_a_signed_request_lets_in_once_and_sends_no_secret(door):
    key = made(door)["key"]
    headers = signed(key, "GET", "/auth/session?a=1", b"")
    assert door.ask("GET", "/auth/session?a=1", headers=headers).status == 200
    replayed = door.ask("GET", "/auth/session?a=1", headers=headers)
    assert replayed.status == 401 and replayed.json["code"] == "invalid_signature"
    assert "came before" in replayed.json["detail"]
    for changed in (signed(key, "POST", "/auth/session", b""),
                    signed(key, "GET", "/auth/session?a=2", b""),
                    signed(key, "GET", "/auth/session?a=1", b"x"),
                    signed(key, "GET", "/auth/session?a=1", b"",
                           when=int(time.time() * 1000) - 130_000)):
        assert door.ask("GET", "/auth/session?a=1", headers=changed).status == 401


# --- the audit log ----------------------------------------------------------------------------------

def test_the_log_is_checked_by_a_second_implementation(door):
    made(door)
    lines = [json.loads(line) for line in subprocess.run(
        [door.stoa.binary, "audit", "export"], env=door.stoa.env, check=True,
        capture_output=True, text=True).stdout.splitlines()]
    previous, tag = bytes(32), b"stoa/access/audit-record/1"

    def text(value: str) -> bytes:
        return len(value.encode()).to_bytes(4, "big") + value.encode()

    for number, line in enumerate(lines, 1):
        encoded = previous + number.to_bytes(8, "big") + line["time"].to_bytes(8, "big")
        encoded += text(line["action"]) + bytes.fromhex(line["organisation"])
        for field in ("actor", "subject", "detail", "source"):
            encoded += text(line[field])
        digest = hashlib.sha256(bytes([len(tag)]) + tag + encoded).digest()
        assert line["hash"] == digest.hex() and line["previous"] == previous.hex()
        previous = digest
    verified = door.stoa("audit", "verify")
    assert verified["records"] >= len(lines)
    door.stoa("audit", "verify", "--seen", verified["head"])
    wrong = door.stoa("audit", "verify", "--seen", f"999999:{'0' * 64}", check=False)
    assert "ends before" in wrong["error"]


def test_the_log_says_where_a_key_was_changed_from(door):
    """ACC-73: also by a program, and not only that one did it."""
    maker = door.stoa("keys", "create", "maker", "--scope", "keys:write", "--scope", "usage:read")
    own = {"Authorization": f"Bearer {maker['key']}", "Content-Type": "application/json"}
    draft = {"label": "child", "scopes": ["usage:read"]}
    child = door.ask("POST", "/api/v1/keys", draft, own).json
    rotated = door.ask("POST", f"/api/v1/keys/{child['id']}/rotate", {}, own).json
    assert door.ask("DELETE", f"/api/v1/keys/{rotated['id']}", headers=own).status == 200
    lines = [json.loads(line) for line in subprocess.run(
        [door.stoa.binary, "audit", "export"], env=door.stoa.env, check=True,
        capture_output=True, text=True).stdout.splitlines()]
    named = {f"key:{key['id']}" for key in (child, rotated)}
    found = [(line["action"], line["source"]) for line in lines if line["subject"] in named]
    assert found == [(action, "127.0.0.1") for action in
                     ("key.created", "key.created", "key.replaced", "key.revoked")]
    assert all(line["source"] != "api" for line in lines)


def test_the_log_cannot_be_rewritten(door):
    with sqlite3.connect(door.home / "access.sqlite", timeout=10) as database:
        for statement in ("UPDATE audit SET actor = ''", "DELETE FROM audit"):
            with pytest.raises(sqlite3.DatabaseError, match="append-only"):
                database.execute(statement)


# --- what is kept -----------------------------------------------------------------------------------

def test_files_are_their_owners_and_hold_no_secret(door):
    key = made(door)["key"]
    for name in ("access.sqlite", "access.sqlite-wal", "access.sqlite.key"):
        file = door.home / name
        assert file.stat().st_mode & 0o077 == 0, name
        assert key[24:].encode() not in file.read_bytes()


def test_a_key_file_that_others_can_read_is_refused(door, tmp_path):
    (tmp_path / "a.sqlite.key").write_text("0" * 64 + "\n")
    done = subprocess.run(
        [door.stoa.binary, "serve", "--port", "0", "--access-database", str(tmp_path / "a.sqlite"),
         "--database", str(tmp_path / "i.sqlite")], env=door.stoa.env, capture_output=True,
        text=True, timeout=60)
    assert done.returncode == 1 and "only its owner" in done.stderr


def test_sessions_and_keys_outlive_a_kill(door):
    key, passkey = made(door)["key"], door.authenticator()
    cookie = cookie_of(door.register(passkey))
    door.serve.kill()
    door.serve.start()
    assert who(door, bearer(key)).status == 200
    assert door.ask("GET", "/auth/session", cookie=cookie).status == 200
    assert door.sign_in(passkey).status == 200
