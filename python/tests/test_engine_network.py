"""Four stand-ins with four keys: rounds, votes, crashes, lies, changes of the set, state sync."""

from __future__ import annotations

import base64
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))

from stoa_engine.selftest.application import Applications  # noqa: E402
from stoa_engine.selftest.network import Network, RPCError, wait_until  # noqa: E402


@pytest.fixture(scope="module")
def applications():
    applications = Applications()
    yield applications
    applications.close()


@pytest.fixture
def network(tmp_path, applications):
    network = Network(tmp_path, applications, commit_ms=50)
    for engine in network.engines:
        engine.application.snapshot_interval = 4
    yield network
    network.stop()


def send(engine, text: str) -> str:
    return engine.ask("broadcast_tx_sync", tx=base64.b64encode(text.encode()).decode())["hash"]


def hashes_agree(network, height: int, engines=None) -> None:
    found = {network.app_hash(engine, height) for engine in engines or network.engines}
    assert len(found) == 1, f"app hashes of height {height} differ: {found}"


def test_transactions_sent_to_any_node_are_in_every_state(network):
    network.start()
    for engine in network.engines:
        engine.wait(1)
    for number, engine in enumerate(network.engines * 5):
        send(engine, f"key{number}={number}")
    for engine in network.engines:
        wait_until(lambda: len(engine.application.values) == 20)
    height = network.engines[0].wait(8)
    for engine in network.engines:
        engine.wait(height + 1)
    for number in range(1, height + 1):
        hashes_agree(network, number)
    proposers = {
        network.engines[0].ask("header", height=str(number))["header"]["proposer_address"]
        for number in range(1, 9)}
    assert len(proposers) == 4, "everybody has its turn"


def test_a_killed_node_rejoins_and_two_killed_halt_the_chain(network):
    network.start()
    first, second, third, fourth = network.engines
    third.wait(2)
    fourth.kill()
    height = third.height
    third.wait(height + 5)
    send(third, "while=away")
    fourth.start()
    wait_until(lambda: fourth.application.values.get("while") == "away")
    wait_until(lambda: fourth.ask("status")["sync_info"]["catching_up"] is False)

    first.kill()
    second.kill()
    halted = wait_until(lambda: _stands_still(third))
    assert third.ask("health") == {}
    first.start()
    second.start()
    for engine in network.engines:
        engine.wait(halted + 3)
    hashes_agree(network, halted + 1)
    assert all(engine.application.misbehavior == [] for engine in network.engines)


def _stands_still(engine) -> int:
    import time
    height = engine.height
    time.sleep(1.2)
    return height if engine.height == height else 0


def test_all_killed_at_once_and_started_again_go_on_without_signing_twice(network):
    network.start()
    for cut in range(2):
        height = network.engines[0].wait(3 + 3 * cut)
        for engine in network.engines:
            engine.process.kill()
        for engine in network.engines:
            engine.process.wait(10)
            engine.start()
    for engine in network.engines:
        engine.wait(height + 4)
    hashes_agree(network, height + 2)
    assert all(engine.application.misbehavior == [] for engine in network.engines)


def test_one_lying_application_is_stuck_and_the_others_go_on(network):
    liar, *others = network.engines
    liar.application.lies_from = 5
    network.start()
    wait_until(lambda: "CONSENSUS FAILURE!!!" in liar.log)
    for engine in others:
        engine.wait(9)
    assert liar.height == 5 and liar.process.poll() is None and liar.ask("health") == {}
    assert "App" in liar.log and "wrong Block.Header.AppHash" in liar.log
    hashes_agree(network, 6, others)


def test_two_against_two_stop_the_chain_without_a_crash(network):
    for engine in network.engines[:2]:
        engine.application.lies_from = 4
    network.start()
    halted = wait_until(lambda: network.engines[3].height == 4 and _stands_still(
        network.engines[3]))
    assert halted == 4
    assert all(engine.process.poll() is None for engine in network.engines)
    assert not any("CONSENSUS FAILURE" in engine.log for engine in network.engines)


def test_refused_proposals_cost_rounds_and_the_chain_goes_on_when_they_are_accepted(network):
    for engine in network.engines[:2]:
        engine.application.rejects = True
    network.start()
    wait_until(lambda: network.engines[3].height == 0)
    wait_until(lambda: network.engines[0].application.count("process_proposal") > 1)
    assert network.engines[3].height == 0
    for engine in network.engines:
        engine.application.rejects = False
    network.engines[3].wait(2)
    signed = network.engines[3].ask("commit", height="1")["signed_header"]["commit"]
    assert signed["round"] > 0


def test_double_signing_is_told_to_every_application_once(network):
    sinner = network.engines[1]
    for engine in network.engines:
        engine.start(**({"STOA_ENGINE_DOUBLE_SIGN": "4"} if engine is sinner else {}))
    for engine in network.engines:
        wait_until(lambda: engine.application.misbehavior)
    height = network.engines[0].height
    for engine in network.engines:
        engine.wait(height + 3)
        told, = engine.application.misbehavior
        assert (told.type, told.height) == (1, 4)
        assert (told.validator.address, told.validator.power) == (sinner.key.address, 10)
        assert told.total_voting_power == 40
    blocks = [
        network.engines[0].ask("block", height=str(number))["block"]["evidence"]["evidence"]
        for number in range(1, height + 2)]
    found = [item for items in blocks for item in items]
    assert len(found) == 1
    assert found[0]["value"]["Timestamp"] == network.engines[0].ask(
        "header", height="4")["header"]["time"]


def test_a_new_validator_is_in_force_two_blocks_later_and_can_be_removed(network):
    network.start()
    first = network.engines[0]
    first.wait(1)
    newcomer = network.newcomer("node4")
    network.engines.append(newcomer)
    newcomer.start().wait(1)
    key = newcomer.key.public.hex()
    hash_ = send(first, f"validator:{key}:15")
    tx = base64.b64encode(bytes.fromhex(hash_)).decode()
    height = int(wait_until(lambda: _found(first, tx))["height"])
    first.wait(height + 4)
    counts = [int(first.ask("validators", height=str(number))["total"])
              for number in (height + 1, height + 2)]
    assert counts == [4, 5]
    told = first.ask("block_results", height=str(height))["validator_updates"]
    assert told[0]["power"] == "15"
    votes = wait_until(lambda: first.application.last_votes.get(height + 4))
    assert len(first.application.last_votes[height + 2]) == 4
    assert len(first.application.last_votes[height + 3]) == 5 == len(votes)
    wait_until(lambda: any(
        vote == (newcomer.key.address, 15, 2)
        for vote in first.application.last_votes[max(first.application.last_votes)]))

    send(first, f"validator:{key}:0")
    wait_until(lambda: len(
        first.application.last_votes[max(first.application.last_votes)]) == 4)
    newcomer.wait(first.height)


def _found(engine, tx: str):
    try:
        return engine.ask("tx", hash=tx)
    except RPCError:
        return None


def test_a_newcomer_begins_with_a_snapshot_and_goes_on_by_blocks(network):
    network.start()
    first = network.engines[0]
    first.wait(2)
    for number in range(12):
        send(first, f"some-rather-long-key-{number}={number}")
    first.wait(10)
    trusted = first.ask("commit", height="3")["signed_header"]["commit"]["block_id"]["hash"]
    newcomer = network.newcomer("node4", f"""
[statesync]
enable = true
rpc_servers = "127.0.0.1:{first.rpc_port},http://127.0.0.1:{network.engines[1].rpc_port}"
trust_height = 3
trust_hash = "{trusted}"
""")
    network.engines.append(newcomer)
    newcomer.start()
    newcomer.wait(first.height + 2)
    methods = [name for name, _ in newcomer.application.calls if name != "flush"]
    assert methods[0] == "offer_snapshot" and "init_chain" not in methods
    assert methods.count("apply_snapshot_chunk") > 1, "there were several chunks"
    assert newcomer.application.values == first.application.values
    sync = newcomer.ask("status")["sync_info"]
    assert int(sync["earliest_block_height"]) > 4
    hashes_agree(network, int(sync["latest_block_height"]) - 1)
    height = newcomer.height
    newcomer.kill()
    newcomer.start().wait(height + 2)
    assert newcomer.application.count("offer_snapshot") == 1, "there is a state now"
