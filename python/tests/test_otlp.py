"""Spans reach a collector by OTLP, read by OpenTelemetry's own message types (TEL-17 to TEL-19)."""

from __future__ import annotations

import http.server
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as wire

from stoa_market.processes import Service, Stoa
from test_operator import BINARY, ask, free_port

SECRET = "a-secret-that-no-log-may-have"


class Collector:
    """Takes spans; can be told to answer otherwise, or to be away."""

    def __init__(self, port: int = 0):
        self.requests, self.heads, self.answers = [], [], []
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                request = wire.ExportTraceServiceRequest.FromString(body)
                services = {item.value.string_value for resource in request.resource_spans
                            for item in resource.resource.attributes if item.key == "service.name"}
                # What a test chose to answer is for those who make the call.
                chosen = collector.answers and services != {"stoa-node"}
                status, answer = collector.answers.pop(0) if chosen else (200, b"")
                collector.heads.append((self.path, dict(self.headers), status))
                if status == 200:
                    collector.requests.append(request)
                self.send_response(status)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def spans(self) -> list[tuple[dict, object]]:
        """Each span with what its process says of itself."""
        return [({item.key: item.value.string_value for item in resource.resource.attributes}, span)
                for request in self.requests for resource in request.resource_spans
                for scope in resource.scope_spans for span in scope.spans]

    def wait_for(self, trace: str, service: str, seconds: float = 15) -> list:
        """A service's spans of a trace, once there is one."""
        until = time.monotonic() + seconds
        while True:
            found = [span for about, span in self.spans() if span.trace_id.hex() == trace
                     and about["service.name"] == service]
            if found or time.monotonic() > until:
                return found
            time.sleep(0.1)

    def of(self, trace: str, count: int, seconds: float = 15) -> dict:
        """A call's spans by service and name, once there are so many; the node's stand apart."""
        until = time.monotonic() + seconds
        while True:
            found = {(about["service.name"], span.name): span for about, span in self.spans()
                     if span.trace_id.hex() == trace and about["service.name"] != "stoa-node"}
            if len(found) >= count or time.monotonic() > until:
                assert len(found) == count, (list(found), self.heads)
                return found
            time.sleep(0.1)


@pytest.fixture
def collector():
    collector = Collector()
    yield collector
    collector.stop()


class Market:
    """A seller that is told of the collector by an option, a gateway by the environment."""

    def __init__(self, home: Path, collector: str):
        stoa = Stoa(BINARY, home)
        for wallet in ("seller", "buyer"):
            stoa("wallet", "new", wallet)
        stoa("node", "init", "--allocate", "seller=1000", "--allocate", "buyer=1000")
        self.node = stoa.service("node", "node", "run", "--port", "0", "--otlp", collector).start()
        stoa = Stoa(BINARY, home, self.node.url)
        mock = Path(__file__).parent / "mock_upstream.py"
        self.upstream = Service("upstream", [sys.executable, str(mock)], home / "upstream.log",
                                dict(os.environ)).start()
        self.provider = stoa.service(
            "provider", "sell", "mock-model", "--wallet", "seller", "--upstream",
            self.upstream.url, "--price-in", "20", "--price-out", "60", "--port", "0",
            "--otlp", collector).start()
        stoa.env |= {"OTEL_EXPORTER_OTLP_ENDPOINT": collector + "/",
                     "OTEL_EXPORTER_OTLP_HEADERS": f"authorization=Bearer%20{SECRET}",
                     "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=test",
                     "OTEL_SERVICE_NAME": "front"}
        self.metrics = free_port()
        self.gateway = stoa.service(
            "gateway", "connect", "--wallet", "buyer", "--budget", "100", "--port", "0",
            "--metrics", str(self.metrics)).start()

    def call(self, model: str = "mock-model") -> tuple[int, str]:
        trace = os.urandom(16).hex()
        status, _, _ = ask(
            self.gateway.url + "/v1/chat/completions", "POST",
            {"model": model, "messages": [{"role": "user", "content": "hi"}], "max_tokens": 50},
            {"traceparent": f"00-{trace}-{'1' * 16}-01", "x-request-id": "the-client-s-name"})
        return status, trace

    def sent(self) -> str:
        return ask(f"http://127.0.0.1:{self.metrics}/metrics")[2].decode()

    def stop(self):
        for service in (self.gateway, self.provider, self.upstream, self.node):
            service.stop()


@pytest.fixture
def market(tmp_path, collector):
    market = Market(tmp_path / "home", collector.url)
    yield market
    market.stop()


def test_a_call_is_one_trace_of_four_spans(market, collector):
    before = time.time_ns()
    status, trace = market.call()
    assert status == 200
    spans = collector.of(trace, 4)
    chain = [("front", "request"), ("front", "seller"), ("stoa-provider", "request"),
             ("stoa-provider", "upstream")]
    assert set(spans) == set(chain)
    parents = [spans[place].parent_span_id.hex() for place in chain]
    assert parents == ["1" * 16] + [spans[place].span_id.hex() for place in chain[:-1]]
    assert [spans[place].kind for place in chain] == [2, 3, 2, 3], "server, client"
    for span in spans.values():
        assert before - 10**6 <= span.start_time_unix_nano <= span.end_time_unix_nano
        assert span.end_time_unix_nano <= time.time_ns()
        assert span.status.code == 0
        attributes = {item.key: item.value for item in span.attributes}
        assert attributes["http.response.status_code"].int_value == 200
        assert attributes["stoa.request_id"].string_value == "the-client-s-name"
    about = next(about for about, _ in collector.spans() if about["service.name"] == "front")
    assert about["deployment.environment"] == "test" and about["service.version"]
    assert {path for path, _, _ in collector.heads} == {"/v1/traces"}
    assert {head["content-type"] for _, head, _ in collector.heads} == {"application/x-protobuf"}


def test_what_a_call_asks_of_the_ledger_is_in_its_trace(market, collector):
    """The first call opens a channel, so the node is part of it; the second needs no ledger."""
    _, first = market.call()
    collector.of(first, 4)
    found = collector.wait_for(first, "stoa-node")
    parents = {span.span_id.hex() for about, span in collector.spans()
               if about["service.name"] == "front" and span.name == "request"}
    assert found and all(span.parent_span_id.hex() in parents and span.kind == 2 for span in found)
    _, second = market.call()
    collector.of(second, 4)
    time.sleep(1.5)
    assert not [1 for about, span in collector.spans() if span.trace_id.hex() == second
                and about["service.name"] == "stoa-node"]


def test_a_secret_header_goes_to_the_collector_and_into_no_log(market, collector):
    _, trace = market.call()
    collector.of(trace, 4)
    fields = [head for _, head, _ in collector.heads
              if head.get("authorization") == f"Bearer {SECRET}"]
    assert fields, "the gateway sent it"
    assert all(SECRET not in service.log.read_text()
               for service in (market.gateway, market.provider, market.node))


def test_what_the_client_did_wrong_is_no_error_of_the_server(market, collector):
    status, trace = market.call("nobody-has-it")
    assert status == 404
    (span,) = collector.of(trace, 1).values()
    assert span.status.code == 0
    assert span.attributes[0].value.int_value == 404


def test_a_collector_that_is_overloaded_is_asked_again(market, collector):
    _, first = market.call()
    collector.of(first, 4)
    collector.answers += [(503, b""), (429, b"")]
    status, trace = market.call()
    assert status == 200
    spans = collector.of(trace, 4)
    assert len(spans) == 4
    assert [status for _, _, status in collector.heads].count(200) >= 2


def test_what_a_collector_refuses_is_counted_and_not_sent_again(market, collector):
    _, first = market.call()
    collector.of(first, 4)
    # Two processes send; the answer is for whichever comes first, so both are given one.
    refused = wire.ExportTraceServiceResponse()
    refused.partial_success.rejected_spans = 2
    collector.answers += [(400, b"no"), (400, b"no")]
    assert market.call()[0] == 200
    until = time.monotonic() + 15
    while 'stoa_spans_dropped_total{service="gateway"} 2' not in market.sent():
        assert time.monotonic() < until, market.sent()
        time.sleep(0.2)
    assert "refused" in market.gateway.log.read_text()


def test_while_a_collector_is_away_calls_go_on_and_spans_wait(tmp_path):
    port = free_port()
    market = Market(tmp_path / "home", f"http://127.0.0.1:{port}")
    collector = None
    try:
        started = time.monotonic()
        traces = [market.call() for _ in range(5)]
        assert all(status == 200 for status, _ in traces)
        assert time.monotonic() - started < 10, "nobody waits for it"
        time.sleep(1.5)
        collector = Collector(port)
        for _, trace in traces:
            collector.of(trace, 4, seconds=40)
    finally:
        market.stop()
        if collector:
            collector.stop()


def test_what_is_left_is_sent_at_the_end(market, collector):
    _, trace = market.call()
    market.gateway.stop()
    market.provider.stop()
    assert len(collector.of(trace, 4, seconds=2)) == 4


@pytest.mark.parametrize("address, word", [
    ("ftp://collector", "http"), ("http://user:hidden@collector:4318", "password"),
    ("http://collector:4318?a=hidden", "query"),
])
def test_an_address_that_cannot_be_is_refused_at_the_start(tmp_path, address, word):
    stoa = Stoa(BINARY, tmp_path / "home")
    stoa("wallet", "new", "seller")
    stoa("node", "init", "--allocate", "seller=1000")
    done = subprocess.run([BINARY, "node", "run", "--port", "0", "--otlp", address], env=stoa.env,
                          capture_output=True, text=True, timeout=30)
    assert done.returncode not in (0, 64), done.stderr
    assert word in done.stderr and "hint:" in done.stderr
    assert "hidden" not in done.stderr


@pytest.mark.parametrize("environment, word", [
    ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "grpc"),
    ({"OTEL_EXPORTER_OTLP_HEADERS": "hidden"}, "OTEL_EXPORTER_OTLP_HEADERS"),
])
def test_what_a_whole_machine_has_set_keeps_no_service_from_starting(tmp_path, environment, word):
    stoa = Stoa(BINARY, tmp_path / "home")
    stoa("wallet", "new", "seller")
    stoa("node", "init", "--allocate", "seller=1000")
    stoa.env |= {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4317"} | environment
    node = stoa.service("node", "node", "run", "--port", "0").start()
    node.stop()
    said = node.log.read_text()
    assert "no spans are sent" in said and word in said and "hidden" not in said


def test_a_collector_that_stalls_holds_up_no_end(tmp_path):
    """It answers with a head, and never with the body that the head promises."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        def stall():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                held.append(connection)
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n")
        held = []
        threading.Thread(target=stall, daemon=True).start()
        market = Market(tmp_path / "home", f"http://127.0.0.1:{server.getsockname()[1]}")
        try:
            assert market.call()[0] == 200
            time.sleep(1)
            assert held and market.call()[0] == 200
            started = time.monotonic()
            market.gateway.stop()
            assert time.monotonic() - started < 12
            assert market.gateway.process.returncode == 0
        finally:
            market.stop()
            for connection in held:
                connection.close()
