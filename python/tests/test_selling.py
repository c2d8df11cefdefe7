"""`stoa sell` and its kin: what can be known on this machine is known before anything is paid."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))

from stoa_market.processes import Service, Stoa  # noqa: E402

BINARY = Path(os.environ.get("STOA_BINARY", ROOT / ".build" / "debug" / "stoa"))
PRICES = ("--price-in", "20", "--price-out", "60")


@pytest.fixture(scope="module")
def stoa(tmp_path_factory):
    home = tmp_path_factory.mktemp("selling")
    stoa = Stoa(BINARY, home)
    for wallet in ("seller", "buyer"):
        stoa("wallet", "new", wallet)
    stoa("node", "init", "--allocate", "seller=1000", "--allocate", "buyer=1000",
         "--closing-delay-blocks", "10", "--unbonding-delay-blocks", "3")
    node = stoa.service("node", "node", "run", "--port", "0", "--tick", "50").start()
    yield Stoa(BINARY, home, node.url)
    node.stop()


@pytest.fixture(scope="module")
def upstream(tmp_path_factory):
    log = tmp_path_factory.mktemp("upstream") / "log"
    mock = Path(__file__).parent / "mock_upstream.py"
    service = Service("upstream", [sys.executable, str(mock)], log, dict(os.environ)).start()
    yield service
    service.stop()


def selling(model: str, url: str, *options: str) -> tuple[str, ...]:
    return ("sell", model, "--wallet", "seller", "--upstream", url, *PRICES, *options)


def balance(stoa: Stoa, wallet: str = "seller") -> int:
    return int(stoa("wallet", "balance", wallet)["balanceObol"])


def test_what_this_machine_knows_is_checked_before_anything_is_published(stoa):
    before = balance(stoa)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for model, url, options, said in (
                ("m2", "http://127.0.0.1:1",
                 ("--port", "0", "--upstream-key-environment", "STOA_TEST_NOPE"),
                 "STOA_TEST_NOPE is not set"),
                ("m3", "ftp://x", ("--port", "0"), "is no http or https URL"),
                ("m4", "http://", ("--port", "0"), "is no http or https URL"),
                ("m5", "http://127.0.0.1:1", ("--port", port), "another process listens"),
                ("m6", "http://127.0.0.1:1", ("--host", "192.0.2.1", "--port", "2"),
                 "nobody can listen")):
            refused = stoa(*selling(model, url, "--bond", "5", *options), check=False)
            assert said in refused["error"], refused
    assert balance(stoa) == before
    assert stoa("offers", "--all") == []
    assert not (stoa.home / "provider.yaml").exists()


def test_a_broken_service_stops_only_itself(stoa, upstream):
    # For a provider elsewhere, the key need not be here.
    stoa(*selling("m2", upstream.url, "--port", "26799", "--publish-only",
                  "--upstream-key-environment", "STOA_TEST_NOPE"))
    seller = stoa.service("seller", *selling("m9", upstream.url, "--port", "0")).start()
    try:
        log = seller.log.read_text()
        assert "left out" in log and "m2" in log and "STOA_TEST_NOPE" in log
        second = stoa(*selling("m10", upstream.url, "--port", "0"), check=False)
        assert "another provider is using" in second["error"]
        assert "nothing was published" in second["error"] and "hint:" in second["error"]
    finally:
        seller.stop()
    assert {offer["model"] for offer in stoa("offers")} == {"m2", "m9"}


def test_a_service_that_cannot_start_says_what_to_do(stoa):
    first = stoa.service("gateway", "connect", "--wallet", "buyer", "--port", "0").start()
    try:
        second = stoa("connect", "--wallet", "buyer", "--port", "0", check=False)
        assert "another gateway is using this journal" in second["error"]
        assert "no money moved" in second["error"] and "hint:" in second["error"]
    finally:
        first.stop()
    down = stoa("connect", "--wallet", "buyer", "--node", "http://127.0.0.1:1", check=False)
    assert "no money moved" in down["error"] and "ClientError(" not in down["error"]


def test_a_market_that_cannot_start_announces_nothing(tmp_path):
    stoa = Stoa(BINARY, tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [stoa.binary, "up", "--node-port", port, "--port", "0", "--json"], env=stoa.env,
            capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert ":0\"" not in done.stdout and "another process listens" in done.stderr


def test_a_proof_is_whole_or_refused(stoa, tmp_path):
    done = subprocess.run(
        ["bash", "-c", '"$0" prove account seller > /dev/full', stoa.binary], env=stoa.env,
        capture_output=True, text=True, timeout=60)
    assert done.returncode == 74 and "cannot be written" in done.stderr
    proof = tmp_path / "seller.proof"
    assert stoa("prove", "account", "seller", "-o", str(proof)) == {"proof": str(proof)}
    assert stoa("verify", "state", str(proof))
    assert "left alone" in stoa("prove", "account", "seller", "-o", str(proof),
                                check=False)["error"]


def test_what_went_in_comes_out(stoa, upstream):
    stoa(*selling("m20", upstream.url, "--port", "26798", "--bond", "10", "--publish-only"))
    offer = stoa("offers", "--model", "m20")[0]["id"]
    assert stoa("bond", "show", "seller")["activeObol"] == str(10 * 10**9)
    for wallet, name in (("buyer", offer), ("seller", "ffffff")):
        refused = stoa("offers", "withdraw", "--wallet", wallet, name, check=False)
        assert "no money moved" in refused["error"]
    assert stoa("offers", "withdraw", "--wallet", "seller", offer[:12])["offer"] == offer
    assert stoa("offers", "--model", "m20") == []
    assert stoa("offers", "list", "--model", "m20", "--all")[0]["standing"] == "withdrawn"

    def bond(*words: str, check: bool = True) -> dict:
        return stoa("bond", *words, "--wallet", "seller", check=check)

    assert bond("add", "2.5")["activeObol"] == "12500000000"
    before = balance(stoa)
    assert "less than 13" in bond("unbond", "13", check=False)["error"]
    assert "unbond" in bond("withdraw", check=False)["error"]
    assert balance(stoa) == before, "what is bound to be refused costs no fee"
    bond("unbond", "12.5")
    shown = stoa("bond", "show", "seller")
    assert shown["activeObol"] == "0" and shown["unbonding"][0]["amountObol"] == "12500000000"
    after = balance(stoa)
    for _ in range(200):
        if stoa("bond", "show", "seller")["withdrawableObol"] != "0":
            break
    assert bond("withdraw")["amountObol"] == "12500000000"
    assert 0 < after + 12500000000 - balance(stoa) < 10**7, "all but the fee"

    seller = next(entry["address"] for entry in stoa("wallet", "list")
                  if entry["name"] == "seller")
    channel = stoa("channel", "open", "--wallet", "buyer", "--to", seller, "--deposit",
                   "1")["channel"]
    more = stoa("channel", "top-up", "--wallet", "buyer", channel[:10], "0.5")
    assert (more["channel"], more["depositObol"]) == (channel, "1500000000")
    for words in ((channel, "0"), ("ffffff", "1")):
        refused = stoa("channel", "top-up", "--wallet", "buyer", *words, check=False)
        assert "no money moved" in refused["error"]


def test_a_gateways_key_is_in_no_list_of_processes(stoa, upstream, tmp_path):
    secret = "topsecret-0123456789"
    file = tmp_path / "gateway.key"
    file.write_text(secret + "\n")
    file.chmod(0o600)
    file_option = ("--api-key-file", str(file))
    seller = stoa.service("seller", *selling("m9", upstream.url, "--port", "0"))
    gateway = stoa.service("gateway", "connect", "--wallet", "buyer", "--port", "0", *file_option)
    try:
        seller.start()
        gateway.start()
        assert secret not in Path(f"/proc/{gateway.pid}/cmdline").read_text()
        calling = ("call", "m9", "hello", "--gateway", gateway.url)
        refused = stoa(*calling, check=False)["error"]
        assert "key is missing or wrong" in refused and "--api-key-file" in refused
        assert stoa(*calling, *file_option)["receipt"]
        stoa.env["STOA_API_KEY"] = secret
        assert stoa(*calling)["receipt"]
    finally:
        stoa.env.pop("STOA_API_KEY", None)
        gateway.stop()
        seller.stop()
    file.write_text("short\n")
    short = stoa("connect", "--wallet", "buyer", "--port", "0", *file_option, check=False)
    assert "less than 16 characters" in short["error"] and "short" not in short["error"]
    both = stoa("connect", "--api-key", secret, *file_option, check=False)
    assert "are two keys" in both["error"]
