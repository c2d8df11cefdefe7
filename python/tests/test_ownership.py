"""The whole sitting of python/stoa_market/ownership.py, with a mock model."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))

from stoa_market import ownership  # noqa: E402
from stoa_market.processes import Service  # noqa: E402


@pytest.fixture(scope="module")
def summary(tmp_path_factory):
    home = tmp_path_factory.mktemp("ownership")
    binary = Path(os.environ.get("STOA_BINARY", ROOT / ".build" / "debug" / "stoa"))
    mock = Path(__file__).parent / "mock_upstream.py"
    upstream = Service(
        "mock-model", [sys.executable, str(mock)], home / "upstream.log", dict(os.environ)).start()
    sitting = None
    try:
        sitting = ownership.Sitting(binary, home, upstream)
        yield ownership.run(sitting, calls=7)
    finally:
        if sitting:
            sitting.stop()
        upstream.stop()


def test_income_is_split_to_the_last_obol(summary):
    earned = {name: int(amount) for name, amount in summary["earned_obol"].items()}
    total = 7 * 1_000_003
    assert sum(earned.values()) == total
    # 20 % to the base and 5 % to the corpus, which gets 10 % of the base's part too.
    assert abs(earned["base"] - total * 18 / 100) <= 2
    assert abs(earned["corpus"] - total * 7 / 100) <= 2


def test_a_pass_includes_what_it_says(summary):
    assert summary["pass_costs_obol"] == [0, 0, 0, 1_000_003, 1_000_003]


def test_a_vote_is_executed(summary):
    assert summary["proposal"] == "executed"


def test_supply_is_conserved(summary):
    assert summary["conserved"]


def test_a_shareholder_gets_a_tenth(summary):
    fee_max = 100_000
    tenth = int(summary["earned_obol"]["tune"]) // 10
    assert tenth - fee_max < summary["dividend_obol"] <= tenth


def test_shares_change_hands(summary):
    assert summary["dana_shares"] == 20


def test_a_jury_decides(summary):
    assert (summary["verdict"], summary["outcome"]) == ("buyer", "refunded")
