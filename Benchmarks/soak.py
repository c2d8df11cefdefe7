"""An hour of paid calls by the market's door: does memory stay flat, and is no call lost?

    python3 Benchmarks/soak.py [--seconds 3600] [--pause-ms 0] [--stoa .build/release/stoa]

16 calls at once, each connection with a pause between its calls if asked to. Memory of door and seller is read every few seconds; the medians of the
second and the last quarter are compared, and more than a tenth and 16 MB above is a failure. At the end the
key's counters must equal what the wallet says it spent.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "python"))
sys.path.insert(0, str(ROOT / "Benchmarks"))

from call_path import start_door, wrk  # noqa: E402
from feeds import memory  # noqa: E402
from stoa_market.processes import Service, Stoa  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stoa", type=Path, default=ROOT / ".build/release/stoa")
    parser.add_argument("--seconds", type=int, default=3600)
    parser.add_argument("--pause-ms", type=int, default=0, help="between calls of a connection")
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="stoa-soak-"))
    mock = Service(
        "upstream", [sys.executable, str(ROOT / "python/tests/mock_upstream.py")],
        home / "upstream.log", dict(os.environ)).start()
    services, url, key = start_door(options.stoa, home / "door", mock.url)
    readings: dict[str, list[int]] = {service.name: [] for service in services}
    over = threading.Event()

    def read() -> None:
        while not over.wait(max(1, options.seconds / 400)):
            for service in services:
                readings[service.name].append(memory(service.pid))

    reader = threading.Thread(target=read)
    reader.start()
    failed, ended = [], time.monotonic() + options.seconds
    calls = 0
    try:
        while time.monotonic() < ended:
            row = wrk(url + "/v1/chat/completions", 16,
                      max(1, min(60, int(ended - time.monotonic()))), key, options.pause_ms)
            calls += row["requests"]
            if row["failed"]:
                failed.append(f"{row['failed']} calls failed")
        over.set()
        reader.join()
        for name, sizes in readings.items():
            quarter = len(sizes) // 4
            middle = statistics.median(sizes[quarter:2 * quarter])
            last = statistics.median(sizes[-quarter:])
            print(f"{name:<8} {middle / 1e6:7.1f} MB in the second quarter, "
                  f"{last / 1e6:7.1f} MB in the last")
            # The ledger's store grows with its blocks: its pages are the system's to keep.
            if name != "node" and last > middle * 1.1 + 16e6:
                failed.append(f"{name} grew")
        stoa = Stoa(options.stoa, home / "door", services[0].url)
        time.sleep(2)
        request = urllib.request.Request(url + "/stoa/v1/status",
                                         headers={"Authorization": f"Bearer {key}"})
        # The key of the load may call and nothing else: another of the same organisation reads.
        other = stoa("keys", "create", "reader", "--scope", "usage:read")["key"]
        request.headers["Authorization"] = f"Bearer {other}"
        status = json.load(urllib.request.urlopen(request))
        print(f"{calls} calls, {status['spent_obol']} obol, {status['calls_looked_up']} looked up")
    finally:
        over.set()
        for service in reversed(services):
            service.stop()
        mock.stop()
    for line in failed:
        print("failed:", line)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
