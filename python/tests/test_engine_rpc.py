"""The RPC's shapes, errors and limits: those of CometBFT 0.38."""

from __future__ import annotations

import base64
import json
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))

from stoa_engine import light, merkle  # noqa: E402
from stoa_engine.merkle import sha  # noqa: E402
from stoa_engine.selftest.application import Applications  # noqa: E402
from stoa_engine.selftest.network import Network, RPCError, wait_until  # noqa: E402
from stoa_engine.validators import ValidatorSet  # noqa: E402


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    applications = Applications()
    network = Network(tmp_path_factory.mktemp("rpc"), applications, count=1, commit_ms=50)
    node = network.engines[0]
    node.configure([], 50, "[mempool]\nsize = 5\nmax_tx_bytes = 100\n")
    node.start().wait(2)
    yield node
    network.stop()
    applications.close()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def post(node, body, raw: bool = False):
    data = body if raw else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{node.rpc_port}", data)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def get(node, path: str):
    try:
        with urllib.request.urlopen(
                f"http://127.0.0.1:{node.rpc_port}/{path}", timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")


def test_numbers_are_strings_hashes_upper_hex_and_bytes_base64(node):
    told = node.ask("status")
    assert told["node_info"]["network"] == "test-chain"
    assert told["sync_info"]["latest_block_height"].isdigit()
    assert told["sync_info"]["catching_up"] is False
    assert told["validator_info"]["address"] == node.key.address.hex().upper()
    assert told["validator_info"]["voting_power"] == "10"
    first = node.ask("block", height="1")
    assert first["block"]["header"]["time"] == "2024-01-01T00:00:00.5Z"
    assert first["block"]["header"]["last_block_id"] == {
        "hash": "", "parts": {"total": 0, "hash": ""}}
    assert first["block"]["last_commit"]["signatures"] == []
    assert first["block"]["evidence"] == {"evidence": []}
    assert first["block"]["header"]["version"] == {"block": "11", "app": "1"}
    assert first["block_id"]["hash"] == first["block_id"]["hash"].upper()


def test_a_commit_read_back_from_the_json_is_signed_for_the_header(node):
    answer = node.ask("commit", height="1")
    assert answer["canonical"] is True
    header = light.header(answer["signed_header"]["header"])
    commit = light.commit(answer["signed_header"]["commit"])
    told = node.ask("validators", height="1")
    members = ValidatorSet([light.member(item) for item in told["validators"]])
    assert members.hash() == header.validators_hash and told["total"] == "1"
    assert commit.block_id.hash == header.hash()
    members.verify_commit("test-chain", commit.block_id, 1, commit)
    block = node.ask("block", height="2")["block"]
    assert block["header"]["last_commit_hash"] == commit.hash().hex().upper()
    latest = node.ask("commit")
    assert isinstance(latest["canonical"], bool)


def test_a_transaction_is_found_with_its_path_and_result(node):
    tx = b"key=value"
    told = node.ask("broadcast_tx_sync", tx=b64(tx))
    assert told == {"code": 0, "data": "", "log": "", "codespace": "",
                    "hash": sha(tx).hex().upper()}

    def found():
        try:
            return node.ask("tx", hash=b64(sha(tx)), prove=True)
        except RPCError as error:
            assert "not found" in str(error)
            return None
    told = wait_until(found)
    assert told["tx"] == b64(tx) and told["index"] == 0
    assert told["tx_result"] == {
        "code": 0, "data": None, "log": "", "info": "", "gas_wanted": "0", "gas_used": "0",
        "events": [{"type": "set", "attributes": [
            {"key": "key", "value": "key", "index": False}]}], "codespace": ""}
    proof = told["proof"]["proof"]
    assert (proof["total"], proof["index"], proof["aunts"]) == ("1", "0", [])
    assert proof["leaf_hash"] == b64(merkle.leaf(sha(tx)))
    header = node.ask("header", height=told["height"])["header"]
    assert told["proof"]["root_hash"] == header["data_hash"]
    results = node.ask("block_results", height=told["height"])
    assert len(results["txs_results"]) == 1 and results["finalize_block_events"] is None
    assert results["validator_updates"] is None and results["consensus_param_updates"] is None
    following = node.wait(int(told["height"]) + 1) and node.ask(
        "header", height=str(int(told["height"]) + 1))["header"]
    assert base64.b64decode(results["app_hash"]).hex().upper() == following["app_hash"]
    empty = node.ask("block_results", height="1")
    assert empty["txs_results"] is None
    by_uri = get(node, f"tx?hash=0x{sha(tx).hex()}&prove=true")
    assert by_uri[0] == 200 and by_uri[1]["id"] == -1
    assert by_uri[1]["result"]["proof"] == told["proof"]


def test_a_query_reaches_the_application_with_hex_data(node):
    told = node.ask("abci_query", path="/value", data=b"nothing".hex(), height="0", prove=True)
    response = told["response"]
    assert response["code"] == 0 and response["value"] is None and response["index"] == "0"
    assert response["key"] == b64(b"nothing") and response["height"].isdigit()
    assert response["proofOps"] == {"ops": [
        {"type": "test", "key": b64(b"nothing"), "data": b64(b"proof")}]}
    plain = node.ask("abci_query", path="/none", data="", prove=False)["response"]
    assert plain["code"] == 1 and plain["proofOps"] is None and plain["key"] is None
    assert get(node, 'abci_query?path="/value"&data=0x6e6f7468696e67')[1]["result"]["response"][
        "key"] == b64(b"nothing")


def test_errors_are_the_engines(node):
    def error(method, **values):
        return post(node, {
            "jsonrpc": "2.0", "id": "x", "method": method, "params": values})["error"]
    missing = error("tx", hash=b64(bytes(32)))
    assert (missing["code"], missing["message"]) == (-32603, "Internal error")
    assert missing["data"] == f"tx ({'00' * 32}) not found"
    assert error("nothing")["code"] == -32601
    assert "must be less than or equal to" in error("block", height="99999")["data"]
    assert "must be greater than 0" in error("block", height="0")["data"]
    assert error("block", height="one")["code"] == -32602
    assert "Tx too large. Max size is 100, but got 101" == error(
        "broadcast_tx_sync", tx=b64(b"x" * 101))["data"]
    assert "page should be within [1, 1] range" in error("validators", page="2")["data"]
    status, document = get(node, "block?height=99999")
    assert status == 500 and document["error"]["code"] == -32603
    assert get(node, "none")[0] == 404
    with pytest.raises(urllib.error.HTTPError) as found:
        post(node, b" " * 1_000_001, raw=True)
    assert found.value.code == 400


def test_a_refused_transaction_says_why_and_async_does_not_wait(node):
    told = node.ask("broadcast_tx_sync", tx=b64(b"bad"))
    assert told == {"code": 7, "data": "01", "log": "refused", "codespace": "test",
                    "hash": sha(b"bad").hex().upper()}
    told = node.ask("broadcast_tx_async", tx=b64(b"quick=1"))
    assert told["code"] == 0 and told["hash"] == sha(b"quick=1").hex().upper()
    wait_until(lambda: node.application.values.get("quick") == "1")


def test_a_full_mempool_says_so(node):
    refused = []
    for number in range(200):
        try:
            node.ask("broadcast_tx_sync", tx=b64(b"many%d=1" % number))
        except RPCError as error:
            refused.append(str(error))
            break
    assert refused and refused[0].startswith("mempool is full: number of txs 5 (max: 5), total")


def test_batches_have_a_limit_and_notifications_no_answer(node):
    ask = {"jsonrpc": "2.0", "id": 1, "method": "health", "params": {}}
    silent = {"jsonrpc": "2.0", "method": "health"}
    assert [item["id"] for item in post(node, [ask, silent, ask | {"id": 2}])] == [1, 2]
    assert post(node, [ask] * 11)["error"]["code"] == -32600
    assert post(node, b"{", raw=True)["error"]["code"] == -32700


def test_the_rest_answers(node):
    told = node.ask("consensus_params", height="1")["consensus_params"]
    assert told["block"] == {"max_bytes": "1048576", "max_gas": "-1"}
    assert node.ask("genesis")["genesis"]["chain_id"] == "test-chain"
    assert node.ask("net_info")["n_peers"] == "0"
    info = node.ask("abci_info")["response"]
    assert info["data"] == "values" and int(info["last_block_height"]) > 0
    assert set(node.ask("num_unconfirmed_txs")) == {"n_txs", "total", "total_bytes", "txs"}
