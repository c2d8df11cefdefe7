"""Servers that are replaced while people call: `stoa supervise`, and the socket it hands on.

No client here tries again by itself unless a test says so.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import pytest

from conftest import PRICES
from stoa_market.processes import Service, Stoa
from test_hosted import COST, HELLO, MODEL, TEXT, Hosted


def wait_for(condition, seconds: float = 20.0):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come in time"
        time.sleep(0.02)
    return found


def children(pid: int) -> list[int]:
    """The processes that any of its threads started and that did not end yet."""
    return sorted(int(word) for task in Path(f"/proc/{pid}/task").iterdir()
                  for word in (task / "children").read_text().split())


def supervise(stoa: Stoa, name: str, words: list[str], *command: str) -> Service:
    service = Service(name, [stoa.binary, "supervise", "--listen", "127.0.0.1:0", *words, "--",
                             *command], stoa.home / f"{name}.log", stoa.env)
    return service.start()


def replaced(supervisor: Service, overlapping: bool = True) -> int:
    """Has the server replaced; its new process, once the old one has ended."""
    old = wait_for(lambda: children(supervisor.pid))
    supervisor.process.send_signal(signal.SIGHUP)
    return wait_for(lambda: (now := children(supervisor.pid)) and len(now) == 1 and now != old
                    and now[0], 60)


class Replaceable(Hosted):
    """A hosted market whose door is run by a supervisor."""

    def __init__(self, home: Path):
        super().__init__(home)
        self.serve.stop()
        self.upstream.stop()
        # A stream takes about two seconds.
        port = self.upstream.url.rsplit(":", 1)[1]
        mock = Path(__file__).parent / "mock_upstream.py"
        self.upstream = Service(
            "upstream", [sys.executable, str(mock), "--port", port, "--chunk-delay-ms", "100"],
            home / "upstream.log", dict(os.environ)).start()
        self.serve = supervise(self.stoa, "supervisor", [], self.stoa.binary, "serve")
        self.url = self.serve.url
        wait_for(lambda: self.ask("GET", "/health").status == 200)


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    door = Replaceable(tmp_path_factory.mktemp("supervised") / "home")
    door.grant()
    door.stoa("keys", "tier", "house")
    yield door
    door.stop()


@pytest.fixture(scope="module")
def key(door):
    return door.key("caller", "--budget", "1000000000")["key"]


class Callers:
    """Four people who call without a pause, each call on a connection of its own."""

    def __init__(self, port: int, key: str):
        self.port, self.key = port, key
        self.paid, self.faults = 0, []
        self.over = threading.Event()
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.call) for _ in range(4)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def call(self):
        body = json.dumps({"model": MODEL, "messages": HELLO, "max_tokens": 64})
        while not self.over.is_set():
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
                connection.request("POST", "/v1/chat/completions", body, {
                    "authorization": f"Bearer {self.key}", "content-type": "application/json",
                    "connection": "close"})
                answer = connection.getresponse()
                text = answer.read()
                with self.lock:
                    if answer.status == 200:
                        self.paid += 1
                    else:
                        self.faults.append((answer.status, text[:300]))
            except OSError as error:
                with self.lock:
                    self.faults.append(repr(error))
            finally:
                connection.close()
            time.sleep(0.1)


def test_the_door_is_replaced_while_people_call(door, key):
    """SUP-1, SUP-2, SUP-9, HST-11: no call fails, a stream is finished, all of it is counted."""
    before = door.counters(key.split("_")[2])[0]
    streamed = []

    def stream():
        for chunk in door.chat(key, stream=True):
            streamed.append(chunk.choices[0].delta.content or "" if chunk.choices else "")

    streaming = threading.Thread(target=stream)
    with Callers(int(door.url.rsplit(":", 1)[1]), key) as callers:
        wait_for(lambda: callers.paid >= 3)
        streaming.start()
        wait_for(lambda: len(streamed) >= 2)
        for _ in range(4):
            replaced(door.serve)
            paid = callers.paid
            wait_for(lambda: callers.paid > paid + 3)
    streaming.join()
    log = door.serve.log.read_text()
    assert log.count("finishes its calls") == 4 and log.count("ended with status 0") == 4, log
    assert callers.faults == []
    assert "".join(streamed) == TEXT
    spent, open_ = door.counters(key.split("_")[2])
    assert (spent - before, open_) == ((callers.paid + 1) * COST, 0)


def test_wallets_do_not_wait_for_the_old_process(door, key):
    """HST-11: a wallet without calls goes to the successor long before the old process ends."""
    assert door.chat(key).choices[0].message.content == TEXT
    old = children(door.serve.pid)
    slow = socket.create_connection(("127.0.0.1", int(door.url.rsplit(":", 1)[1])), timeout=60)
    slow.sendall(b"POST /auth/sign-in/finish HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{")
    time.sleep(0.2)
    door.serve.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "finishes its calls" in door.serve.log.read_text().splitlines()[-1])
    begin = time.monotonic()
    assert door.chat(key).choices[0].message.content == TEXT
    assert time.monotonic() - begin < 5
    assert old[0] in children(door.serve.pid), door.serve.log.read_text()
    slow.close()
    wait_for(lambda: old[0] not in children(door.serve.pid))


def test_a_kept_connection_is_served_by_the_old_process(door, key):
    """SUP-7, HST-11: the wallet goes when no connection can bring a call to the old process."""
    kept = http.client.HTTPConnection("127.0.0.1", int(door.url.rsplit(":", 1)[1]), timeout=60)
    kept.request("GET", "/health")
    assert kept.getresponse().read()
    answers = []
    door.serve.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "finishes its calls" in door.serve.log.read_text().splitlines()[-1])
    seen = time.monotonic()
    elsewhere = threading.Thread(target=lambda: answers.append(door.chat(key)))
    elsewhere.start()
    time.sleep(0.7)
    if time.monotonic() - seen > 0.85:
        elsewhere.join()
        pytest.skip("this machine is too slow to hit a tenth of a second")
    kept.request("POST", "/v1/chat/completions",
                 json.dumps({"model": MODEL, "messages": HELLO, "max_tokens": 64}),
                 {"authorization": f"Bearer {key}", "content-type": "application/json"})
    answer = kept.getresponse()
    assert (answer.status, answer.getheader("connection")) == (200, "close"), answer.read()
    elsewhere.join()
    assert answers[0].choices[0].message.content == TEXT


def test_news_reach_those_who_follow_a_successor(door):
    """SUP-8: what happens is told from the index that the new process took over."""
    replaced(door.serve)
    with urllib.request.urlopen(door.url + "/api/v1/events?topics=blocks", timeout=20) as stream:
        stream.readline()
        door.stoa("wallet", "send", "--from", "alice", "payer", "1")
        assert any(line.startswith(b"event: block") for line in
                   iter(stream.readline, b": beat\n")), "nothing until the next beat"


def test_a_server_that_dies_is_started_again(door, key):
    """SUP-4: whoever connects meanwhile waits and is answered."""
    old = children(door.serve.pid)[0]
    os.kill(old, signal.SIGKILL)
    assert door.chat(key).choices[0].message.content == TEXT
    assert children(door.serve.pid) != [old]
    assert "by signal 9; the next start is in 1 s" in door.serve.log.read_text()


def test_a_successor_that_fails_changes_nothing(tmp_path):
    """SUP-3: an old process goes on if the new one ends or is not ready in time."""
    script = tmp_path / "server.py"
    script.write_text(
        "import os, socket, sys, time\n"
        "def tell(): s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM);"
        " s.sendto(b'STATUS=x\\nREADY=1', os.environ['NOTIFY_SOCKET'])\n"
        "kind = open(sys.argv[1]).read().strip()\n"
        "assert os.environ['LISTEN_PID'] == str(os.getpid()) and os.environ['LISTEN_FDS'] == '1'\n"
        "if kind == 'fails': sys.exit(3)\n"
        "if kind == 'hangs': time.sleep(60)\n"
        "listening = socket.socket(fileno=3)\n"
        "tell()\n"
        "while True:\n"
        "    c, _ = listening.accept(); c.sendall(kind.encode()); c.close()\n")
    kind = tmp_path / "kind"
    kind.write_text("first")
    stoa = Stoa(Path(os.environ.get("STOA_BINARY", Path(__file__).resolve().parents[2] / ".build" /
                                    "debug" / "stoa")), tmp_path)
    supervisor = supervise(stoa, "supervisor", ["--ready-seconds", "1"], sys.executable,
                           str(script), str(kind))

    def asked() -> str:
        address = ("127.0.0.1", int(supervisor.url.rsplit(":", 1)[1]))
        with socket.create_connection(address, timeout=10) as connection:
            return connection.recv(100).decode()

    try:
        assert asked() == "first"
        kind.write_text("fails")
        supervisor.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "ended with status 3 before it took over" in supervisor.log.read_text())
        assert asked() == "first"
        kind.write_text("hangs")
        supervisor.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "is not ready in time" in supervisor.log.read_text())
        wait_for(lambda: len(children(supervisor.pid)) == 1)
        assert asked() == "first"
        kind.write_text("second")
        replaced(supervisor)
        assert asked() == "second"
    finally:
        assert supervisor.stop() == 0


@pytest.mark.parametrize("kind", ["seller", "gateway"])
def test_those_with_one_journal_are_replaced_one_after_the_other(market, kind):
    """SUP-2: connections wait in the socket's queue while the journal changes hands."""
    service = getattr(market, kind)
    service.stop()
    host_port = service.url.rsplit("/", 1)[1]
    words = service.command[1:]
    command = words[:-1] if words[-1] == "--json" else words
    supervisor = Service(
        kind, [service.command[0], "supervise", "--one-at-a-time", "--listen", host_port, "--",
               service.command[0], *command], market.home / f"supervised-{kind}.log",
        service.env).start()
    try:
        with Callers(int(market.gateway.url.rsplit(":", 1)[1]), "none") as callers:
            wait_for(lambda: callers.paid >= 3)
            replaced(supervisor)
            at_first = callers.paid
            wait_for(lambda: callers.paid > at_first + 3)
        assert callers.faults == []
    finally:
        supervisor.stop()
        service.start()


def test_wrong_sockets_are_refused(market):
    """SUP-5: exactly one socket that listens."""
    script = 'LISTEN_PID=$$ LISTEN_FDS={} exec "$0" connect --wallet buyer --port 0 3</dev/null'
    for count, words in (("2", "was given 2 sockets"), ("1", "does not listen")):
        done = subprocess.run(
            ["/bin/sh", "-c", script.format(count), market.stoa.binary],
            capture_output=True, text=True, timeout=30, env=market.stoa.env)
        assert done.returncode == 1 and words in done.stderr + done.stdout, done


def test_connections_beyond_the_limit_wait(tmp_path):
    """DOOR-5: and are answered once there is room."""
    from access_door import Door
    door = Door(tmp_path / "home", "--connections-max", "2")
    try:
        address = ("127.0.0.1", int(door.url.rsplit(":", 1)[1]))
        ask = b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n"
        held = [socket.create_connection(address, timeout=10) for _ in range(2)]
        for connection in held:
            connection.sendall(ask)
            assert b"200" in connection.recv(1000)
        third = socket.create_connection(address, timeout=10)
        third.sendall(ask)
        third.settimeout(0.5)
        with pytest.raises(TimeoutError):
            third.recv(1000)
        held[0].close()
        third.settimeout(10)
        assert b"200" in third.recv(1000)
    finally:
        door.stop()


def test_a_node_is_replaced_while_it_is_asked(tmp_path):
    """SUP-2: its store is locked, so that it too is replaced one after the other."""
    binary = Path(os.environ.get(
        "STOA_BINARY", Path(__file__).resolve().parents[2] / ".build" / "debug" / "stoa"))
    stoa = Stoa(binary, tmp_path)
    stoa("wallet", "new", "alice")
    stoa("node", "init", "--allocate", "alice=1000")
    supervisor = supervise(stoa, "node", ["--one-at-a-time"], stoa.binary, "node", "run")
    faults, over = [], threading.Event()

    def ask():
        while not over.is_set():
            try:
                with urllib.request.urlopen(supervisor.url + "/stoa/v1/status", timeout=30) as got:
                    json.load(got)
            except (OSError, ValueError) as error:
                faults.append(repr(error))

    asking = threading.Thread(target=ask)
    try:
        asking.start()
        replaced(supervisor)
        sent = Stoa(binary, tmp_path, supervisor.url)("wallet", "send", "--from", "alice",
                                                      "alice", "1")
        assert "error" not in sent, sent
    finally:
        over.set()
        asking.join()
        assert supervisor.stop() == 0
    assert faults == []
