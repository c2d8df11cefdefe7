"""The demo, as a test: a real model, real processes, the unmodified client."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_first_sale(tmp_path):
    binary = os.environ.get("STOA_BINARY", str(ROOT / ".build" / "debug" / "stoa"))
    done = subprocess.run(
        [sys.executable, "-m", "stoa_market.first_sale", "--stoa", binary, "--home",
         str(tmp_path / "demo"), "--once", "--json"],
        env=dict(os.environ, PYTHONPATH=str(ROOT / "python")), capture_output=True, text=True,
        timeout=300)
    assert done.returncode == 0, done.stderr
    sale = json.loads(done.stdout.splitlines()[-1])
    assert "Paris" in sale["answer"]
    # P3: 201 calls, and the ledger saw an opening, a close and one claim.
    assert (sale["calls"], sale["ledger_transactions"]) == (201, 3)
    assert sale["receipts_verified"] == 201
    assert sale["conserved"] is True
