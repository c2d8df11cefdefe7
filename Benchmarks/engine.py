#!/usr/bin/env python3
"""An engine with our application beside the same engine with its own kvstore: committed
transactions per second under the same load, and our application's CPU for each.

Needs COMETBFT_BIN. One node each, one after the other, on loopback; both get transactions of the
same size by broadcast_tx_async over as many connections.
"""

from __future__ import annotations

import argparse
import base64
import concurrent.futures
import http.client
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CONNECTIONS = 8
BATCH = 10


def call(connection: http.client.HTTPConnection, body) -> object:
    connection.request("POST", "/", json.dumps(body), {"Content-Type": "application/json"})
    return json.loads(connection.getresponse().read())


def rpc(port: int, method: str, **params):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return call(connection, body)["result"]
    finally:
        connection.close()


def height(port: int) -> int:
    try:
        return int(rpc(port, "status")["sync_info"]["latest_block_height"])
    except (OSError, KeyError, ValueError):
        return -1


def send(port: int, transactions: list[bytes]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for start in range(0, len(transactions), BATCH):
        call(connection, [
            {"jsonrpc": "2.0", "id": index, "method": "broadcast_tx_async",
             "params": {"tx": base64.b64encode(transaction).decode()}}
            for index, transaction in enumerate(transactions[start:start + BATCH])])
    connection.close()


def committed(port: int, first: int) -> tuple[int, int]:
    """Transactions in the blocks from `first` on, and the last height."""
    last = height(port)
    count = 0
    for number in range(first, last + 1):
        count += len(rpc(port, "block", height=str(number))["block"]["data"]["txs"] or [])
    return count, last


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(port: int, transactions: list[bytes]) -> tuple[float, int]:
    """Sends everything; returns how long it took until all was committed, and how many were."""
    before = height(port)
    started = time.monotonic()
    parts = [transactions[index::CONNECTIONS] for index in range(CONNECTIONS)]
    with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(lambda part: send(port, part), parts))
    count = 0
    while count < len(transactions) and time.monotonic() - started < 300:
        time.sleep(0.2)
        count, _ = committed(port, before + 1)
    return time.monotonic() - started, count


def wait(port: int) -> None:
    deadline = time.monotonic() + 60
    while height(port) < 1:
        if time.monotonic() > deadline:
            raise SystemExit("the engine made no block in time")
        time.sleep(0.2)


def measure(name: str, port: int, transactions: list[bytes], application: int | None) -> float:
    wait(port)
    before = cpu_seconds(application) if application else 0.0
    seconds, count = load(port, transactions)
    result = {"application": name, "committed": count, "per_second": round(count / seconds)}
    if application:
        used = cpu_seconds(application) - before
        result["application_cpu_us_per_transaction"] = round(used / max(count, 1) * 1e6)
    print(json.dumps(result), flush=True)
    return count / seconds


def ours(options, home: Path) -> float:
    environment = dict(os.environ, STOA_PASSPHRASE="bench")
    document = json.loads(subprocess.run(
        [options.bench, "testnet-transfers", str(options.count), str(home), options.stoa],
        env=environment, check=True, capture_output=True, text=True).stdout)
    transactions = [bytes.fromhex(line) for line in (home / "good.hex").read_text().split()]
    node = document["nodes"][0]
    log = open(home / "validator.log", "w")
    process = subprocess.Popen(
        [options.stoa, "validator", "--home", node["home"], "--json"], env=environment,
        stdout=log, stderr=log)
    try:
        return measure("stoa", int(node["rpc"].rsplit(":", 1)[1]), transactions, process.pid)
    finally:
        process.terminate()
        process.wait()


def kvstore(options, home: Path, configuration: Path) -> float:
    """The engine's own application, with our engine's configuration."""
    engine = os.environ["COMETBFT_BIN"]
    subprocess.run([engine, "init", "--home", home], check=True, capture_output=True)
    text = configuration.read_text()
    lines = ['proxy_app = "kvstore"' if line.startswith("proxy_app") else line
             for line in text.splitlines()]
    (home / "config" / "config.toml").write_text("\n".join(lines) + "\n")
    port = next(int(line.rsplit(":", 1)[1].strip('"')) for line in lines
                if line.startswith("laddr"))
    size = options.size
    transactions = [f"k{index:09d}={'v' * (size - 11)}".encode() for index in range(options.count)]
    process = subprocess.Popen([engine, "start", "--home", home], stdout=subprocess.DEVNULL)
    try:
        return measure("kvstore", port, transactions, None)
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stoa", type=Path, default=ROOT / ".build/release/stoa")
    parser.add_argument("--bench", type=Path, default=ROOT / ".build-bench/release/ledger-bench")
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--size", type=int, default=253, help="bytes of a kvstore transaction")
    options = parser.parse_args()
    if not os.environ.get("COMETBFT_BIN"):
        print("skipped: COMETBFT_BIN is not set")
        return
    home = Path(tempfile.mkdtemp(prefix="stoa-engine-"))
    try:
        (home / "kv").mkdir()
        mine = ours(options, home)
        configuration = home / "network/node0/engine/config/config.toml"
        other = kvstore(options, home / "kv", configuration)
        print(json.dumps({"ratio": round(mine / other, 3)}))
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
