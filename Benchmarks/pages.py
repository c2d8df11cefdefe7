"""How fast the portal's pages are on loopback: for a browser, and for whoever asks over and over.

    .venv/test/bin/python Benchmarks/pages.py --stoa .build/release/stoa

Over a market of real processes in which everything was published, sold, traded, judged and voted on.
For each page, opened as a new visitor would with Debian's chromium (a new context for each visit,
so nothing is cached): when its first byte and its last came, when it was first painted, and how much
was sent. Then the same pages by wrk, without a browser. Milliseconds; medians, and the worst visit.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
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
    visit(browser, site.url)
    for name, path in site.paths.items():
        seen = [visit(browser, site.url + path) for _ in range(visits)]
        row = {key: statistics.median(one[key] for one in seen) for key in seen[0]}
        row["worst"] = max(one["paint"] for one in seen)
        row["rate"], row["asked"] = rate(site.url + path)
        rows.append(row | {"name": name})
        print(f"{name:<14} first byte {row['first']:6.1f}  last byte {row['last']:6.1f}  painted "
              f"{row['paint']:6.1f} (worst {row['worst']:6.1f})  {row['bytes'] / 1000:6.1f} kB  "
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
    paints = [row["paint"] for row in rows]
    print(f"{len(rows)} pages: painted after {statistics.median(paints):.1f} ms in the median, "
          f"{max(paints):.1f} on the slowest page, {max(row['worst'] for row in rows):.1f} on the "
          f"worst visit; at most {max(row['bytes'] for row in rows) / 1000:.1f} kB")


if __name__ == "__main__":
    main()
