"""Four validators, each with its own application and engine, on real processes.

With COMETBFT_BIN set the engine is CometBFT; otherwise it is the stand-in (docs/adr/009).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from openai import OpenAI

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))

from stoa_market.network import Network  # noqa: E402
from stoa_market.processes import Service, Stoa  # noqa: E402

BINARY = Path(os.environ.get("STOA_BINARY", ROOT / ".build" / "debug" / "stoa"))
STAND_IN = ROOT / "python" / "stoa_standin" / "standin"


def make_network(home: Path, *options: str) -> tuple[Network, Stoa]:
    home.mkdir(parents=True, exist_ok=True)
    stoa = Stoa(BINARY, home)
    stoa.env.setdefault("COMETBFT_BIN", str(STAND_IN))
    for wallet in ("seller", "buyer"):
        stoa("wallet", "new", wallet)
    network = Network(
        stoa, home / "network", "--block-interval-ms", "100", "--allocate", "seller=1000",
        "--allocate", "buyer=1000", "--closing-delay-blocks", "10", *options)
    return network, stoa


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    network, _ = make_network(tmp_path_factory.mktemp("network"))
    for service in network.services:
        service.start()
    try:
        network.wait_for_height(0, 2)
        yield network
    finally:
        network.stop()


def roots(network: Network, height: int) -> set[str]:
    """The state roots that the nodes' engines have for a height."""
    found = set()
    for node in network.nodes:
        answer = rpc(node["rpc"], "block", {"height": str(height + 1)})
        found.add(answer["block"]["header"]["app_hash"])
    return found


def rpc(url: str, method: str, params: dict) -> dict:
    import urllib.request
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        document = json.load(answer)
    assert "error" not in document, document
    return document["result"]


def test_a_whole_sale_on_four_validators(network, tmp_path):
    stoa = network.client()
    mock = Service(
        "upstream", [sys.executable, str(Path(__file__).parent / "mock_upstream.py")],
        tmp_path / "upstream.log", dict(os.environ)).start()
    seller = buyer = None
    try:
        seller = stoa.service(
            "seller", "sell", "mock-model", "--wallet", "seller", "--upstream", mock.url,
            "--price-in", "20", "--price-out", "60", "--bond", "10", "--port", "0").start(120)
        buyer = stoa.service(
            "buyer", "connect", "--wallet", "buyer", "--budget", "50", "--lanes", "4",
            "--port", "0").start(120)
        client = OpenAI(base_url=f"{buyer.url}/v1", api_key="none", max_retries=2, timeout=60)
        for number in range(10):
            reply = client.chat.completions.create(
                model="mock-model", max_tokens=8,
                messages=[{"role": "user", "content": f"hello {number}"}])
            assert reply.choices
        verdict = stoa("receipts", "verify", "--all")
        assert (verdict["verified"], verdict["refused"]) == (10, 0)
        for channel in stoa("channel", "list", "--wallet", "buyer"):
            stoa("channel", "close", "--wallet", "buyer", "--wait", channel["channel"])
        earned = int(stoa("wallet", "balance", "seller")["balanceObol"])
        assert earned > 0
        assert stoa("supply")["conserved"] == "true"
    finally:
        for service in (buyer, seller, mock):
            if service is not None:
                service.stop()


def test_p12_all_nodes_have_the_same_state(network):
    height = network.height(0)
    assert height > 2
    for index in range(4):
        network.wait_for_height(index, height + 1)
    assert len(roots(network, height - 1)) == 1


def test_p4_a_validator_killed_at_any_moment_rejoins(network):
    stoa = network.client()
    for index in range(4):
        service = network.services[index]
        service.kill()
        stoa("wallet", "send", "--from", "buyer", "seller", "1")
        service.start()
        height = max(network.height(other) for other in range(4))
        network.wait_for_height(index, height + 1, seconds=60)
    height = network.height(0) - 2
    assert len(roots(network, height)) == 1
    assert stoa("supply")["conserved"] == "true"


def test_two_of_four_killed_halt_the_chain_and_it_resumes(network):
    for index in (0, 1):
        network.services[index].kill()
    height = network.height(2)
    time.sleep(2)
    assert network.height(2) <= height + 1, "half of the power decides nothing"
    for index in (0, 1):
        network.services[index].start()
    network.wait_for_height(2, height + 3, seconds=90)


def test_a_proof_of_a_balance_is_signed_by_the_validators(network, tmp_path):
    stoa = network.client()
    done = subprocess.run(
        [stoa.binary, "prove", "account", "buyer"], env=stoa.env, capture_output=True, text=True,
        timeout=60)
    assert done.returncode == 0, done.stderr
    file = tmp_path / "buyer.proof"
    file.write_text(done.stdout)
    env = {key: value for key, value in stoa.env.items() if key != "STOA_NODE"}
    shown = subprocess.run(
        [stoa.binary, "verify", "state", str(file), "--genesis", network.document["genesis"]],
        env=env, capture_output=True, text=True, timeout=60)
    assert shown.returncode == 0, shown.stderr
    assert "validators" in shown.stdout


def test_stake_moves_power(network):
    stoa = network.client()
    before = stoa("stake", "list")
    assert len(before) == 4
    stoa("stake", "delegate", "--wallet", "buyer", before[0]["validator"], "100")
    after = {row["validator"]: int(row["power"]) for row in stoa("stake", "list")}
    assert after[before[0]["validator"]] == int(before[0]["power"]) + 100


def test_one_lying_application_of_four_changes_nothing_for_the_others(network, tmp_path):
    node, service = network.nodes[3], network.services[3]
    service.stop()
    application = node["application"].rsplit(":", 1)[1]
    liar = Service(
        "liar", [sys.executable, str(Path(__file__).parent / "lying_proxy.py"), application],
        tmp_path / "liar.log", dict(os.environ)).start()
    config = Path(node["home"]) / "engine" / "config" / "config.toml"
    text = config.read_text()
    config.write_text(text.replace(f":{application}", ":" + liar.url.rsplit(":", 1)[1]))
    try:
        service.start()
        height = network.height(0)
        assert network.wait_for_height(0, height + 10, seconds=60)
        assert network.wait_for_height(1, height + 10) and network.wait_for_height(2, height + 10)
        own = int(rpc(node["rpc"], "status", {})["sync_info"]["latest_block_height"])
        assert own < network.height(0), "the liar's node stands still"
        stoa = network.client()
        stoa("wallet", "send", "--from", "buyer", "seller", "1")
        assert stoa("supply")["conserved"] == "true"
        log = (Path(node["home"]) / "log").read_text()
        assert "consensus failed on this node" in log
    finally:
        service.stop()
        liar.stop()
        config.write_text(text)


def test_a_new_node_begins_with_a_snapshot_and_follows(tmp_path):
    network, stoa = make_network(tmp_path / "synced", "--followers", "1")
    for index in range(4):
        network.services[index] = network.service(index, "--snapshot-interval-blocks", "5")
    try:
        for service in network.services[:4]:
            service.start()
        network.wait_for_height(0, 14)
        servers = ",".join(node["rpc"] for node in network.nodes[:2])
        follower = network.service(4, "--state-sync-from", servers)
        network.services[4] = follower
        follower.env = dict(follower.env, STOA_LOG="info")
        follower.start()
        height = network.height(0)
        network.wait_for_height(4, height + 3, seconds=60)
        assert "restored a snapshot" in follower.log.read_text()
        with pytest.raises(AssertionError):
            rpc(network.nodes[4]["rpc"], "block", {"height": "1"})
        assert network.client()("supply")["conserved"] == "true"
    finally:
        network.stop()
