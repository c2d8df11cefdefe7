"""Checks any OpenAI-compatible address with the unmodified `openai` package.

    STOA_GATEWAY_URL=http://127.0.0.1:8090/v1 STOA_MODEL=smollm2-135m \\
        python -m pytest python/tests/openai_client_checks.py

What a model server alone cannot do (cost, receipts) is checked with STOA_PAID=1. More addresses
check more: STOA_EMBEDDINGS_MODEL (and STOA_EMBEDDINGS_URL where it is another address),
STOA_EMPTY_GATEWAY_URL for a wallet without money, STOA_DEAD_GATEWAY_URL for a seller that is down.
"""

from __future__ import annotations

import asyncio
import os

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

URL = os.environ.get("STOA_GATEWAY_URL", "")
MODEL = os.environ.get("STOA_MODEL", "smollm2-135m")
SYSTEM = "You are a helpful assistant. Answer in one short sentence."
QUESTION = [{"role": "system", "content": SYSTEM},
            {"role": "user", "content": "What is the capital of France?"}]
OPTIONS = {"api_key": "none", "max_retries": 0, "timeout": 120}

needs_gateway = pytest.mark.skipif(not URL, reason="STOA_GATEWAY_URL is not set")
needs_payment = pytest.mark.skipif(
    not (URL and os.environ.get("STOA_PAID")), reason="STOA_PAID is not set: nothing is paid here")


def client(url: str = URL) -> OpenAI:
    return OpenAI(base_url=url, **OPTIONS)


def address(name: str) -> str:
    """The address in an environment variable; skips the test without it."""
    url = os.environ.get(name, "")
    if not url:
        pytest.skip(f"{name} is not set")
    return url


def ask(**options):
    return client().chat.completions.create(
        model=MODEL, messages=QUESTION, max_tokens=16, temperature=0, **options)


def streamed() -> tuple[str, list]:
    """The text of a streamed answer, and all its chunks."""
    chunks = list(ask(stream=True, stream_options={"include_usage": True}))
    text = "".join(
        chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    return text, chunks


@needs_gateway
def test_models_are_listed():
    assert MODEL in [model.id for model in client().models.list().data]


@needs_gateway
def test_a_chat_has_an_answer_and_usage():
    reply = ask()
    assert reply.choices[0].message.content
    assert reply.usage.prompt_tokens > 0
    assert 0 < reply.usage.completion_tokens <= 16
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens


@needs_gateway
def test_a_stream_has_text_and_ends_with_usage():
    text, chunks = streamed()
    assert text
    assert not chunks[-1].choices
    assert chunks[-1].usage.completion_tokens > 0
    assert all(chunk.usage is None for chunk in chunks[:-1])


@needs_gateway
def test_a_greedy_stream_says_what_the_whole_answer_says():
    assert streamed()[0] == ask().choices[0].message.content


@needs_gateway
def test_after_an_aborted_stream_the_next_call_works():
    stream = ask(stream=True)
    for count, _ in enumerate(stream, 1):
        if count == 3:
            break
    stream.close()
    assert ask().choices[0].message.content


@needs_gateway
def test_thirty_two_calls_at_once():
    async def run():
        async with AsyncOpenAI(base_url=URL, **OPTIONS) as many:
            return await asyncio.gather(*(
                many.chat.completions.create(
                    model=MODEL, messages=QUESTION, max_tokens=2, temperature=0)
                for _ in range(32)))

    replies = asyncio.run(run())
    assert len(replies) == 32
    assert all(reply.choices and reply.usage.completion_tokens > 0 for reply in replies)


@needs_payment
def test_a_stream_ends_with_its_cost_and_receipt():
    extra = streamed()[1][-1].usage.model_extra
    assert int(extra["cost"]) > 0
    assert extra["receipt"]


@needs_payment
def test_an_answer_carries_its_number_cost_and_receipt():
    raw = client().chat.completions.with_raw_response.create(
        model=MODEL, messages=QUESTION, max_tokens=4, temperature=0)
    assert raw.headers["x-request-id"]
    assert raw.headers["x-stoa-receipt"]
    assert int(raw.headers["x-stoa-cost"]) == int(raw.parse().usage.model_extra["cost"]) > 0


# llama.cpp alone serves its one model under any name, so that a 404 is the market's own.
@needs_payment
def test_an_unknown_model_is_not_found():
    with pytest.raises(openai.NotFoundError) as caught:
        client().chat.completions.create(model="no-such-model", messages=QUESTION)
    assert caught.value.code == "model_not_found"


@pytest.mark.parametrize("form", [None, "float", "base64"])
def test_embeddings_are_near_where_the_meaning_is(form):
    model = address("STOA_EMBEDDINGS_MODEL")
    url = os.environ.get("STOA_EMBEDDINGS_URL") or address("STOA_GATEWAY_URL")
    texts = ["The cat sat on the mat.", "A kitten rests on a rug.", "Revenue rose by a tenth."]
    options = {} if form is None else {"encoding_format": form}
    reply = client(url).embeddings.create(model=model, input=texts, **options)
    assert [item.index for item in reply.data] == [0, 1, 2]
    assert reply.usage.prompt_tokens > 0
    vectors = [item.embedding for item in reply.data]
    if form == "base64":
        assert all(isinstance(vector, str) for vector in vectors)
        return
    cat, kitten, revenue = vectors
    assert sum(a * b for a, b in zip(cat, kitten)) > sum(a * b for a, b in zip(cat, revenue))


def test_an_empty_wallet_is_a_402_that_moved_nothing():
    with pytest.raises(openai.APIStatusError) as caught:
        client(address("STOA_EMPTY_GATEWAY_URL")).chat.completions.create(
            model=MODEL, messages=QUESTION, max_tokens=4)
    assert caught.value.status_code == 402
    # OpenAI's own word for it, which clients know.
    assert caught.value.code == "insufficient_quota"
    assert caught.value.body["money_moved"] is False
    assert caught.value.body["message"]


def test_a_seller_that_is_down_is_said_plainly():
    with pytest.raises(openai.APIStatusError) as caught:
        client(address("STOA_DEAD_GATEWAY_URL")).chat.completions.create(
            model=MODEL, messages=QUESTION, max_tokens=4)
    assert caught.value.status_code in (502, 503)
    assert caught.value.body["message"] and caught.value.code
    assert caught.value.body["money_moved"] is False
