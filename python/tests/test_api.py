"""The REST interface and its feeds on real processes: what the contract says is what is answered."""

from __future__ import annotations

import json
import os
import socket as socketlib
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate as validate_openapi
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from stoa_market.processes import Stoa

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python" / "stoa_verify"))

import verify as second  # noqa: E402
from canonical import tagged  # noqa: E402


class Market:
    """A node, an asset with shares, offers, a channel, and the door over all of it."""

    def __init__(self, home: Path):
        home.mkdir(parents=True)
        binary = Path(os.environ.get("STOA_BINARY", ROOT / ".build" / "debug" / "stoa"))
        stoa = Stoa(binary, home)
        for wallet in ("alice", "bob"):
            stoa("wallet", "new", wallet)
        stoa("node", "init", "--allocate", "alice=1000000", "--allocate", "bob=1000")
        self.node = stoa.service("node", "node", "run", "--port", "0").start()
        self.stoa = Stoa(binary, home, self.node.url)
        self.home = home
        content = home / "content"
        content.write_text("weights")
        self.asset = self.stoa("asset", "publish", "corpus", "--wallet", "alice", "--file",
                               str(content), "--kind", "dataset", "--licence", "CC-BY-4.0",
                               "--royalty-min", "5%", "--training", "allowed")
        self.stoa("asset", "publish", "base", "--wallet", "bob", "--file", str(content),
                  "--parent", "alice/corpus:dataset:10%")
        for _ in range(5):
            self.send()
        self.door = self.stoa.service(
            "serve", "serve", "--port", "0", "--address-rate", "1000000").start()
        self.contract = self.get("/openapi.json").body

    def send(self, amount: str = "1") -> dict:
        return self.stoa("wallet", "send", "--from", "alice", "bob", amount)

    def address(self, wallet: str) -> str:
        return self.stoa("wallet", "balance", wallet)["address"]

    def request(self, method: str, path: str, body=None, headers: dict | None = None) -> "Answer":
        request = urllib.request.Request(
            f"{self.door.url}/api/v1{path}", method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json", **(headers or {})})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read())

    def get(self, path: str, **headers: str) -> "Answer":
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.request("GET", path, headers=names)

    def post(self, path: str, body, **headers: str) -> "Answer":
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.request("POST", path, body, names)

    def height(self) -> int:
        return self.stoa("status")["height"]

    def wait(self) -> None:
        """Until the index is where the ledger is."""
        height, deadline = self.height(), time.monotonic() + 60
        while self.get("/status").body["index"]["height"] < height:
            assert time.monotonic() < deadline, "the index does not follow"
            time.sleep(0.05)

    def pages(self, path: str, limit: int = 3) -> list[dict]:
        found, cursor = [], ""
        while True:
            join = "&" if "?" in path else "?"
            page = self.get(f"{path}{join}limit={limit}{cursor}").body
            found += page["data"]
            assert page["has_more"] == (page["next_cursor"] is not None)
            if not page["has_more"]:
                return found
            cursor = f"&cursor={page['next_cursor']}"

    def check(self, template: str, answer: "Answer", method: str = "get") -> None:
        """Checks an answer against what the contract says of its status."""
        operation = self.contract["paths"][template][method]
        described = operation["responses"][str(answer.status)]
        if "$ref" in described:
            described = self.contract["components"]["responses"][described["$ref"].split("/")[-1]]
        schema = described["content"][answer.type]["schema"]
        whole = {**schema, "components": self.contract["components"]}
        errors = list(Draft202012Validator(whole).iter_errors(answer.body))
        assert not errors, (template, errors[0].message)


class Answer:
    def __init__(self, status: int, headers, data: bytes):
        self.status, self.headers = status, headers
        self.type = (headers.get("content-type") or "").split(";")[0]
        self.body = json.loads(data) if data and "json" in self.type else data


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    market = Market(tmp_path_factory.mktemp("api") / "home")
    market.wait()
    yield market
    market.door.stop()
    market.node.stop()


def test_the_contract_is_openapi(market):
    validate_openapi(market.contract)
    assert market.contract["openapi"].startswith("3.1")
    names = [operation["operationId"] for item in market.contract["paths"].values()
             for operation in item.values()]
    assert len(names) == len(set(names)) > 60


def test_what_is_read_is_what_the_contract_says(market):
    alice = market.address("alice")
    known = {"address": alice, "height": "1", "stateKey": "05" + "00" * 32,
             "asset": market.get("/assets?text=base").body["data"][0]["id"],
             "digest": market.get("/transactions").body["data"][0]["id"]}
    seen = 0
    for template, item in market.contract["paths"].items():
        if "get" not in item or template == "/events":
            continue
        path = template
        for name, value in known.items():
            path = path.replace("{%s}" % name, value)
        path = path.split("{")[0] + "ee" * 32 + path.split("}")[-1] if "{" in path else path
        answer = market.get(path)
        # What is somebody's own is asked for with a key, in the tests of that.
        wanted = (401,) if item["get"].get("security") else (200, 404)
        assert answer.status in wanted, (path, answer.body)
        market.check(template, answer)
        seen += answer.status == 200
    assert seen > 35
    links = market.get("").body["links"]
    assert market.get(links["listAssets"].removeprefix("/api/v1")).status == 200


def test_refusals_explain_themselves(market):
    for path, pointer in [("/blocks?limit=0", "?limit"), ("/blocks?shoe=1", "?shoe"),
                          ("/assets?cursor=00", "?cursor"), ("/blocks/x", "{height}"),
                          ("/transactions?account=bob", "?account"), ("/blocks?%ff", "?")]:
        answer = market.get(path)
        assert answer.status == 400 and answer.type == "application/problem+json", path
        if path != "/assets?cursor=00":
            assert answer.body["errors"][0]["pointer"] == pointer
        assert answer.body["moneyMoved"] is False and answer.body["code"] == "invalid_request"
        assert answer.body["requestId"] == answer.headers["x-request-id"]
    assert market.get("/nothing").status == 404
    answer = market.request("DELETE", "/blocks")
    assert answer.status == 405 and answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert market.request("QUERY", "/blocks").status == 405
    assert market.request("QUERY", "/nothing").status == 404
    answer = market.request("OPTIONS", "/transactions")
    assert answer.status == 204 and answer.headers["allow"] == "GET, POST, HEAD, OPTIONS"
    request = urllib.request.Request(
        f"{market.door.url}/api/v1/batch", data=b"<x/>", headers={"content-type": "text/xml"})
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(request)
    assert raised.value.code == 415


def test_tags_and_heads(market):
    first = market.get("/assets")
    assert first.headers["etag"].startswith('W/"')
    same = market.get("/assets", if_none_match=f'"x", {first.headers["etag"]}')
    assert same.status == 304 and same.body == b""
    assert market.get("/assets", if_none_match='"x"').status == 200
    assert first.headers["cache-control"] == "no-cache"
    assert "immutable" in market.get("/blocks/1").headers["cache-control"]
    head = market.request("HEAD", "/assets")
    assert head.status == 200 and head.body == b""
    assert head.headers["etag"] == first.headers["etag"]
    market.send()
    market.wait()
    # Nothing about assets changed, so their tag stands although there is a new block.
    assert market.get("/assets", if_none_match=first.headers["etag"]).status == 304


def test_pages_equal_the_ledger(market):
    blocks = market.pages("/blocks")
    assert [block["height"] for block in blocks] == list(range(blocks[0]["height"], 0, -1))
    sent = market.pages(f"/transactions?account={market.address('alice')}")
    assert [item["sequence"] for item in sent] == list(range(len(sent), 0, -1))
    account = market.get(f"/accounts/{market.address('alice')}").body
    assert account["sequence"] == len(sent)
    balance = market.stoa("wallet", "balance", "alice")["balanceObol"]
    assert account["balances"][0] == {"amount": balance, "denomination": "native"}
    # `fields` chooses of each item.
    assert all(set(item) == {"object", "id", "name"}
               for item in market.get("/assets?fields=name").body["data"])


def test_batch(market):
    paths = ["/status", "/assets?limit=1", "/assets/00", "/nope", "/events?topics=blocks"]
    answer = market.post("/batch", {"paths": paths})
    market.check("/batch", answer, "post")
    assert [item["status"] for item in answer.body["responses"]] == [200, 200, 400, 404, 404]
    assert answer.body["responses"][1]["body"] == market.get("/assets?limit=1").body
    assert market.post("/batch", {"paths": ["/status"] * 17}).status == 400


def signed_elsewhere(market, key, messages: list[dict]) -> dict:
    """Prepares, signs with an Ed25519 key that the market never sees, and assembles."""
    from cryptography.hazmat.primitives import serialization
    raw = key.public_key().public_bytes(
        serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    public = f"1:{raw.hex()}"
    prepared = market.post("/transactions/prepare", {"key": public, "messages": messages})
    assert prepared.status == 200, prepared.body
    market.check("/transactions/prepare", prepared, "post")
    data = bytes.fromhex(prepared.body["transaction"])
    # The digest is of what is shown: nobody has to believe it.
    assert tagged("stoa/transaction/1", data).hex() == prepared.body["id"]
    signature = key.sign(bytes.fromhex(prepared.body["id"])).hex()
    return {"transaction": prepared.body["transaction"], "key": public,
            "signature": {"type": "ed25519", "signature": signature}}


def ed25519_account(market):
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    key = Ed25519PrivateKey.generate()
    prepared = market.post("/transactions/prepare", {
        "key": f"1:{key.public_key().public_bytes_raw().hex()}",
        "messages": [{"type": "withdrawBond"}]})
    address = prepared.body["sender"]
    market.stoa("wallet", "send", "--from", "alice", address, "10")
    return key, address


def test_prepare_sign_elsewhere_and_submit(market):
    key, address = ed25519_account(market)
    bob = market.address("bob")
    transfer = {"type": "transfer", "to": bob, "amount": "1500000000"}
    body = signed_elsewhere(market, key, [transfer])
    unsent = market.post("/transactions/assemble", {**body, "submit": False})
    assert unsent.status == 200 and unsent.body["outcome"] is None
    wrong = {**body, "signature": {"type": "ed25519", "signature": "00" * 64}}
    refused = market.post("/transactions/assemble", wrong)
    assert refused.body["errors"][0]["pointer"] == "#/signature"
    before = int(market.get(f"/accounts/{bob}").body["balances"][0]["amount"])
    done = market.post("/transactions/assemble", body)
    market.check("/transactions/assemble", done, "post")
    assert done.body["outcome"]["accepted"] is True
    after = int(market.get(f"/accounts/{bob}").body["balances"][0]["amount"])
    assert after == before + 1_500_000_000
    market.wait()
    shown = market.get(f"/transactions/{done.body['id']}")
    assert shown.body["sender"] == address and shown.body["events"]
    # Submitted on its own, it is the same transaction with the same outcome.
    again = market.post("/transactions", {"transaction": done.body["transaction"]})
    market.check("/transactions", again, "post")
    assert again.body == done.body["outcome"]


def test_a_wallet_of_ethereum_signs(market):
    from eth_account import Account
    from eth_account.messages import encode_defunct, encode_typed_data
    account = Account.create()
    public = "3:" + account._key_obj.public_key.to_compressed_bytes().hex()
    sender = market.post("/transactions/prepare", {
        "key": public, "messages": [{"type": "withdrawBond"}]}).body["sender"]
    market.stoa("wallet", "send", "--from", "alice", sender, "10")
    for kind in ("eip191", "eip712"):
        prepared = market.post("/transactions/prepare", {"key": public, "messages": [
            {"type": "transfer", "to": market.address("bob"), "amount": "1"}]}).body
        message = (encode_defunct(text=prepared["personalText"]) if kind == "eip191"
                   else encode_typed_data(full_message=prepared["typedData"]))
        signature = account.sign_message(message).signature.hex().removeprefix("0x")
        done = market.post("/transactions/assemble", {
            "transaction": prepared["transaction"], "key": public,
            "signature": {"type": kind, "signature": signature}})
        assert done.status == 200 and done.body["outcome"]["accepted"], done.body


def test_idempotency_outlives_the_process(market):
    key, _ = ed25519_account(market)
    body = signed_elsewhere(market, key, [{"type": "depositBond", "amount": "1000"}])
    first = market.post("/transactions/assemble", body, idempotency_key="one")
    assert first.status == 200 and first.headers["idempotency-replayed"] is None
    market.door.kill()
    market.door.start()
    again = market.post("/transactions/assemble", body, idempotency_key="one")
    assert again.body == first.body and again.headers["idempotency-replayed"] == "true"
    other = signed_elsewhere(market, key, [{"type": "depositBond", "amount": "1"}])
    refused = market.post("/transactions/assemble", other, idempotency_key="one")
    assert refused.status == 409 and refused.body["code"] == "idempotency_conflict"
    market.check("/transactions/assemble", refused, "post")
    stale = signed_elsewhere(market, key, [{"type": "depositBond", "amount": "2"}])
    assert market.post("/transactions/assemble", stale).status == 200
    late = market.post("/transactions/assemble", other)
    assert late.body.get("ledgerCode") or late.body["outcome"]["accepted"]
    market.wait()


def test_proofs_check_offline(market):
    genesis = (market.home / "node" / "genesis.stoa").read_text().strip()
    trust = second.Trust(bytes.fromhex(genesis))
    present = market.get("/proofs/05" + "00" * 32).body
    absent = market.get("/proofs/20" + "ab" * 32).body
    assert absent["value"] is None
    for proof in (present, absent):
        file = {
            "format": "stoa-proof", "version": 1, "subject": "state",
            "entry": {"key": proof["key"],
                      "leaf": tagged("stoa/state-key/1", bytes.fromhex(proof["key"])).hex(),
                      "value": proof["value"], "path": proof["proof"]},
            "seal": {"kind": "sequencer", "header": proof["header"]}}
        lines = second.verify(json.dumps(file).encode(), trust)
        assert f"block {proof['height']}" in lines[0]
    file["entry"]["value"] = "00"
    with pytest.raises(second.Refused):
        second.verify(json.dumps(file).encode(), trust)


def test_schemathesis_finds_nothing(market):
    """Bounded and seeded: no server error, and no answer that the contract does not know."""
    known = {"address": market.address("alice"),
             "asset": market.get("/assets").body["data"][0]["id"],
             "digest": market.get("/transactions").body["data"][0]["id"]}
    names = "".join(f'"path.{name}" = "{value}"\n' for name, value in known.items())
    (market.home / "schemathesis.toml").write_text(f"[parameters]\n{names}")
    done = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "run", f"{market.door.url}/api/v1/openapi.json",
         "--url", f"{market.door.url}/api/v1", "--exclude-path", "/events", "--seed", "7",
         "--max-examples", os.environ.get("STOA_API_EXAMPLES", "6"), "--no-color", "--no-shrink",
         "--phases", "examples,coverage,fuzzing", "--suppress-health-check", "all",
         "--generation-database", "none", "--request-timeout", "30", "--max-time", "60",
         "--checks", ",".join([
             "not_a_server_error", "status_code_conformance", "content_type_conformance",
             "response_headers_conformance", "response_schema_conformance",
             "negative_data_rejection", "unsupported_method"])],
        capture_output=True, text=True, timeout=400, cwd=market.home)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert market.door.is_running


class Events:
    """A reader of server-sent events."""

    def __init__(self, market, query: str, **headers: str):
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(
            f"{market.door.url}/api/v1/events?{query}", headers=names)
        self.answer = urllib.request.urlopen(request, timeout=60)
        assert self.answer.headers["content-type"] == "text/event-stream"

    def next(self) -> dict:
        """The next event; comments are skipped."""
        event = {}
        while True:
            line = self.answer.readline().decode()
            assert line, "the stream ended"
            if line == "\n" and "data" in event:
                event["data"] = json.loads(event["data"])
                return event
            name, _, value = line.rstrip("\n").partition(": ")
            if name in ("id", "event", "data"):
                event[name] = value

    def close(self):
        self.answer.close()


def test_events_resume_without_gap_or_double(market):
    alice = market.address("alice")
    live = Events(market, f"topics=account:{alice},blocks")
    market.send()
    first, block = live.next(), live.next()
    assert first["event"] == "event" and first["data"]["name"] == "accounts.transferred"
    assert block["event"] == "block" and block["data"]["height"] == first["data"]["height"]
    live.close()
    for _ in range(3):
        market.send()
    resumed = Events(market, f"topics=account:{alice},blocks", last_event_id=first["id"])
    assert resumed.next()["id"] == block["id"]
    heights = [resumed.next()["data"]["height"] for _ in range(6)]
    assert heights == [block["data"]["height"] + step for step in (1, 1, 2, 2, 3, 3)]
    market.send()
    assert resumed.next()["data"]["height"] == heights[-1] + 1
    resumed.close()
    # From the beginning: every block once.
    whole = Events(market, "topics=blocks&cursor=0.0")
    height = market.height()
    assert [whole.next()["data"]["height"] for _ in range(height)] == list(range(1, height + 1))
    whole.close()


def test_events_refuse_what_means_nothing(market):
    for query in ("", "topics=shoes", "topics=blocks&cursor=1", "topics=account:stoa1" + "q" * 58):
        assert market.get(f"/events?{query}").status == 400, query


def socket(market):
    return connect(market.door.url.replace("http", "ws") + "/api/v1/ws", open_timeout=30)


def test_sockets_tell_the_same(market):
    with socket(market) as one:
        one.send(json.dumps({"type": "subscribe", "topics": ["blocks"], "cursor": "0.0"}))
        assert json.loads(one.recv(timeout=30))["type"] == "subscribed"
        height = market.height()
        told = [json.loads(one.recv(timeout=30)) for _ in range(height)]
        assert [item["data"]["height"] for item in told] == list(range(1, height + 1))
        market.send()
        news = json.loads(one.recv(timeout=30))
        assert news["type"] == "block" and news["data"]["height"] == height + 1
        one.ping().wait(30)
        one.send(json.dumps({"type": "subscribe", "topics": ["trades"]}))
        assert json.loads(one.recv(timeout=30))["topics"] == ["blocks", "trades"]
        one.send(json.dumps({"type": "unsubscribe", "topics": ["blocks", "trades"]}))
        assert json.loads(one.recv(timeout=30))["topics"] == []
        for text in ("{", '{"type":"shout"}', '{"type":"subscribe","topics":[]}',
                     '{"type":"subscribe","topics":["shoes"]}'):
            one.send(text)
            assert json.loads(one.recv(timeout=30))["type"] == "problem", text
    with socket(market) as one, pytest.raises(ConnectionClosed) as closed:
        one.send(b"bytes")
        one.recv(timeout=30)
    assert closed.value.rcvd.code == 1003
    with socket(market) as one, pytest.raises(ConnectionClosed) as closed:
        one.send("x" * 20_000)
        one.recv(timeout=30)
    assert closed.value.rcvd.code == 1009
    with pytest.raises(InvalidStatus):
        connect(market.door.url.replace("http", "ws") + "/api/v1/status", open_timeout=30)
    assert market.get("/status").status == 200


def test_a_socket_outlives_idle_connections(tmp_path):
    """FEED-6, DOOR-6: nobody has to say anything on it, as on a connection for requests."""
    from access_door import Door
    door = Door(tmp_path / "home", "--idle-seconds", "1")
    try:
        with connect(door.url.replace("http", "ws") + "/api/v1/ws", open_timeout=30) as one:
            one.send(json.dumps({"type": "subscribe", "topics": ["blocks"]}))
            assert json.loads(one.recv(timeout=30))["type"] == "subscribed"
            time.sleep(4)
            door.stoa("wallet", "send", "--from", "alice", "alice", "1")
            assert json.loads(one.recv(timeout=30))["type"] == "block"
    finally:
        door.serve.stop()
        door.node.stop()


def test_sockets_come_at_the_rate_of_their_address(tmp_path):
    """ACC-34: asking for a socket is asking, also with keys that are none."""
    from access_door import Door
    door = Door(tmp_path / "home", "--address-rate", "20")
    try:
        refused = []
        for _ in range(60):
            with pytest.raises(InvalidStatus) as answer:
                connect(door.url.replace("http", "ws") + "/api/v1/ws", open_timeout=30,
                        additional_headers={"authorization": "Bearer stoa_live_nobody"})
            refused.append(answer.value.response)
            if refused[-1].status_code == 429:
                break
        assert [one.status_code for one in refused[:3]] == [401, 401, 401]
        assert refused[-1].status_code == 429
        assert int(refused[-1].headers["retry-after"]) >= 1
    finally:
        door.serve.stop()
        door.node.stop()


def idle_socket(market) -> socketlib.socket:
    """A socket that hears of blocks, as cheap on this side as it can be."""
    host, port = market.door.url.removeprefix("http://").split(":")
    raw = socketlib.create_connection((host, int(port)), timeout=30)
    raw.sendall(b"GET /api/v1/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                b"Sec-WebSocket-Version: 13\r\n\r\n")
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += raw.recv(4096)
    assert answer.startswith(b"HTTP/1.1 101") and b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in answer
    text = json.dumps({"type": "subscribe", "topics": ["blocks"]}).encode()
    raw.sendall(bytes([0x81, 0x80 | len(text)]) + bytes(4) + text)
    assert b"subscribed" in raw.recv(4096)
    return raw


def test_idle_sockets_cost_little(market):
    """At most 20 kB of memory for each, and all of them hear of the next block."""
    def resident() -> int:
        lines = Path(f"/proc/{market.door.pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS")).split()[1])
    sockets = [idle_socket(market) for _ in range(50)]
    before = resident()
    sockets += [idle_socket(market) for _ in range(400)]
    assert (resident() - before) / 400 < 20
    market.send()
    for raw in sockets:
        # Pings may come first.
        while b'"type":"block"' not in raw.recv(65536):
            pass
        raw.close()


def test_open_feeds_do_not_keep_the_door(market):
    """Readers of every kind, one that never subscribed and one that left without a word."""
    events = Events(market, "topics=blocks")
    sockets = [idle_socket(market) for _ in range(3)]
    sockets[0].close()
    with socket(market) as silent:
        started = time.monotonic()
        status = market.door.stop()
        seconds = time.monotonic() - started
        market.door.start()
        with pytest.raises(ConnectionClosed) as closed:
            silent.recv(timeout=30)
    assert status == 0 and seconds < 25
    assert closed.value.rcvd.code == 1001
    events.close()
    for raw in sockets[1:]:
        raw.close()


def test_the_feed_contract_is_served(market):
    document = market.get("/asyncapi.json").body
    assert document["asyncapi"] == "3.0.0"
    messages = document["components"]["messages"]
    validator = Draft202012Validator({
        **messages["Item"]["payload"], "components": document["components"]})
    with socket(market) as one:
        one.send(json.dumps({"type": "subscribe", "topics": ["blocks"], "cursor": "0.0"}))
        one.recv(timeout=30)
        validator.validate(json.loads(one.recv(timeout=30)))
