#!/usr/bin/env python3
"""What a flood of invalid transactions from one address costs everybody else.

Honest senders post signed transfers to a node, first alone, then while 64 connections from another
address post transactions with wrong signatures as fast as they are answered. Both loads, the node
and this program share one machine, so a part of the difference is the flood's own client.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HONEST = 16
FLOOD = 64


def request(body: bytes) -> bytes:
    return (b"POST /stoa/v1/transactions HTTP/1.1\r\nHost: node\r\nContent-Length: "
            + str(len(body)).encode() + b"\r\n\r\n" + body)


async def post(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body: bytes) -> int:
    """Posts one transaction; returns the HTTP status."""
    writer.write(request(body))
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode().lower().split("\r\n")
    length = next((int(line[15:]) for line in lines if line.startswith("content-length:")), 0)
    await reader.readexactly(length)
    return int(lines[0].split()[1])


class Load:
    """Connections that post one transaction after the other."""

    def __init__(self, port: int, source: str, bodies: list[bytes]):
        self.port, self.source, self.bodies = port, source, iter(bodies)
        self.statuses: dict[int, int] = {}
        self.waits: list[float] = []
        self.stopped = False

    async def worker(self) -> None:
        while not self.stopped:
            try:
                reader, writer = await asyncio.open_connection(
                    "127.0.0.1", self.port, local_addr=(self.source, 0))
                while not self.stopped:
                    body = next(self.bodies, None)
                    if body is None:
                        return
                    start = time.perf_counter()
                    status = await post(reader, writer, body)
                    self.waits.append(time.perf_counter() - start)
                    self.statuses[status] = self.statuses.get(status, 0) + 1
            except (OSError, asyncio.IncompleteReadError):
                continue
            finally:
                if "writer" in locals():
                    writer.close()

    def start(self, connections: int) -> list[asyncio.Task]:
        return [asyncio.create_task(self.worker()) for _ in range(connections)]


async def measure(load: Load, seconds: float) -> dict:
    before, counted = len(load.waits), time.perf_counter()
    await asyncio.sleep(seconds)
    waits = load.waits[before:]
    took = time.perf_counter() - counted
    return {"per_second": round(len(waits) / took),
            "p50_ms": round(statistics.median(waits) * 1000, 2),
            "p99_ms": round(sorted(waits)[len(waits) * 99 // 100] * 1000, 2)}


async def rounds(port: int, good: list[bytes], bad: list[bytes], seconds: float, count: int):
    honest = Load(port, "127.0.0.1", good)
    tasks = honest.start(HONEST)
    await asyncio.sleep(1)
    results = []
    for _ in range(count):
        alone = await measure(honest, seconds)
        flood = Load(port, "127.0.0.2", bad * 1000)
        flooding = flood.start(FLOOD)
        await asyncio.sleep(1)
        beside = await measure(honest, seconds)
        flood.stopped = True
        for task in flooding:
            task.cancel()
        await asyncio.gather(*flooding, return_exceptions=True)
        await asyncio.sleep(1)
        results.append({"alone": alone, "flooded": beside, "flood_answers": flood.statuses})
    honest.stopped = True
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    wrong = {status: n for status, n in honest.statuses.items() if status != 200}
    if wrong:
        raise SystemExit(f"honest transactions were refused: {wrong}")
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stoa", type=Path, default=ROOT / ".build/release/stoa")
    parser.add_argument("--bench", type=Path, default=ROOT / ".build-bench/release/ledger-bench")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--count", type=int, default=150_000)
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="stoa-flood-"))
    node = None
    try:
        subprocess.run([options.bench, "presign", str(options.count), str(home)], check=True)
        good, bad = ([bytes.fromhex(line) for line in (home / name).read_text().split()]
                     for name in ("good.hex", "bad.hex"))
        node = subprocess.Popen(
            [options.stoa, "node", "run", "--home", str(home), "--port", "0", "--json"],
            stdout=subprocess.PIPE, env={"STOA_PASSPHRASE": "bench", "PATH": ""})
        url = json.loads(node.stdout.readline())["url"]
        port = int(url.rsplit(":", 1)[1])
        for result in asyncio.run(
                rounds(port, good, bad[:1000], options.seconds, options.rounds)):
            slower = 1 - result["flooded"]["per_second"] / result["alone"]["per_second"]
            print(json.dumps({**result, "slower": f"{slower:.1%}"}))
    finally:
        if node is not None:
            node.terminate()
            node.wait()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
