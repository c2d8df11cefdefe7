"""What idle followers of the feed cost: memory for each, and how long news takes to all of them.

    python3 Benchmarks/feeds.py [--followers 10000] [--stoa .build/release/stoa]

Each follower is a WebSocket that subscribed to blocks. Transfers make blocks; for each block the time from
the first follower's hearing of it to the last one's is taken, and from the sending of the transfer to the
last one's.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import resource
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "python"))

from stoa_market.processes import Stoa  # noqa: E402

SUBSCRIBE = json.dumps({"type": "subscribe", "topics": ["blocks"]}).encode()


def masked(payload: bytes, opcode: int = 1) -> bytes:
    """A client's frame (RFC 6455, 5.2) with a mask of zeros."""
    assert len(payload) < 126
    return bytes([0x80 | opcode, 0x80 | len(payload), 0, 0, 0, 0]) + payload


class Follower(asyncio.Protocol):
    def __init__(self, news):
        self.news, self.buffer, self.is_open = news, b"", False
        self.ready = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        self.transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write((
            "GET /api/v1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n").encode())

    def data_received(self, data):
        self.buffer += data
        if not self.is_open:
            head, found, rest = self.buffer.partition(b"\r\n\r\n")
            if not found:
                return
            if b" 101 " not in head.split(b"\r\n")[0]:
                self.ready.set_exception(RuntimeError(head.decode()))
                return
            self.is_open, self.buffer = True, rest
            self.transport.write(masked(SUBSCRIBE))
        while len(self.buffer) >= 2:
            opcode, length, start = self.buffer[0] & 15, self.buffer[1] & 127, 2
            if length == 126:
                if len(self.buffer) < 4:
                    return
                length, start = int.from_bytes(self.buffer[2:4], "big"), 4
            if len(self.buffer) < start + length:
                return
            payload = self.buffer[start:start + length]
            self.buffer = self.buffer[start + length:]
            if opcode == 9:
                self.transport.write(masked(payload, 10))
            elif opcode == 1:
                if not self.ready.done():
                    self.ready.set_result(payload)
                if b'"block"' in payload:
                    self.news(payload)

    def connection_lost(self, error):
        if not self.ready.done():
            self.ready.set_exception(error or RuntimeError("closed"))


def memory(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    return 0


async def follow(url: str, pid: int, count: int, send, blocks: int) -> None:
    port = int(url.rsplit(":", 1)[1])
    loop = asyncio.get_running_loop()
    heard: list[float] = []
    before, followers = memory(pid), []
    for start in range(0, count, 100):
        made = await asyncio.gather(*(
            loop.create_connection(lambda: Follower(lambda _: heard.append(time.monotonic())),
                                   "127.0.0.1", port)
            for _ in range(min(100, count - start))))
        followers += [follower for _, follower in made]
        await asyncio.gather(*(follower.ready for _, follower in made))
    await asyncio.sleep(3)
    used = memory(pid) - before
    print(f"{count} followers: {used / 1e6:.1f} MB more, {used / count / 1e3:.2f} kB each")
    spreads, delays = [], []
    for number in range(blocks):
        heard.clear()
        sent = time.monotonic()
        await loop.run_in_executor(None, send)
        deadline = time.monotonic() + 30
        while len(heard) < count and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        if len(heard) < count:
            print(f"block {number}: only {len(heard)} of {count} heard of it in 30 s")
            continue
        last = sorted(heard)[count - 1]
        spreads.append(last - min(heard))
        delays.append(last - sent)
    if spreads:
        print(f"news to all of them: median {statistics.median(spreads) * 1e3:.0f} ms from the first "
              f"to the last, {statistics.median(delays) * 1e3:.0f} ms from sending a transfer "
              f"(its block included); the reader of all of them is one Python process")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stoa", type=Path, default=ROOT / ".build/release/stoa")
    parser.add_argument("--followers", type=int, default=10_000)
    parser.add_argument("--blocks", type=int, default=5)
    options = parser.parse_args()
    wanted = options.followers * 2 + 4096
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))
    home = Path(tempfile.mkdtemp(prefix="stoa-feeds-"))
    stoa = Stoa(options.stoa, home)
    for wallet in ("alice", "bob"):
        stoa("wallet", "new", wallet)
    stoa("node", "init", "--allocate", "alice=1000")
    node = stoa.service("node", "node", "run", "--port", "0").start()
    stoa = Stoa(options.stoa, home, node.url)
    serve = stoa.service("serve", "serve", "--port", "0", "--address-rate", "1000000").start()
    try:
        stoa("wallet", "send", "--from", "alice", "bob", "1")
        time.sleep(3)
        asyncio.run(follow(serve.url, serve.pid, options.followers,
                           lambda: stoa("wallet", "send", "--from", "alice", "bob", "0.001"),
                           options.blocks))
    finally:
        serve.stop()
        node.stop()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
