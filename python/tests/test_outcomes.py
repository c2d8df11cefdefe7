"""What a command says of money is what happened to it: over lost answers, signals, nodes that lie,
and commands that are given twice."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))

from lossy_node import LossyNode  # noqa: E402
from stoa_market.processes import Stoa, failure  # noqa: E402

BINARY = Path(os.environ.get("STOA_BINARY", ROOT / ".build" / "debug" / "stoa"))
STOA = 10**9


class Ledger:
    """A node, a proxy before it that loses answers, and people who send."""

    def __init__(self, home: Path):
        self.home = home
        stoa = Stoa(BINARY, home)
        for wallet in ("alice", "bob", "carol"):
            stoa("wallet", "new", wallet)
        stoa("node", "init", "--closing-delay-blocks", "3", "--unbonding-delay-blocks", "3", *(
            word for who in ("alice", "bob", "carol") for word in ("--allocate", f"{who}=1000")))
        self.node = stoa.service("node", "node", "run", "--port", "0", "--tick", "20").start()
        self.stoa = Stoa(BINARY, home, self.node.url)
        self.lossy = LossyNode(self.node.url)
        # The same home, by way of the proxy.
        self.through = Stoa(BINARY, home, self.lossy.url)

    def stop(self) -> None:
        self.lossy.stop()
        self.node.stop()

    def obol(self, wallet: str) -> int:
        return int(self.stoa("wallet", "balance", wallet)["balanceObol"])

    @property
    def kept(self) -> list[Path]:
        return sorted((self.home / "pending").glob("*.pending"))

    @property
    def told(self) -> list[Path]:
        return sorted((self.home / "pending").glob("*.done"))


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    ledger = Ledger(tmp_path_factory.mktemp("outcomes"))
    yield ledger
    ledger.stop()


@pytest.fixture(autouse=True)
def nothing_is_left(ledger):
    yield
    ledger.lossy.set()
    assert ledger.kept == []
    # What was told and not asked for again would be the next test's payment of the same words.
    for file in ledger.told:
        file.unlink()


def run(stoa: Stoa, *words: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [stoa.binary, *words], env=stoa.env, capture_output=True, text=True, timeout=120)


def failed(stoa: Stoa, status: int, *words: str) -> dict:
    """The document of a command that fails with this exit status and says nothing else."""
    done = run(stoa, *words, "--json")
    assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
    assert done.stdout == ""
    return failure(done.stderr)["failure"]


# --- an outcome that is known is told -----------------------------------------------------------------

def test_a_look_up_that_fails_afterwards_does_not_hide_a_payment(ledger):
    ledger.stoa("unit", "issue", "EUR", "Euro credit", "--supply-max", "100000", "--document",
                "22" * 32, "--wallet", "carol")
    ledger.stoa("unit", "mint", "EUR", "carol", "1000", "--wallet", "carol")
    unit = ledger.stoa("unit", "list")[0]["unit"]
    ledger.lossy.set(lose="later")
    done = run(ledger.through, "unit", "send", unit, "bob", "100", "--wallet", "carol")
    assert done.returncode == 0, done.stderr
    assert "could not be read" in done.stderr and "transaction " in done.stderr
    assert "10000" in done.stdout, "the amount in its smallest part"
    ledger.lossy.set(lose="later")
    sent = ledger.through("unit", "send", unit, "bob", "100", "--wallet", "carol")
    assert sent["height"] > 0 and int(sent["feeObol"]) > 0
    held = {row["unit"]: row["amount"] for row in ledger.stoa("unit", "balance", "bob")}
    assert held[unit] == "20000"


def test_of_gifts_in_several_transactions_those_that_were_made_are_told(ledger, tmp_path):
    file = tmp_path / "tune.bin"
    file.write_text("tuned weights\n")
    ledger.stoa("asset", "publish", "tune", "--file", str(file), "--wallet", "alice")
    ledger.stoa("shares", "issue", "tune", "100", "--wallet", "alice")

    def shares() -> int:
        return sum(row["shares"] for row in ledger.stoa("shares", "holders", "alice/tune")
                   if row["account"] == ledger.stoa("wallet", "balance", "bob")["address"])

    gifts = ("shares", "distribute", "tune", *["bob=1"] * 40)
    # More than there are: refused before the first transaction, which could have been made.
    short = failed(ledger.stoa, 1, *gifts, "carol=5000", "--wallet", "alice")
    assert short["code"] == "accounts.insufficientBalance" and short["moneyMoved"] == "no"
    ledger.lossy.set(lose="second")
    done = run(ledger.through, *gifts, "--wallet", "alice", "--json")
    assert done.returncode == 75, done.stderr
    [first] = json.loads(done.stdout)
    assert len(first["events"]) == 32 and shares() == 32
    said = failure(done.stderr)["failure"]
    assert "32 of 40 were done" in said["error"] and said["moneyMoved"] == "yes"
    # The same command again does not begin anew; what was on its way is done by then.
    again = failed(ledger.stoa, 1, *gifts, "--wallet", "alice")
    assert "earlier run" in again["error"] and again["moneyMoved"] == "no"
    assert shares() == 40


def test_a_close_is_told_though_waiting_for_it_fails_and_costs_one_fee(ledger):
    channel = ledger.stoa(
        "channel", "open", "--wallet", "bob", "--to", "carol", "--deposit", "5")["channel"]
    close = ("channel", "close", "--wallet", "bob", channel[:8])
    ledger.lossy.set(lose="later")
    done = run(ledger.through, *close, "--wait", "--json")
    assert done.returncode == 75, done.stderr
    shown = json.loads(done.stdout)
    assert shown["channel"] == channel and shown["closed"] == "false"
    said = failure(done.stderr)["failure"]
    assert f"block {shown['closesAtHeight']}" in said["error"]
    assert f"channel withdraw {channel}" in said["hint"]
    before = ledger.stoa("wallet", "balance", "bob")
    again = ledger.stoa(*close)
    assert again["closesAtHeight"] == shown["closesAtHeight"] and "transaction" not in again
    assert ledger.stoa("wallet", "balance", "bob") == before, "no second fee"
    assert ledger.stoa(*close, "--wait")["closed"] == "true"
    closed = ledger.stoa("channel", "close", "--wallet", "bob", channel)
    assert closed["closed"] == "true" and "transaction" not in closed


# --- an outcome that is not known is found out --------------------------------------------------------

@pytest.mark.parametrize("lose", ["answers", "submissions"])
def test_the_same_command_after_a_lost_answer_pays_once(ledger, lose):
    send = ("wallet", "send", "--from", "alice", "bob", "10")
    alice, bob = ledger.obol("alice"), ledger.obol("bob")
    ledger.lossy.set(lose=lose)
    lost = failed(ledger.through, 75, *send)
    assert (lost["code"], lost["moneyMoved"]) == ("outcomeUnknown", "unknown")
    assert lost["transaction"] in lost["error"] and "until block" in lost["error"]
    assert "wallet pending" in lost["hint"]
    [file] = ledger.kept
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    # Nothing new is signed while nobody answers for the old one.
    waiting = failed(ledger.through, 75, "wallet", "send", "--from", "alice", "carol", "1")
    assert waiting["transaction"] == lost["transaction"] and "nothing new" in waiting["error"]
    ledger.lossy.set()
    done = run(ledger.stoa, *send, "--json")
    assert done.returncode == 0 and "nothing new was sent" in done.stderr
    sent = json.loads(done.stdout)
    assert sent["transaction"] == lost["transaction"]
    assert ledger.obol("bob") == bob + 10 * STOA
    assert ledger.obol("alice") == alice - 10 * STOA - int(sent["feeObol"])
    ledger.stoa(*send)
    assert ledger.obol("bob") == bob + 20 * STOA, "asked for once more, it is paid once more"


def test_another_command_tells_what_became_of_the_one_before(ledger):
    bob, carol = ledger.obol("bob"), ledger.obol("carol")
    ledger.lossy.set(lose="answers")
    lost = failed(ledger.through, 75, "wallet", "send", "--from", "alice", "bob", "10")
    done = run(ledger.stoa, "wallet", "send", "--from", "alice", "carol", "3")
    assert done.returncode == 0, done.stderr
    assert f"{lost['transaction']} took effect in block" in done.stderr
    assert "fee 0.0000" in done.stderr and "chain “stoa-local”" in done.stderr
    assert (ledger.obol("bob"), ledger.obol("carol")) == (bob + 10 * STOA, carol + 3 * STOA)
    # Whoever reads that was not the one who had sent it: that one's retry pays nothing more.
    assert ledger.kept == [] and len(ledger.told) == 1
    again = run(ledger.stoa, "wallet", "send", "--from", "alice", "bob", "10", "--json")
    assert again.returncode == 0 and "nothing new was sent" in again.stderr
    assert json.loads(again.stdout)["transaction"] == lost["transaction"]
    assert ledger.obol("bob") == bob + 10 * STOA and ledger.told == []
    ledger.stoa("wallet", "send", "--from", "alice", "bob", "10")
    assert ledger.obol("bob") == bob + 20 * STOA, "asked for once more, it is paid once more"


def test_what_was_told_is_kept_while_its_last_block_is_not_over(ledger):
    bob = ledger.obol("bob")
    send = ("wallet", "send", "--from", "alice", "bob", "4")
    ledger.lossy.set(lose="answers")
    failed(ledger.through, 75, *send)
    ledger.lossy.set()
    ledger.stoa("wallet", "pending")
    [file] = ledger.told
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    # It is old, but its last block is not over.
    os.utime(file, (1, 1))
    ledger.stoa("wallet", "send", "--from", "alice", "carol", "1")
    assert ledger.told == [file]
    ledger.stoa(*send)
    assert ledger.obol("bob") == bob + 4 * STOA and ledger.told == []


def test_a_retry_of_a_withdrawal_tells_what_was_withdrawn(ledger):
    published = ledger.stoa(
        "sell", "retried", "--wallet", "carol", "--upstream", "http://127.0.0.1:9", "--price-in",
        "20", "--price-out", "60", "--bond", "10", "--port", "26799", "--publish-only")["offer"]
    withdraw = ("offers", "withdraw", "--wallet", "carol", published[:12])
    ledger.lossy.set(lose="answers")
    lost = failed(ledger.through, 75, *withdraw)
    ledger.lossy.set()
    # The offer stands no more, so that it could not be withdrawn again.
    done = ledger.stoa(*withdraw)
    assert (done["offer"], done["model"]) == (published, "retried")
    assert done["transaction"] == lost["transaction"]


def test_a_retry_of_a_top_up_tells_what_was_locked(ledger):
    channel = ledger.stoa(
        "channel", "open", "--wallet", "bob", "--to", "carol", "--deposit", "5")["channel"]
    more = ("channel", "top-up", "--wallet", "bob", channel[:12], "2")
    ledger.lossy.set(lose="answers")
    lost = failed(ledger.through, 75, *more)
    ledger.lossy.set()
    ledger.stoa("channel", "close", "--wallet", "bob", channel)
    done = ledger.stoa(*more)
    assert (done["channel"], done["transaction"]) == (channel, lost["transaction"])
    assert (done["addedObol"], done["depositObol"]) == (str(2 * STOA), str(7 * STOA))


def test_a_retry_of_a_bond_withdrawal_tells_no_sum_that_it_does_not_know(ledger):
    ledger.stoa("bond", "add", "--wallet", "bob", "10")
    ledger.stoa("bond", "unbond", "--wallet", "bob", "10")
    while ledger.stoa("bond", "show", "bob")["withdrawableObol"] == "0":
        ledger.stoa("wallet", "send", "--from", "carol", "bob", "0.001")
    withdraw = ("bond", "withdraw", "--wallet", "bob")
    ledger.lossy.set(lose="answers")
    lost = failed(ledger.through, 75, *withdraw)
    ledger.lossy.set()
    done = ledger.stoa(*withdraw)
    assert done["transaction"] == lost["transaction"] and "amountObol" not in done
    assert ledger.stoa("bond", "show", "bob")["unbonding"] == []


def test_a_kept_file_that_cannot_be_read_is_left_alone(ledger):
    strange = ledger.home / "pending" / f"{'0' * 64}.pending"
    strange.parent.mkdir(mode=0o700, exist_ok=True)
    strange.write_text("a newer version's\n")
    try:
        done = run(ledger.stoa, "wallet", "send", "--from", "alice", "bob", "1")
        assert done.returncode == 0 and str(strange) in done.stderr
        assert "not sent" not in done.stderr and strange.exists()
    finally:
        strange.unlink(missing_ok=True)


def test_two_runs_do_not_take_one_transaction_for_their_own(ledger):
    bob = ledger.obol("bob")
    send = ("wallet", "send", "--from", "alice", "bob", "6")
    ledger.lossy.set(lose="answers")
    failed(ledger.through, 75, *send)
    ledger.lossy.set()
    runs = [subprocess.Popen([BINARY, *send, "--json"], env=ledger.stoa.env, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    said = [process.communicate(timeout=60) for process in runs]
    assert [process.returncode for process in runs] == [0, 0], said
    assert sorted("nothing new was sent" in errors for _, errors in said) == [False, True]
    assert ledger.obol("bob") == bob + 12 * STOA


def test_the_same_command_is_done_though_it_cannot_be_made_again(ledger):
    channel = ledger.stoa(
        "channel", "open", "--wallet", "bob", "--to", "carol", "--deposit", "5")["channel"]
    closed = ledger.stoa("channel", "close", "--wallet", "bob", channel)
    while ledger.stoa("status")["height"] < int(closed["closesAtHeight"]):
        ledger.stoa("wallet", "send", "--from", "carol", "bob", "0.001")
    withdraw = ("channel", "withdraw", "--wallet", "bob", channel[:8])
    ledger.lossy.set(lose="answers")
    lost = failed(ledger.through, 75, *withdraw)
    # Of closed channels the first digits say nothing any more.
    done = ledger.stoa(*withdraw)
    assert (done["channel"], done["transaction"]) == (channel, lost["transaction"])
    assert int(done["refundedObol"]) == 5 * STOA


def test_pending_shows_and_settles(ledger):
    bob = ledger.obol("bob")
    ledger.lossy.set(lose="submissions")
    lost = failed(ledger.through, 75, "wallet", "send", "--from", "alice", "bob", "7")
    done = run(ledger.through, "wallet", "pending", "--json")
    assert done.returncode == 75
    [waiting] = json.loads(done.stdout)
    assert (waiting["transaction"], waiting["state"]) == (lost["transaction"], "waiting")
    assert ledger.stoa("wallet", "pending", "bob") == [], "nothing of Bob's"
    [settled] = ledger.stoa("wallet", "pending", "alice")
    assert settled["state"] == "tookEffect" and settled["height"] > 0
    assert ledger.obol("bob") == bob + 7 * STOA
    assert ledger.stoa("wallet", "pending") == []


def test_what_has_an_answer_is_told_though_a_later_one_has_none(ledger):
    carol = ledger.obol("carol")
    ledger.lossy.set(lose="submissions")
    first = failed(ledger.through, 75, "wallet", "send", "--from", "bob", "carol", "7")
    other = failed(ledger.through, 75, "wallet", "send", "--from", "alice", "carol", "9")
    ledger.lossy.set(lose="second")
    done = run(ledger.through, "wallet", "pending", "--json")
    assert done.returncode == 75, done.stderr
    states = {row["transaction"]: row["state"] for row in json.loads(done.stdout)}
    assert set(states) == {first["transaction"], other["transaction"]}
    assert sorted(states.values()) == ["tookEffect", "waiting"]
    said = failure(done.stderr)["failure"]
    assert states[said["transaction"]] == "waiting"
    assert str(ledger.kept[0]) in said["hint"] and len(ledger.kept) == len(ledger.told) == 1
    # Both pay once, whichever was told before.
    ledger.lossy.set()
    for words, lost in ((("bob", "carol", "7"), first), (("alice", "carol", "9"), other)):
        assert ledger.stoa("wallet", "send", "--from", *words)["transaction"] == lost["transaction"]
    assert ledger.obol("carol") == carol + 16 * STOA and ledger.told == []


def test_what_can_take_effect_no_more_is_dropped_with_a_word(ledger, tmp_path):
    ledger.lossy.set(lose="submissions")
    lost = failed(ledger.through, 75, "wallet", "send", "--from", "alice", "bob", "9")
    # The same key on another machine uses the number.
    (tmp_path / "wallets").symlink_to(ledger.home / "wallets")
    bob = ledger.obol("bob")
    Stoa(BINARY, tmp_path, ledger.node.url)("wallet", "send", "--from", "alice", "carol", "1")
    [dropped] = ledger.stoa("wallet", "pending")
    assert (dropped["transaction"], dropped["state"]) == (lost["transaction"], "dropped")
    assert "number was used" in dropped["reason"]
    assert ledger.obol("bob") == bob


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_waiting_says_what_is_on_its_way(ledger, end):
    bob = ledger.obol("bob")
    ledger.lossy.set(lose="late")
    process = subprocess.Popen(
        [BINARY, "wallet", "send", "--from", "alice", "bob", "2", "--json"],
        env=ledger.through.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert ledger.lossy.arrived.wait(30)
    process.send_signal(end)
    out, errors = process.communicate(timeout=30)
    assert (process.returncode, out) == (75, "")
    said = failure(errors)["failure"]
    assert said["code"] == "outcomeUnknown" and "interrupted" in said["error"]
    ledger.lossy.released.set()
    [settled] = ledger.stoa("wallet", "pending")
    assert settled["transaction"] == said["transaction"] and settled["state"] == "tookEffect"
    assert ledger.obol("bob") == bob + 2 * STOA


# --- nothing is signed unseen -------------------------------------------------------------------------

def test_a_fee_out_of_all_proportion_is_not_signed(ledger):
    alice = ledger.obol("alice")
    ledger.lossy.set(fee=500 * STOA)
    send = ("wallet", "send", "--from", "alice", "bob", "1")
    said = failed(ledger.through, 1, *send)
    assert (said["code"], said["moneyMoved"]) == ("feeTooHigh", "no")
    assert "500." in said["error"] and "--fee-max" in said["hint"]
    assert ledger.obol("alice") == alice
    ledger.lossy.set(fee=STOA // 5)
    assert failed(ledger.through, 1, *send)["code"] == "feeTooHigh"
    sent = ledger.through(*send, "--fee-max", "0.3")
    assert STOA // 5 <= int(sent["feeObol"]) < STOA * 3 // 10
    sell = ("sell", "dear", "--wallet", "carol", "--upstream", "http://127.0.0.1:9", "--price-in",
            "20", "--price-out", "60", "--port", "26799", "--publish-only")
    assert failed(ledger.through, 1, *sell)["code"] == "feeTooHigh"
    assert ledger.through(*sell, "--fee-max", "0.9")["offer"]


def test_a_home_signs_for_its_own_chain(ledger, tmp_path):
    other = Stoa(BINARY, tmp_path / "other")
    other("wallet", "new", "dora")
    address = ledger.stoa("wallet", "balance", "alice")["address"]
    other("node", "init", "--name", "elsewhere", "--allocate", f"{address}=1000")
    node = other.service("node", "node", "run", "--port", "0", "--tick", "20").start()
    try:
        there = Stoa(BINARY, ledger.home, node.url)
        send = ("wallet", "send", "--from", "alice", "bob", "1")
        # By the genesis in the home.
        said = failed(there, 1, *send)
        assert said["code"] == "otherChain" and "elsewhere" in said["error"]
        assert str(ledger.home / "node" / "genesis.stoa") in said["hint"]
        assert str(ledger.home / "chain") not in said["hint"], "it is not there"
        # By a genesis that was given, of the other chain: this chain's node is refused.
        genesis = str(tmp_path / "other" / "node" / "genesis.stoa")
        assert failed(ledger.stoa, 1, *send, "--genesis", genesis)["code"] == "otherChain"
        there(*send, "--genesis", genesis)
        # By what the first signature left there.
        home = tmp_path / "fresh"
        home.mkdir()
        (home / "wallets").symlink_to(ledger.home / "wallets")
        shown = Stoa(BINARY, home, ledger.node.url)(*send)
        assert (home / "chain").read_text().split() == [shown["chain"]]
        said = failed(Stoa(BINARY, home, node.url), 1, *send)
        assert shown["chain"] in said["error"] and str(home / "chain") in said["hint"]
    finally:
        node.stop()


def test_home_moves_the_genesis_too(ledger, tmp_path):
    elsewhere = Stoa(BINARY, tmp_path, ledger.node.url)
    done = run(elsewhere, "prove", "account", "alice", "--home", str(ledger.home))
    assert done.returncode == 0 and "not checked" not in done.stderr, done.stderr


def test_a_dry_run_sends_nothing(ledger):
    before = ledger.stoa("wallet", "balance", "alice")
    shown = ledger.stoa("wallet", "send", "--from", "alice", "bob", "1", "--dry-run")
    assert int(shown["feeObol"]) > 0 and shown["account"] == before["address"]
    assert ledger.stoa("wallet", "balance", "alice") == before
    assert shown["validUntil"] <= ledger.stoa("status")["height"] + 1000
    sent = ledger.stoa("wallet", "send", "--from", "alice", "bob", "1")
    assert sent["feeObol"] == shown["feeObol"]
    ledger.lossy.set(fee=STOA // 5)
    said = failed(ledger.through, 1, "wallet", "send", "--from", "alice", "bob", "1", "--dry-run")
    assert said["code"] == "feeTooHigh"


def test_a_dry_run_binds_no_home(ledger, tmp_path):
    (tmp_path / "wallets").symlink_to(ledger.home / "wallets")
    there = Stoa(BINARY, tmp_path, ledger.node.url)
    there("wallet", "send", "--from", "alice", "bob", "1", "--dry-run")
    assert not (tmp_path / "chain").exists()
    there("wallet", "send", "--from", "alice", "bob", "1")
    assert (tmp_path / "chain").exists()


# --- how it ends --------------------------------------------------------------------------------------

def test_what_the_ledger_would_refuse_costs_nothing(ledger):
    before = ledger.stoa("wallet", "balance", "alice")
    zero = failed(ledger.stoa, 64, "wallet", "send", "--from", "alice", "bob", "0")
    assert zero["moneyMoved"] == "no"
    much = failed(ledger.stoa, 1, "wallet", "send", "--from", "alice", "bob", "5000")
    assert much["code"] == "accounts.insufficientBalance" and much["moneyMoved"] == "no"
    # All of it leaves nothing for the fee.
    everything = str(int(before["balanceObol"]) / STOA)
    failed(ledger.stoa, 1, "wallet", "send", "--from", "alice", "bob", everything)
    assert ledger.stoa("wallet", "balance", "alice") == before


def test_exit_status_tells_failures_apart(ledger):
    down = Stoa(BINARY, ledger.home, "http://127.0.0.1:1")
    started = time.monotonic()
    said = failed(down, 69, "wallet", "send", "--from", "alice", "bob", "1")
    assert time.monotonic() - started < 6, "nobody waits for a node that refuses connections"
    assert (said["code"], said["moneyMoved"]) == ("unreachable", "no")
    for words in (("wallet", "send", "bob", "abc"), ("unit", "send", "STOA", "bob", "abc"),
                  ("channel", "open", "--to", "bob", "--deposit", "abc", "--wallet", "alice"),
                  ("channel", "close", "--wallet", "bob", ""),
                  ("channel", "close", "--wallet", "bob", "5"), ("nothing",)):
        extra = ("--wallet", "alice") if words[0] == "unit" else ()
        said = failed(ledger.stoa, 64, *words, *extra)
        assert said["code"] == "usage" and said["moneyMoved"] == "no"
    # People read words, and a failure of a running command names that command's help.
    text = run(ledger.stoa, "fraud", "--wallet", "alice", "1", "2", "3")
    assert text.returncode == 64 and text.stderr.startswith("Error: ")
    assert "stoa fraud --help" in text.stderr
    shown = run(ledger.stoa, "--help")
    assert shown.returncode == 0 and "75" in shown.stdout


def test_a_question_that_nobody_heard_differs_from_an_answer_that_was_lost(ledger):
    """Of the first no money moved; of the second only the gateway's receipts tell."""
    for host in ("127.0.0.1", "localhost"):
        told = failed(ledger.stoa, 69, "call", "any", "hello", "--gateway", f"http://{host}:1")
        assert told["moneyMoved"] == "no" and "nothing was sent" in told["error"]
    with socket.create_server(("127.0.0.1", 0)) as listening:
        def hang_up():
            connection, _ = listening.accept()
            connection.recv(1 << 16)
            connection.close()
        threading.Thread(target=hang_up, daemon=True).start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        told = failed(ledger.stoa, 75, "call", "any", "hello", "--gateway", url)
    assert told["moneyMoved"] == "unknown" and "stoa receipts list" in told["hint"]
