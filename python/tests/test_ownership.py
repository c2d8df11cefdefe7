"""The whole sitting of python/stoa_market/ownership.py, with a mock model: on one node, and on four
validators.

With COMETBFT_BIN set the validators' engine is CometBFT; otherwise it is the stand-in
(docs/adr/009).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))

from stoa_market import ownership  # noqa: E402
from stoa_market.processes import Service  # noqa: E402

STAND_IN = ROOT / "python" / "stoa_standin" / "standin"
CALLS = 7


@pytest.fixture(scope="module", params=[0, 4], ids=["one-node", "four-validators"])
def summary(request, tmp_path_factory):
    home = tmp_path_factory.mktemp("ownership")
    binary = Path(os.environ.get("STOA_BINARY", ROOT / ".build" / "debug" / "stoa"))
    mock = Path(__file__).parent / "mock_upstream.py"
    upstream = Service(
        "mock-model", [sys.executable, str(mock)], home / "upstream.log", dict(os.environ)).start()
    sitting = None
    try:
        sitting = ownership.Sitting(
            binary, home, upstream, holders=6 if request.param else 40, validators=request.param,
            engine=os.environ.get("COMETBFT_BIN") or str(STAND_IN))
        found = ownership.run(sitting, calls=CALLS)
        yield dict(found, validators=request.param)
    finally:
        if sitting:
            sitting.stop()
        upstream.stop()


def test_income_is_split_to_the_last_obol(summary):
    earned = {name: int(amount) for name, amount in summary["earned_obol"].items()}
    total = CALLS * 1_000_003
    assert sum(earned.values()) == total
    # 20 % to the base and 5 % to the corpus, which gets 10 % of the base's part too.
    assert abs(earned["base"] - total * 18 / 100) <= 2
    assert abs(earned["corpus"] - total * 7 / 100) <= 2


def test_who_earned_what_from_whom_is_shown(summary):
    calls, passes = 9 * 1_000_003, 5 * 10**9
    for paid_for, total in (("calls", calls), ("pass", passes)):
        rows = {name: [row for row in payers if row["paidFor"] == paid_for]
                for name, payers in summary["payers"].items()}
        assert sum(int(row["amount"]) for found in rows.values() for row in found) == total
        assert {row["payerName"] for found in rows.values() for row in found} == {"buyer"}
        assert [row["through"] for row in rows["tune"]] == [[]]
        assert [row["through"] for row in rows["base"]] == [["tune"]]
        # The corpus is a parent of the fine-tune, and of the base that the fine-tune is made from.
        assert [sorted(row["through"]) for row in rows["corpus"]] == [["base", "tune"]]
        assert [row["accountName"] for row in rows["base"] + rows["corpus"]] == ["mona", "dana"]
        assert rows["tune"][0]["shares"] == 1000


def test_a_pass_includes_what_it_says(summary):
    assert summary["pass_costs_obol"] == [0, 0, 0, 1_000_003, 1_000_003]


def test_a_vote_is_executed(summary):
    assert summary["proposal"] == "executed"


def test_supply_is_conserved(summary):
    assert summary["conserved"]


def test_all_validators_have_one_state_root(summary):
    assert len(summary.get("state_roots", ["one"])) == 1


def test_an_index_equals_the_ledger(summary):
    assert summary["index_equal"] is True


def test_shares_a_pass_and_a_pool_are_proven_offline(summary):
    kinds = ("balance of a unit", "pass", "pool", "pot")
    assert len(summary["verdicts"]) == len(kinds)
    for kind, verdict in zip(kinds, summary["verdicts"]):
        assert verdict.startswith(f"proven: {kind} is in the state of block ")
        assert ("validators with" in verdict) == bool(summary["validators"])
    # Of 100 shares the trader sold 20 by an order, and bought some for 10 STOA in the pool.
    assert "of " in summary["verdicts"][0].splitlines()[2]


def test_a_shareholder_gets_a_tenth(summary):
    fee_max = 100_000
    tenth = int(summary["earned_obol"]["tune"]) // 10
    assert tenth - fee_max < summary["dividend_obol"] <= tenth


def test_shares_change_hands(summary):
    assert summary["dana_shares"] == 20


def test_a_jury_decides(summary):
    assert (summary["verdict"], summary["outcome"]) == ("buyer", "refunded")
