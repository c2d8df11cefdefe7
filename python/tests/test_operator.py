"""What an operator sees of a market of real processes: numbers, traces, logs, readiness."""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import defaultdict
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from access_door import Door, cookie_of
from stoa_market.processes import Service, Stoa

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("STOA_BINARY", ROOT / ".build" / "debug" / "stoa"))
PASSPHRASE = "a passphrase that no log may have"
GATEWAY_KEY = "gateway-key-that-no-log-may-have"
UPSTREAM_KEY = "upstream-key-that-no-log-may-have"
SERVICES = ("node", "provider", "gateway", "market")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(url: str, method: str = "GET", body=None, headers=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers=headers or {})
    if data:
        request.add_header("content-type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


class Observed:
    """Node, upstream, seller, gateway and market, all of them observed."""

    def __init__(self, home: Path):
        home.mkdir(parents=True)
        self.home = home
        stoa = Stoa(BINARY, home, passphrase=PASSPHRASE)
        for wallet in ("seller", "buyer"):
            stoa("wallet", "new", wallet)
        stoa("node", "init", "--allocate", "seller=1000", "--allocate", "buyer=1000")
        self.ports = {name: free_port() for name in SERVICES}

        def observed(name):
            return ("--metrics", f"127.0.0.1:{self.ports[name]}", "--log-format", "json",
                    "--log-level", "info")

        self.node = stoa.service(
            "node", "node", "run", "--port", str(free_port()), *observed("node")).start()
        self.stoa = Stoa(BINARY, home, self.node.url, passphrase=PASSPHRASE)
        self.stoa.env["UPSTREAM_KEY"] = UPSTREAM_KEY
        self.heads = home / "upstream.heads"
        mock = Path(__file__).parent / "mock_upstream.py"
        self.upstream = Service(
            "upstream", [sys.executable, str(mock), "--heads", str(self.heads)],
            home / "upstream.log", dict(os.environ)).start()
        self.provider = self.stoa.service(
            "provider", "sell", "mock-model", "--wallet", "seller", "--upstream",
            self.upstream.url, "--upstream-key-environment", "UPSTREAM_KEY", "--price-in", "20",
            "--price-out", "60", "--bond", "10", "--port", str(free_port()),
            *observed("provider")).start()
        self.gateway = self.stoa.service(
            "gateway", "connect", "--wallet", "buyer", "--budget", "100", "--api-key",
            GATEWAY_KEY, "--port", str(free_port()), *observed("gateway")).start()
        self.market = self.stoa.service(
            "market", "serve", "--port", str(free_port()), *observed("market")).start()

    @property
    def services(self):
        return {name: getattr(self, name) for name in SERVICES}

    def stop(self):
        for service in (self.market, self.gateway, self.provider, self.upstream, self.node):
            service.stop()

    def call(self, body=None, headers=None, path="/v1/chat/completions"):
        body = body or {"model": "mock-model", "messages": [{"role": "user", "content": "hi"}],
                        "max_tokens": 50}
        return ask(self.gateway.url + path, "POST", body,
                   {"Authorization": f"Bearer {GATEWAY_KEY}", **(headers or {})})

    def metrics(self, name: str) -> "Numbers":
        status, headers, text = ask(f"http://127.0.0.1:{self.ports[name]}/metrics")
        assert status == 200 and headers["content-type"].startswith("text/plain; version=0.0.4")
        return Numbers(text.decode())

    def lines(self, name: str) -> list[dict]:
        return [json.loads(line) for line in self.services[name].log.read_text().splitlines()]

    def spans(self, name: str) -> list[dict]:
        return [line["span"] for line in self.lines(name) if "span" in line]


class Numbers:
    """A scrape, read by Prometheus' own client."""

    def __init__(self, text: str):
        self.samples = [sample for family in text_string_to_metric_families(text)
                        for sample in family.samples]
        names = [(sample.name, tuple(sorted(sample.labels.items()))) for sample in self.samples]
        assert len(names) == len(set(names)), "a series stands there once"

    def sum(self, name: str, **labels) -> float:
        return sum(sample.value for sample in self.samples if sample.name == name
                   and labels.items() <= sample.labels.items())

    def by(self, name: str, label: str) -> dict[str, float]:
        found = defaultdict(float)
        for sample in self.samples:
            if sample.name == name:
                found[sample.labels[label]] += sample.value
        return dict(found)


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    market = Observed(tmp_path_factory.mktemp("observed") / "home")
    yield market
    market.stop()


@pytest.mark.parametrize("place", ["", "nowhere", "1.2.3.4:99999", ":9464", "::1:9464", "[::1]"])
def test_a_place_to_listen_that_is_none_is_refused(place):
    done = subprocess.run([BINARY, "connect", "--metrics", place], capture_output=True, text=True)
    assert done.returncode == 64 and "--metrics" in done.stderr


def test_no_public_port_has_the_numbers(market):
    for service in (market.gateway, market.provider, market.market, market.node):
        status, _, body = ask(service.url + "/metrics",
                              headers={"Authorization": f"Bearer {GATEWAY_KEY}"})
        assert status in (401, 404) and b"# TYPE" not in body, service.name


def test_the_numbers_are_what_was_done(market):
    before = {name: market.metrics(name) for name in SERVICES}

    def grown(name, series, **labels):
        return market.metrics(name).sum(series, **labels) - before[name].sum(series, **labels)

    sent = market.heads.read_text().count("POST ") if market.heads.exists() else 0
    for _ in range(5):
        assert market.call()[0] == 200
    stream = {"model": "mock-model", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 50,
              "stream": True}
    for _ in range(3):
        status, _, body = market.call(stream)
        assert status == 200 and b"[DONE]" in body
    assert market.call({"model": "nobody-has-it",
                        "messages": [{"role": "user", "content": "hi"}]})[0] == 404
    assert ask(market.gateway.url + "/v1/models")[0] == 401
    for made_up in ("/v1/models/x1", "/v1/models/x2", "/no/such/path1", "/no/such/path2"):
        assert ask(market.gateway.url + made_up,
                   headers={"Authorization": f"Bearer {GATEWAY_KEY}"})[0] == 404

    calls = "stoa_gateway_calls_total"
    assert grown("gateway", calls, outcome="answered", interface="chat") == 5
    assert grown("gateway", calls, outcome="streamed") == 3
    assert grown("gateway", calls, outcome="model_not_found") == 1
    assert grown("gateway", "stoa_gateway_receipts_total", status="delivered") == 8
    assert grown("provider", "stoa_provider_calls_total", outcome="delivered") == 8
    assert market.heads.read_text().count("POST ") - sent == 8
    assert grown("gateway", "stoa_refusals_total", reason="key") == 1
    status = json.loads(ask(market.gateway.url + "/stoa/v1/status", headers={
        "Authorization": f"Bearer {GATEWAY_KEY}"})[2])
    numbers, sold = market.metrics("gateway"), market.metrics("provider")
    charged = numbers.sum("stoa_gateway_charged_obol_total", denomination="native")
    assert charged == status["spent_obol"] > 0, "what was charged is what receipts say"
    assert charged == sold.sum("stoa_provider_earned_obol_total", denomination="native")
    assert numbers.sum("stoa_gateway_promised_obol_total") >= charged
    assert numbers.sum("stoa_gateway_deposit_obol") == status["budget"]["locked_obol"]
    assert numbers.sum("stoa_gateway_rest_obol") == sum(
        channel["available_obol"] for channel in status["channels"])
    assert grown("gateway", "stoa_journal_append_seconds_count") >= 16
    routes = numbers.by("stoa_http_requests_total", "route")
    assert set(routes) <= {"/v1/chat/completions", "/v1/models", "/v1/models/{model}",
                           "/stoa/v1/status", "none"}, "no path that a stranger made up"
    assert numbers.sum("stoa_http_in_flight") == 0
    requests = grown("gateway", "stoa_http_requests_total", route="/v1/chat/completions")
    assert requests == 9 == grown("gateway", "stoa_http_request_seconds_count",
                                  route="/v1/chat/completions")


def test_the_market_counts_keys_by_their_names(market):
    key = market.stoa("keys", "create", "counted", "--scope", "usage:read")
    api = market.market.url + "/api/v1/status"
    for _ in range(4):
        assert ask(api, headers={"Authorization": f"Bearer {key['key']}"})[0] == 200
    numbers = market.metrics("market")
    assert numbers.by("stoa_key_requests_total", "key")[key["id"]] == 4
    assert numbers.sum("stoa_http_requests_total", route="/api/v1/status", status="2xx") >= 4
    assert numbers.sum("stoa_ledger_height") >= 1
    assert numbers.sum("stoa_index_lag_blocks") <= 1


def nobody_listens(market, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while market.metrics("market").sum("stoa_feed_readers"):
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def test_who_listens_is_counted(market):
    """FEED-4: until they leave, which is noticed before anything is written to them."""
    with urllib.request.urlopen(market.market.url + "/api/v1/events?topics=blocks",
                                timeout=10) as stream:
        stream.readline()
        assert market.metrics("market").sum("stoa_feed_readers") == 1
    assert nobody_listens(market, 5)


def test_who_only_asks_for_the_head_of_a_stream_listens_to_nothing(market):
    """FEED-4: a place of a reader is given back at once, though the connection stays."""
    address = urllib.parse.urlsplit(market.market.url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=10)
    for _ in range(5):
        connection.request("HEAD", "/api/v1/events?topics=blocks")
        answer = connection.getresponse()
        assert answer.status == 200 and answer.read() == b""
    assert nobody_listens(market, 5)
    connection.close()


def test_a_trace_goes_through_all_of_them(market):
    trace, span = os.urandom(16).hex(), os.urandom(8).hex()
    status, _, _ = market.call(headers={"traceparent": f"00-{trace}-{span}-01",
                                        "x-request-id": "the-client-s-name"})
    assert status == 200
    time.sleep(0.3)
    spans = {(name, one["name"]): one for name in ("gateway", "provider")
             for one in market.spans(name) if one["trace_id"] == trace}
    assert set(spans) == {("gateway", "request"), ("gateway", "seller"), ("provider", "request"),
                          ("provider", "upstream")}
    chain = [span] + [spans[place]["span_id"] for place in (
        ("gateway", "request"), ("gateway", "seller"), ("provider", "request"),
        ("provider", "upstream"))]
    parents = [spans[place]["parent_id"] for place in (
        ("gateway", "request"), ("gateway", "seller"), ("provider", "request"),
        ("provider", "upstream"))]
    assert parents == chain[:-1], "each is the child of the one before"
    assert {one["request_id"] for one in spans.values()} == {"the-client-s-name"}
    durations = [spans[place]["duration_us"] for place in (
        ("gateway", "request"), ("gateway", "seller"), ("provider", "upstream"))]
    assert durations == sorted(durations, reverse=True)
    heads = market.heads.read_text().lower()
    assert f"traceparent: 00-{trace}-{chain[-1]}-01" in heads, "the upstream has it too"


def test_a_call_without_a_trace_begins_one_and_a_wrong_one_is_not_taken_over(market):
    for header in ({}, {"traceparent": "00-" + "0" * 32 + "-" + "1" * 16 + "-01"}):
        before = len(market.spans("gateway"))
        assert market.call(headers=header)[0] == 200
        time.sleep(0.2)
        new = market.spans("gateway")[before:]
        assert {one["name"] for one in new} == {"request", "seller"}
        assert len({one["trace_id"] for one in new}) == 1
        assert "0" * 32 not in {one["trace_id"] for one in new}
        assert [one["parent_id"] for one in new if one["name"] == "request"] == [None]


def test_an_unsampled_trace_is_passed_on_and_not_written(market):
    trace = os.urandom(16).hex()
    assert market.call(headers={"traceparent": f"00-{trace}-{'1' * 16}-00"})[0] == 200
    time.sleep(0.2)
    assert not [one for one in market.spans("gateway") if one["trace_id"] == trace]
    assert re.search(f"traceparent: 00-{trace}-[0-9a-f]{{16}}-00", market.heads.read_text().lower())


def test_the_status_page_tells_how_it_has_been(market):
    deadline = time.monotonic() + 20
    while True:
        page = ask(market.market.url + "/status")[2].decode()
        if all(name in page for name in ("Uptime", "Pages and API", "100 %")):
            break
        assert time.monotonic() < deadline, page
        time.sleep(0.5)
    assert "No incident in the last 90 days." in page
    assert market.metrics("market").by("stoa_probe_seconds_count", "probe").keys() == {
        "ledger", "index", "door"}


def test_top_shows_all_of_them(market):
    words = [word for name in SERVICES
             for word in ("--url", f"http://127.0.0.1:{market.ports[name]}")]
    rows = market.stoa("top", "--once", *words)
    assert [row["service"] for row in rows] == list(SERVICES)
    assert rows[2]["calls"] >= 1 and rows[2]["chargedObol"] == rows[1]["earnedObol"] > 0
    assert 0 < rows[2]["latencyP50"] <= rows[2]["latencyP99"] < 60
    text = subprocess.run([BINARY, "top", "--once", *words], capture_output=True, text=True)
    assert text.returncode == 0 and "gateway" in text.stdout and "\x1b" not in text.stdout
    gone = subprocess.run([BINARY, "top", "--once", "--url", f"http://127.0.0.1:{free_port()}"],
                          capture_output=True, text=True)
    assert gone.returncode == 1 and "does not answer" in gone.stderr and "hint" in gone.stderr


def test_rules_name_what_there_is_and_each_alert_has_a_runbook(market):
    rules = yaml.safe_load((ROOT / "docs/operations/prometheus-rules.yaml").read_text())
    alerts = [rule for group in rules["groups"] for rule in group["rules"]]
    headings = re.findall(r"^## (\w+)$", (ROOT / "docs/operations/alerts.md").read_text(), re.M)
    assert headings == [rule["alert"] for rule in alerts]
    spec = (ROOT / "docs/spec/telemetry.md").read_text()
    for rule in alerts:
        anchor = f"docs/operations/alerts.md#{rule['alert'].lower()}"
        assert rule["annotations"]["runbook"] == anchor
        for series in re.findall(r"stoa_[a-z_]+[a-z]", rule["expr"]):
            plain = series.removesuffix("_bucket")
            short = re.sub(r"^stoa_[a-z]+", "", plain)
            assert f"`{plain}`" in spec or f"`{short}`" in spec, series


def ready(market, name: str) -> tuple[int, dict]:
    service = market.services[name]
    public = service.url if name != "node" else f"http://127.0.0.1:{market.ports[name]}"
    status, _, body = ask(public + "/ready")
    assert ask(public + "/health")[0] == 200, "alive, ready or not"
    assert ask(f"http://127.0.0.1:{market.ports[name]}/ready")[0] == status
    return status, json.loads(body)


def becomes(market, name: str, wanted: int, seconds: float = 20) -> dict:
    deadline = time.monotonic() + seconds
    while True:
        status, body = ready(market, name)
        if status == wanted:
            return body
        assert time.monotonic() < deadline, f"{name} stays {status}: {body}"
        time.sleep(0.3)


def test_readiness_turns_red_without_a_ledger_and_green_again(market):
    for name in SERVICES:
        assert becomes(market, name, 200)["status"] == "ready"
    market.node.kill()
    for name in ("gateway", "provider", "market"):
        body = becomes(market, name, 503)
        assert body["status"] == "not ready" and body["checks"]["ledger"] != "ok"
    assert market.call()[0] == 200, "calls need no ledger"
    market.node.start()
    for name in SERVICES:
        becomes(market, name, 200)


def test_readiness_tells_of_a_dead_upstream(market):
    port = market.upstream.url.rsplit(":", 1)[1]
    market.upstream.kill()
    deadline = time.monotonic() + 60
    while ready(market, "provider")[0] == 200:
        # The gateway leaves a seller alone for a while that fails: so it takes some calls.
        assert market.call()[0] >= 500 and time.monotonic() < deadline
        time.sleep(0.5)
    assert ready(market, "provider")[1]["checks"]["upstreams"] == "all are down"
    assert market.metrics("provider").sum("stoa_provider_upstreams_down") == 1
    market.upstream.command += ["--port", port]
    market.upstream.start()
    deadline = time.monotonic() + 90
    while market.call()[0] != 200:
        assert time.monotonic() < deadline
        time.sleep(0.5)
    becomes(market, "provider", 200)


def test_logs_are_json_and_have_no_secret(market):
    session = Door.__new__(Door)
    session.url = market.market.url
    session.origin = "http://localhost:" + session.url.rsplit(":", 1)[1]
    cookie = cookie_of(session.register(session.authenticator()))
    assert session.ask("GET", "/auth/session", cookie=cookie).status == 200
    key = market.stoa("keys", "create", "logged", "--scope", "usage:read")["key"]
    wrong = "sk-stoa-wrong-" + os.urandom(16).hex()
    for text in (key, wrong, key[:-1]):
        for path in ("/api/v1/status", "/api/v1/accounts/" + text, "/" + text):
            ask(market.market.url + path, headers={"Authorization": f"Bearer {text}"})
            ask(market.gateway.url + path, headers={"Authorization": f"Bearer {text}"})
    for service in (market.market, market.gateway, market.provider, market.node):
        service.stop()
    secrets = [PASSPHRASE, GATEWAY_KEY, UPSTREAM_KEY, key, wrong, cookie.split("=", 1)[1]]
    for name in SERVICES:
        lines = market.lines(name)
        assert lines, f"{name} says something"
        for line in lines:
            assert {"time", "level", "logger", "message"} <= set(line)
        text = market.services[name].log.read_text().lower()
        for secret in secrets:
            assert secret.lower() not in text, f"{name} tells {secret}"
        assert "bearer " not in text and "stoa-voucher" not in text
