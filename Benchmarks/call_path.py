"""What a paid call costs beyond the call itself, beside litellm, in one run.

    scripts/bench            builds, installs the peer, and runs this

For each way to the same stand-in upstream (directly; through the gateway and provider; through the
market's door with a key, limits and a budget, and the provider; through nginx, which is the ceiling;
through litellm proxy) and 1, 16 and 64 calls at once: calls/s, p50 and p99, and the CPU seconds of the
processes in between, per call. The load comes from wrk, which is cheap enough for two cores.

With `--upstream-ms N` the upstream thinks for so long, as a model does, and callers pause up to a
tenth of it: what a way adds then is its latency, not the queue before processors that are all busy.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "python"))

from stoa_market.processes import Service, Stoa  # noqa: E402

BODY = json.dumps({"model": "mock-model", "max_tokens": 32,
                   "messages": [{"role": "user", "content": "Why is the sky blue? " * 10}]})
TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pids: list[int]) -> float:
    """CPU time of the processes so far, their threads and waited-for children included."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += sum(int(field) for field in fields[11:15])
    return total / TICK


def children(pid: int) -> list[int]:
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += children(int(child))
    return found


def wrk(url: str, connections: int, seconds: int, key: str = "none", pause_ms: int = 0,
        spread_ms: int = 0) -> dict:
    """Runs wrk; returns calls/s, percentiles in ms, and how many calls failed."""
    script = f"""
wrk.method = "POST"
wrk.body = [==[{BODY}]==]
wrk.headers["content-type"] = "application/json"
wrk.headers["authorization"] = "Bearer {key}"
{f'function delay() return {pause_ms} end' if pause_ms else ''}
{f'function delay() return math.random(0, {spread_ms}) end' if spread_ms else ''}
done = function(summary, latency, requests)
  io.write(string.format("RESULT %d %d %d %.3f %.3f %.3f\\n", summary.requests, summary.duration,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(90) / 1000, latency:percentile(99) / 1000))
end
"""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        done = subprocess.run(
            ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s",
             "-s", file.name, url], capture_output=True, text=True, check=True)
    match = re.search(r"RESULT (\d+) (\d+) (\d+) ([\d.]+) ([\d.]+) ([\d.]+)", done.stdout)
    if not match:
        raise RuntimeError(done.stdout + done.stderr)
    requests, micros, failed = (int(match[index]) for index in (1, 2, 3))
    return {"requests": requests, "per_second": round(requests / (micros / 1e6)),
            "failed": failed, "p50_ms": float(match[4]), "p90_ms": float(match[5]),
            "p99_ms": float(match[6])}


def measure(name: str, url: str, pids: list[int], options, key: str = "none") -> list:
    rows = []
    wrk(url, 8, 2, key)  # opens channels and fills pools
    for connections in options.levels:
        before = cpu_seconds(pids)
        row = wrk(url, connections, options.seconds, key, spread_ms=options.upstream_ms // 10)
        used = cpu_seconds(pids) - before
        row["cpu_us_per_call"] = round(used / max(1, row["requests"]) * 1e6)
        row |= {"way": name, "at_once": connections}
        rows.append(row)
        print(f"{name:<8} {connections:>3} at once: {row['per_second']:>6}/s  "
              f"p50 {row['p50_ms']:8.2f} ms  p99 {row['p99_ms']:8.2f} ms  "
              f"CPU {row['cpu_us_per_call']:>6} µs/call  failed {row['failed']}", flush=True)
    return rows


def start_stoa(binary: Path, home: Path, upstream: str) -> tuple[list[Service], str]:
    home.mkdir(parents=True)
    stoa = Stoa(binary, home)
    for wallet in ("seller", "buyer"):
        stoa("wallet", "new", wallet)
    stoa("node", "init", "--allocate", "seller=1000", "--allocate", "buyer=100000")
    node = stoa.service("node", "node", "run", "--port", "0").start()
    stoa = Stoa(binary, home, node.url)
    seller = stoa.service(
        "seller", "sell", "mock-model", "--wallet", "seller", "--upstream", upstream,
        "--price-in", "20", "--price-out", "60", "--port", "0", "--claim-at", "100000").start()
    buyer = stoa.service(
        "buyer", "connect", "--wallet", "buyer", "--budget", "50000", "--lanes", "128",
        "--port", "0").start()
    return [node, seller, buyer], buyer.url


def start_door(binary: Path, home: Path, upstream: str) -> tuple[list[Service], str, str]:
    """`stoa serve`: a key, rate limits and a budget in front of a hosted wallet."""
    home.mkdir(parents=True)
    stoa = Stoa(binary, home)
    for wallet in ("seller", "buyer"):
        stoa("wallet", "new", wallet)
    stoa("node", "init", "--allocate", "seller=1000", "--allocate", "buyer=100000")
    node = stoa.service("node", "node", "run", "--port", "0").start()
    stoa = Stoa(binary, home, node.url)
    seller = stoa.service(
        "seller", "sell", "mock-model", "--wallet", "seller", "--upstream", upstream,
        "--price-in", "20", "--price-out", "60", "--port", "0", "--claim-at", "100000").start()
    serve = stoa.service("serve", "serve", "--port", "0", "--address-rate", "1000000").start()
    session = stoa("keys", "account", "buyer")["session"]
    stoa("session", "grant", "--wallet", "buyer", session, "--limit", "50000")
    stoa("keys", "tier", "house")
    key = stoa("keys", "create", "bench", "--scope", "calls:write", "--budget", "50000",
               "--day-budget", "40000", "--model-day-budget", "mock-model=30000")["key"]
    return [node, seller, serve], serve.url, key


def start_nginx(home: Path, upstream: str) -> tuple[subprocess.Popen, str]:
    """The ceiling: nginx that checks a key, limits the rate and passes on, and counts no money."""
    port = free_port()
    config = home / "nginx.conf"
    config.write_text(f"""
daemon off; worker_processes 1; pid {home}/nginx.pid; error_log {home}/nginx.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {home}/body; proxy_temp_path {home}/proxy;
  fastcgi_temp_path {home}/f; uwsgi_temp_path {home}/u; scgi_temp_path {home}/s;
  map $http_authorization $known {{ default 0; "Bearer bench" 1; }}
  limit_req_zone $http_authorization zone=keys:1m rate=100000r/s;
  upstream model {{ server {upstream.removeprefix("http://")}; keepalive 128; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      if ($known = 0) {{ return 401; }}
      limit_req zone=keys burst=10000 nodelay;
      proxy_pass http://model; proxy_http_version 1.1; proxy_set_header Connection "";
    }}
  }}
}}
""")
    process = subprocess.Popen(["/usr/sbin/nginx", "-c", str(config), "-e",
                                str(home / "nginx.log")])
    time.sleep(1)
    return process, f"http://127.0.0.1:{port}"


def start_litellm(home: Path, upstream: str) -> tuple[subprocess.Popen, str, str]:
    key = "sk-" + secrets.token_hex(24)
    port = free_port()
    config = home / "litellm.yaml"
    config.write_text(f"""
model_list:
  - model_name: mock-model
    litellm_params: {{model: openai/mock-model, api_base: {upstream}/v1, api_key: none}}
general_settings: {{master_key: {key}}}
litellm_settings: {{telemetry: false, num_retries: 0}}
""")
    log = open(home / "litellm.log", "wb")
    process = subprocess.Popen(
        [str(ROOT / ".venv/bench/bin/litellm"), "--config", str(config), "--host", "127.0.0.1",
         "--port", str(port), "--num_workers", "1"],
        stdout=log, stderr=log, env=dict(os.environ, LITELLM_LOCAL_MODEL_COST_MAP="True"))
    url = f"http://127.0.0.1:{port}"
    for _ in range(240):
        try:
            urllib.request.urlopen(f"{url}/health/liveliness", timeout=2)
            return process, url, key
        except OSError:
            time.sleep(0.5)
    raise RuntimeError("litellm did not start; see litellm.log")


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stoa", type=Path, default=ROOT / ".build/release/stoa")
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--levels", type=int, nargs="+", default=[1, 16, 64])
    parser.add_argument("--ways", nargs="+", default=["stoa", "door", "nginx", "litellm"])
    parser.add_argument("--upstream-ms", type=int, default=0, help="how long the model thinks")
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="stoa-bench-"))
    mock = Service(
        "upstream", [sys.executable, str(ROOT / "python/tests/mock_upstream.py"), "--delay-ms",
                     str(options.upstream_ms)],
        home / "upstream.log", dict(os.environ)).start()
    path = "/v1/chat/completions"
    rows = measure("direct", mock.url + path, [mock.pid], options)
    for way, start in (("stoa", start_stoa), ("door", start_door)):
        if way not in options.ways:
            continue
        services, url, *key = start(options.stoa, home / way, mock.url)
        try:
            pids = [service.pid for service in services[1:]]
            rows += measure(way, url + path, pids, options, *key)
        finally:
            for service in reversed(services):
                service.stop()
    if "nginx" in options.ways:
        process, url = start_nginx(home, mock.url)
        try:
            rows += measure("nginx", url + path, children(process.pid), options, "bench")
        finally:
            process.terminate()
            process.wait(30)
    if "litellm" in options.ways:
        process, url, key = start_litellm(home, mock.url)
        try:
            rows += measure("litellm", url + path, children(process.pid), options, key)
        finally:
            process.terminate()
            process.wait(30)
    mock.stop()
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))
    shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
