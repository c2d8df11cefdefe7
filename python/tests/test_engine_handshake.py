"""How the stand-in starts, replays, fails and ends: one node with a scripted application."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))

from stoa_engine.abci_messages import PublicKey, ValidatorUpdate  # noqa: E402
from stoa_engine.selftest.application import Applications  # noqa: E402
from stoa_engine.selftest.network import Network, RPCError, wait_until  # noqa: E402


@pytest.fixture(scope="module")
def applications():
    applications = Applications()
    yield applications
    applications.close()


@pytest.fixture
def node(tmp_path, applications):
    network = Network(tmp_path, applications, count=1, commit_ms=20)
    yield network.engines[0]
    network.stop()


def names(calls):
    return [name for name, _ in calls if name not in ("flush", "echo", "check_tx")]


def send(node, text: str) -> dict:
    return node.ask("broadcast_tx_sync", tx=base64.b64encode(text.encode()).decode())


def ended(node) -> int:
    return node.process.wait(15)


def test_the_calls_come_in_the_engines_order(node):
    node.start().wait(3)
    calls = names(node.application.calls)
    assert calls[:2] == ["info", "init_chain"]
    assert calls[2:6] == ["prepare_proposal", "process_proposal", "finalize_block", "commit"]
    seen = node.server.first_calls
    assert seen[0][0] == "info" and seen[3][0] == "init_chain" and len(seen) == 4
    assert set(seen[2]) == {"flush"}, "the mempool's connection is flushed before each Commit"
    genesis = next(value for name, value in node.application.calls if name == "init_chain")
    assert json.loads(genesis.app_state_bytes) == {"any": "thing"}
    assert genesis.chain_id == "test-chain" and len(genesis.validators) == 1
    first = [value for name, value in node.application.calls if name == "finalize_block"][0]
    assert first.decided_last_commit.votes == [] and first.time % 10**9 == 500_000_000
    votes = node.application.last_votes[3]
    assert votes == [(node.key.address, 10, 2)]


def test_a_transaction_is_committed_once_and_rechecked_ones_leave(node):
    node.start().wait(1)
    assert send(node, "bad")["code"] == 7
    assert send(node, "bad")["code"] == 7, "a refused transaction may be tried again"
    found = send(node, "a=1")
    with pytest.raises(RPCError, match="tx already exists in cache"):
        send(node, "a=1")
    tx = base64.b64encode(bytes.fromhex(found["hash"])).decode()
    wait_until(lambda: node.application.values.get("a") == "1")
    told = wait_until(lambda: _found(node, tx))
    assert told["tx_result"]["code"] == 0 and told["proof"]["proof"]["total"] == "1"
    assert node.ask("num_unconfirmed_txs")["n_txs"] == "0"


def _found(node, tx: str):
    try:
        return node.ask("tx", hash=tx, prove=True)
    except RPCError:
        return None


def crash_at(node, point: str) -> None:
    node.start(STOA_ENGINE_CRASH=f"{point}:5")
    assert ended(node) == 137
    node.application.calls.clear()


def test_killed_after_storing_the_block_finalizes_it_with_the_application(node):
    crash_at(node, "stored")
    assert node.application.height == 4
    node.start().wait(7)
    assert names(node.application.calls)[:3] == ["info", "finalize_block", "commit"]


def test_killed_between_finalize_and_commit_finalizes_again(node):
    crash_at(node, "finalized")
    assert node.application.height == 4
    node.start().wait(7)
    calls = [item for item in node.application.calls if item[0] == "finalize_block"]
    assert calls[0][1].height == 5
    assert "Replay last block using real app" in node.log


def test_killed_after_commit_uses_the_saved_answer(node):
    crash_at(node, "committed")
    assert node.application.height == 5
    node.start().wait(7)
    first = next(value for name, value in node.application.calls if name == "finalize_block")
    assert first.height == 6, "the application has block 5 and is not asked again"
    assert "Replay last block using mock app" in node.log


def test_an_application_that_lost_everything_is_replayed_from_genesis(node):
    node.start().wait(4)
    send(node, "a=1")
    wait_until(lambda: node.application.values.get("a") == "1")
    node.kill()
    height = node.application.height
    node.application.values, node.application.height = {}, 0
    node.application.calls.clear()
    node.start().wait(height + 2)
    assert names(node.application.calls)[:2] == ["info", "init_chain"]
    replayed = [value.height for name, value in node.application.calls if name == "finalize_block"]
    assert replayed[:4] == [1, 2, 3, 4]
    assert node.application.values["a"] == "1"


def test_an_application_that_lags_gets_the_blocks_it_lacks(node):
    node.start().wait(6)
    node.kill()
    height = node.application.height
    node.application.height = height - 3
    node.application.calls.clear()
    node.start().wait(height + 1)
    replayed = [value.height for name, value in node.application.calls if name == "finalize_block"]
    assert replayed[:3] == [height - 2, height - 1, height]


def test_an_application_ahead_of_the_engine_is_refused(node):
    node.start().wait(3)
    node.kill()
    node.application.height += 5
    node.start()
    assert ended(node) == 1
    assert "is higher than core" in node.log


def test_an_application_with_another_hash_is_a_panic(node):
    node.start().wait(3)
    node.kill()
    node.application.values["secret"] = "1"
    node.start()
    assert ended(node) == 2
    assert "does not match AppHash after replay" in node.log


@pytest.mark.parametrize("method", ["info", "finalize_block", "check_tx"])
def test_an_exception_ends_the_engine_with_status_0(node, method):
    node.application.exception_at = method
    node.start()
    if method == "check_tx":
        node.wait(1)
        with pytest.raises((RPCError, OSError)):
            send(node, "a=1")
    assert ended(node) == 0
    assert "connection terminated. Did the application crash?" in node.log


def test_an_application_that_goes_away_ends_the_engine_and_it_dials_again(node):
    node.start().wait(2)
    node.server.stop()
    assert ended(node) == 0
    node.start()
    wait_until(lambda: "trying again" in node.log)
    height = node.application.height
    node.server.start()
    node.wait(height + 2)


@pytest.mark.parametrize("updates, reason", [
    ([("own", 5), ("own", 6)], "duplicate entry"),
    ([("own", 0)], "would result in empty set"),
    ([("own", 10), ("other", -1)], "can't be negative"),
    ([("own", 10), ("other", 0)], "would result in empty set"),  # of one node; see the hashes
])
def test_updates_the_engine_cannot_take_are_a_consensus_failure(node, updates, reason):
    keys = {"own": node.key.public, "other": bytes(range(32))}
    node.application.updates_at[3] = [
        ValidatorUpdate(pub_key=PublicKey(ed25519=keys[name]), power=power)
        for name, power in updates]
    node.start()
    wait_until(lambda: "CONSENSUS FAILURE!!!" in node.log)
    assert reason in node.log
    assert node.ask("health") == {} and send(node, "a=1")["code"] == 0
    assert node.process.poll() is None and node.application.height == 2, "Commit never came"
    node.kill()
    node.application.updates_at.clear()
    node.start().wait(5)


def test_no_empty_blocks_when_told_so(node):
    text = (node.home / "config" / "config.toml").read_text()
    (node.home / "config" / "config.toml").write_text(
        text.replace("[consensus]", "[consensus]\ncreate_empty_blocks = false"))
    node.start().wait(1)
    height = node.height
    send(node, "a=1")
    node.wait(height + 2)
    quiet = node.height
    with pytest.raises(AssertionError):
        node.wait(quiet + 1, seconds=0.7)


def test_the_command_line_is_the_engines(tmp_path):
    import subprocess
    program = str(ROOT / "python" / "stoa_engine" / "standin")

    def run(*words: str) -> str:
        return subprocess.run(
            [program, *words], capture_output=True, text=True, check=True).stdout.strip()

    assert run("version") == "0.38.25-standin"
    run("init", "--home", str(tmp_path / "home"))
    assert len(run("show-node-id", "--home", str(tmp_path / "home"))) == 40
    assert (tmp_path / "home" / "config" / "genesis.json").exists()
    failed = subprocess.run(
        [program, "start", "--home", str(tmp_path / "none")], capture_output=True, text=True)
    assert failed.returncode == 1 and "No such file" in failed.stderr
