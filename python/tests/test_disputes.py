"""A claim to a seller's bond on real processes: held, judged, paid, and its secret never twice."""

from __future__ import annotations

import pytest
from conftest import Market

JURORS = ("judy", "jack", "joan")


@pytest.fixture
def market(tmp_path):
    market = Market(tmp_path / "market", budget="20")
    yield market
    market.stop()


def test_bond_claim(market, tmp_path):
    """DIS-50, DIS-52: a payer claims a part of a bond, three jurors agree, and it is paid."""
    stoa = market.stoa
    for juror in JURORS:
        stoa("wallet", "new", juror)
        stoa("wallet", "send", "--from", "seller", juror, "150")
        stoa("jury", "join", "100", "--wallet", juror)
    why = tmp_path / "why.md"
    why.write_text("The model was another one.\n")
    channel = stoa("channel", "open", "--wallet", "buyer", "--to", "seller", "--deposit", "1")[
        "channel"]
    refused = stoa(
        "dispute", "open-bond", "--wallet", "seller", "--channel", channel, "--amount", "10",
        "--evidence", str(why), check=False)
    assert "not this wallet's" in refused["error"] and "hint:" in refused["error"]
    case = stoa(
        "dispute", "open-bond", "--wallet", "buyer", "--channel", channel[:12], "--amount", "10",
        "--evidence", str(why))["dispute"]
    shown = stoa("dispute", "show", case)
    assert shown["claim"]["amountObol"] == str(10 * 10**9)
    assert shown["claim"]["depositObol"] == str(10 * 10**9 // 20)
    assert shown["claim"]["channel"] == channel and "escrow" not in shown
    stoa("dispute", "answer", case, "--wallet", "seller", "--evidence", str(why))
    stoa("dispute", "reveal", case, "--wallet", "buyer")
    for juror in JURORS:
        stoa("jury", "vote", case, "buyer", "--wallet", juror)
    # A vote that is cast stands: another choice is refused before a fee is paid, and the first
    # can still be opened.
    before = stoa("wallet", "balance", JURORS[0])["balanceObol"]
    again = stoa("jury", "vote", case, "seller", "--wallet", JURORS[0], check=False)
    assert "cast already, for buyer; nothing was sent" in again["error"], again
    assert stoa("wallet", "balance", JURORS[0])["balanceObol"] == before
    for juror in JURORS:
        stoa("jury", "open", case, "--wallet", juror)
    shown = stoa("dispute", "show", case)
    assert (shown["phase"], shown["verdict"]) == ("decided", "buyer")
    # The loser asks for a larger jury; its number is another one, under the dispute's name.
    stoa("dispute", "appeal", case, "--wallet", "seller", "--evidence", str(why))
    stoa("dispute", "answer", case, "--wallet", "buyer", "--evidence", str(why))
    stoa("dispute", "reveal", case, "--wallet", "seller")
    shown = stoa("dispute", "show", case)
    assert (shown["round"], shown["phase"], len(shown["jury"])) == (1, "voting", 3)
    assert any(one["dispute"] == case for one in stoa("dispute", "list"))
