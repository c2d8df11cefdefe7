"""Images, speech and transcriptions: bought with the unmodified `openai` package through a gateway of
one's own and through the hosted one, from a model server that really makes and reads them."""

from __future__ import annotations

import base64
import io
import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path

import openai
import pytest
from openai import OpenAI

from access_door import Door
from conftest import ROOT
from media_upstream import png, tone
from stoa_market.processes import Service, Stoa

IMAGES, SPEECH, SCRIBE = "painter", "speaker", "scribe"
PRICES = {IMAGES: 700, SPEECH: 90, SCRIBE: 40}
KINDS = {IMAGES: "images", SPEECH: "speech", SCRIBE: "transcription"}


class MediaMarket(Door):
    """A door whose ledger has one seller of images, speech and transcriptions, and a gateway."""

    def __init__(self, home: Path):
        super().__init__(home)
        for wallet in ("seller", "payer", "buyer"):
            self.stoa("wallet", "new", wallet)
            self.stoa("wallet", "send", "--from", "alice", wallet, "1000")
        self.log = home / "asked.jsonl"
        self.upstream = Service(
            "upstream", [sys.executable, str(Path(__file__).parent / "media_upstream.py"), "--log",
                         str(self.log)], home / "upstream.log", dict(os.environ)).start()
        for model, kind in KINDS.items():
            more = () if model == SCRIBE else ("--request-bytes-max", "4000")
            self.stoa("sell", model, "--wallet", "seller", "--upstream", self.upstream.url,
                      "--upstream-model", f"inner-{model}", "--interface", kind, "--price-call",
                      str(PRICES[model]), "--port", "26791", "--publish-only", *more)
        self.seller = self.stoa.service("seller", "provider", "--wallet", "seller").start()
        self.gateway = self.stoa.service(
            "gateway", "connect", "--wallet", "buyer", "--budget", "100", "--port", "0").start()
        self.session = self.stoa("keys", "account", "payer")["session"]
        self.stoa("session", "grant", "--wallet", "payer", self.session, "--limit", "20")
        self.key = self.make_key("plain")

    def make_key(self, label: str, *words: str) -> str:
        return self.stoa("keys", "create", label, "--scope", "calls:write", *words)["key"]

    def own(self) -> OpenAI:
        return OpenAI(base_url=f"{self.gateway.url}/v1", api_key="none", max_retries=0, timeout=60)

    def hosted(self, key: str | None = None) -> OpenAI:
        return OpenAI(base_url=f"{self.url}/v1", api_key=key or self.key, max_retries=0,
                      timeout=60)

    def asked(self) -> list[dict]:
        return [json.loads(line) for line in self.log.read_text().splitlines()] \
            if self.log.exists() else []

    def verified(self, receipt: str, units: dict, charge: int) -> None:
        """P5: the receipt proves itself, and says what was counted."""
        verdict = self.stoa("receipts", "verify", receipt)
        assert verdict["verdict"] == "verified", verdict
        shown = next(entry for entry in self.stoa("receipts", "list", "--limit", "1000")
                     if entry["receipt"] == receipt)
        assert (shown["units"], int(shown["chargeObol"])) == (units, charge)

    def stop(self):
        for service in (self.gateway, self.serve, self.seller, self.upstream, self.node):
            service.stop()


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    market = MediaMarket(tmp_path_factory.mktemp("media") / "home")
    yield market
    market.stop()


@pytest.fixture(autouse=True)
def patience(market):
    market.forget_rates()


@pytest.fixture(params=["own", "hosted"])
def client(request, market) -> OpenAI:
    return getattr(market, request.param)()


def refused(market, kind, call) -> openai.APIStatusError:
    """A refusal that moved nothing, and that no model server heard of."""
    before = len(market.asked())
    with pytest.raises(kind) as caught:
        call()
    assert caught.value.body["money_moved"] is False and caught.value.body["message"]
    assert len(market.asked()) == before
    return caught.value


def post(url: str, body: bytes, kind: str, key: str = "none") -> tuple[int, dict]:
    request = urllib.request.Request(
        url, body, {"content-type": kind, "authorization": f"Bearer {key}"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def field(name: str, value: str, *, boundary: str = "b") -> bytes:
    return (f"--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n"
            f"{value}\r\n").encode()


def file(content: bytes, *, boundary: str = "b", more: str = "") -> bytes:
    return (f"--{boundary}\r\ncontent-disposition: form-data; name=\"file\"; "
            f"filename=\"a.wav\"\r\n{more}\r\n").encode() + content + b"\r\n"


# --- refusals first ---------------------------------------------------------------------------------

def test_a_model_that_nobody_sells_for_that_is_not_found(market, client):
    """CALL-20: a name is sold for one interface, and not for the others."""
    for model in (SPEECH, "nothing"):
        error = refused(market, openai.NotFoundError, lambda: client.images.generate(
            model=model, prompt="a lighthouse"))
        assert error.code == "model_not_found" and IMAGES in error.body["hint"]
    refused(market, openai.NotFoundError, lambda: client.audio.speech.create(
        model=IMAGES, input="hello", voice="alloy"))
    refused(market, openai.NotFoundError, lambda: client.audio.transcriptions.create(
        model=IMAGES, file=("a.wav", tone(0.1))))
    refused(market, openai.NotFoundError, lambda: client.chat.completions.create(
        model=IMAGES, messages=[{"role": "user", "content": "paint"}]))


def test_streams_are_refused_by_name(market, client):
    """CALL-20: answers of these paths come whole; who asks for a stream is told so."""
    error = refused(market, openai.BadRequestError, lambda: client.images.generate(
        model=IMAGES, prompt="a lighthouse", stream=True))
    assert error.param == "stream"
    error = refused(market, openai.BadRequestError, lambda: client.audio.speech.create(
        model=SPEECH, input="hello", voice="alloy", stream_format="sse"))
    assert error.param == "stream_format"
    error = refused(market, openai.BadRequestError, lambda: client.audio.transcriptions.create(
        model=SCRIBE, file=("a.wav", tone(0.1)), stream=True))
    assert error.param == "stream"


def test_counts_and_wishes_that_would_not_hold_are_refused(market, client):
    """CALL-21: an image more costs more, under one name alone."""
    for more, param in (({"n": 11}, "n"), ({"n": 0}, "n"),
                        ({"extra_body": {"num_images": 3}}, "num_images"),
                        ({"extra_body": {"provider": {"cache": 60}}}, "provider.cache")):
        error = refused(market, openai.BadRequestError, lambda: client.images.generate(
            model=IMAGES, prompt="a lighthouse", **more))
        assert error.param == param
    error = refused(market, openai.BadRequestError, lambda: client.audio.transcriptions.create(
        model=SCRIBE, file=("a.wav", tone(0.1)), extra_body={"provider": {"sort": "price"}}))
    assert error.param == "provider"


def test_what_is_too_large_is_refused(market, client):
    """CALL-22: by the offer's own limit, or by the gateway's."""
    error = refused(market, openai.APIStatusError, lambda: client.audio.speech.create(
        model=SPEECH, input="x" * 5000, voice="alloy"))
    assert error.status_code == 413
    large = io.BytesIO(bytes(27 << 20))
    error = refused(market, openai.APIStatusError, lambda: client.audio.transcriptions.create(
        model=SCRIBE, file=("a.wav", large)))
    assert error.status_code == 413


FORMS = {
    "not a form": (b"{}", "multipart/form-data; boundary=b"),
    "another boundary than the header's": (
        field("model", SCRIBE, boundary="c") + file(b"x", boundary="c") + b"--c--\r\n",
        "multipart/form-data; boundary=b"),
    "no content type of a form": (
        field("model", SCRIBE) + file(b"x") + b"--b--\r\n", "application/json"),
    "two boundaries in the header": (
        field("model", SCRIBE) + file(b"x") + b"--b--\r\n",
        "multipart/form-data; boundary=b; boundary=c"),
    "words before the first boundary": (
        b"hello\r\n" + field("model", SCRIBE) + file(b"x") + b"--b--\r\n",
        "multipart/form-data; boundary=b"),
    "bytes after the last": (
        field("model", SCRIBE) + file(b"x") + b"--b--\r\n{}", "multipart/form-data; boundary=b"),
    "cut off": (field("model", SCRIBE) + file(b"x"), "multipart/form-data; boundary=b"),
    "a boundary inside the file": (
        field("model", SCRIBE) + file(b"x\r\n--bb\r\ny") + b"--b--\r\n",
        "multipart/form-data; boundary=b"),
    "two models": (
        field("model", SCRIBE) + field("model", "other") + file(b"x") + b"--b--\r\n",
        "multipart/form-data; boundary=b"),
    "a model in capitals besides": (
        field("model", SCRIBE) + field("Model", "other") + file(b"x") + b"--b--\r\n",
        "multipart/form-data; boundary=b"),
    "no model": (file(b"x") + b"--b--\r\n", "multipart/form-data; boundary=b"),
    "no file": (field("model", SCRIBE) + b"--b--\r\n", "multipart/form-data; boundary=b"),
    "an empty file": (
        field("model", SCRIBE) + file(b"") + b"--b--\r\n", "multipart/form-data; boundary=b"),
    "an encoded file": (
        field("model", SCRIBE)
        + file(b"eA==", more="content-transfer-encoding: base64\r\n") + b"--b--\r\n",
        "multipart/form-data; boundary=b"),
    "a length that is not its own": (
        field("model", SCRIBE) + file(b"xyz", more="content-length: 1\r\n") + b"--b--\r\n",
        "multipart/form-data; boundary=b"),
    "a format that nobody knows": (
        field("model", SCRIBE) + field("response_format", "html") + file(b"x") + b"--b--\r\n",
        "multipart/form-data; boundary=b"),
    "a hundred fields": (
        field("model", SCRIBE) + b"".join(field(f"x{place}", "") for place in range(100))
        + file(b"x") + b"--b--\r\n", "multipart/form-data; boundary=b"),
}


@pytest.mark.parametrize("fault", FORMS)
def test_forms_that_readers_would_see_differently_are_refused(market, fault):
    """CALL-22: a form is read strictly, so that seller and model server see what was hashed."""
    body, kind = FORMS[fault]
    before = len(market.asked())
    for url, key in ((market.gateway.url, "none"), (market.url, market.key)):
        status, answer = post(f"{url}/v1/audio/transcriptions", body, kind, key)
        assert status == 400, answer
        assert answer["error"]["money_moved"] is False and answer["error"]["message"]
    assert len(market.asked()) == before


def test_budgets_hold_for_images_too(market):
    """HST-5: a key is charged for what it was given, and set aside is what was asked for."""
    key = market.make_key("small", "--budget", "0.0000015")  # two images and a bit
    client = market.hosted(key)
    assert client.images.generate(model=IMAGES, prompt="one", n=1).data
    error = refused(market, openai.APIStatusError, lambda: client.images.generate(
        model=IMAGES, prompt="two more", n=2))
    assert error.status_code == 402 and "budget" in str(error)
    assert client.images.generate(model=IMAGES, prompt="one more").data


def test_without_a_key_nothing_is_called(market):
    for call in (lambda c: c.images.generate(model=IMAGES, prompt="x"),
                 lambda c: c.audio.speech.create(model=SPEECH, input="x", voice="alloy"),
                 lambda c: c.audio.transcriptions.create(model=SCRIBE, file=("a.wav", tone(0.1)))):
        refused(market, openai.AuthenticationError, lambda: call(market.hosted("stoa_live_wrong")))


# --- what is sold -----------------------------------------------------------------------------------

def test_images_are_paid_one_by_one(market, client):
    """CALL-21: each image that came is one unit."""
    raw = client.images.with_raw_response.generate(
        model=IMAGES, prompt="a lighthouse", n=3, response_format="b64_json")
    pictures = [base64.b64decode(image.b64_json) for image in raw.parse().data]
    assert pictures == [png()] * 3
    assert raw.headers["x-stoa-cost"] == str(3 * PRICES[IMAGES])
    assert market.asked()[-1]["model"] == "inner-painter"
    if str(market.gateway.url) in str(client.base_url):
        market.verified(raw.headers["x-stoa-receipt"], {"call": 3}, 3 * PRICES[IMAGES])


def test_images_that_did_not_come_cost_nothing(market, client):
    """CALL-21: fewer than asked for cost less, none is a failure."""
    raw = client.images.with_raw_response.generate(model=IMAGES, prompt="one less", n=3)
    assert len(raw.parse().data) == 2
    assert raw.headers["x-stoa-cost"] == str(2 * PRICES[IMAGES])
    with pytest.raises(openai.APIStatusError) as caught:
        client.images.generate(model=IMAGES, prompt="none")
    assert caught.value.status_code == 502 and caught.value.body["money_moved"] is False
    with pytest.raises(openai.BadRequestError) as caught:
        client.images.generate(model=IMAGES, prompt="unsafe")
    assert "not allowed" in str(caught.value) and caught.value.body["money_moved"] is False


def test_speech_is_audio(market, client):
    """CALL-20: bytes pass as they are, under a type that is audio and nothing else."""
    text = "Hello from the colonnade."
    raw = client.audio.speech.with_raw_response.create(
        model=SPEECH, input=text, voice="alloy", response_format="wav")
    assert raw.content == tone(len(text) / 100)
    assert raw.headers["content-type"] == "audio/wav"
    assert raw.headers["x-stoa-cost"] == str(PRICES[SPEECH])
    asked = market.asked()[-1]
    assert (asked["model"], asked["voice"]) == ("inner-speaker", "alloy")
    if str(market.gateway.url) in str(client.base_url):
        market.verified(raw.headers["x-stoa-receipt"], {"call": 1}, PRICES[SPEECH])
    raw = client.audio.speech.with_raw_response.create(
        model=SPEECH, input="parameters", voice="alloy")
    assert raw.headers["content-type"] == "audio/wav"


def test_a_page_is_no_speech(market, client):
    """CALL-20: what a browser would run does not come out of this door."""
    with pytest.raises(openai.APIStatusError) as caught:
        client.audio.speech.create(model=SPEECH, input="page", voice="alloy")
    assert caught.value.status_code == 502 and caught.value.body["money_moved"] is False


def test_a_recording_becomes_text(market, client):
    """CALL-22: the form reaches the model server with its own name of the model."""
    raw = client.audio.transcriptions.with_raw_response.create(
        model=SCRIBE, file=("räuber \"a\".wav", tone(1.25), "audio/wav"), language="en",
        timestamp_granularities=["word", "segment"])
    assert raw.parse().text == "A tone of 1.25 seconds."
    assert raw.headers["content-type"] == "application/json"
    assert raw.headers["x-stoa-cost"] == str(PRICES[SCRIBE])
    asked = market.asked()[-1]
    assert asked["model"] == "inner-scribe" and asked["fields"]["language"] == "en"
    assert asked["bytes"] == len(tone(1.25)) and asked["file"].endswith(".wav")
    if str(market.gateway.url) in str(client.base_url):
        market.verified(raw.headers["x-stoa-receipt"], {"call": 1}, PRICES[SCRIBE])


def test_a_transcription_as_text_is_plain(market, client):
    """CALL-22: whatever the model server calls it."""
    raw = client.audio.transcriptions.with_raw_response.create(
        model=SCRIBE, file=("a.wav", tone(0.5)), response_format="text")
    assert raw.text == "A tone of 0.50 seconds."
    assert raw.headers["content-type"] == "text/plain; charset=utf-8"
    with pytest.raises(openai.APIStatusError) as caught:
        client.audio.transcriptions.create(
            model=SCRIBE, file=("a.wav", tone(0.5)), prompt="broken")
    assert caught.value.status_code == 502 and caught.value.body["money_moved"] is False


def test_a_recording_of_twelve_megabytes(market, client):
    """CALL-22: files as large as OpenAI's own door takes them."""
    sound = tone(0.1) * 1
    long = sound[:40] + (12 << 20).to_bytes(4, "little") + bytes(12 << 20)
    long = long[:4] + (len(long) - 8).to_bytes(4, "little") + long[8:]
    reply = client.audio.transcriptions.create(model=SCRIBE, file=("long.wav", long))
    assert reply.text == f"A tone of {(12 << 20) / 32_000:.2f} seconds."


# --- where people read of it ------------------------------------------------------------------------

def test_the_pages_know_them(market):
    """PRT-20, PRT-121: search, offer, sell and the contract."""
    def page(path: str) -> str:
        return market.ask("GET", path, headers={"accept": "text/html"}).body.decode()

    found = json.loads(market.ask("GET", "/api/v1/offers?interface=images").body)
    assert [offer["model"] for offer in found["data"]] == [IMAGES]
    for model, words in ((IMAGES, ("client.images.generate", "image")),
                         (SPEECH, ("client.audio.speech.create", "speech.mp3")),
                         (SCRIBE, ("client.audio.transcriptions.create", "-F file=@speech.mp3"))):
        offers = json.loads(market.ask("GET", f"/api/v1/offers?interface={KINDS[model]}").body)["data"]
        text = page(f"/offers/{offers[0]['id']}")
        assert all(word in text for word in words), (model, text[:3000])
    form = page("/sell")
    assert "Images, as OpenAI" in form and "Text from audio" in form
    command = page("/sell?show=command&model=painter&interface=images&priceCall=0.01"
                   "&upstream=http://127.0.0.1:1&stake=1&port=26700")
    assert "--interface images" in command and "for a image" not in command
    fault = page("/sell?show=command&model=painter&interface=images&priceIn=0.01"
                 "&upstream=http://127.0.0.1:1&stake=1&port=26700")
    assert "means nothing here" in fault
