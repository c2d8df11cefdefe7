"""Votes on a real market: stake decides, the ledger executes, and what was relied on stays."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest
from conftest import ROOT

from stoa_market.processes import Stoa

STOA = 10 ** 9
DELAY = "channels.closingDelayBlocks"
NUMBERS = {
    "governance.votingDelayBlocks": 5, "governance.votingPeriodBlocks": 13,
    "governance.timelockBlocks": 6, "governance.unlockDelayBlocks": 6,
}


class Assembly:
    """A ledger in one process, whose votes take some 25 blocks, a second each at most."""

    def __init__(self, home: Path):
        binary = Path(os.environ.get("STOA_BINARY", ROOT / ".build" / "debug" / "stoa"))
        stoa = Stoa(binary, home)
        for wallet in ("alice", "bob", "carol"):
            stoa("wallet", "new", wallet)
        words = [word for name, value in NUMBERS.items()
                 for word in ("--number", f"{name}={value}")]
        stoa("node", "init", "--allocate", "alice=100000", "--allocate", "bob=100000",
             "--allocate", "carol=100000", "--closing-delay-blocks", "10", *words)
        self.node = stoa.service("node", "node", "run", "--port", "0").start()
        self.stoa = Stoa(binary, home, self.node.url)

    def govern(self, wallet: str, *words: str, check: bool = True):
        return self.stoa("govern", *words, "--wallet", wallet, check=check)

    def show(self, proposal: str) -> dict:
        return self.stoa("govern", "show", proposal)

    def wait(self, proposal: str, *statuses: str, seconds: float = 40.0) -> dict:
        """Waits until the proposal stands so."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            shown = self.show(proposal)
            if shown["status"] in statuses:
                return shown
            time.sleep(0.2)
        raise AssertionError(f"{shown['status']} after {seconds} s, not {statuses}")

    def propose(self, *words: str, by: str = "alice") -> str:
        return self.govern(by, "propose", *words, "--title", "because")["proposal"]

    def number(self, name: str) -> int:
        numbers = self.stoa("govern", "numbers")
        return next(number["value"] for number in numbers if number["name"] == name)

    def balance(self, wallet: str) -> int:
        return int(self.stoa("wallet", "balance", wallet)["balanceObol"])

    def height(self) -> int:
        return self.stoa("status")["height"]

    def treasury(self) -> int:
        return int(self.stoa("govern", "stake", "alice")["treasuryObol"])

    def close(self, channel: str) -> int:
        """Asks for a channel's rest back; returns how many blocks that takes."""
        self.stoa("channel", "close", channel, "--wallet", "bob")
        listed = self.stoa("channel", "list", "--wallet", "bob")
        status = next(one["status"] for one in listed if one["channel"] == channel)
        closes = int(re.fullmatch(r"closing at block (\d+)", status).group(1))
        blocks = self.stoa("blocks", "--from", "1")
        asked = next(block["height"] for block in reversed(blocks) if block["transactions"])
        return closes - asked


@pytest.fixture(scope="module")
def assembly(tmp_path_factory):
    assembly = Assembly(tmp_path_factory.mktemp("assembly"))
    for wallet, amount in (("alice", 60), ("bob", 30), ("carol", 10)):
        assembly.govern(wallet, "lock", str(1000 * amount))
    yield assembly
    assembly.node.stop()


def test_a_number_changes_after_the_timelock_and_an_old_channel_keeps_its_delay(assembly):
    def channel() -> str:
        return assembly.stoa("channel", "open", "--wallet", "bob", "--to", "carol",
                             "--deposit", "1")["channel"]
    old = channel()
    before = assembly.balance("alice")
    proposal = assembly.propose("number", f"{DELAY}=120")
    assert assembly.balance("alice") < before - 99 * STOA, "the deposit is away"
    early = assembly.govern("alice", "vote", proposal, "yes", check=False)
    assert "governance.tooEarly" in early["error"]
    assembly.wait(proposal, "voting")
    assembly.govern("alice", "vote", proposal, "no")
    voted = assembly.govern("alice", "vote", proposal[:12], "yes")
    assert voted["events"][-1]["weight"] == str(60_000 * STOA)
    assert assembly.show(proposal)["outcome"] == "passed", "what the votes so far would decide"
    waiting = assembly.wait(proposal, "waiting")
    assert waiting["votesObol"] == {
        "yes": str(60_000 * STOA), "no": "0", "abstain": "0", "veto": "0"}
    assert waiting["totalObol"] == str(100_000 * STOA)
    assert assembly.number(DELAY) == 10, "nothing changes before the timelock has passed"
    assert assembly.balance("alice") > before - STOA, "the deposit is back"
    done = assembly.wait(proposal, "executed")
    assert done["executesAt"] == done["endsAt"] + 6
    assert assembly.number(DELAY) == 120
    new = channel()
    assert assembly.close(old) == 10
    assert assembly.close(new) == 120


def test_delegated_stake_votes_unless_its_owner_does(assembly):
    assembly.govern("bob", "delegate", "carol")
    proposal = assembly.propose("text")
    assembly.wait(proposal, "voting")
    # 10 of its own and 30 of Bob's.
    assert assembly.govern("carol", "vote", proposal, "yes")["events"][-1]["weight"] == str(
        40_000 * STOA)
    assembly.govern("bob", "vote", proposal, "veto")
    shown = assembly.show(proposal)
    assert shown["votesObol"] == {
        "yes": str(10_000 * STOA), "no": "0", "abstain": "0", "veto": str(30_000 * STOA)}
    before = assembly.treasury()
    ended = assembly.wait(proposal, "ended")
    assert ended["outcome"] == "vetoed"
    assert assembly.treasury() == before + 100 * STOA, "the deposit"
    assembly.govern("bob", "delegate", "--nobody")


def test_the_treasury_pays_what_was_voted_and_nothing_that_it_has_not(assembly):
    assembly.govern("carol", "fund", "50")
    before = assembly.balance("bob")
    held = assembly.treasury()
    paid = assembly.propose("payment", "--to", "bob", "50")
    much = assembly.propose("payment", "--to", "bob", "1000000")
    for proposal in (paid, much):
        assembly.wait(proposal, "voting")
        assembly.govern("alice", "vote", proposal, "yes")
    assert assembly.wait(paid, "executed")["payment"]["amount"] == str(50 * STOA)
    assert assembly.wait(much, "failed")["failureCode"] == 1616
    assert assembly.balance("bob") == before + 50 * STOA
    assert assembly.treasury() == held - 50 * STOA


def test_what_no_vote_can_do_is_refused_before_it_is_voted_on(assembly):
    def refused(*words: str) -> str:
        return assembly.govern(
            "alice", "propose", *words, "--title", "no", check=False)["error"]
    assert "governance.invalidNumber" in refused("number", f"{DELAY}=99")
    assert "governance.invalidNumber" in refused("number", "governance.quorumBasisPoints=1")
    assert "governance.depositTooSmall" in refused("text", "--deposit", "99")
    assert "gold" in refused("number", "gold=1")
    listed = assembly.stoa("govern", "numbers")
    assert all(number["standard"] >= number["least"] for number in listed)


def test_locked_stake_comes_back_after_its_delay(assembly):
    begun = assembly.govern("carol", "unlock", "10000")
    early = assembly.govern("carol", "withdraw", check=False)
    assert "governance.nothingToWithdraw" in early["error"]
    before = assembly.balance("carol")
    while assembly.height() < begun["height"] + 6:
        time.sleep(0.2)
    assembly.govern("carol", "withdraw")
    assert assembly.balance("carol") > before + 9999 * STOA
    shown = assembly.stoa("govern", "stake", "carol")
    assert shown["ownObol"] == "0" and shown["unlocking"] == []
