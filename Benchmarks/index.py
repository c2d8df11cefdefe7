#!/usr/bin/env python3
"""The index: how fast it catches up with a real chain, what it takes, and how fast it answers.

Two ledgers are made by `ledger-bench`: one of the mixed workload, which `stoa index run` follows
from its first block and `stoa index check --full` compares whole, and one of many offers, which is
searched three ways with the same texts: through the index' reader in its own process, over its
HTTP, and, as the peer, in a plain FTS5 table of the same rows by Python's sqlite3, best 50 by rank.

Times are of one caller; CPU is that of the process that answers.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TICKS = os.sysconf("SC_CLK_TCK")
HTTP_QUESTIONS_MAX = 400


def cpu(pid: int) -> float:
    """Seconds of processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def figures(waits: list[float], used: float) -> dict:
    waits = sorted(waits)
    return {"p50": round(waits[len(waits) // 2] * 1e6), "max": round(waits[-1] * 1e6),
            "p99": round(waits[len(waits) * 99 // 100] * 1e6),
            "cpu": round(used / len(waits) * 1e6)}


class Program:
    """`stoa` on one home directory."""

    def __init__(self, binary: Path, home: Path):
        self.binary, self.home = binary, home
        self.env = {"STOA_PASSPHRASE": "bench", "STOA_HOME": str(home), "PATH": ""}

    def serve(self, *words: str) -> tuple[subprocess.Popen, str]:
        process = subprocess.Popen([self.binary, *words, "--json"], stdout=subprocess.PIPE,
                                   env=self.env)
        return process, json.loads(process.stdout.readline())["url"]

    def timed(self, *words: str) -> tuple[dict, float, float]:
        """What a command says, how long it took, and its processor time."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        done = subprocess.run([self.binary, *words, "--json"], env=self.env, check=True,
                              stdout=subprocess.PIPE)
        wall = time.perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)
        return json.loads(done.stdout), wall, used


def catch_up(stoa: Path, home: Path, times: int) -> None:
    program = Program(stoa, home)
    node, url = program.serve("node", "run", "--port", "0")
    program.env["STOA_NODE"] = url
    index = home / "index.sqlite"
    follower = None
    try:
        for _ in range(times):
            for file in home.glob("index.sqlite*"):
                file.unlink()
            before = cpu(node.pid)
            _, wall, used = program.timed("index", "run", "--once")
            node_used = cpu(node.pid) - before
            status, _, _ = program.timed("index", "status")
            counts = {key: status[key] for key in ("height", "transactions", "events", "trades")}
            rates = {f"{key}/s": round(int(counts[key]) / wall)
                     for key in ("height", "transactions", "events")}
            print(json.dumps({"catch-up": counts, **rates, "wall": round(wall, 2),
                              "index cpu": round(used, 2), "node cpu": round(node_used, 2),
                              "index MB": round(index.stat().st_size / 1e6, 1),
                              "store MB": store_bytes(home) // 1_000_000}), flush=True)
        # A ledger in which something is due goes on, so the index must follow meanwhile.
        follower, _ = program.serve("index", "run")
        for _ in range(times):
            report, wall, used = program.timed("index", "check", "--full")
            print(json.dumps({"check --full": report["equal"], "wall": round(wall, 2),
                              "cpu": round(used, 2)}), flush=True)
    finally:
        for process in (follower, node):
            if process is not None:
                process.terminate()
                process.wait()


def note(way: str, name: str, found: dict) -> None:
    print(f"{way}: {name}: {json.dumps(found)}", file=sys.stderr, flush=True)


def store_bytes(home: Path) -> int:
    return sum(file.stat().st_blocks * 512 for file in (home / "node").rglob("*.mdb"))


def questions(index: Path) -> list[dict]:
    """Classes of questions, each with texts that were chosen from what is in the catalogue."""
    database = sqlite3.connect(f"file:{index}?mode=ro", uri=True)
    random.seed(7)
    models = [row[0] for row in database.execute("SELECT DISTINCT model FROM offers")]
    titles = [row[0] for row in database.execute("SELECT title FROM assets")]
    parts = [model.split("-") for model in random.sample(models, min(40, len(models)))]
    numbers = [title.rsplit("-", 1)[1] for title in random.sample(titles, 40)]
    families = sorted({model.split("-")[0] for model in models})
    two = [f"{part[0]} {part[1]}" for part in parts]
    return [
        {"name": "one common word", "texts": families},
        {"name": "one rare word", "texts": numbers},
        {"name": "a whole name", "texts": ["-".join(part) for part in parts]},
        {"name": "two words", "texts": two},
        {"name": "two words, the second begun", "texts": [
            f"{part[0]} {part[2][:2]}" for part in parts]},
        {"name": "three words", "texts": [" ".join(part[:3]) for part in parts]},
        {"name": "nothing found", "texts": [f"zz{n}" for n in range(40)]},
        {"name": "two words, kind and price limit", "texts": two, "kind": "model",
         "maxPerMillion": 3_000_000_000},
        {"name": "two words, cheapest first", "texts": two, "sort": "price"},
        {"name": "one common word, cheapest first", "texts": families, "sort": "price"},
        {"name": "a letter that begins a word of all", "texts": ["s", "c", "a", "m"] * 3},
        {"name": "the same, cheapest first", "texts": ["s", "c", "a", "m"] * 3, "sort": "price"},
        {"name": "16 letters", "texts": ["c s m a " * 4] * 5},
        {"name": "16 letters, nothing that cheap", "texts": ["c s m a " * 4] * 5,
         "maxPerMillion": 1},
        {"name": "a letter, nothing that cheap, cheapest first", "texts": ["s"] * 5,
         "sort": "price", "maxPerMillion": 1},
        {"name": "every page of a letter", "texts": ["s"], "deep": True},
        {"name": "every page of a letter, cheapest first", "texts": ["s"], "sort": "price",
         "deep": True},
    ]


def match(text: str) -> str:
    """The question to FTS5, as the index asks it for all columns."""
    words = "".join(c if c.isalnum() else " " for c in text).split()
    return " AND ".join(f'"{word}"*' for word in words)


def peer(index: Path, file: Path, classes: list[dict]) -> dict[str, dict]:
    """The same rows in a plain FTS5 table, with the same tokenizer and prefixes."""
    database = sqlite3.connect(file)
    database.execute("PRAGMA cache_size = -65536")
    database.execute("ATTACH ? AS source", (str(index),))
    database.executescript("""
        CREATE TABLE offers AS SELECT * FROM source.offers;
        CREATE UNIQUE INDEX offers_by_id ON offers(id);
        CREATE VIRTUAL TABLE words USING fts5(
            model, title, kind, licence, owner, tokenize = 'unicode61', prefix = '2 3 4');
        INSERT INTO words(rowid, model, title, kind, licence, owner)
            SELECT rowid, model, title, kind, licence, owner FROM source.words
            WHERE rowid IN (SELECT id FROM offers);
    """)
    database.commit()
    found = {}
    for entry in classes:
        if entry.get("deep") or entry.get("sort") or "maxPerMillion" in entry:
            continue
        for _ in range(2):  # once unmeasured
            waits, before = [], time.process_time()
            for text in entry["texts"]:
                start = time.perf_counter()
                database.execute(
                    "SELECT offers.* FROM words JOIN offers ON offers.id = words.rowid "
                    "WHERE words MATCH ? ORDER BY rank LIMIT 50", (match(text),)).fetchall()
                waits.append(time.perf_counter() - start)
        found[entry["name"]] = figures(waits, time.process_time() - before)
        note("peer", entry["name"], found[entry["name"]])
    return found


def over_http(program: Program, index: Path, classes: list[dict]) -> dict[str, dict]:
    node, url = program.serve("node", "run", "--port", "0")
    program.env["STOA_NODE"] = url
    server = None
    try:
        server, url = program.serve("index", "run", "--listen", "127.0.0.1:0",
                                    "--database", str(index))
        connection = http.client.HTTPConnection(url.removeprefix("http://"))
        found = {}
        for entry in classes:
            if entry.get("deep"):
                continue
            query = {key: str(entry[key]) for key in ("kind", "sort", "maxPerMillion")
                     if key in entry}
            if {"sort", "maxPerMillion"} & query.keys():
                query["unit"] = "output_token"
            for _ in range(2):  # once unmeasured
                waits, before = [], cpu(server.pid)
                for text in entry["texts"][:HTTP_QUESTIONS_MAX]:
                    path = "/index/v1/search?" + urllib.parse.urlencode({"text": text, **query})
                    start = time.perf_counter()
                    connection.request("GET", path)
                    answer = connection.getresponse()
                    body = answer.read()
                    waits.append(time.perf_counter() - start)
                    if answer.status != 200:
                        raise SystemExit(f"{path}: {answer.status} {body[:300]!r}")
            found[entry["name"]] = figures(waits, cpu(server.pid) - before)
            note("HTTP", entry["name"], found[entry["name"]])
        return found
    finally:
        for process in (server, node):
            if process is not None:
                process.terminate()
                process.wait()


def searches(options: argparse.Namespace, home: Path) -> None:
    index = home / "index.sqlite"
    classes = questions(index)
    (home / "questions.json").write_text(json.dumps(classes))
    for _ in range(options.times):
        done = subprocess.run([options.bench, "search", index, home / "questions.json"],
                              check=True, stdout=subprocess.PIPE, text=True)
        reader = {row["name"]: row for row in map(json.loads, done.stdout.splitlines())}
        for name, row in reader.items():
            note("reader", name, row)
        http_found = over_http(Program(options.stoa, home), index, classes)
        file = home / "peer.sqlite"
        file.unlink(missing_ok=True)
        peer_found = peer(index, file, classes)
        print("| Question | found | reader p50 | p99 | max | CPU | HTTP p50 | p99 | CPU "
              "| peer p50 | p99 | CPU |")
        for entry in classes:
            name = entry["name"]
            row = [f"{reader[name]['items'] / reader[name]['questions']:.0f}"]
            row += [f"{reader[name][key]:,}" for key in ("p50", "p99", "max", "cpu")]
            for other in (http_found, peer_found):
                row += [f"{other[name][key]:,}" if name in other else ""
                        for key in ("p50", "p99", "cpu")]
            print(f"| {name} | " + " | ".join(row) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stoa", type=Path, default=ROOT / ".build/release/stoa")
    parser.add_argument("--bench", type=Path, default=ROOT / ".build-bench/release/ledger-bench")
    parser.add_argument("--rounds", type=int, default=5, help="of 23,000 transactions each")
    parser.add_argument("--offers", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--home", type=Path, help="keep the ledgers here, and use what is there")
    parser.add_argument("only", nargs="?", choices=["catch-up", "search"])
    options = parser.parse_args()
    home = options.home or Path(tempfile.mkdtemp(prefix="stoa-index-"))
    try:
        if options.only != "search":
            chain = home / "chain"
            if not chain.exists():
                subprocess.run([options.bench, "chain", str(options.rounds), chain], check=True)
            catch_up(options.stoa, chain, options.times)
        if options.only != "catch-up":
            catalogue = home / "catalogue"
            if not catalogue.exists():
                subprocess.run([options.bench, "catalogue", str(options.offers), catalogue],
                               check=True)
            searches(options, catalogue)
    finally:
        if options.home is None:
            shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
