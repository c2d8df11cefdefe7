"""Whoever pays for calls by the market follows their receipts: feeds, webhooks, lists.

The ledger, the seller and the door are real processes; the door is killed in the middle of things.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
import urllib.error

import pytest
from standardwebhooks.webhooks import Webhook
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from access_door import cookie_of
from test_api import Events
from test_hosted import COST, Hosted, MODEL
from test_webhooks import Receiver


class Reading:
    """The door as the readers of test_api see it."""

    def __init__(self, door):
        self.door = door


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    door = Hosted(tmp_path_factory.mktemp("receipts") / "home", "--webhooks-to-loopback")
    door.grant("50")
    yield door
    door.stop()


@pytest.fixture(autouse=True)
def patience(door):
    door.forget_rates()


@pytest.fixture(scope="module")
def key(door):
    return door.key("buyer", "--scope", "webhooks:write")["key"]


@pytest.fixture(scope="module")
def outsider(door):
    """Another organisation, whose owner's key may do all of it."""
    cookie = cookie_of(door.register(door.authenticator(), "Oscar"))
    made = door.ask("POST", "/api/v1/keys", {
        "label": "o", "scopes": ["calls:write", "usage:read", "webhooks:write"]},
        headers={"Origin": door.origin, "Content-Type": "application/json"}, cookie=cookie)
    assert made.status == 200, made.body
    return made.json["secret"]


def events(door, key, query="topics=receipts", **headers) -> Events:
    return Events(Reading(door), query, Authorization=f"Bearer {key}", **headers)


def ask(door, method, path, body=None, key=None):
    headers = {"Content-Type": "application/json"} if body is not None else {}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    return door.ask(method, "/api/v1" + path, body, headers=headers)


def receipts(door, key) -> list[dict]:
    """What /v1 itself says was bought, the oldest first."""
    answer = door.ask("GET", "/stoa/v1/receipts", headers={"Authorization": f"Bearer {key}"})
    return list(reversed(answer.json["data"]))


def socket(door, key=None):
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return connect(door.url.replace("http", "ws") + "/api/v1/ws", open_timeout=30,
                   additional_headers=headers)


# --- refusals first ---------------------------------------------------------------------------------

def test_without_a_key_that_may_nothing_is_told(door):
    """FEED-7: no key, a wrong one, one without the scope."""
    narrow = door.stoa("keys", "create", "narrow", "--scope", "calls:write", "--scope",
                       "webhooks:write")["key"]
    assert ask(door, "GET", "/events?topics=receipts").status == 401
    assert ask(door, "GET", "/events?topics=receipts", key="stoa_live_wrong").status == 401
    assert ask(door, "GET", "/events?topics=blocks,receipts", key=narrow).status == 403
    assert ask(door, "GET", "/receipts").status == 401
    assert ask(door, "GET", "/receipts", key=narrow).status == 403
    made = ask(door, "POST", "/webhooks", {"url": "https://a.b/", "topics": ["receipts"]}, narrow)
    assert made.status == 403 and "usage:read" in made.json["hint"]
    plain = ask(door, "POST", "/webhooks", {"url": "https://a.b/", "topics": ["trades"]}, narrow)
    changed = ask(door, "PATCH", f"/webhooks/{plain.json['id']}", {"topics": ["receipts"]}, narrow)
    assert changed.status == 403
    assert ask(door, "DELETE", f"/webhooks/{plain.json['id']}", key=narrow).status == 200
    for cursor in ("0.0.", "0.0.01", "0.0.-1", "0.0.0.0", "0.0." + "9" * 16):
        assert ask(door, "GET", f"/events?topics=receipts&cursor={cursor}").status in (400, 401)
    with pytest.raises(InvalidStatus) as refused:
        socket(door, "stoa_live_wrong")
    assert refused.value.response.status_code == 401
    for name in (None, narrow):
        with socket(door, name) as one:
            one.send(json.dumps({"type": "subscribe", "topics": ["receipts"]}))
            answer = json.loads(one.recv(timeout=30))
            assert answer["type"] == "problem"
            assert answer["code"] == ("scope_missing" if name else "authentication_required")


def test_a_cookie_opens_no_socket_of_receipts(door):
    """FEED-7: a page of another site would send it along."""
    cookie = cookie_of(door.register(door.authenticator(), "Carol"))
    with connect(door.url.replace("http", "ws") + "/api/v1/ws", open_timeout=30,
                 additional_headers={"Cookie": cookie}) as one:
        one.send(json.dumps({"type": "subscribe", "topics": ["receipts"]}))
        assert json.loads(one.recv(timeout=30))["code"] == "authentication_required"


# --- what is told -----------------------------------------------------------------------------------

def test_a_receipt_is_told_to_who_paid_and_to_nobody_else(door, key, outsider):
    """FEED-7: over both feeds; the outsider hears nothing, whatever place they say."""
    own, other = events(door, key), events(door, outsider, "topics=receipts&cursor=0.0.0")
    with socket(door, key) as mine, socket(door, outsider) as theirs:
        for one in (mine, theirs):
            one.send(json.dumps({"type": "subscribe", "topics": ["receipts"], "cursor": "0.0.0"}))
            assert json.loads(one.recv(timeout=30))["topics"] == ["receipts"]
        assert door.chat(key).usage.model_extra["cost"] == COST
        told = own.next()
        assert told["event"] == "receipt" and told["id"].endswith(".1")
        receipt = told["data"]
        assert receipt["cost"] == {"amount": str(COST), "denomination": "native"}
        assert (receipt["model"], receipt["status"], receipt["number"]) == (MODEL, "delivered", 1)
        assert receipt["id"] == receipts(door, key)[-1]["id"]
        message = json.loads(mine.recv(timeout=30))
        assert message["type"] == "receipt" and message["data"] == receipt
        with pytest.raises(TimeoutError):
            theirs.recv(timeout=1)
    assert ask(door, "GET", "/receipts", key=outsider).json["data"] == []
    assert ask(door, "GET", "/receipts", key=key).json["data"] == [receipt]
    other.answer.fp.raw._sock.settimeout(1)
    with pytest.raises((TimeoutError, OSError, AssertionError)):
        other.next()
    own.close()
    other.close()


@pytest.fixture(scope="module")
def shared(door, key):
    """A member of an organisation that the operator's account pays for too: their session there,
    and their key."""
    cookie = cookie_of(door.register(door.authenticator(), "Omar"))
    place = secrets.token_bytes(16)
    with sqlite3.connect(door.home / "access.sqlite", timeout=10) as database:
        user = database.execute("SELECT id FROM users WHERE name = 'Omar'").fetchone()[0]
        payer = database.execute(
            "SELECT account FROM organisations JOIN keys ON organisation = organisations.id "
            "WHERE keys.id = ?", [key.split("_")[2][:12]]).fetchone()[0]
        database.execute("INSERT INTO organisations SELECT ?, 'Shared', tier, ?, created "
                         "FROM organisations WHERE id = ?", [place, payer, user])
        database.execute("INSERT INTO members SELECT ?, user, role, joined FROM members "
                         "WHERE user = ?", [place, user])
        database.execute("UPDATE sessions SET organisation = ? WHERE user = ?", [place, user])
    made = door.ask("POST", "/api/v1/keys", {
        "label": "shared", "scopes": ["calls:write", "usage:read", "webhooks:write"]},
        headers={"Origin": door.origin, "Content-Type": "application/json"}, cookie=cookie)
    assert made.status == 200, made.body
    return cookie, made.json["secret"]


@pytest.fixture(scope="module")
def sharer(shared):
    return shared[1]


def listed(door, key) -> list[str]:
    return [entry["id"] for entry in ask(door, "GET", "/receipts", key=key).json["data"]]


def test_organisations_of_one_account_do_not_see_each_others_receipts(door, key, sharer):
    """FEED-7, WHK-12: lists, feeds, webhooks and /stoa/v1/receipts; after a kill too."""
    receiver = Receiver()
    hook = ask(door, "POST", "/webhooks", {"url": receiver.url, "topics": ["receipts"]}, sharer)
    assert hook.status == 200, hook.body
    door.chat(key)
    reader = events(door, sharer, "topics=receipts&cursor=0.0.0")
    door.chat(sharer)
    told = reader.next()["data"]
    reader.close()
    mine = [entry["id"] for entry in receipts(door, sharer)]
    assert mine == listed(door, sharer) == [told["id"]]
    assert told["id"] not in listed(door, key)
    assert told["id"] not in [entry["id"] for entry in receipts(door, key)]
    assert [json.loads(body)["data"]["id"] for _, body in receiver.wait(1)] == mine
    # The journal says whose a call was: also when the log has to be told anew.
    door.serve.kill()
    with sqlite3.connect(door.home / "index.sqlite.receipts", timeout=10) as database:
        database.execute("DELETE FROM receipts WHERE digest = ?", [bytes.fromhex(told["id"])])
    door.serve.start()
    door.forget_rates()
    assert [entry["id"] for entry in receipts(door, sharer)] == mine
    deadline = time.monotonic() + 20
    while listed(door, sharer) != mine and time.monotonic() < deadline:
        time.sleep(0.1)
    assert listed(door, sharer) == mine and told["id"] not in listed(door, key)
    # What is older than names of buyers is the person's whose account it is.
    with sqlite3.connect(door.home / "index.sqlite.receipts", timeout=10) as database:
        account, number = database.execute("SELECT account, number FROM receipts WHERE digest = ?",
                                           [bytes.fromhex(told["id"])]).fetchone()
        buyer = database.execute("SELECT * FROM buyers WHERE account = ? AND number = ?",
                                 [account, number]).fetchone()
        database.execute("DELETE FROM buyers WHERE account = ? AND number = ?", [account, number])
    assert listed(door, sharer) == [] and told["id"] in listed(door, key)
    with sqlite3.connect(door.home / "index.sqlite.receipts", timeout=10) as database:
        database.execute("INSERT INTO buyers VALUES (?, ?, ?, ?, ?)", buyer)
    assert listed(door, sharer) == mine
    assert ask(door, "DELETE", f"/webhooks/{hook.json['id']}", key=sharer).status == 200


def test_a_receipts_page_is_for_whoever_may_see_it(door, key, shared):
    """PRT-116: not for another organisation of the same account, nor for a stranger; as long as
    the log has it, also where the journal cannot be read."""
    cookie, secret = shared
    door.chat(key)
    door.chat(secret)
    deadline = time.monotonic() + 10
    while not (own := listed(door, secret)) and time.monotonic() < deadline:
        time.sleep(0.05)
    path = "/account/receipts/"
    stranger = cookie_of(door.register(door.authenticator(), "Sid"))

    def page(digest, who=cookie):
        return door.ask("GET", path + digest, cookie=who)
    shown = page(own[0])
    assert shown.status == 200 and b"What was counted" in shown.body
    for digest in listed(door, key):
        assert page(digest).status == 404
    assert page(own[0], stranger).status == 404
    # Not among the last ones any more.
    log = door.home / "index.sqlite.receipts"
    with sqlite3.connect(log, timeout=10) as database:
        columns = "seller, model, status, charge, denomination, finished"
        for number in range(100_000, 100_060):
            database.execute(
                f"INSERT INTO receipts SELECT account, ?, randomblob(32), {columns} "
                "FROM receipts WHERE digest = ?", [number, bytes.fromhex(own[0])])
            database.execute(
                "INSERT INTO buyers SELECT b.account, ?, organisation, user, key FROM buyers b "
                "JOIN receipts r ON r.account = b.account AND r.number = b.number "
                "WHERE digest = ?", [number, bytes.fromhex(own[0])])
    try:
        assert own[0].encode() not in door.ask("GET", "/account/receipts", cookie=cookie).body
        assert page(own[0]).status == 200
    finally:
        with sqlite3.connect(log, timeout=10) as database:
            database.execute("DELETE FROM receipts WHERE number >= 100000")
    hosted = door.home / "hosted"
    away = hosted.rename(door.home / "hosted-away")
    try:
        shown = page(own[0])
    finally:
        away.rename(hosted)
    assert shown.status == 200 and b"not at hand" in shown.body


def test_full_counters_refuse_no_call_without_a_key(door, shared):
    """HST-14: what has no room of its own is counted with the rest."""
    cookie, _ = shared
    token = door.ask("GET", "/auth/session", cookie=cookie).json["csrfToken"]
    place = door.home / "access.sqlite"

    def call():
        answer = door.ask(
            "POST", "/v1/chat/completions",
            {"model": MODEL, "max_tokens": 64, "messages": [{"role": "user", "content": "Hi"}]},
            cookie=cookie, headers={"x-csrf-token": token, "Origin": door.origin,
                                    "Content-Type": "application/json"})
        assert answer.status == 200, answer.body

    def counted() -> dict:
        """What is counted under names that no key has, once nothing of it is set aside."""
        deadline = time.monotonic() + 10
        while True:
            with sqlite3.connect(place, timeout=10) as database:
                rows = database.execute(
                    "SELECT model, key, settled, reserved FROM counters WHERE day = -1 "
                    "AND model != '' AND key NOT IN (SELECT id FROM keys)").fetchall()
            if rows and not any(int.from_bytes(row[3], "big") for row in rows):
                return {row[0]: (row[1], int.from_bytes(row[2], "big")) for row in rows}
            assert time.monotonic() < deadline, rows
            time.sleep(0.05)
    call()
    counter, spent = counted()[MODEL]
    assert spent == COST
    with sqlite3.connect(place, timeout=10) as database:
        database.execute("UPDATE counters SET model = 'm0' WHERE key = ? AND model = ?",
                         [counter, MODEL])
        database.executemany(
            "INSERT INTO counters SELECT key, denomination, ?, day, settled, reserved "
            "FROM counters WHERE key = ? AND model = 'm0' AND day = -1",
            [[f"m{number}", counter] for number in range(1, 520)])
    call()
    after = counted()
    assert MODEL not in after
    rest, spent = after["other models"]
    assert rest != counter and spent == COST


def test_readers_resume_over_a_kill(door, key):
    """FEED-8: the last place that was heard is one after kill -9 too; nothing twice, no gap."""
    reader = events(door, key)
    door.chat(key)
    first = reader.next()
    reader.close()
    for _ in range(3):
        door.chat(key)
    door.serve.kill()
    door.serve.start()
    door.forget_rates()
    door.chat(key, stream=True).close()
    for _ in range(2):
        door.chat(key)
    bought = [entry["id"] for entry in receipts(door, key)]
    missed = bought[bought.index(first["data"]["id"]) + 1:]
    assert len(missed) >= 5
    resumed = events(door, key, last_event_id=first["id"])
    heard = [resumed.next() for _ in missed]
    assert [event["data"]["id"] for event in heard] == missed
    number = first["data"]["number"]
    assert [event["data"]["number"] for event in heard] == [
        number + step for step in range(1, len(missed) + 1)]
    resumed.close()
    with socket(door, key) as one:
        one.send(json.dumps({"type": "subscribe", "topics": ["receipts"], "cursor": first["id"]}))
        assert json.loads(one.recv(timeout=30))["cursor"] == first["id"]
        assert [json.loads(one.recv(timeout=30))["data"]["id"] for _ in missed] == missed
        one.send(json.dumps({"type": "unsubscribe", "topics": ["receipts"]}))
        assert json.loads(one.recv(timeout=30))["topics"] == []
        door.chat(key)
        with pytest.raises(TimeoutError):
            one.recv(timeout=1)


def test_what_a_killed_door_did_not_write_is_told_when_the_wallet_opens(door, key):
    """FEED-8: the journal has it; the log takes it from there."""
    door.chat(key)
    door.serve.stop()
    log = door.home / "index.sqlite.receipts"
    with sqlite3.connect(log, timeout=10) as database:
        last, digest = database.execute(
            "SELECT number, digest FROM receipts ORDER BY number DESC LIMIT 1").fetchone()
        database.execute("DELETE FROM receipts WHERE number = ?", [last])
        database.execute("UPDATE accounts SET last = last - 1")
    door.serve.start()
    door.forget_rates()
    reader = events(door, key)
    door.chat(key)
    told = [reader.next()["data"] for _ in range(2)]
    assert told[0]["id"] == digest.hex() and told[0]["number"] == last
    assert told[1]["number"] == last + 1
    reader.close()


def test_blocks_and_receipts_share_a_cursor(door, key):
    """FEED-8: one place for both, and coming back with it misses neither."""
    reader = events(door, key, "topics=blocks,receipts")
    door.chat(key)
    door.stoa("wallet", "send", "--from", "alice", "seller", "1")
    both = [reader.next(), reader.next()]
    reader.close()
    assert {event["event"] for event in both} == {"receipt", "block"}
    door.chat(key)
    door.stoa("wallet", "send", "--from", "alice", "seller", "1")
    resumed = events(door, key, "topics=blocks,receipts", last_event_id=both[1]["id"])
    next_two = [resumed.next(), resumed.next()]
    resumed.close()
    block = {event["event"]: event["data"] for event in both}
    later = {event["event"]: event["data"] for event in next_two}
    assert later["block"]["height"] == block["block"]["height"] + 1
    assert later["receipt"]["number"] == block["receipt"]["number"] + 1


def test_lists_of_receipts_have_pages(door, key):
    bought = [entry["id"] for entry in reversed(receipts(door, key))]
    found, cursor = [], ""
    while True:
        page = ask(door, "GET", f"/receipts?limit=3{cursor}", key=key).json
        found += [entry["id"] for entry in page["data"]]
        if not page["has_more"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == bought
    assert ask(door, "GET", "/receipts?cursor=x", key=key).status == 400


def test_a_revoked_key_hears_no_more(door, key):
    """FEED-7: the next receipt is not told to it, and its readers are cut off."""
    made = door.key("brief")
    reader = events(door, made["key"])
    with socket(door, made["key"]) as one:
        one.send(json.dumps({"type": "subscribe", "topics": ["receipts"]}))
        one.recv(timeout=30)
        door.stoa("keys", "revoke", made["id"])
        door.chat(key)
        assert json.loads(one.recv(timeout=30))["code"] == "key_over"
        with pytest.raises(ConnectionClosed) as closed:
            one.recv(timeout=30)
        assert closed.value.rcvd.code == 1008
    with pytest.raises(AssertionError, match="the stream ended"):
        reader.next()


def test_who_signed_out_hears_no_more(door):
    """FEED-7: at the latest when the stream says that it is alive."""
    cookie = cookie_of(door.register(door.authenticator(), "Dora"))
    reader = Events(Reading(door), "topics=receipts", Cookie=cookie)
    out = door.ask("POST", "/auth/sign-out", {}, cookie=cookie, headers={"Origin": door.origin})
    assert out.status in (200, 204), out.body
    begin = time.monotonic()
    with pytest.raises(AssertionError, match="the stream ended"):
        reader.next()
    assert time.monotonic() - begin < 25


# --- webhooks ---------------------------------------------------------------------------------------

def test_a_webhook_has_each_receipt_once_over_a_kill(door, key, outsider):
    """WHK-12: signed, under one name; the outsider's webhook hears nothing."""
    receiver, stranger = Receiver(), Receiver()
    hook = ask(door, "POST", "/webhooks", {"url": receiver.url, "topics": ["receipts"]}, key).json
    theirs = ask(door, "POST", "/webhooks",
                 {"url": stranger.url, "topics": ["receipts", "trades"]}, outsider).json
    assert hook["cursor"].count(".") == 2
    door.chat(key)
    headers, body = receiver.wait(1)[0]
    message = Webhook(hook["secret"]).verify(body, headers)
    assert message["type"] == "receipts.made"
    assert message["data"]["id"] == receipts(door, key)[-1]["id"]
    assert message["timestamp"] == message["data"]["finishedAt"]
    receiver.status = 500
    door.chat(key)
    receiver.wait(2)
    door.serve.kill()
    receiver.status = 200
    door.serve.start()
    door.forget_rates()
    door.chat(key)
    bought = [entry["id"] for entry in receipts(door, key)][-3:]
    deadline = time.monotonic() + 30
    while True:
        heard = {headers["webhook-id"]: json.loads(body)["data"]["id"]
                 for headers, body in receiver.messages}
        if sorted(heard.values()) == sorted(bought) or time.monotonic() > deadline:
            break
        time.sleep(0.2)
    assert sorted(heard.values()) == sorted(bought)
    deliveries = ask(door, "GET", f"/webhooks/{hook['id']}/deliveries", key=key).json["data"]
    assert {entry["type"] for entry in deliveries} == {"receipts.made"}
    assert stranger.messages == []
    # Sent back, it tells the same under the same names.
    before = len(receiver.messages)
    place = deliveries[-1]["cursor"]
    again = ask(door, "POST", f"/webhooks/{hook['id']}/replay", {"cursor": place}, key)
    assert again.status == 200, again.body
    receiver.wait(before + 2)
    assert {headers["webhook-id"] for headers, _ in receiver.messages} == set(heard)
    # Whoever wants no receipts any more hears of none.
    ask(door, "PATCH", f"/webhooks/{hook['id']}", {"topics": ["trades"]}, key)
    time.sleep(1)
    count = len(receiver.messages)
    door.chat(key)
    time.sleep(2)
    assert len(receiver.messages) == count
    for name, owner in ((hook, key), (theirs, outsider)):
        assert ask(door, "DELETE", f"/webhooks/{name['id']}", key=owner).status == 200
