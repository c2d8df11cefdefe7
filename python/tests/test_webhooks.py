"""Webhooks of a real `stoa serve`, checked by the unmodified library of Standard Webhooks."""

from __future__ import annotations

import base64
import json
import os
import threading
import time
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from access_door import Answer
from stoa_market.processes import Stoa
from test_operator import ask, free_port

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("STOA_BINARY", ROOT / ".build" / "debug" / "stoa"))


class Receiver:
    """Somebody's server; it refuses what it has had already, as receivers should."""

    def __init__(self):
        self.messages: list[tuple[dict, bytes]] = []
        self.status = 200
        self.location = None
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.messages.append(
                    ({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(receiver.status)
                if receiver.location:
                    self.send_header("location", receiver.location)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/in"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait(self, count: int, seconds: float = 20) -> list[tuple[dict, bytes]]:
        deadline = time.monotonic() + seconds
        while len(self.messages) < count:
            assert time.monotonic() < deadline, f"{len(self.messages)} of {count} came"
            time.sleep(0.05)
        return self.messages


class Market:
    def __init__(self, home: Path, *options: str):
        home.mkdir(parents=True)
        stoa = Stoa(BINARY, home)
        made = {name: stoa("wallet", "new", name) for name in ("alice", "bob")}
        stoa("node", "init", "--allocate", "alice=1000", "--allocate", "bob=1000")
        self.node = stoa.service("node", "node", "run", "--port", str(free_port())).start()
        self.stoa = Stoa(BINARY, home, self.node.url)
        self.bob = made["bob"]["address"]
        self.serve = self.stoa.service(
            "serve", "serve", "--port", str(free_port()), *options).start()
        self.key = self.stoa("keys", "create", "hooks", "--scope", "webhooks:write")["key"]

    def ask(self, method: str, path: str, body=None, key=None) -> Answer:
        while True:
            answer = Answer(*ask(self.serve.url + "/api/v1" + path, method, body, {
                "Authorization": f"Bearer {key or self.key}"}))
            if answer.status != 429:
                return answer
            time.sleep(int(answer.headers["retry-after"]))

    def hook(self, url: str, **more) -> dict:
        body = {"url": url, "topics": [f"account:{self.bob}"], **more}
        answer = self.ask("POST", "/webhooks", body)
        assert answer.status == 200, answer.body
        return answer.json

    def pay(self) -> None:
        self.stoa("wallet", "send", self.bob, "1", "--wallet", "alice")

    def deliveries(self, hook: dict) -> list[dict]:
        return self.ask("GET", f"/webhooks/{hook['id']}/deliveries").json["data"]

    def until(self, hook: dict, isDone, seconds: float = 20) -> list[dict]:
        deadline = time.monotonic() + seconds
        while True:
            found = self.deliveries(hook)
            if found and isDone(found):
                return found
            assert time.monotonic() < deadline, found
            time.sleep(0.1)

    def drop(self, hook: dict) -> None:
        assert self.ask("DELETE", f"/webhooks/{hook['id']}").status == 200

    def stop(self):
        self.serve.stop()
        self.node.stop()


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    market = Market(tmp_path_factory.mktemp("hooks") / "home", "--webhooks-to-loopback")
    yield market
    market.stop()


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    market = Market(tmp_path_factory.mktemp("strict") / "home")
    yield market
    market.stop()


@pytest.fixture()
def receiver():
    return Receiver()


@pytest.mark.parametrize("url", [
    "http://example.com/", "http://127.0.0.1/", "https://user@example.com/", "https://127.1/",
    "https://0x7f000001/", "https://2130706433/", "ftp://example.com/", "https://a b/"])
def test_an_address_that_is_none_is_refused(strict, url):
    answer = strict.ask("POST", "/webhooks", {"url": url, "topics": ["trades"]})
    assert answer.status == 400 and answer.json["errors"][0]["pointer"] == "#/url"
    assert strict.ask("GET", "/webhooks").json["data"] == []


def test_no_message_goes_to_a_private_network(strict, receiver):
    port = receiver.url.split(":")[2].split("/")[0]
    hosts = ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1", "172.16.0.1",
             "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "[fd00::1]",
             "[fe80::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::1]"]
    hooks = [strict.hook(f"https://{host}:{port}/in") for host in hosts]
    strict.pay()
    for host, hook in zip(hosts, hooks):
        tried = strict.until(hook, lambda found: found[0]["attempts"] == 1)[0]
        assert tried["fault"] == "the host has an address that is not on the internet", host
        assert tried["state"] == "pending" and tried["status"] is None
        strict.drop(hook)
    assert receiver.messages == []


def test_without_the_scope_there_are_no_webhooks(market):
    other = market.stoa("keys", "create", "other", "--scope", "usage:read")["key"]
    assert market.ask("GET", "/webhooks", key=other).status == 403
    assert market.ask("POST", "/webhooks", {"url": "https://a.b/", "topics": ["trades"]},
                      key=other).status == 403
    assert ask(market.serve.url + "/api/v1/webhooks")[0] == 401


def test_receipts_go_only_where_those_say_who_may_see_them(market):
    """FEED-7: an address is not changed, nor the past told again, without the scope for usage."""
    full = market.stoa("keys", "create", "full", "--scope", "webhooks:write", "--scope",
                       "usage:read")["key"]
    narrow = market.stoa("keys", "create", "narrow", "--scope", "webhooks:write")["key"]

    market.stoa("wallet", "new", "payer")
    market.stoa("keys", "account", "payer")
    made = market.ask("POST", "/webhooks", {"url": "https://a.example/", "topics": ["receipts"]},
                      key=full)
    assert made.status == 200, made.body
    path = f"/webhooks/{made.json['id']}"
    for method, at, body in (("PATCH", path, {"url": "https://evil.example/"}),
                             ("POST", path + "/rotate", {}),
                             ("POST", path + "/replay", {"cursor": "0.0.0"})):
        assert market.ask(method, at, body, key=narrow).status == 403, at
    assert market.ask("DELETE", path, key=narrow).status == 200


def test_a_message_is_what_the_library_accepts(market, receiver):
    hook = market.hook(receiver.url)
    market.pay()
    headers, body = receiver.wait(1)[0]
    message = Webhook(hook["secret"]).verify(body, headers)
    assert set(message) == {"type", "timestamp", "data"} and "." in message["type"]
    assert datetime.fromisoformat(message["timestamp"]).tzinfo is not None
    assert market.bob in json.dumps(message["data"])
    assert headers["webhook-id"].startswith("msg_")
    for wrong in (body + b" ", body.replace(b"1", b"2")):
        with pytest.raises(WebhookVerificationError):
            Webhook(hook["secret"]).verify(wrong, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + base64.b64encode(bytes(32)).decode()).verify(body, headers)
    late = dict(headers, **{"webhook-timestamp": str(int(headers["webhook-timestamp"]) - 600)})
    with pytest.raises(WebhookVerificationError):
        Webhook(hook["secret"]).verify(body, late)
    done = market.until(hook, lambda found: found[0]["state"] == "delivered")[0]
    assert (done["status"], done["attempts"], done["message"]) == (200, 1, headers["webhook-id"])
    market.drop(hook)


def test_ed25519_is_checked_with_the_public_key(market, receiver):
    hook = market.hook(receiver.url, signing="ed25519")
    assert hook["secret"] == hook["publicKey"] and hook["secret"].startswith("whpk_")
    market.pay()
    headers, body = receiver.wait(1)[0]
    version, signature = headers["webhook-signature"].split(",")
    assert version == "v1a"
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(hook["secret"][5:]))
    key.verify(base64.b64decode(signature), b".".join(
        [headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body]))
    market.drop(hook)


def test_while_secrets_overlap_both_are_accepted(market, receiver):
    old = market.hook(receiver.url)
    new = market.ask("POST", f"/webhooks/{old['id']}/rotate", {"overlapSeconds": 3600}).json
    market.pay()
    headers, body = receiver.wait(1)[0]
    for secret in (old["secret"], new["secret"]):
        Webhook(secret).verify(body, headers)
    last = market.ask("POST", f"/webhooks/{old['id']}/rotate", {"overlapSeconds": 0}).json
    market.pay()
    headers, body = receiver.wait(2)[-1]
    Webhook(last["secret"]).verify(body, headers)
    for secret in (old["secret"], new["secret"]):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, headers)
    market.drop(old)


def test_a_redirect_is_not_followed(market, receiver):
    other = Receiver()
    receiver.status, receiver.location = 307, other.url
    hook = market.hook(receiver.url)
    market.pay()
    tried = market.until(hook, lambda found: found[0]["attempts"] >= 1)[0]
    assert (tried["status"], tried["fault"]) == (307, "it redirects")
    assert other.messages == []
    market.drop(hook)


def test_a_failure_is_tried_again_under_the_same_name(market, receiver):
    receiver.status = 500
    hook = market.hook(receiver.url)
    market.pay()
    receiver.wait(1)
    failing = market.until(hook, lambda found: found[0]["attempts"] == 1)[0]
    due = datetime.fromisoformat(failing["dueAt"]) - datetime.fromisoformat(failing["sentAt"])
    assert 4.5 <= due.total_seconds() <= 5.5
    assert market.ask("GET", f"/webhooks/{hook['id']}").json["failingSince"]
    receiver.status = 200
    receiver.wait(2)
    first, second = receiver.messages[:2]
    assert first[0]["webhook-id"] == second[0]["webhook-id"] and first[1] == second[1]
    assert int(second[0]["webhook-timestamp"]) >= int(first[0]["webhook-timestamp"]) + 4
    Webhook(hook["secret"]).verify(second[1], second[0])
    market.until(hook, lambda found: found[0]["state"] == "delivered")
    assert market.ask("GET", f"/webhooks/{hook['id']}").json["failingSince"] is None
    market.drop(hook)


def test_a_replay_has_a_name_that_the_receiver_knows(market, receiver):
    hook = market.hook(receiver.url)
    market.pay()
    market.pay()
    receiver.wait(2)
    done = market.until(hook, lambda found: all(one["state"] == "delivered" for one in found))
    assert market.ask("POST", f"/webhooks/{hook['id']}/deliveries/999999/replay").status == 404
    one = done[-1]
    again = market.ask("POST", f"/webhooks/{hook['id']}/deliveries/{one['id']}/replay")
    assert again.status == 200 and again.json["state"] == "pending"
    receiver.wait(3)
    known = {headers["webhook-id"] for headers, _ in receiver.messages[:2]}
    assert len(known) == 2
    headers, body = receiver.messages[2]
    Webhook(hook["secret"]).verify(body, headers)
    assert headers["webhook-id"] == one["message"] and headers["webhook-id"] in known
    market.ask("POST", f"/webhooks/{hook['id']}/replay", {"cursor": done[-1]["cursor"]})
    receiver.wait(4)
    assert receiver.messages[3][0]["webhook-id"] == done[0]["message"], "all behind the first"
    market.drop(hook)


def test_who_begins_in_the_past_hears_all_of_it(market, receiver):
    hook = market.hook(receiver.url, cursor="0.0")
    events = receiver.wait(5)
    types = {json.loads(body)["type"] for _, body in events}
    assert types
    places = [one["cursor"] for one in market.deliveries(hook)]
    assert len(places) == len(set(places))
    market.drop(hook)


def test_after_a_kill_nothing_is_lost(market, receiver):
    receiver.status = 503
    hook = market.hook(receiver.url)
    market.pay()
    receiver.wait(1)
    market.until(hook, lambda found: found[0]["attempts"] == 1)
    market.serve.kill()
    market.pay()
    receiver.status = 200
    market.serve.start()
    market.until(hook, lambda found: len(found) == 2 and all(
        one["state"] == "delivered" for one in found), 40)
    names = [headers["webhook-id"] for headers, _ in receiver.messages]
    assert len(set(names)) == 2
    for headers, body in receiver.messages:
        Webhook(hook["secret"]).verify(body, headers)
    market.drop(hook)


def test_a_paused_webhook_is_silent_and_hears_of_it_later(market, receiver):
    hook = market.hook(receiver.url)
    assert market.ask("PATCH", f"/webhooks/{hook['id']}", {"active": False}).json[
        "state"] == "paused"
    market.pay()
    time.sleep(1)
    assert receiver.messages == []
    assert market.ask("PATCH", f"/webhooks/{hook['id']}", {"active": True}).json[
        "state"] == "active"
    headers, body = receiver.wait(1)[0]
    Webhook(hook["secret"]).verify(body, headers)
    assert datetime.fromtimestamp(int(headers["webhook-timestamp"]), timezone.utc)
    market.drop(hook)
