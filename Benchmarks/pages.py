"""How fast the portal's pages are on loopback: for a browser, and for whoever asks over and over.

    .venv/test/bin/python Benchmarks/pages.py --stoa .build/release/stoa

Over a market of real processes in which everything was published, sold, traded, judged and voted on.
For each page, with Debian's chromium: opened by somebody new (a new context for each visit, so that
nothing is cached and a process of the browser starts) and by somebody who has the market open (the
same tab again): when its last byte came, when it was first painted, and how much was sent to
somebody new. An empty page beside them tells what the browser takes by itself. Then the same pages
by wrk, without a browser. Milliseconds; medians.
"""

from __future__ import annotations

import argparse
import http.server
import re
import statistics
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "python" / "tests")]

from playwright.sync_api import sync_playwright  # noqa: E402
from portal_site import Site, open_site  # noqa: E402

TIMES = """() => new Promise(done => {
  const look = () => {
    const paint = performance.getEntriesByName('first-contentful-paint')[0];
    const [page] = performance.getEntriesByType('navigation');
    if (!paint || !page.responseEnd) return setTimeout(look, 5);
    const files = performance.getEntriesByType('resource').map(file => file.transferSize);
    done({first: page.responseStart, last: page.responseEnd, paint: paint.startTime,
          bytes: files.reduce((sum, size) => sum + size, page.transferSize)});
  };
  look();
})"""


class Nothing(http.server.BaseHTTPRequestHandler):
    """A page of one word, without styles or scripts."""

    def do_GET(self):
        body = b"<!doctype html><html lang=en><title>x</title><p>hello"
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def empty_page() -> str:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Nothing)
    # wrk leaves in the middle of an answer.
    server.handle_error = lambda *_: None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}/"


def visit(browser, url: str) -> dict:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    try:
        page = context.new_page()
        page.goto(url, wait_until="load")
        return page.evaluate(TIMES)
    finally:
        context.close()


def rate(url: str) -> tuple[float, float]:
    """Pages a second, and the median in ms, for four who ask at once."""
    done = subprocess.run(["wrk", "-t1", "-c4", "-d2s", "--latency", url], capture_output=True,
                          text=True, check=True).stdout
    number, unit = re.search(r"50%\s+([\d.]+)(us|ms|s)", done).groups()
    median = float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]
    return float(re.search(r"Requests/sec:\s+([\d.]+)", done)[1]), median


def measure(site: Site, browser, visits: int) -> list[dict]:
    rows = []
    tab = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    urls = {"(empty)": empty_page()} | {
        name: site.url + path for name, path in site.paths.items()}
    for url in urls.values():
        visit(browser, url)
    for name, url in urls.items():
        new = [visit(browser, url) for _ in range(visits)]
        again = []
        for _ in range(visits):
            tab.goto(url, wait_until="load")
            again.append(tab.evaluate(TIMES))
        row = {key: statistics.median(one[key] for one in new) for key in new[0]}
        row["again"] = statistics.median(one["paint"] for one in again)
        row["rate"], row["asked"] = rate(url)
        rows.append(row | {"name": name})
        print(f"{name:<14} last byte {row['last']:6.1f}  painted {row['paint']:6.1f}, again "
              f"{row['again']:6.1f}  {row['bytes'] / 1000:6.1f} kB  "
              f"{row['rate']:7.0f}/s at {row['asked']:5.2f} ms", flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stoa", type=Path, default=ROOT / ".build/release/stoa")
    parser.add_argument("--visits", type=int, default=7)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stoa-pages-") as folder, \
            open_site(options.stoa, Path(folder)) as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=options.chromium, args=["--no-sandbox"])
        rows = measure(site, browser, options.visits)
        browser.close()
    pages = rows[1:]
    for what in ("last", "paint", "again", "asked"):
        values = [row[what] for row in pages]
        print(f"{what}: {statistics.median(values):.1f} in the median, {min(values):.1f} to "
              f"{max(values):.1f} over {len(pages)} pages; the empty page {rows[0][what]:.1f}")


if __name__ == "__main__":
    main()
