"""P8: the unmodified openai package buys through the gateway."""

from __future__ import annotations

import asyncio
import shutil
import time
from pathlib import Path

import openai
import pytest
from conftest import Market
from openai import AsyncOpenAI, OpenAI
from stoa_market.processes import Stoa

MODEL = "mock-model"
HELLO = [{"role": "user", "content": "hello"}]
TEXT = "The quick brown fox jumps over the lazy dog." * 2


def client(market: Market) -> OpenAI:
    return OpenAI(base_url=f"{market.gateway.url}/v1", api_key="none", max_retries=0, timeout=30)


def receipts(market: Market) -> list[dict]:
    return market.stoa("receipts", "list", "--limit", "1000000")


def wait_for(condition, seconds: float = 15.0):
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
    return value


def test_models_are_listed_with_seller(market):
    models = client(market).models.list().data
    assert [model.id for model in models] == [MODEL]
    assert models[0].owned_by.startswith("stoa1")


def test_chat_carries_cost_and_receipt(market):
    raw = client(market).chat.completions.with_raw_response.create(
        model=MODEL, messages=HELLO, max_tokens=64)
    reply = raw.parse()
    assert reply.choices[0].message.content == TEXT
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (12, 20)
    # P1, P5: 12 × 20 + 20 × 60 obol, and a receipt that checks without a network.
    assert reply.usage.model_extra["cost"] == 12 * 20 + 20 * 60
    assert raw.headers["x-stoa-cost"] == str(12 * 20 + 20 * 60)
    assert raw.headers["x-request-id"]
    verdict = market.stoa("receipts", "verify", raw.headers["x-stoa-receipt"])
    assert verdict["verdict"] == "verified"


def test_stream_ends_with_usage_cost_and_receipt(market):
    text, usage = "", None
    stream = client(market).chat.completions.create(
        model=MODEL, messages=HELLO, max_tokens=64, stream=True,
        stream_options={"include_usage": True})
    for chunk in stream:
        if chunk.choices and chunk.choices[0].delta.content:
            text += chunk.choices[0].delta.content
        usage = chunk.usage or usage
    assert text == TEXT
    assert usage.model_extra["cost"] == 12 * 20 + 20 * 60
    assert market.stoa("receipts", "verify", usage.model_extra["receipt"])["verdict"] == "verified"


def test_stream_without_usage_has_no_usage_chunk(market):
    stream = client(market).chat.completions.create(
        model=MODEL, messages=HELLO, max_tokens=64, stream=True)
    assert all(chunk.usage is None and chunk.choices for chunk in stream)


def test_p6_an_aborted_stream_costs_only_what_was_sent(market):
    before = {receipt["receipt"] for receipt in receipts(market)}
    stream = client(market).chat.completions.create(
        model=MODEL, messages=HELLO, max_tokens=64, stream=True)
    for count, _ in enumerate(stream):
        if count == 3:
            break
    stream.close()

    def settled():
        return [r for r in receipts(market) if r["receipt"] not in before]

    receipt = wait_for(settled)[0]
    assert receipt["status"] in ("partial", "delivered")
    if receipt["status"] == "partial":
        assert receipt["units"].get("output_token", 0) <= 20
        assert int(receipt["chargeObol"]) <= 12 * 20 + 20 * 60
    # The lane is free again: the next call works.
    assert client(market).chat.completions.create(model=MODEL, messages=HELLO).choices


def test_thirty_two_calls_at_once(market):
    async def run():
        asynchronous = AsyncOpenAI(
            base_url=f"{market.gateway.url}/v1", api_key="none", max_retries=0, timeout=60)
        return await asyncio.gather(*(
            asynchronous.chat.completions.create(model=MODEL, messages=HELLO, max_tokens=32)
            for _ in range(32)))

    replies = asyncio.run(run())
    assert len({reply.usage.model_extra["receipt"] for reply in replies}) == 32


def test_embeddings_are_sold_too(market, tmp_path):
    """The client asks for base64 by default; the seller's answer is numbers."""
    shutil.copytree(market.home / "wallets", tmp_path / "second" / "wallets")
    second = Stoa(Path(market.stoa.binary), tmp_path / "second", market.node.url)
    service = second.service(
        "seller", "sell", "mock-embedder", "--wallet", "poor", "--upstream", market.upstream.url,
        "--interface", "embeddings", "--price-in", "3", "--port", "0")
    market.stoa("wallet", "send", "--from", "seller", "poor", "1")
    service.start()
    try:
        wait_for(lambda: "mock-embedder" in [m.id for m in client(market).models.list().data])
        reply = client(market).embeddings.create(model="mock-embedder", input=["a", "b"])
        assert [item.embedding for item in reply.data] == [[0.5, -0.25, 0.125]] * 2
        assert reply.usage.model_extra["cost"] == 8 * 3
        receipt = reply.usage.model_extra["receipt"]
        assert market.stoa("receipts", "verify", receipt)["verdict"] == "verified"
    finally:
        service.stop()


def test_unknown_model_is_a_404_that_names_what_there_is(market):
    with pytest.raises(openai.NotFoundError) as caught:
        client(market).chat.completions.create(model="no-such-model", messages=HELLO)
    assert caught.value.code == "model_not_found"
    assert MODEL in str(caught.value.body)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"model":"mock-model","model":"x"}',
                                  b'{"model":"mock-model","messages":[],"n":4}'])
def test_malformed_requests_are_refused_and_cost_nothing(market, body):
    import urllib.error
    import urllib.request

    before = len(receipts(market))
    request = urllib.request.Request(
        f"{market.gateway.url}/v1/chat/completions", data=body,
        headers={"content-type": "application/json"})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=20)
    assert caught.value.code == 400
    assert len(receipts(market)) == before


def test_empty_wallet_is_a_402_that_says_what_to_do(market, tmp_path):
    home = tmp_path / "penniless"
    home.mkdir()
    Stoa(Path(market.stoa.binary), home)("wallet", "new", "penniless")
    gateway = market.connect("penniless", home=home)
    try:
        poor = OpenAI(base_url=f"{gateway.url}/v1", api_key="none", max_retries=0, timeout=30)
        with pytest.raises(openai.APIStatusError) as caught:
            poor.chat.completions.create(model=MODEL, messages=HELLO)
        assert caught.value.status_code == 402
        error = caught.value.body
        assert error["code"] == "insufficient_quota"
        assert error["money_moved"] is False
        assert "stoa wallet send" in error["hint"]
    finally:
        gateway.stop()


def test_seller_down_is_said_plainly_and_costs_nothing(market):
    before = len(receipts(market))
    market.seller.stop()
    try:
        with pytest.raises(openai.APIStatusError) as caught:
            client(market).chat.completions.create(model=MODEL, messages=HELLO)
        assert caught.value.status_code in (502, 503)
        assert caught.value.body["money_moved"] is False
        assert len(receipts(market)) == before
    finally:
        market.seller.start()
    wait_for(lambda: works(market), 30)


def works(market: Market) -> bool:
    try:
        return bool(client(market).chat.completions.create(model=MODEL, messages=HELLO).choices)
    except openai.APIStatusError:
        return False


def test_upstream_down_is_a_502_and_costs_nothing(market):
    wait_for(lambda: works(market), 30)
    market.upstream.kill()
    try:
        with pytest.raises(openai.APIStatusError) as caught:
            client(market).chat.completions.create(model=MODEL, messages=HELLO)
        assert caught.value.status_code in (502, 503)
        charged = [r for r in receipts(market) if r["status"] == "failed"]
        assert all(r["chargeObol"] == "0" for r in charged)
    finally:
        market.upstream.command += ["--port", market.upstream.url.rsplit(":", 1)[1]]
        market.upstream.start()
    wait_for(lambda: works(market), 30)


def test_p3_all_of_this_took_a_handful_of_transactions(market):
    blocks = market.stoa("blocks", "--limit", "100000")
    opened = sum("opened by" in event for block in blocks for event in block["events"])
    # One channel for each of the two sellers.
    assert opened == 2
    assert len(receipts(market)) > 30
    assert sum(block["transactions"] for block in blocks) <= 12
