"""Files that a market keeps for an organisation: `/v1/files` of `stoa serve`, with the unmodified
`openai` package, and their use in calls."""

from __future__ import annotations

import base64
import json
import os
import sys
from pathlib import Path

import openai
import pytest
from openai import OpenAI

from access_door import Door, cookie_of
from conftest import PRICES
from stoa_market.processes import Service

MODEL = "mock-model"
PDF = b"%PDF-1.4 a small thing \x00\xff" * 40
KEPT = 1 << 20  # of one organisation


class FileMarket(Door):
    """A door that keeps a megabyte for each organisation, with a seller of chats."""

    def __init__(self, home: Path):
        super().__init__(home, "--organisation-files-bytes-max", str(KEPT),
                         "--organisation-files-max", "6")
        for wallet in ("seller", "payer"):
            self.stoa("wallet", "new", wallet)
            self.stoa("wallet", "send", "--from", "alice", wallet, "1000")
        self.bodies = home / "bodies.jsonl"
        mock = Path(__file__).parent / "mock_upstream.py"
        self.upstream = Service(
            "upstream", [sys.executable, str(mock), "--bodies", str(self.bodies)],
            home / "upstream.log", dict(os.environ)).start()
        self.seller = self.stoa.service(
            "seller", "sell", MODEL, "--wallet", "seller", "--upstream", self.upstream.url, *PRICES,
            "--request-bytes-max", str(4 << 20), "--port", "0").start()
        session = self.stoa("keys", "account", "payer")["session"]
        self.stoa("session", "grant", "--wallet", "payer", session, "--limit", "20")
        self.key = self.stoa("keys", "create", "plain", "--scope", "calls:write")["key"]

    def client(self, key: str | None = None) -> OpenAI:
        return OpenAI(base_url=f"{self.url}/v1", api_key=key or self.key, max_retries=0,
                      timeout=60)

    def asked(self) -> list[dict]:
        return [json.loads(line) for line in self.bodies.read_bytes().splitlines()] \
            if self.bodies.exists() else []

    def stop(self):
        for service in (self.serve, self.seller, self.upstream, self.node):
            service.stop()


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    market = FileMarket(tmp_path_factory.mktemp("files") / "home")
    yield market
    market.stop()


@pytest.fixture(autouse=True)
def clean(market):
    market.forget_rates()
    yield
    for file in market.client().files.list():
        market.client().files.delete(file.id)


@pytest.fixture(scope="module")
def other(market) -> str:
    """A key of another organisation: of somebody who signed up."""
    signed_up = market.register(market.authenticator(), "Bob")
    cookie = cookie_of(signed_up)
    made = market.ask("POST", "/api/v1/keys", {
        "label": "bob", "scopes": ["calls:write"]}, cookie=cookie,
        headers={"Origin": market.origin, "Content-Type": "application/json"})
    assert made.status in (200, 201), made.body
    return made.json["secret"]


def keep(client: OpenAI, content: bytes = PDF, name: str = "report.pdf", **more):
    return client.files.create(file=(name, content, "application/pdf"), purpose="user_data", **more)


def refused(kind, call) -> openai.APIStatusError:
    with pytest.raises(kind) as caught:
        call()
    assert caught.value.body["money_moved"] is False and caught.value.body["message"]
    return caught.value


# --- refusals first ---------------------------------------------------------------------------------

def test_nobody_and_keys_without_the_scope_keep_nothing(market):
    """FILE-1: who may call may keep files, and nobody else."""
    refused(openai.AuthenticationError, lambda: keep(market.client("stoa_live_wrong")))
    reader = market.stoa("keys", "create", "reader", "--scope", "usage:read")["key"]
    for call in (lambda c: keep(c), lambda c: c.files.list(), lambda c: c.files.retrieve("file-x"),
                 lambda c: c.files.content("file-x"), lambda c: c.files.delete("file-x")):
        refused(openai.PermissionDeniedError, lambda: call(market.client(reader)))
    assert market.ask("GET", "/v1/files").status == 401


def test_files_of_others_are_not_there(market, other):
    """FILE-2: another organisation's file is as one that never was."""
    file = keep(market.client())
    stranger = market.client(other)
    assert stranger.files.list().data == []
    for call in (lambda: stranger.files.retrieve(file.id), lambda: stranger.files.content(file.id),
                 lambda: stranger.files.delete(file.id)):
        error = refused(openai.NotFoundError, call)
        missing = refused(openai.NotFoundError, lambda: stranger.files.retrieve("file-" + "0" * 32))
        assert error.body["message"] == missing.body["message"]
    refused(openai.NotFoundError, lambda: list(stranger.files.list(after=file.id)))
    before = len(market.asked())
    error = refused(openai.APIStatusError, lambda: ask_about(stranger, file.id))
    assert error.status_code in (402, 404) and len(market.asked()) == before
    assert market.client().files.retrieve(file.id).id == file.id


@pytest.mark.parametrize("name", [
    "file-" + "0" * 32, "file-", "..%2f..%2fetc%2fpasswd", "%2e%2e", "file-%00", "file-' OR '1'='1",
    "x" * 300])
def test_names_that_were_never_given_are_not_found(market, name):
    """FILE-2: an identifier is compared, never opened."""
    for path in (f"/v1/files/{name}", f"/v1/files/{name}/content"):
        answer = market.ask("GET", path.replace(" ", "%20").replace("'", "%27"),
                            headers={"authorization": f"Bearer {market.key}"})
        assert answer.status == 404, (path, answer.body)
        assert answer.json["error"]["money_moved"] is False


@pytest.mark.parametrize("name", [
    "../../../../etc/passwd", "/etc/passwd", "..", ".", "a/b\u202etxt.exe", "räuber.pdf",
    "<script>alert(1)</script>.html", "con", "%2e%2e%2f", "a" * 200])
def test_hostile_names_are_labels(market, name):
    """FILE-3: what a client calls a file is told again, and is no path."""
    before = sorted(str(path) for path in market.home.rglob("*") if path.is_file())
    file = keep(market.client(), name=name)
    assert file.filename == name
    assert market.client().files.content(file.id).read() == PDF
    raw = market.client().files.with_raw_response.content(file.id)
    assert raw.headers["content-type"] == "application/octet-stream"
    assert raw.headers["content-disposition"] == "attachment"
    assert raw.headers["x-content-type-options"] == "nosniff"
    after = sorted(str(path) for path in market.home.rglob("*") if path.is_file())
    assert [path for path in after if path not in before and "journal" not in path] == []


def test_what_is_not_a_file_is_refused(market):
    """FILE-4: a form says a file and its purpose, and nothing that has no meaning here."""
    client = market.client()
    assert refused(openai.BadRequestError, lambda: client.files.create(
        file=("a", b"", "text/plain"), purpose="user_data")).param == "file"
    assert refused(openai.BadRequestError, lambda: client.files.create(
        file=("a", b"x"), purpose="mischief")).param == "purpose"
    assert refused(openai.BadRequestError, lambda: keep(
        client, extra_body={"colour": "red"})).param == "colour"
    assert refused(openai.BadRequestError, lambda: keep(
        client, expires_after={"anchor": "created_at", "seconds": 10})).param \
        == "expires_after[seconds]"
    for limit in ("0", "x", "-1", "99999"):
        answer = market.ask("GET", f"/v1/files?limit={limit}",
                            headers={"authorization": f"Bearer {market.key}"})
        assert answer.status == 400 and answer.json["error"]["param"] == "limit"
    answer = market.ask("POST", "/v1/files", b"--b\r\nhello", headers={
        "authorization": f"Bearer {market.key}", "content-type": "multipart/form-data; boundary=b"})
    assert answer.status == 400 and "form" in answer.json["error"]["message"]


def test_an_organisation_keeps_so_much(market):
    """FILE-5: bytes and files of an organisation are bounded, and room comes back."""
    client = market.client()
    large = keep(client, b"x" * (KEPT - 10))
    error = refused(openai.APIStatusError, lambda: keep(client, b"y" * 11))
    assert error.status_code == 413 and "keeps at most" in str(error) and error.body["hint"]
    assert keep(client, b"y" * 10).bytes == 10
    client.files.delete(large.id)
    for _ in range(5):
        keep(client, b"z")
    assert "files" in str(refused(openai.APIStatusError, lambda: keep(client, b"z")))
    error = refused(openai.APIStatusError, lambda: keep(client, b"x" * (27 << 20)))
    assert error.status_code == 413


def test_calls_that_name_what_is_not_there_are_refused(market):
    """FILE-7: before anything is promised; a file is named or contained, not both."""
    client = market.client()
    before = len(market.asked())
    error = refused(openai.NotFoundError, lambda: ask_about(client, "file-" + "0" * 32))
    assert error.param == "messages.0.content.1.file.file_id"
    error = refused(openai.BadRequestError, lambda: client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": [
            {"type": "file", "file": {"file_id": "file-x", "file_data": "data:,"}}]}]))
    assert "not both" in str(error)
    file = keep(client, b"x" * 900_000)
    error = refused(openai.BadRequestError, lambda: client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": [
            {"type": "file", "file": {"file_id": file.id}}] * 17}]))
    assert "16" in str(error)
    assert len(market.asked()) == before


def test_a_gateway_of_ones_own_keeps_none(market):
    """FILE-8: it says so, and lets no name through to a model server that might know it."""
    gateway = market.stoa.service(
        "gateway", "connect", "--wallet", "payer", "--budget", "10", "--port", "0").start()
    try:
        client = OpenAI(base_url=f"{gateway.url}/v1", api_key="none", max_retries=0, timeout=60)
        assert "keeps no files" in str(refused(openai.NotFoundError, lambda: keep(client)))
        refused(openai.NotFoundError, lambda: client.files.list())
        before = len(market.asked())
        error = refused(openai.BadRequestError, lambda: ask_about(client, "file-x"))
        assert error.param == "messages.0.content.1.file.file_id" and len(market.asked()) == before
    finally:
        gateway.stop()


# --- what is kept -----------------------------------------------------------------------------------

def ask_about(client: OpenAI, file: str, **more):
    return client.chat.completions.with_raw_response.create(
        model=MODEL, max_tokens=16, messages=[{"role": "user", "content": [
            {"type": "text", "text": "What is in it?"},
            {"type": "file", "file": {"file_id": file}}]}], **more)


def test_a_file_is_kept_told_and_taken_away(market):
    """FILE-3, FILE-6: OpenAI's objects, for the unmodified client."""
    client = market.client()
    file = keep(client, expires_after={"anchor": "created_at", "seconds": 3600})
    assert (file.object, file.bytes, file.filename) == ("file", len(PDF), "report.pdf")
    assert (file.purpose, file.status) == ("user_data", "processed")
    assert file.expires_at == file.created_at + 3600 and file.id.startswith("file-")
    assert client.files.retrieve(file.id) == file
    assert client.files.content(file.id).read() == PDF
    deleted = client.files.delete(file.id)
    assert (deleted.id, deleted.deleted) == (file.id, True)
    refused(openai.NotFoundError, lambda: client.files.retrieve(file.id))
    refused(openai.NotFoundError, lambda: client.files.delete(file.id))


def test_lists_come_in_pages(market):
    """FILE-6: the newest first, or the oldest; a page tells where the next begins."""
    client = market.client()
    ids = [keep(client, name=f"{place}.txt").id for place in range(5)]
    assert [file.id for file in client.files.list()] == ids[::-1]
    assert [file.id for file in client.files.list(order="asc")] == ids
    page = client.files.list(limit=2)
    assert [file.id for file in page.data] == ids[:2:-1] and page.has_more
    # The client fetches the pages behind it by itself.
    assert [file.id for file in client.files.list(limit=2)] == ids[::-1]
    assert [file.id for file in client.files.list(after=ids[1], order="asc")] == ids[2:]
    assert client.files.list(purpose="vision").data == []


def test_a_chat_that_names_a_file_has_it(market):
    """FILE-7: the seller is sent, and the voucher hashes, the file itself."""
    client = market.client()
    file = keep(client)
    raw = ask_about(client, file.id)
    assert raw.parse().choices[0].message.content and raw.headers["x-stoa-receipt"]
    parts = market.asked()[-1]["messages"][0]["content"]
    assert parts[0] == {"type": "text", "text": "What is in it?"}
    data = "data:application/pdf;base64," + base64.b64encode(PDF).decode()
    assert parts[1] == {"type": "file", "file": {"filename": "report.pdf", "file_data": data}}


def test_a_response_that_names_files_has_them(market):
    """FILE-7: files and images of the other dialect."""
    client = market.client()
    file = keep(client)
    image = client.files.create(file=("a.png", b"\x89PNG", "image/png"), purpose="vision")
    client.responses.create(model=MODEL, max_output_tokens=16, input=[{"role": "user", "content": [
        {"type": "input_file", "file_id": file.id},
        {"type": "input_image", "file_id": image.id, "detail": "low"},
        {"type": "input_text", "text": "Which is it?"}]}])
    first, second, third = market.asked()[-1]["messages"][0]["content"]
    assert first["file"]["filename"] == "report.pdf"
    assert base64.b64decode(first["file"]["file_data"].split(",")[1]) == PDF
    assert second["image_url"] == {
        "url": "data:image/png;base64," + base64.b64encode(b"\x89PNG").decode(), "detail": "low"}
    assert third["text"] == "Which is it?"


def test_a_large_file_is_in_a_call_that_is_larger_than_usual(market):
    """FILE-7: what a file adds does not count against a body's usual limit."""
    client = market.client()
    content = os.urandom(1_000_000)
    file = keep(client, content)
    assert ask_about(client, file.id).parse().choices
    sent = market.asked()[-1]["messages"][0]["content"][1]["file"]["file_data"]
    assert base64.b64decode(sent.split(",")[1]) == content


def test_files_are_there_after_a_kill(market):
    """FILE-3: what was answered is on disk; what was deleted is not."""
    client = market.client()
    kept, gone = keep(client), keep(client, b"a secret that was deleted" * 9)
    client.files.delete(gone.id)
    market.serve.kill()
    market.serve.start()
    assert client.files.content(kept.id).read() == PDF
    refused(openai.NotFoundError, lambda: client.files.retrieve(gone.id))
    market.serve.stop()
    stored = b"".join(path.read_bytes() for path in market.home.glob("files.sqlite*"))
    assert PDF[:20] in stored and b"a secret that was deleted" not in stored
    assert (market.home / "files.sqlite").stat().st_mode & 0o777 == 0o600
    market.serve.start()
