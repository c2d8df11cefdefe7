"""The door for gRPC (docs/spec/grpc.md), by unmodified clients of gRPC's own Python packages."""

from __future__ import annotations

import base64
import datetime
import ipaddress
import json
import subprocess
import sys
import threading
import time

import grpc
import pytest
from google.protobuf import descriptor_pool, message_factory
from grpc import StatusCode
from grpc_door import GRPC_BINARY, Bridge, GRPCMarket, compile_protos, get_json, wait_until
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase)
from stoa_market.processes import Service, Stoa
from stoa_verify.canonical import Reader

from conftest import ROOT

NODE, PROVIDER = "stoa.node.v1.Node", "stoa.provider.v1.Provider"
OWN = ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
       "grpc.reflection.v1alpha.ServerReflection"]
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
DELIVERED, PARTIAL, FAILED = 1, 2, 3


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    compile_protos(tmp_path_factory.mktemp("protos"))
    market = GRPCMarket(tmp_path_factory.mktemp("market"))
    yield market
    market.stop()


def refused(call) -> tuple[StatusCode, dict]:
    """The status and trailers of a call that must be refused."""
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value.code(), dict(caught.value.trailing_metadata() or ())


def receipt(signed: bytes) -> dict:
    reader = Reader(signed)
    assert reader.take(1) == b"\x01"
    return reader.read("receipt")


# GRPC-1 to GRPC-5: the node


def test_node_answers_what_its_http_interface_answers(market):
    # GRPC-1: by both ways the same, and what is optional is absent rather than empty.
    stub, pb = market.node_stub, market.nodes
    http = get_json(market.node.url + "/stoa/v1/status")
    status = stub.Status(pb.StatusRequest())
    assert (status.chain.hex(), status.name, status.parameters.hex()) == (
        http["chain"], http["name"], http["parameters"])
    assert (status.fee_minimum_obol, status.fee_per_byte_obol) == (
        http["feeMinimumObol"], http["feePerByteObol"])
    assert (status.closing_delay_blocks, status.unbonding_delay_blocks) == (
        http["closingDelayBlocks"], http["unbondingDelayBlocks"])
    assert status.height >= http["height"] > 0 and status.time_milliseconds > 0
    assert len(status.state_root) == 32

    genesis = stub.Genesis(pb.GenesisRequest()).genesis
    assert genesis.hex() == get_json(market.node.url + "/stoa/v1/genesis")["genesis"]
    block = stub.Block(pb.BlockRequest(height=1)).block
    assert block.hex() == get_json(market.node.url + "/stoa/v1/blocks/1")["block"]

    supply = stub.Supply(pb.SupplyRequest())
    assert supply.conserved and supply.supply_obol == str(3000 * 10**9)
    parts = sum(int(getattr(supply, name + "_obol")) for name in (
        "accounts", "channels", "bonds", "stakes", "pots", "fees"))
    assert parts == int(supply.supply_obol) and supply.height > 0

    found = get_json(market.node.url + "/stoa/v1/state?prefix=01&limit=2")["entries"]
    page = stub.Entries(pb.EntriesRequest(prefix=b"\x01", limit=2)).entries
    assert [(item.key.hex(), item.value.hex()) for item in page] == [
        (item["key"], item["value"]) for item in found] and len(page) == 2
    rest = stub.Entries(pb.EntriesRequest(prefix=b"\x01", after=page[0].key)).entries
    assert rest[0].key == page[1].key

    entry = stub.Entry(pb.EntryRequest(key=page[0].key, proof=True))
    http = get_json(f"{market.node.url}/stoa/v1/state/{page[0].key.hex()}?proof=1")
    assert entry.HasField("proof") and entry.HasField("header")
    assert entry.value.hex() == http["value"] and entry.height > 0
    absent = stub.Entry(pb.EntryRequest(key=b"\x01nobody"))
    assert not (absent.HasField("value") or absent.HasField("proof") or absent.HasField("header"))


def test_node_refuses_wrong_questions(market):
    # GRPC-10: with a stable word, and the news that no money moved.
    stub, pb = market.node_stub, market.nodes
    for call, reason, status in [
            (lambda: stub.Entry(pb.EntryRequest()), "bad_key", StatusCode.INVALID_ARGUMENT),
            (lambda: stub.Entry(pb.EntryRequest(key=b"k" * 129)), "bad_key",
             StatusCode.INVALID_ARGUMENT),
            (lambda: stub.Entries(pb.EntriesRequest(prefix=b"\x01", limit=1025)), "bad_limit",
             StatusCode.INVALID_ARGUMENT),
            (lambda: stub.Block(pb.BlockRequest()), "bad_height", StatusCode.INVALID_ARGUMENT),
            (lambda: stub.Block(pb.BlockRequest(height=10**9)), "no_such_block",
             StatusCode.NOT_FOUND),
            (lambda: next(stub.Blocks(pb.BlocksRequest())), "bad_height",
             StatusCode.INVALID_ARGUMENT)]:
        code, trailers = refused(call)
        assert (code, trailers["stoa-reason"]) == (status, reason)
        assert trailers["stoa-money-moved"] == "false" and trailers["stoa-hint"]


def test_a_transaction_is_submitted_and_followed(market):
    # GRPC-2, GRPC-3: the command line's own transaction, by gRPC; the same bytes again give the
    # same answer, and whoever follows blocks sees it.
    stub, pb = market.node_stub, market.nodes
    sent = []
    bridge = Bridge(market.node.url)

    def act(path, headers, body):
        assert path == "/stoa/v1/transactions"
        outcome = stub.Submit(pb.SubmitRequest(transaction=body), timeout=30)
        sent.append((body, outcome))
        document = {"digest": outcome.digest.hex(), "height": outcome.height,
                    "code": outcome.code, "refusal": outcome.refusal or None,
                    "result": outcome.result.hex()}
        return 200, {"content-type": "application/json"}, json.dumps(document).encode()

    bridge.act = act
    height = stub.Status(pb.StatusRequest()).height
    blocks = stub.Blocks(pb.BlocksRequest(**{"from": 1}))
    before = [next(blocks) for _ in range(height)]
    assert [block.height for block in before] == list(range(1, height + 1))
    assert sum(block.transactions for block in before) == sum(
        len(block.included) for block in before) > 0
    assert all(block.time_milliseconds > 0 for block in before)

    client = Stoa(market.stoa.binary, market.home, bridge.url)
    client("wallet", "send", "--from", "alice", "buyer", "1.5")
    bridge.stop()
    (body, outcome), = sent
    assert outcome.code == 0 and outcome.height > height and len(outcome.digest) == 32
    assert stub.Submit(pb.SubmitRequest(transaction=body)) == outcome
    news = next(block for block in blocks if block.height >= outcome.height)
    assert news.height == outcome.height and news.transactions == 1 and news.events
    blocks.cancel()

    # What can enter no block is refused with the ledger's number.
    code, trailers = refused(lambda: stub.Submit(pb.SubmitRequest(transaction=b"no transaction")))
    assert code in (StatusCode.FAILED_PRECONDITION, StatusCode.INVALID_ARGUMENT)
    assert int(trailers["stoa-code"]) > 0 and trailers["stoa-money-moved"] == "false"


# GRPC-6 to GRPC-9: the provider


def test_offers_and_lanes(market):
    stub, pb = market.provider_stub, market.providers
    http = get_json(market.seller.url + "/stoa/v1/offers")["data"]
    offers = stub.Offers(pb.OffersRequest()).offers
    assert [(o.id.hex(), o.model, o.offer) for o in offers] == [
        (o["id"], o["model"], base64.b64decode(o["offer"])) for o in http] and len(offers) == 1
    assert offers[0].interface == pb.INTERFACE_CHAT

    unknown = stub.Lane(pb.LaneRequest(channel=b"\x07" * 32, lane=3))
    assert (unknown.channel, unknown.lane, unknown.sequence) == (b"\x07" * 32, 3, 0)
    assert not any(map(unknown.HasField, ("open", "voucher", "receipt")))
    for request in (pb.LaneRequest(channel=b"\x07" * 31), pb.LaneRequest(lane=1),
                    pb.LaneRequest(channel=b"\x07" * 32, lane=65536)):
        code, trailers = refused(lambda: stub.Lane(request))
        assert (code, trailers["stoa-reason"]) == (StatusCode.INVALID_ARGUMENT, "bad_lane")


def test_a_buyer_pays_through_the_door(market):
    # GRPC-6, GRPC-7: the buyer's gateway checks receipt and charge of both kinds of answer.
    status, headers, body = market.ask()
    assert status == 200 and int(headers["x-stoa-cost"]) > 0 and headers["x-stoa-receipt"]
    assert json.loads(body)["choices"][0]["message"]["content"].startswith("The quick brown")
    status, headers, body = market.ask(stream=True)
    assert status == 200 and body.endswith(b"data: [DONE]\n\n")
    assert b" lazy" in body and b": stoa-receipt " in body


def test_a_voucher_pays_once(market):
    # GRPC-8: what is refused leaves the voucher unused; what was served uses it up.
    pb, stub = market.providers, market.provider_stub

    def use(call):
        def changed(**fields):
            other = pb.CallRequest()
            other.CopyFrom(call)
            for name, value in fields.items():
                setattr(other, name, value)
            return other

        forged = call.voucher[:-1] + bytes([call.voucher[-1] ^ 1])
        found = [refused(lambda: stub.Call(changed(**fields))) for fields in (
            {"voucher": b""}, {"voucher": b"x" * 4096}, {"voucher": b"no voucher"},
            {"voucher": forged}, {"body": call.body + b" "}, {"interface": 0}, {"interface": 4},
            {"interface": pb.INTERFACE_JSON}, {"body": b"{"},
            {"body": call.body.replace(b"false", b"true")})]
        answer = stub.Call(call)
        again = refused(lambda: stub.Call(call))
        return found, answer, again

    found, answer, again = market.with_voucher(use)
    precondition, wrong = StatusCode.FAILED_PRECONDITION, StatusCode.INVALID_ARGUMENT
    assert [(code, trailers["stoa-reason"]) for code, trailers in found] == [
        (precondition, "voucher_missing"), (precondition, "voucher_missing"),
        (wrong, "invalid_request"), (precondition, "voucher_refused"),
        (precondition, "voucher_refused"), (wrong, "bad_interface"), (wrong, "bad_interface"),
        (precondition, "voucher_refused"), (wrong, "invalid_request"), (wrong, "wrong_method")]
    for _, trailers in found:
        assert trailers["stoa-money-moved"] == "false" and trailers["stoa-hint"]
        assert "stoa-receipt-bin" not in trailers
    assert 700 < int(found[3][1]["stoa-code"]) < 800
    paper = receipt(answer.receipt)
    assert paper["status"] == DELIVERED and paper["charge"] > 0 and paper["chunks"] == 1
    assert again[0] == precondition and again[1]["stoa-reason"] == "voucher_refused"


def test_a_stream_comes_as_it_is_made(market):
    # GRPC-7: head, chunks as the upstream makes them, then the receipt, which is of them all.
    def use(call):
        events, times = [], []
        for event in market.provider_stub.StreamCall(call):
            events.append(event)
            times.append(time.monotonic())
            if len(events) == 3:
                during = lane_of(market, voucher_in(call))
        return events, times, voucher_in(call), during, lane_of(market, voucher_in(call))

    events, times, voucher, during, after = market.with_voucher(use, stream=True)
    # GRPC-5: how the lane stands while the call is served, and once it has its receipt.
    assert during.open == voucher["sequence"] == during.sequence + 1
    assert (after.sequence, after.HasField("open")) == (voucher["sequence"], False)
    assert after.receipt == events[-1].receipt and after.HasField("voucher")
    assert times[-2] - times[1] > 0.3
    paper = receipt(events[-1].receipt)
    assert paper["status"] == DELIVERED and paper["chunks"] == len(events) - 2
    assert events[-2].chunk == b"[DONE]"

    whole = market.with_voucher(lambda call: list(market.provider_stub.StreamCall(call)))
    assert [event.WhichOneof("event") for event in whole] == ["head", "chunk", "receipt"]
    assert not whole[0].head.streamed and receipt(whole[2].receipt)["chunks"] == 1


@pytest.mark.parametrize("leave", ["cancel", "deadline"])
def test_a_buyer_that_leaves_pays_for_what_came(market, leave):
    # GRPC-14: the provider behind the door learns of it at once, and ends the call.
    def use(call):
        answer = market.provider_stub.StreamCall(call, timeout=0.7 if leave == "deadline" else 30)
        try:
            for number, _ in enumerate(answer):
                if leave == "cancel" and number == 4:
                    answer.cancel()
        except grpc.RpcError as error:
            return call, error.code()

    started = time.monotonic()
    call, code = market.with_voucher(use, stream=True, text=leave)
    assert code == {"cancel": StatusCode.CANCELLED,
                    "deadline": StatusCode.DEADLINE_EXCEEDED}[leave]
    lane = wait_until(lambda: ended(market, voucher_in(call)))
    assert lane and time.monotonic() - started < 15
    paper = receipt(lane.receipt)
    assert paper["status"] == PARTIAL and 0 < paper["chunks"] < 23


def ended(market, voucher):
    lane = lane_of(market, voucher)
    return lane if lane.sequence >= voucher["sequence"] else None


def lane_of(market, voucher):
    return market.provider_stub.Lane(market.providers.LaneRequest(
        channel=voucher["channel"], lane=voucher["lane"]))


def voucher_in(call) -> dict:
    reader = Reader(call.voucher)
    assert reader.take(1) == b"\x01"
    return reader.read("voucher")


def test_a_model_that_is_down_costs_nothing(market):
    # GRPC-9: the voucher is used up, so no status invites to send it again, and its receipt comes
    # with the refusal.
    market.upstream.kill()
    try:
        code, trailers = market.with_voucher(
            lambda call: refused(lambda: market.provider_stub.Call(call)))
    finally:
        market.upstream.start()
    assert code == StatusCode.ABORTED and trailers["stoa-money-moved"] == "false"
    paper = receipt(trailers["stoa-receipt-bin"])
    assert paper["status"] == FAILED and paper["charge"] == 0
    assert json.loads(trailers["stoa-answer-bin"])["error"]["code"] == trailers["stoa-reason"]
    assert wait_until(lambda: market.ask()[0] == 200)


def test_what_stands_behind_the_door_is_not_believed(market, tmp_path):
    # GRPC-4, GRPC-9: answers that are none reach no client; after a call was sent, nobody says
    # that no money moved.
    bridge = Bridge("http://127.0.0.1:1")
    door = Service("grpc", [str(GRPC_BINARY), "--node", bridge.url, "--provider", bridge.url,
                            "--port", "0", "--json"], tmp_path / "grpc.log",
                   dict(market.door.env)).start()
    traces = []
    answers = iter([
        None, (200, {"content-type": "application/json"}, b"{}"),
        (200, {"content-type": "application/json", "stoa-receipt": "*"}, b"{}"),
        (500, {}, b"<html>"), (302, {"location": "http://127.0.0.1:1/"}, b""),
        (200, {"content-type": "text/event-stream"}, b"data: 1\n\n"),
        (200, {"content-type": "text/event-stream"}, b"event: stoa-receipt\ndata: *\n\n")])

    def act(path, headers, body):
        traces.append(headers.get("traceparent"))
        return next(answers)

    bridge.act = act
    pb, trace = market.providers, "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    call = pb.CallRequest(interface=1, body=b"{}", voucher=b"v")
    try:
        with grpc.insecure_channel(door.url.split("//")[1]) as channel:
            from stoa.node.v1 import node_pb2_grpc
            from stoa.provider.v1 import provider_pb2_grpc
            stub = provider_pb2_grpc.ProviderStub(channel)
            found = [refused(lambda: stub.Call(call, metadata=[("traceparent", trace)]))
                     for _ in range(5)]
            found += [refused(lambda: list(stub.StreamCall(call, metadata=[("traceparent", bad)])))
                      for bad in ("x" * 65, "no trace")]
            assert [(code, trailers["stoa-reason"]) for code, trailers in found] == [
                (StatusCode.UNKNOWN, "cut_off"), (StatusCode.INTERNAL, "malformed_answer"),
                (StatusCode.INTERNAL, "malformed_answer"), (StatusCode.UNKNOWN, "cut_off"),
                (StatusCode.UNKNOWN, "cut_off"), (StatusCode.UNKNOWN, "cut_off"),
                (StatusCode.INTERNAL, "malformed_answer")]
            assert all(trailers["stoa-money-moved"] == "unknown" for _, trailers in found)
            assert traces == [trace] * 5 + [None] * 2

            bridge.act = lambda path, headers, body: (200, {}, b'{"digest":"00"}')
            node = node_pb2_grpc.NodeStub(channel)
            code, trailers = refused(lambda: node.Submit(
                market.nodes.SubmitRequest(transaction=b"t")))
            assert (code, trailers["stoa-reason"]) == (StatusCode.INTERNAL, "malformed_answer")
            assert trailers["stoa-money-moved"] == "unknown"
            # GRPC-4: of blocks too.
            bridge.reads = lambda path: (200, {}, b"{}")
            for call in (lambda: node.Status(market.nodes.StatusRequest()),
                         lambda: next(node.Blocks(market.nodes.BlocksRequest(**{"from": 1})))):
                code, trailers = refused(call)
                assert (code, trailers["stoa-reason"], trailers["stoa-money-moved"]) == (
                    StatusCode.INTERNAL, "malformed_answer", "false")
            bridge.reads = None
            code, trailers = refused(lambda: node.Genesis(market.nodes.GenesisRequest()))
            assert (code, trailers["stoa-reason"], trailers["stoa-money-moved"]) == (
                StatusCode.UNAVAILABLE, "backend_unreachable", "false")
            health = health_pb2_grpc.HealthStub(channel)
            assert wait_until(lambda: health.Check(
                health_pb2.HealthCheckRequest()).status == NOT_SERVING, 10)
    finally:
        door.stop()
        bridge.stop()


# GRPC-13 to GRPC-16: limits, deadlines, the end


def test_messages_have_limits(market):
    # GRPC-13: a method says what is too large for it; far beyond, the transport ends the call.
    stub, pb = market.node_stub, market.nodes
    code, trailers = refused(
        lambda: stub.Submit(pb.SubmitRequest(transaction=b"t" * (300 << 10))))
    assert (code, trailers["stoa-reason"]) == (StatusCode.RESOURCE_EXHAUSTED, "request_too_large")
    code, _ = refused(lambda: stub.Submit(pb.SubmitRequest(transaction=b"t" * (257 << 10))))
    assert code in (StatusCode.INVALID_ARGUMENT, StatusCode.RESOURCE_EXHAUSTED)
    code, trailers = refused(lambda: stub.Entry(pb.EntryRequest(key=b"k" * 5000)))
    assert trailers["stoa-reason"] == "request_too_large"
    code, trailers = refused(lambda: market.provider_stub.Call(
        market.providers.CallRequest(interface=1, body=b" " * (8 << 20) + b"x" * 4096)))
    assert (code, trailers["stoa-reason"]) == (StatusCode.RESOURCE_EXHAUSTED, "request_too_large")
    code, _ = refused(lambda: market.provider_stub.Call(
        market.providers.CallRequest(interface=1, body=b" " * (10 << 20)), timeout=10))
    assert code != StatusCode.DEADLINE_EXCEEDED
    assert stub.Status(pb.StatusRequest()).height > 0


def test_malformed_messages_are_refused(market):
    # GRPC-13: bytes that are no message, by a client that checks nothing.
    raw = market.channel.unary_unary(f"/{NODE}/Entry")
    for body in (b"\xff", b"\x0a\x05a", b"\x0b", b"\x08\x01"):
        code, trailers = refused(lambda: raw(body))
        assert (code, trailers["stoa-reason"]) == (
            StatusCode.INVALID_ARGUMENT, "malformed_message")
    # An unknown field is skipped, as protobuf has it.
    assert raw(b"\x0a\x02\x01z" + b"\xf8\x07\x01")
    missing = market.channel.unary_unary(f"/{NODE}/Mint")
    assert refused(lambda: missing(b""))[0] == StatusCode.UNIMPLEMENTED


def test_a_connection_has_so_many_streams(market):
    # GRPC-13: one more waits at the client until another ends.
    with grpc.insecure_channel(market.target, [("grpc.use_local_subchannel_pool", 1)]) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        watches = [stub.Watch(health_pb2.HealthCheckRequest()) for _ in range(64)]
        for watch in watches:
            next(watch)
        request = health_pb2.HealthCheckRequest()
        assert refused(lambda: stub.Check(request, timeout=1))[0] == StatusCode.DEADLINE_EXCEEDED
        watches[0].cancel()
        assert stub.Check(request, timeout=10).status == SERVING


def test_deadlines_end_what_waits(market):
    # GRPC-14
    started = time.monotonic()
    blocks = market.node_stub.Blocks(market.nodes.BlocksRequest(**{"from": 10**6}), timeout=0.5)
    assert refused(lambda: next(blocks))[0] == StatusCode.DEADLINE_EXCEEDED
    assert time.monotonic() - started < 5


def test_a_door_that_is_told_to_stop_finishes_its_calls(market):
    # GRPC-16: a stream that was paid for comes to its end, a watch is ended, nothing new begins.
    door = market.start_door()
    with grpc.insecure_channel(door.url.split("//")[1]) as channel:
        from stoa.provider.v1 import provider_pb2_grpc
        stub = provider_pb2_grpc.ProviderStub(channel)
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
        assert next(watch).status == SERVING

        def use(call):
            events = stub.StreamCall(call)
            seen = [next(events) for _ in range(3)]
            threading.Thread(target=door.stop).start()
            return seen + list(events)

        events = market.with_voucher(use, stream=True)
        assert events[-2].chunk == b"[DONE]"
        assert receipt(events[-1].receipt)["status"] == DELIVERED
        ending = refused(lambda: [event for event in watch])
        assert ending[0] == StatusCode.UNAVAILABLE
    assert wait_until(lambda: not door.is_running) and door.process.returncode == 0


def test_tls_by_files(market, tmp_path):
    # GRPC-15
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "door")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(key.public_key()).serial_number(1).not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(
            [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    (tmp_path / "cert.pem").write_bytes(certificate)
    (tmp_path / "key.pem").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()))
    words = ("--certificate", str(tmp_path / "cert.pem"), "--private-key")
    door = market.start_door(*words, str(tmp_path / "key.pem"))
    try:
        assert door.url.startswith("https://")
        target = door.url.split("//")[1]
        with grpc.secure_channel(
                target, grpc.ssl_channel_credentials(certificate)) as channel:
            health = health_pb2_grpc.HealthStub(channel)
            assert health.Check(health_pb2.HealthCheckRequest(), timeout=10).status == SERVING
        with grpc.insecure_channel(target) as channel:
            health = health_pb2_grpc.HealthStub(channel)
            assert refused(lambda: health.Check(
                health_pb2.HealthCheckRequest(), timeout=3))[0] in (
                    StatusCode.UNAVAILABLE, StatusCode.DEADLINE_EXCEEDED)
    finally:
        door.stop()
    done = subprocess.run(
        [str(GRPC_BINARY), "--node", market.node.url, "--port", "0", *words,
         str(tmp_path / "cert.pem")], capture_output=True, text=True, timeout=20)
    assert done.returncode != 0 and "hint:" in done.stderr


# GRPC-17, GRPC-18: health and reflection


def test_health_is_honest(market):
    # GRPC-17
    stub = health_pb2_grpc.HealthStub(market.channel)

    def check(service=""):
        return stub.Check(health_pb2.HealthCheckRequest(service=service)).status

    services = ["", NODE, PROVIDER, *OWN]
    assert all(check(service) == SERVING for service in services)
    listed = stub.List(health_pb2.HealthListRequest()).statuses
    assert {name: entry.status for name, entry in listed.items()} == dict.fromkeys(
        services, SERVING)
    code, trailers = refused(lambda: check("stoa.mint.v1.Mint"))
    assert (code, trailers["stoa-reason"], trailers["stoa-money-moved"]) == (
        StatusCode.NOT_FOUND, "no_such_service", "false")
    unknown = stub.Watch(health_pb2.HealthCheckRequest(service="stoa.mint.v1.Mint"))
    assert next(unknown).status == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
    unknown.cancel()

    watch = stub.Watch(health_pb2.HealthCheckRequest(service=NODE), timeout=60)
    assert next(watch).status == SERVING
    market.node.kill()
    try:
        assert next(watch).status == NOT_SERVING
        assert check() == check(NODE) == NOT_SERVING
        assert check(PROVIDER) == SERVING and check(OWN[0]) == SERVING
        code, trailers = refused(lambda: market.node_stub.Status(market.nodes.StatusRequest()))
        assert (code, trailers["stoa-reason"], trailers["stoa-money-moved"]) == (
            StatusCode.UNAVAILABLE, "backend_unreachable", "false")
        code, trailers = refused(lambda: market.node_stub.Submit(
            market.nodes.SubmitRequest(transaction=b"t")))
        assert (code, trailers["stoa-money-moved"]) == (StatusCode.UNAVAILABLE, "unknown")
    finally:
        market.node.start()
    assert next(watch).status == SERVING and check() == SERVING
    watch.cancel()


def test_a_provider_that_is_gone_has_no_voucher(market):
    # GRPC-9, GRPC-17
    def use(call):
        market.seller.kill()
        code, trailers = refused(lambda: market.provider_stub.Call(call))
        stub = health_pb2_grpc.HealthStub(market.channel)
        watch = stub.Watch(health_pb2.HealthCheckRequest(service=PROVIDER), timeout=30)
        assert any(state.status == NOT_SERVING for state in watch)
        return code, trailers

    try:
        code, trailers = market.with_voucher(use)
    finally:
        market.seller.start()
    assert (code, trailers["stoa-reason"], trailers["stoa-money-moved"]) == (
        StatusCode.UNAVAILABLE, "backend_unreachable", "false")
    assert wait_until(lambda: market.ask()[0] == 200)


def test_reflection_is_enough_to_make_a_call(market):
    # GRPC-18: a client that has no proto file at all.
    database = ProtoReflectionDescriptorDatabase(market.channel)
    assert list(database.get_services()) == sorted([NODE, PROVIDER, *OWN])
    pool = descriptor_pool.DescriptorPool(database)
    for name in database.get_services():
        service = pool.FindServiceByName(name)
        assert service.methods
        for method in service.methods:
            assert method.input_type.full_name and method.output_type.full_name
    method = pool.FindMethodByName(f"{NODE}.Status")
    ask = market.channel.unary_unary(
        f"/{NODE}/Status",
        request_serializer=message_factory.GetMessageClass(
            method.input_type).SerializeToString,
        response_deserializer=message_factory.GetMessageClass(method.output_type).FromString)
    answer = ask(message_factory.GetMessageClass(method.input_type)())
    assert answer.chain == market.node_stub.Status(market.nodes.StatusRequest()).chain
    assert pool.FindFileByName("stoa/provider/v1/provider.proto").package == "stoa.provider.v1"


def test_reflection_answers_every_kind_of_question(market):
    # GRPC-18, by version 1 of the service and over one stream.
    from grpc_protos.reflection.v1 import reflection_pb2 as pb
    from grpc_protos.reflection.v1 import reflection_pb2_grpc

    ask = pb.ServerReflectionRequest
    symbols = [
        NODE, f"{NODE}.Status", "stoa.node.v1.BlockSummary", "stoa.node.v1.BlockSummary.events",
        "stoa.provider.v1.Interface", "stoa.provider.v1.INTERFACE_CHAT",
        "stoa.provider.v1.CallEvent.event", "grpc.health.v1.HealthCheckResponse.ServingStatus",
        "grpc.health.v1.HealthCheckResponse.SERVING"]
    questions = [ask(host="h", file_containing_symbol=symbol) for symbol in symbols] + [
        ask(file_by_filename="stoa/node/v1/node.proto"), ask(list_services="*"),
        ask(all_extension_numbers_of_type="stoa.node.v1.BlockSummary")]
    wrong = [
        (ask(file_by_filename="../../etc/passwd"), 5), (ask(file_by_filename=""), 5),
        (ask(file_containing_symbol="stoa.node.v1"), 5), (ask(file_containing_symbol=""), 5),
        (ask(all_extension_numbers_of_type="stoa.node.v1.Nothing"), 5),
        (ask(file_containing_extension=pb.ExtensionRequest(
            containing_type="stoa.node.v1.BlockSummary", extension_number=100)), 5),
        (ask(host="h"), 3)]
    stub = reflection_pb2_grpc.ServerReflectionStub(market.channel)
    everything = questions + [question for question, _ in wrong]
    answers = list(stub.ServerReflectionInfo(iter(everything), timeout=20))
    assert [answer.original_request for answer in answers] == everything
    assert answers[0].valid_host == "h"
    for answer in answers[:len(symbols) + 1]:
        assert len(answer.file_descriptor_response.file_descriptor_proto) == 1
    names = answers[len(symbols) + 1].list_services_response.service
    assert [service.name for service in names] == sorted([NODE, PROVIDER, *OWN])
    numbers = answers[len(symbols) + 2].all_extension_numbers_response
    assert (numbers.base_type_name, list(numbers.extension_number)) == (
        "stoa.node.v1.BlockSummary", [])
    refusals = answers[len(questions):]
    assert [answer.error_response.error_code for answer in refusals] == [c for _, c in wrong]
    assert all(answer.error_response.error_message for answer in refusals)


def test_the_sources_say_what_the_proto_files_say():
    # GRPC-18
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "lib" / "descriptors.py"), "--check"],
        capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_a_door_says_why_it_cannot_open(market):
    port = market.door.url.rsplit(":", 1)[1]
    for words, status, text in [
            ((), 64, "--node, --provider or both"), (("--node", "localhost"), 64, "http://"),
            (("--node", market.node.url, "--host", "localhost"), 64, "IPv4"),
            (("--node", market.node.url, "--certificate", "cert.pem"), 64, "--private-key"),
            (("--node", market.node.url, "--port", port), 1, "hint: does another process")]:
        done = subprocess.run([str(GRPC_BINARY), *words], capture_output=True, text=True,
                              timeout=20)
        assert done.returncode == status and text in done.stderr, done.stderr


def test_half_a_door(market, tmp_path):
    # GRPC-19: what stands behind it is all that it serves, and all that it says it serves.
    door = Service("grpc", [str(GRPC_BINARY), "--provider", market.seller.url, "--port", "0",
                            "--json"], tmp_path / "grpc.log", dict(market.door.env)).start()
    try:
        with grpc.insecure_channel(door.url.split("//")[1]) as channel:
            database = ProtoReflectionDescriptorDatabase(channel)
            assert list(database.get_services()) == sorted([PROVIDER, *OWN])
            raw = channel.unary_unary(f"/{NODE}/Status")
            assert refused(lambda: raw(b""))[0] == StatusCode.UNIMPLEMENTED
            health = health_pb2_grpc.HealthStub(channel)
            assert health.Check(health_pb2.HealthCheckRequest()).status == SERVING
            assert refused(lambda: health.Check(
                health_pb2.HealthCheckRequest(service=NODE)))[0] == StatusCode.NOT_FOUND
    finally:
        door.stop()
