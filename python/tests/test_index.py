"""The index of a real market: searched over HTTP, killed at any moment, proven equal in the end."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from stoa_market.processes import Stoa, submit_unforeseen

ROOT = Path(__file__).resolve().parents[2]


class Ledger:
    """A node with three wallets, and an index of it that may be killed."""

    def __init__(self, home: Path):
        home.mkdir(parents=True)
        binary = Path(os.environ.get("STOA_BINARY", ROOT / ".build" / "debug" / "stoa"))
        stoa = Stoa(binary, home)
        for wallet in ("alice", "bob", "carol"):
            stoa("wallet", "new", wallet)
        stoa("node", "init", "--allocate", "alice=1000000", "--allocate", "bob=1000",
             "--allocate", "carol=1000")
        self.node = stoa.service("node", "node", "run", "--port", "0").start()
        self.stoa = Stoa(binary, home, self.node.url)
        self.home = home
        self.file = home / "index.sqlite"
        self.content = home / "content"
        self.content.write_text("weights")
        self.index = self.stoa.service("index", "index", "run", "--listen", "127.0.0.1:0")
        self.count = 0

    def publish(self, wallet: str, name: str, *words: str) -> dict:
        self.count += 1
        return self.stoa("asset", "publish", name, "--wallet", wallet, "--file",
                         str(self.content), *words)

    def get(self, path: str, **parameters) -> dict:
        query = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(f"{self.index.url}/index/v1/{path}?{query}") as answer:
            return json.load(answer)

    def problem(self, path: str) -> tuple[int, dict]:
        with pytest.raises(urllib.error.HTTPError) as raised:
            urllib.request.urlopen(f"{self.index.url}/index/v1/{path}")
        assert raised.value.headers["content-type"] == "application/problem+json"
        return raised.value.code, json.load(raised.value)

    def height(self) -> int:
        return self.stoa("status")["height"]

    def wait(self) -> None:
        height, deadline = self.height(), time.monotonic() + 30
        while self.get("status")["height"] < height:
            assert time.monotonic() < deadline, "the index does not follow"
            time.sleep(0.02)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    ledger = Ledger(tmp_path_factory.mktemp("index") / "home")
    yield ledger
    ledger.index.stop()
    ledger.node.stop()


def test_search_and_history(ledger):
    ledger.index.start()
    ledger.publish("alice", "corpus", "--kind", "dataset", "--licence", "CC-BY-4.0",
                   "--royalty-min", "5%", "--training", "allowed")
    ledger.publish("bob", "llama-base", "--parent", "alice/corpus:dataset:10%")
    ledger.wait()
    found = ledger.get("assets", text="lla")["items"]
    assert [item["title"] for item in found] == ["llama-base"]
    corpus = ledger.get("assets", text="cc-by", kind="dataset")["items"][0]
    assert ledger.get(f"assets/{corpus['asset']}") == corpus
    names = [event["name"] for event in ledger.get("history", asset=corpus["asset"])["items"]]
    assert names[-1] == "assets.published" and "lineage.parentNamed" in names
    mine = ledger.get("history", account=corpus["owner"])["items"]
    assert "assets.published" in [event["name"] for event in mine], "what alice did is hers"
    sent = ledger.get("transactions", account=corpus["owner"])["items"]
    assert [(entry["sequence"], entry["code"]) for entry in sent] == [("1", 0)]
    # A refused transaction costs its fee, and is in the history of its sender.
    refused = submit_unforeseen(
        ledger.stoa, "carol", "wallet", "send", "alice", "999999")
    assert "error" in refused
    ledger.wait()


def test_pages_cover_everything(ledger):
    everything = ledger.get("history", limit=200)["items"]
    pieces, cursor = [], {}
    while True:
        page = ledger.get("history", limit=2, **cursor)
        pieces += page["items"]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert pieces == everything


@pytest.mark.parametrize("path", [
    "history?limit=0", "history?limit=201", "history?limit=1&limit=1", "history?nothing=1",
    "history?account=alice", "history?cursor=AAAA", "assets/xyz", "candles?market=1",
    "search?sort=price", "search?maxPerMillion=5", "search?text=" + "a" * 300,
    "search?denomination=euro", "search?current=yes", "counts", "candles?base=native&quote=native",
])
def test_wrong_questions_are_refused(ledger, path):
    status, problem = ledger.problem(path)
    assert status == 400 and problem["detail"]


def test_what_is_not_there(ledger):
    assert ledger.problem("assets/" + "0" * 64)[0] == 404
    assert ledger.problem("nothing")[0] == 404
    assert ledger.get("search", text='" OR model:* NEAR( --')["items"] == []


def test_a_second_writer_is_refused(ledger):
    done = subprocess.run([ledger.stoa.binary, "index", "run", "--once"], env=ledger.stoa.env,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "another process writes" in done.stderr


def test_killed_at_any_moment(ledger):
    """kill -9 again and again while assets are published; the index equals the ledger."""
    done = threading.Event()

    def trade():
        number = 0
        while not done.is_set():
            number += 1
            ledger.publish(("alice", "bob", "carol")[number % 3], f"thing-{number}")

    traffic = threading.Thread(target=trade)
    traffic.start()
    random.seed(4)
    try:
        for _ in range(int(os.environ.get("STOA_KILLS", "12"))):
            time.sleep(random.random() * 0.6)
            ledger.index.kill()
            with sqlite3.connect(ledger.file) as database:
                assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                height, = database.execute("SELECT height FROM place").fetchone()
                blocks, = database.execute("SELECT count(*) FROM blocks").fetchone()
                assert height == blocks, "whole blocks up to the height, and nothing else"
            database.close()
            ledger.index.start()
    finally:
        done.set()
        traffic.join()
    ledger.wait()
    for words in (["index", "check"], ["index", "check", "--full"]):
        report = ledger.stoa(*words)
        assert report["equal"] is True and report["height"] == ledger.height(), report
        assert report["assets"] == ledger.count


def test_a_planted_difference_is_found_and_mended(ledger):
    ledger.index.stop()
    with sqlite3.connect(ledger.file) as database:
        database.execute("UPDATE assets SET licence = 'MIT' WHERE title = 'corpus'")
    database.close()
    done = subprocess.run([ledger.stoa.binary, "index", "check", "--json"], env=ledger.stoa.env,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["differenceCount"] == 1 and "licence" in report["differences"][0]["place"]
    assert ledger.stoa("index", "rebuild")["height"] == ledger.height()
    assert ledger.stoa("index", "check", "--full")["equal"] is True


def test_another_chain_is_refused(ledger, tmp_path):
    other = Ledger(tmp_path / "other")
    try:
        done = subprocess.run(
            [other.stoa.binary, "index", "run", "--once", "--database", str(ledger.file)],
            env=other.stoa.env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 1 and "another chain" in done.stderr and "rebuild" in done.stderr
    finally:
        other.node.stop()


def test_it_ends_when_asked(ledger):
    ledger.index.start()
    ledger.index.process.send_signal(signal.SIGTERM)
    assert ledger.index.process.wait(20) == 0
