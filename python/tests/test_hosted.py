"""A market that hosts wallets: `stoa serve` answers /v1 and pays from the caller's own account.

Clients are the unmodified `openai` and `anthropic` packages; the ledger, the seller and the door are
real processes, and the door is killed in the middle of things.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import anthropic
import openai
import pytest
from openai import OpenAI

from access_door import Door, cookie_of, signed, unplain
from conftest import PRICES, ROOT
from stoa_market.processes import Service, Stoa

MODEL = "mock-model"
HELLO = [{"role": "user", "content": "hello"}]
TEXT = "The quick brown fox jumps over the lazy dog." * 2
COST = 12 * 20 + 20 * 60


class Hosted(Door):
    """A door whose ledger has a seller, and an operator's account that granted it a session."""

    def __init__(self, home: Path, *words: str):
        super().__init__(home, *words)
        for wallet in ("seller", "payer"):
            self.stoa("wallet", "new", wallet)
            self.stoa("wallet", "send", "--from", "alice", wallet, "1000")
        mock = Path(__file__).parent / "mock_upstream.py"
        self.upstream = Service("upstream", [sys.executable, str(mock), "--chunk-delay-ms", "2"],
                                home / "upstream.log", dict(os.environ)).start()
        self.seller = self.stoa.service(
            "seller", "sell", MODEL, "--wallet", "seller", "--upstream", self.upstream.url,
            *PRICES, "--bond", "10", "--port", "0").start()
        self.session = self.stoa("keys", "account", "payer")["session"]

    def grant(self, limit: str = "20", *more: str) -> None:
        self.stoa("session", "grant", "--wallet", "payer", self.session, "--limit", limit, *more)

    def key(self, label: str, *words: str) -> dict:
        return self.stoa("keys", "create", label, "--scope", "calls:write", "--scope",
                         "usage:read", "--scope", "account:read", *words)

    def client(self, key: str) -> OpenAI:
        return OpenAI(base_url=f"{self.url}/v1", api_key=key, max_retries=0, timeout=60)

    def counters(self, key: str) -> tuple[int, int]:
        """What a key spent in all, and what is set aside, once all ends were told."""
        deadline = time.monotonic() + 5
        while (count := self.counted(key))[1] and time.monotonic() < deadline:
            time.sleep(0.01)
        return count

    def counted(self, key: str) -> tuple[int, int]:
        with sqlite3.connect(self.home / "access.sqlite", timeout=10) as database:
            row = database.execute(
                "SELECT settled, reserved FROM counters WHERE key = ? AND model = '' AND day = -1",
                [key]).fetchone()
        return tuple(int.from_bytes(part, "big") for part in row) if row else (0, 0)

    def bound(self, key: str) -> int:
        with sqlite3.connect(self.home / "access.sqlite", timeout=10) as database:
            return database.execute(
                "SELECT count(*) FROM reservations WHERE key = ? AND voucher IS NOT NULL",
                [key]).fetchone()[0]

    def chat(self, key: str, **more):
        return self.client(key).chat.completions.create(
            model=MODEL, messages=HELLO, max_tokens=64, **more)

    def stop(self):
        self.serve.stop()
        self.seller.stop()
        self.upstream.stop()
        self.node.stop()


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    door = Hosted(tmp_path_factory.mktemp("hosted") / "home")
    yield door
    door.stop()


@pytest.fixture(autouse=True)
def patience(door):
    door.forget_rates()


@pytest.fixture(scope="module")
def key(door):
    return door.key("plain")


def refused(door, key, error, **more):
    with pytest.raises(error) as caught:
        door.chat(key, **more)
    assert caught.value.body["money_moved"] is False
    return caught.value


# --- refusals first ---------------------------------------------------------------------------------

def test_nobody_and_wrong_keys_are_refused_in_openais_words(door):
    """HST-1: without a key of this market nothing is called."""
    nobody = door.ask("POST", "/v1/chat/completions", {"model": MODEL, "messages": HELLO})
    assert nobody.status == 401 and nobody.json["error"]["code"] == "invalid_api_key"
    with pytest.raises(openai.AuthenticationError):
        door.chat("stoa_live_wrong")


def test_without_a_grant_nothing_is_spent(door, key):
    """HST-2: an account that granted nothing is told where to."""
    caught = refused(door, key["key"], openai.APIStatusError)
    assert caught.status_code == 402 and "has not allowed" in str(caught)
    allowance = door.ask("GET", "/stoa/v1/allowance",
                         headers={"Authorization": f"Bearer {key['key']}"}).json
    assert allowance["is_live"] is False and allowance["session"] == door.session
    assert allowance["messages"] == [6, 7, 9, 10]


def test_limits_speak_the_clients_words(door, key):
    """HST-9: what a middleware refuses is in the envelope of the path."""
    for path, kind in (("/v1/chat/completions", openai), ("/v1/messages", anthropic)):
        large = door.ask("POST", path, b" " * (5 << 20))
        assert large.status == 413, large.body
        error = large.json["error"]
        assert error["type"] == ("invalid_request_error" if kind is openai
                                 else "request_too_large")
        wrong = door.ask("POST", path, b"{}", headers={"Authorization": "Bearer x"})
        assert wrong.status == 401 and wrong.json["error"]["type"] == "authentication_error"


def test_scopes(door):
    """HST-1: a key without the scope calls nothing, nor does a test key without it."""
    reader = door.stoa("keys", "create", "reader", "--scope", "usage:read")
    assert refused(door, reader["key"], openai.PermissionDeniedError).status_code == 403
    trial = door.stoa("keys", "create", "t", "--scope", "usage:read", "--test")
    assert refused(door, trial["key"], openai.PermissionDeniedError).status_code == 403


TEST_TEXT = ("This is a test answer of the market: no seller was asked, and nothing was paid.")


@pytest.fixture(scope="module")
def trial(door):
    return door.key("trial", "--test")["key"]


def test_a_test_key_is_refused_what_a_live_one_is(door, trial):
    """HST-13: an unknown model, a request that is none, one that no seller would serve, a path
    whose answer only its seller knows."""
    assert trial.startswith("stoa_test_")
    unknown = {"model": "nobody-has-this", "messages": HELLO}
    with pytest.raises(openai.NotFoundError) as caught:
        door.client(trial).chat.completions.create(**unknown)
    assert caught.value.body["code"] == "model_not_found"
    assert "No seller offers" in str(caught.value) and MODEL in caught.value.body["hint"]
    for body in ({"model": MODEL}, {"model": MODEL, "messages": HELLO, "max_tokens": -1},
                 {"model": MODEL, "messages": HELLO, "max_tokens": 10**9},
                 {"model": MODEL, "messages": HELLO, "provider": {"only": ["x"]}}):
        answer = door.ask("POST", "/v1/chat/completions", body, headers={
            "Authorization": f"Bearer {trial}", "Content-Type": "application/json"})
        assert answer.status == 400, (body, answer.body)
        assert answer.json["error"]["money_moved"] is False
    answer = door.ask("POST", "/v1/call", {"a": 1}, headers={
        "Authorization": f"Bearer {trial}", "Content-Type": "application/json",
        "x-stoa-model": MODEL})
    assert answer.status == 403 and "live key" in answer.json["error"]["hint"]


def test_a_test_keys_answers_have_the_right_form(door, trial):
    """HST-13: unmodified clients, whole and streamed; no grant is needed, and nothing is spent."""
    client = door.client(trial)
    raw = client.chat.completions.with_raw_response.create(
        model=MODEL, messages=HELLO, max_tokens=64)
    assert raw.headers["x-stoa-test"] == "true" and raw.headers["x-stoa-cost"] == "0"
    assert "x-stoa-receipt" not in raw.headers and "x-stoa-seller" not in raw.headers
    reply = raw.parse()
    assert reply.choices[0].message.content == TEST_TEXT and reply.model == MODEL
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage.model_extra["cost"] == 0 and "receipt" not in reply.usage.model_extra
    short = client.chat.completions.create(model=MODEL, messages=HELLO, max_tokens=3)
    assert short.choices[0].message.content == "This is a"
    assert short.choices[0].finish_reason == "length" and short.usage.completion_tokens == 3
    chunks = list(client.chat.completions.create(
        model=MODEL, messages=HELLO, stream=True, stream_options={"include_usage": True}))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == TEST_TEXT and len(chunks) > 10
    assert chunks[-1].usage.completion_tokens == 16 and chunks[-1].usage.model_extra["cost"] == 0
    assert client.responses.create(model=MODEL, input="hello").output_text == TEST_TEXT
    kinds = [event.type for event in client.responses.create(
        model=MODEL, input="hello", stream=True)]
    assert kinds[0] == "response.created" and kinds[-1] == "response.completed"
    claude = anthropic.Anthropic(base_url=door.url, api_key=trial, max_retries=0, timeout=60)
    message = claude.messages.create(model=MODEL, max_tokens=64, messages=HELLO)
    assert message.content[0].text == TEST_TEXT and message.stop_reason == "end_turn"
    with claude.messages.stream(model=MODEL, max_tokens=64, messages=HELLO) as stream:
        assert "".join(stream.text_stream) == TEST_TEXT
    assert [model.id for model in client.models.list()] == [MODEL]
    allowance = door.ask("GET", "/stoa/v1/allowance", headers={"Authorization": f"Bearer {trial}"})
    assert "limit_obol" not in allowance.json, "no grant was needed"


def test_a_grant_that_is_too_narrow(door, key):
    """HST-2: channels must be allowed."""
    door.grant("20", "--allow", "transfer")
    caught = refused(door, key["key"], openai.APIStatusError)
    assert "does not allow channels" in str(caught)


def test_no_channel_is_opened_for_what_a_budget_does_not_allow(door):
    """HST-5: the account's money stays where it is."""
    door.grant()
    made = door.key("poor", "--budget", "0.000000001")
    assert refused(door, made["key"], openai.APIStatusError).status_code == 402
    assert door.stoa("channel", "list", "--wallet", "payer") == []
    assert door.counters(made["id"]) == (0, 0)
    # Nor does it stand in the way of the next call, which may open one.
    other = door.key("rich")
    started = time.monotonic()
    assert door.chat(other["key"]).usage.model_extra["cost"] == COST
    assert time.monotonic() - started < 10


# --- what works -------------------------------------------------------------------------------------

def test_a_call_is_paid_from_the_account(door, key):
    """HST-4, P1: answered, charged, and with a receipt."""
    door.grant()
    reply = door.chat(key["key"])
    assert reply.choices[0].message.content == TEXT
    assert reply.usage.model_extra["cost"] == COST
    assert door.counters(key["id"]) == (COST, 0)
    models = door.client(key["key"]).models.list().data
    assert [model.id for model in models] == [MODEL]
    bought = door.ask("GET", "/stoa/v1/receipts",
                      headers={"Authorization": f"Bearer {key['key']}"}).json
    assert bought["data"][0]["cost"] == COST, bought


def test_a_stream(door, key):
    before = door.counters(key["id"])[0]
    text = ""
    for chunk in door.chat(key["key"], stream=True):
        text += (chunk.choices[0].delta.content or "") if chunk.choices else ""
    assert text == TEXT
    assert door.counters(key["id"]) == (before + COST, 0)


def test_anthropics_client(door, key):
    """DOOR-1: /v1/messages, whole and streamed, for the unmodified package."""
    client = anthropic.Anthropic(base_url=door.url, api_key=key["key"], max_retries=0)
    message = client.messages.create(model=MODEL, max_tokens=64, messages=HELLO)
    assert message.content[0].text == TEXT and message.usage.output_tokens == 20
    assert message.usage.model_extra["cost"] == COST
    with client.messages.stream(model=MODEL, max_tokens=64, messages=HELLO) as stream:
        assert "".join(stream.text_stream) == TEXT
        assert stream.get_final_message().usage.output_tokens == 20
    with pytest.raises(anthropic.NotFoundError) as caught:
        client.messages.create(model="nothing", max_tokens=64, messages=HELLO)
    assert caught.value.body["error"]["type"] == "not_found_error"


def test_responses(door, key):
    """DOOR-2: /v1/responses, whole and streamed."""
    client = door.client(key["key"])
    reply = client.responses.create(model=MODEL, input="hello", max_output_tokens=64)
    assert reply.output_text == TEXT and reply.status == "completed"
    events = list(client.responses.create(
        model=MODEL, input="hello", max_output_tokens=64, stream=True))
    assert events[-1].type == "response.completed"
    assert events[-1].response.output_text == TEXT


def test_routing(door, key):
    """DOOR-3: wishes are heeded or refused, and never sent to the seller."""
    seller = door.client(key["key"]).models.list().data[0].owned_by
    for wishes in ({"only": [seller]}, {"sort": "latency", "allow_fallbacks": False},
                   {"max_price": 100_000}):
        assert door.chat(key["key"], extra_body={"provider": wishes}).choices
    nobody = door.stoa("wallet", "list")
    other = next(w["address"] for w in nobody if w["name"] == "alice")
    with pytest.raises(openai.NotFoundError):
        door.chat(key["key"], extra_body={"provider": {"only": [other]}})
    with pytest.raises(openai.NotFoundError):
        door.chat(key["key"], extra_body={"provider": {"ignore": [seller]}})
    dear = refused(door, key["key"], openai.APIStatusError,
                   extra_body={"provider": {"max_price": 5}})
    assert dear.status_code == 402
    for wishes in ({"sort": "karma"}, {"order": ["x"]}, {"only": ["x"]}, {"max_price": 1.5}, 7):
        assert refused(door, key["key"], openai.BadRequestError,
                       extra_body={"provider": wishes}).status_code == 400


def test_answers_are_told_again_when_allowed(door, key):
    """DOOR-4: paid once, and only for what would be the same."""
    before = door.counters(key["id"])[0]
    wish = {"temperature": 0, "seed": 7, "extra_body": {"provider": {"cache": 60}}}
    first, second = door.chat(key["key"], **wish), door.chat(key["key"], **wish)
    assert first.usage.model_extra["cost"] == COST
    assert second.usage.model_extra["cost"] == 0
    assert second.usage.model_extra["receipt"] == first.usage.model_extra["receipt"]
    assert door.counters(key["id"]) == (before + COST, 0)
    assert door.chat(key["key"], **(wish | {"seed": 8})).usage.model_extra["cost"] == COST
    assert door.chat(key["key"], temperature=0, seed=7).usage.model_extra["cost"] == COST
    for wrong in ({"temperature": 1}, {"stream": True, "temperature": 0}, {}):
        assert refused(door, key["key"], openai.BadRequestError,
                       extra_body={"provider": {"cache": 60}}, **wrong).status_code == 400


# --- budgets ----------------------------------------------------------------------------------------

def test_a_budget_holds_under_64_parallel_calls(door):
    """HST-5: reserved before, settled after, never more than the limit."""
    calls = 40
    made = door.key("small", "--budget", f"{calls * COST / 1e9:.9f}")
    outcomes = []

    def run():
        try:
            outcomes.append(door.chat(made["key"]).usage.model_extra["cost"])
        except openai.APIStatusError as error:
            outcomes.append(error.status_code)

    for _ in range(3):  # what was set aside for a dearer answer comes back
        threads = [threading.Thread(target=run) for _ in range(64)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    paid = [cost for cost in outcomes if cost == COST]
    assert set(outcomes) <= {COST, 402, 429, 503}, set(outcomes)
    settled, reserved = door.counters(made["id"])
    assert (settled, reserved) == (len(paid) * COST, 0)
    assert 1 <= len(paid) <= calls
    door.forget_rates()
    # One by one until what one call could cost at most does not fit any more.
    while True:
        try:
            paid.append(door.chat(made["key"]).usage.model_extra["cost"])
        except openai.APIStatusError as error:
            assert error.status_code == 402 and error.body["money_moved"] is False
            break
    assert door.counters(made["id"]) == (len(paid) * COST, 0) and len(paid) <= calls


def test_a_models_budget_of_the_day(door):
    made = door.key("day", "--model-day-budget", f"{MODEL}=0.000000100")
    caught = refused(door, made["key"], openai.APIStatusError)
    assert caught.status_code == 402 and "day's budget for mock-model" in str(caught)


def test_kill_nine_under_load_counts_every_call_once(door):
    """HST-6, P4: after kill -9 the counters say what the wallet's receipts say."""
    made = door.key("killed")
    stopped = threading.Event()

    def load():
        while not stopped.is_set():
            try:
                door.chat(made["key"], stream=True).close()
                door.chat(made["key"])
            except openai.OpenAIError:
                time.sleep(0.05)

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        time.sleep(1.5)
        door.serve.kill()
        door.serve.start()
        door.forget_rates()
    time.sleep(1)
    stopped.set()
    for thread in threads:
        thread.join()
    door.forget_rates()
    door.chat(made["key"])  # opens the wallet, which takes up what was open
    # What was never bound stays aside for a quarter of an hour, and nobody spends it; what was
    # bound is settled by the wallet's journal and by asking the seller.
    # A voucher that was written down and not bound yet is asked for as well (CALL-11).
    deadline = time.monotonic() + 60

    def status():
        return door.ask("GET", "/stoa/v1/status",
                        headers={"Authorization": f"Bearer {made['key']}"}).json

    while (bound := door.bound(made["id"])) or status()["calls_looked_up"]:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert bound == 0
    keys = door.stoa("keys", "list")
    spent = sum(door.counters(entry["id"])[0] for entry in keys)
    said = status()
    assert said["spent_obol"] == spent
    assert said["calls_looked_up"] == 0


def test_a_key_that_must_sign(door):
    """ACC-50: with calls:signed a call is a signed request, once; the key itself calls nothing."""
    made = door.stoa("keys", "create", "signs", "--scope", "calls:signed")["key"]
    assert "signed requests alone" in str(refused(door, made, openai.PermissionDeniedError))
    path = "/v1/chat/completions"
    body = json.dumps({"model": MODEL, "messages": HELLO, "max_tokens": 64}).encode()
    fields = signed(made, "POST", path, body) | {"Content-Type": "application/json"}
    called = door.ask("POST", path, body, headers=fields)
    assert called.status == 200 and called.json["usage"]["cost"] == COST
    again = door.ask("POST", path, body, headers=fields)
    assert again.status == 401 and "came before" in again.json["error"]["message"], again.body
    changed = door.ask("POST", path, body.replace(b"64", b"65"), headers=signed(
        made, "POST", path, body) | {"Content-Type": "application/json"})
    assert changed.status == 401


def test_keys_are_made_and_ended_over_the_api(door):
    """ACC-12 to ACC-15 at /api/v1/keys: a key that may, makes others that may no more."""
    maker = door.stoa("keys", "create", "maker", "--scope", "keys:read", "--scope", "keys:write",
                      "--scope", "calls:write")
    own = {"Authorization": f"Bearer {maker['key']}", "Content-Type": "application/json"}

    def ask(method, path, body=None, headers=own):
        return door.ask(method, "/api/v1/keys" + path, body, headers=headers)

    wrong = [{"label": "x", "scopes": ["audit:read"]}, {"label": "", "scopes": ["calls:write"]},
             {"label": "x", "scopes": []}, {"label": "x", "scopes": ["calls:write"] * 2},
             {"label": "x", "scopes": ["calls:write"], "days": 367},
             {"label": "x", "scopes": ["calls:write"], "admin": True},
             {"label": "x", "scopes": ["calls:write"], "budgets": [
                 {"window": "day", "limit": {"amount": "1", "denomination": "native"}}] * 2},
             {"label": "x", "scopes": ["calls:write"], "budgets": [
                 {"window": "day", "limit": {"amount": "-1", "denomination": "native"}}]}]
    for body in wrong:
        refused_answer = ask("POST", "", body)
        assert refused_answer.status in (400, 403), (body, refused_answer.body)
    reader = door.key("reads")
    assert ask("GET", "", headers={"Authorization": f"Bearer {reader['key']}"}).status == 403
    assert ask("DELETE", "/aaaaaaaaaaaa").status in (401, 404)

    made = ask("POST", "", {"label": "made", "scopes": ["calls:write"], "budgets": [
        {"window": "total", "model": MODEL,
         "limit": {"amount": str(100 * COST), "denomination": "native"}}]})
    assert made.status == 200, made.body
    key = made.json
    assert door.chat(key["secret"]).usage.model_extra["cost"] == COST
    listed = next(k for k in ask("GET", "").json["data"] if k["id"] == key["id"])
    assert "secret" not in listed and listed["state"] == "active"
    assert listed["budgets"][0]["limit"]["amount"] == str(100 * COST)
    second = ask("POST", f"/{key['id']}/rotate", {"overlapSeconds": 0}).json
    assert refused(door, key["secret"], openai.AuthenticationError)
    assert door.chat(second["secret"]).choices
    assert ask("DELETE", f"/{second['id']}").json["revoked"] is True
    assert refused(door, second["secret"], openai.AuthenticationError)


def test_revoked_means_revoked(door, key):
    """HST-7: no call starts after the ledger says so; a new grant lets calls go on."""
    door.stoa("session", "revoke", "--wallet", "payer", door.session)
    deadline = time.monotonic() + 20
    while True:
        try:
            door.chat(key["key"])
            assert time.monotonic() < deadline, "the market spends on"
            time.sleep(0.1)
        except openai.APIStatusError as error:
            assert error.status_code in (402, 503)
            if error.status_code == 402:
                assert "does not allow" in str(error)
                break
    door.grant("30")
    assert door.chat(key["key"]).choices


def test_a_passkeys_account_grants_and_calls(door):
    """HST-8: sign up, fund, grant by the passkey, call, all of it over HTTP."""
    passkey = door.authenticator()
    created = door.register(passkey, "Bob")
    cookie, account = cookie_of(created), created.json["account"]
    door.stoa("wallet", "send", "--from", "alice", account, "50")
    own = {"Origin": door.origin, "Content-Type": "application/json"}
    allowance = door.ask("GET", "/stoa/v1/allowance", cookie=cookie).json
    assert allowance["account"] == account and allowance["session"] != door.session
    prepared = door.ask("POST", "/api/v1/transactions/prepare", cookie=cookie, headers=own, body={
        "key": "2:" + passkey.compressed.hex(),
        "messages": [{"type": "grantSession", "session": allowance["session"],
                      "messages": allowance["messages"], "payees": [],
                      "limits": [{"amount": "10000000000", "denomination": "native"}],
                      "periodBlocks": 3600, "validUntil": allowance["height"] + 100_000}]})
    assert prepared.status == 200, prepared.body
    parts = passkey.get(unplain(prepared.json["challenge"]))
    answer = passkey.json(parts)["response"]
    signature = {"type": "webauthn", **{name: answer[name] for name in (
        "authenticatorData", "clientDataJSON", "signature")}}
    done = door.ask("POST", "/api/v1/transactions/assemble", cookie=cookie, headers=own, body={
        "transaction": prepared.json["transaction"], "key": prepared.json["key"],
        "signature": signature})
    assert done.status == 200 and done.json["outcome"]["accepted"], done.body
    called = door.ask("POST", "/v1/chat/completions", cookie=cookie, headers=own, body={
        "model": MODEL, "messages": HELLO, "max_tokens": 64})
    assert called.status == 200, called.body
    assert called.json["usage"]["cost"] == COST
    # A page of another site can do neither.
    foreign = door.ask("POST", "/v1/chat/completions", cookie=cookie,
                       headers=own | {"Origin": "https://evil.example"},
                       body={"model": MODEL, "messages": HELLO})
    assert foreign.status == 403


def test_a_test_keys_embeddings(door, trial):
    """HST-13: as many vectors as texts, as long as asked for."""
    name = "test-embedder"
    with pytest.raises(openai.NotFoundError):
        door.client(trial).embeddings.create(model=name, input="a")
    upstream = Service("embedder", [sys.executable, str(Path(__file__).parent / "mock_upstream.py")],
                       door.home / "embedder.log", dict(os.environ)).start()
    home = door.home / "embeds"
    home.mkdir()
    stoa = Stoa(door.stoa.binary, home, door.node.url)
    address = stoa("wallet", "new", "embeds")["address"]
    door.stoa("wallet", "send", "--from", "alice", address, "100")
    seller = stoa.service(
        "embeds", "sell", name, "--wallet", "embeds", "--upstream", upstream.url, "--interface",
        "embeddings", "--price-in", "1000", "--bond", "10", "--port", "0").start()
    time.sleep(6)  # the list of what is on offer is at most five seconds old
    try:
        client = door.client(trial)
        reply = client.embeddings.create(model=name, input=["a", "b"])
        assert [len(entry.embedding) for entry in reply.data] == [8, 8]
        assert reply.data[1].embedding[0] == 1 and reply.usage.model_extra["cost"] == 0
        plain = client.embeddings.create(model=name, input="a", dimensions=3,
                                         encoding_format="float")
        assert plain.data[0].embedding == [1, 0, 0]
        with pytest.raises(openai.BadRequestError):
            client.embeddings.create(model=name, input=["a"] * 2048, dimensions=4096)
    finally:
        seller.stop()
        upstream.stop()
