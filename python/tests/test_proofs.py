"""P5: what the ledger says can be checked without it, by two verifiers, and nothing else passes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VERIFIER = ROOT / "python" / "stoa_verify" / "verify.py"
VECTORS = ROOT / "Vectors" / "proofs"
sys.path[:0] = [str(VERIFIER.parent), str(ROOT / "python")]

import verify as second  # noqa: E402
from stoa_market.network import Network  # noqa: E402
from stoa_market.processes import Service, Stoa  # noqa: E402

STAND_IN = ROOT / "python" / "stoa_standin" / "standin"


def prove(market, *words: str, env: dict | None = None) -> str:
    done = run_prove(market, *words, env=env)
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_prove(market, *words: str, env: dict | None = None):
    return subprocess.run(
        [market.stoa.binary, "prove", *words], env=env or market.stoa.env, capture_output=True,
        text=True, timeout=60)


def genesis(market) -> Path:
    return market.home / "node" / "genesis.stoa"


def verify(market, path: Path, text: str, *kind: str):
    """The command line's verdict, where it can reach no node."""
    path.write_text(text)
    env = dict(os.environ, STOA_HOME=str(path.parent), STOA_NODE="http://127.0.0.1:1")
    return subprocess.run(
        [market.stoa.binary, "verify", *kind, str(path), "--genesis", str(genesis(market))],
        env=env, capture_output=True, text=True, timeout=60)


def verify_again(market, path: Path):
    """The second verifier's verdict on the same file."""
    return subprocess.run(
        [sys.executable, str(VERIFIER), str(path), "--genesis", str(genesis(market))],
        capture_output=True, text=True, timeout=60)


def refused_field(done) -> str:
    assert done.returncode == 1, done.stdout
    line = next(line for line in done.stderr.splitlines() if "refused: " in line)
    return line.split("refused: ", 1)[1].split(": ", 1)[0]


def texts(value, path: str = ""):
    """Every text in a document, by its field's name, with the means to change it."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in pairs:
        name = f"{path}[{key}]" if isinstance(value, list) else f"{path}.{key}".lstrip(".")
        if isinstance(item, str):
            yield name, value, key
        elif isinstance(item, (dict, list)):
            yield from texts(item, name)


def call(market, text: str) -> None:
    body = json.dumps({
        "model": "mock-model", "max_tokens": 8, "messages": [{"role": "user", "content": text}]})
    request = urllib.request.Request(
        f"{market.gateway.url}/v1/chat/completions", body.encode(),
        {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert json.load(answer)["choices"]


@pytest.fixture(scope="module")
def sold(market):
    """Three calls, which the seller has claimed; before the claim they cannot be proven."""
    for number in range(3):
        call(market, f"hello {number}")
    early = run_prove(market, "receipt", "1")
    assert early.returncode == 1
    assert "has not claimed" in early.stderr
    market.seller.stop()  # a seller that stops claims what it is owed
    market.seller.start()
    return market


def test_a_receipt_is_proven_to_strangers_from_files_alone(sold, tmp_path):
    listed = sold.stoa("receipts", "list")
    for number, receipt in enumerate(listed[:3], 1):
        text = prove(sold, "receipt", str(number))
        assert text == prove(sold, "receipt", receipt["receipt"][:12])
        path = tmp_path / f"{number}.proof"
        done = verify(sold, path, text, "receipt")
        assert done.returncode == 0, done.stderr
        for said in (receipt["receipt"], receipt["seller"], "mock-model", "sealed by",
                     f"{receipt['chargeObol']} obol", "of 3", "not proven"):
            assert said in done.stdout, f"{said} is not in {done.stdout}"
        again = verify_again(sold, path)
        assert again.returncode == 0, again.stderr
        assert f"proven: receipt {receipt['receipt']}" in again.stdout
        assert f"{receipt['chargeObol']} obol" in again.stdout
    wrong = verify(sold, tmp_path / "kind.proof", text, "state")
    assert refused_field(wrong) == "subject"


def test_the_seller_proves_the_same_from_its_own_journal(sold, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(sold.home / "provider", home / "provider")
    digest = sold.stoa("receipts", "list")[0]["receipt"]
    env = dict(sold.stoa.env, STOA_HOME=str(home), STOA_GENESIS=str(genesis(sold)))
    assert prove(sold, "receipt", digest, env=env) == prove(sold, "receipt", digest)


def test_a_changed_field_is_refused_and_named_by_both(sold, tmp_path):
    for words in (("receipt", "2"), ("account", "seller")):
        text = prove(sold, *words)
        for name, _, _ in list(texts(json.loads(text))):
            document = json.loads(text)
            holder, key = next((h, k) for n, h, k in texts(document) if n == name)
            place = len(holder[key]) // 2
            digit = "0" if holder[key][place] != "0" else "1"
            holder[key] = holder[key][:place] + digit + holder[key][place + 1:]
            path = tmp_path / "changed.proof"
            field = refused_field(verify(sold, path, json.dumps(document)))
            assert name == field or name.startswith((field + ".", field + "[")), f"{name}: {field}"
            assert refused_field(verify_again(sold, path)) == field


def test_an_account_is_proven_and_another_genesis_refuses(sold, tmp_path):
    text = prove(sold, "account", "seller")
    for kind in ((), ("state",)):
        good = verify(sold, tmp_path / "account.proof", text, *kind)
        assert good.returncode == 0, good.stderr
        assert "proven: account is in the state" in good.stdout
    assert verify_again(sold, tmp_path / "account.proof").returncode == 0
    other = subprocess.run(
        [sold.stoa.binary, "verify", str(tmp_path / "account.proof"), "--genesis",
         str(VECTORS / "embedded.genesis")], capture_output=True, text=True, timeout=60)
    assert refused_field(other) == "seal.header"


def test_a_receipt_as_it_is_shown_can_be_reported(sold, tmp_path):
    """What `receipts show --json` prints is read; the ledger then finds nothing wrong with it."""
    shown = sold.stoa("receipts", "show", sold.stoa("receipts", "list")[0]["receipt"])
    (tmp_path / "receipt.json").write_text(json.dumps(shown))
    (tmp_path / "receipt.hex").write_text(shown["signed"])
    for name in ("receipt.json", "receipt.hex"):
        said = sold.stoa("fraud", str(tmp_path / name), "--wallet", "buyer", check=False)["error"]
        assert "settlement." in said or "refused" in said, said
        assert "no signed receipt" not in said
    (tmp_path / "empty").write_text("{}")
    said = sold.stoa("fraud", str(tmp_path / "empty"), "--wallet", "buyer", check=False)["error"]
    assert "no signed receipt" in said and "receipts show" in said


def test_claims_channels_and_offers_are_proven(sold, tmp_path):
    receipt = sold.stoa("receipts", "list")[0]
    for words, said in ((("claim", receipt["channel"] + "/0"), "3 receipts under"),
                        (("channel", receipt["channel"]), "deposit"),
                        (("offer", receipt["offer"]), "mock-model"),
                        (("bond", "seller"), "active 10.000000000 STOA"),
                        (("entry", "04"), "proven: parameters is in")):
        done = verify(sold, tmp_path / "entry.proof", prove(sold, *words), "state")
        assert done.returncode == 0, done.stderr
        assert said in done.stdout
        assert verify_again(sold, tmp_path / "entry.proof").returncode == 0


def test_absence_can_be_proven_and_not_pretended(sold, tmp_path):
    sold.stoa("wallet", "new", "unused")
    text = prove(sold, "account", "unused")
    assert json.loads(text)["entry"]["value"] is None
    assert "is absent from" in verify(sold, tmp_path / "absent.proof", text).stdout
    assert "is absent from" in verify_again(sold, tmp_path / "absent.proof").stdout
    hidden = json.loads(prove(sold, "account", "buyer"))
    hidden["entry"]["value"] = None
    path = tmp_path / "hidden.proof"
    assert refused_field(verify(sold, path, json.dumps(hidden))) == "entry"
    assert refused_field(verify_again(sold, path)) == "entry"


# On a network, where validators vouch; the same names as of a market, so that all of it is shared.


class NetworkSale:
    """Four validators, a seller and a buyer; COMETBFT_BIN, or a stand-in for it, orders."""

    def __init__(self, home: Path):
        home.mkdir(parents=True, exist_ok=True)
        binary = Path(os.environ.get("STOA_BINARY", ROOT / ".build" / "debug" / "stoa"))
        plain = Stoa(binary, home)
        plain.env.setdefault("COMETBFT_BIN", str(STAND_IN))
        for wallet in ("seller", "buyer"):
            plain("wallet", "new", wallet)
        self.home = home
        self.network = Network(
            plain, home / "network", "--block-interval-ms", "100", "--allocate", "seller=1000",
            "--allocate", "buyer=1000")
        self.services = list(self.network.services)
        for service in self.services:
            service.start()
        self.network.wait_for_height(0, 2)
        self.stoa = self.network.client()
        (home / "node").mkdir()
        shutil.copy(self.network.document["genesis"], genesis(self))
        mock = [sys.executable, str(Path(__file__).parent / "mock_upstream.py")]
        self.upstream = Service("upstream", mock, home / "upstream.log", dict(os.environ)).start()
        self.seller = self.stoa.service(
            "seller", "sell", "mock-model", "--wallet", "seller", "--upstream", self.upstream.url,
            "--price-in", "20", "--price-out", "60", "--bond", "10", "--port", "0").start(120)
        port = self.seller.url.rsplit(":", 1)[1]
        self.seller.command = [port if word == "0" else word for word in self.seller.command]
        self.gateway = self.stoa.service(
            "buyer", "connect", "--wallet", "buyer", "--budget", "50", "--lanes", "4",
            "--port", "0").start(120)

    def stop(self):
        for service in (self.gateway, self.seller, self.upstream, *self.services):
            service.stop()


@pytest.fixture(scope="module")
def network_sale(tmp_path_factory):
    sale = NetworkSale(tmp_path_factory.mktemp("network-sale"))
    try:
        call(sale, "hello")
        sale.seller.stop()
        sale.seller.start(120)
        yield sale
    finally:
        sale.stop()


def test_a_receipt_on_a_network_is_proven_by_the_validators(network_sale, tmp_path):
    digest = network_sale.stoa("receipts", "list")[0]["receipt"]
    path = tmp_path / "receipt.proof"
    done = verify(network_sale, path, prove(network_sale, "receipt", "1"), "receipt")
    assert done.returncode == 0, done.stderr
    assert f"proven: receipt {digest}" in done.stdout and "of 4 validators" in done.stdout
    again = verify_again(network_sale, path)
    assert again.returncode == 0, again.stderr
    assert f"proven: receipt {digest}" in again.stdout and "of 4 validators" in again.stdout


def test_a_proof_leads_from_the_genesis_to_validators_of_another_power(network_sale, tmp_path):
    first = network_sale.stoa("stake", "list")[0]["validator"]
    network_sale.stoa("stake", "delegate", "--wallet", "buyer", first, "100")
    height = network_sale.network.height(0)
    network_sale.network.wait_for_height(0, height + 4)
    text = prove(network_sale, "receipt", "1")
    blocks = json.loads(text)["seal"]["blocks"]
    assert len(blocks) > 1, "the genesis' validators had other powers"
    path = tmp_path / "later.proof"
    done = verify(network_sale, path, text)
    assert done.returncode == 0, done.stderr
    assert "that lead from them to this set" in done.stdout
    assert verify_again(network_sale, path).returncode == 0
    alone = json.loads(text)
    alone["seal"]["blocks"] = blocks[-1:]
    assert refused_field(verify(network_sale, path, json.dumps(alone))) == "seal.blocks[0]"
    assert refused_field(verify_again(network_sale, path)) == "seal.blocks[0]"
    found = json.loads(subprocess.run(
        [network_sale.stoa.binary, "verify", "--json", str(tmp_path / "later.proof"), "--genesis",
         str(genesis(network_sale)), "--validators-hash",
         second.set_hash(second.light_block(bytes.fromhex(blocks[-1]), "")["set"]).hex()],
        capture_output=True, text=True, timeout=60, check=True).stdout)
    assert found["seal"]["blocksBetween"] == 0, "a set may be trusted instead of the genesis'"


# The second verifier on the golden files, which the first one made.


def golden_trust(name: str) -> second.Trust:
    text = (VECTORS / f"{name.split('-')[0]}.genesis").read_text()
    return second.Trust(bytes.fromhex(text.strip()))


GOLDEN = sorted(path.name for path in VECTORS.glob("*-*.json"))


@pytest.mark.parametrize("name", GOLDEN)
def test_the_second_verifier_accepts_golden_proofs(name):
    lines = second.verify((VECTORS / name).read_bytes(), golden_trust(name))
    assert lines[0].startswith("proven: ")


def field_of(data: bytes, trust) -> str:
    try:
        second.verify(data, trust)
    except second.Refused as refused:
        return refused.args[0]
    return ""


def test_the_second_verifier_names_the_same_fields():
    changes = json.loads((VECTORS / "refused.json").read_text())
    assert len(changes) > 300
    for change in changes:
        data = bytearray((VECTORS / change["file"]).read_bytes())
        data[change["offset"]] = ord(change["byte"])
        assert field_of(bytes(data), golden_trust(change["file"])) == change["field"], change


@pytest.mark.parametrize("name,field", json.loads((VECTORS / "forged.json").read_text()).items())
def test_the_second_verifier_refuses_forged_files(name, field):
    data = (VECTORS / "forged" / name).read_bytes()
    assert field_of(data, golden_trust(name)) == field


@pytest.mark.parametrize("name", ["embedded-receipt.json", "network-channel.json"])
def test_the_second_verifier_refuses_every_changed_byte(name):
    trust = golden_trust(name)
    text = (VECTORS / name).read_bytes()
    for place, byte in enumerate(text):
        for bit in range(8):
            new = byte ^ 1 << bit
            if bit != place % 8 or new in b" \t\r\n":
                continue
            assert field_of(text[:place] + bytes([new]) + text[place + 1:], trust), place
