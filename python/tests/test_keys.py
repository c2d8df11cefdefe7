"""Other keys than ours on a real ledger: Ethereum wallets, passkeys, several keys, sessions.

What signs here is `eth-account` and `cryptography`; a website's library, `webauthn`, looks at each
assertion before the ledger does.
"""

from __future__ import annotations

import hashlib
import json
import os
import pty
import struct
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_keys import keys as eth_keys
from openai import OpenAI
from stoa_market.processes import ProcessFailed, Stoa
from webauthn import verify_authentication_response
from webauthn.helpers import bytes_to_base64url, encode_cbor

ROOT = Path(__file__).resolve().parents[2]
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
STOA = 10**9


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    home = tmp_path_factory.mktemp("keys")
    binary = Path(os.environ.get("STOA_BINARY", ROOT / ".build" / "debug" / "stoa"))
    stoa = Stoa(binary, home)
    for wallet in ("alice", "bob", "carol", "agent"):
        stoa("wallet", "new", wallet)
    stoa("node", "init", "--allocate", "alice=1000", "--allocate", "bob=1000")
    node = stoa.service("node", "node", "run", "--port", "0").start()
    yield Stoa(binary, home, node.url)
    node.stop()


def balance(ledger, account):
    return int(ledger("wallet", "balance", account)["balanceObol"])


def address(ledger, wallet):
    return {entry["name"]: entry["address"] for entry in ledger("wallet", "list")}[wallet]


def refused(ledger, name, *words):
    """The command fails, and says so by the refusal's name."""
    with pytest.raises(ProcessFailed) as failure:
        ledger(*words)
    assert name in str(failure.value), str(failure.value)


def funded(ledger, key):
    """The account of a key, with ten STOA of Alice's."""
    account = ledger("key", "show", key)["address"]
    ledger("wallet", "send", "--from", "alice", account, "10")
    return account


def paid(ledger, home, key, sign, account=None):
    """Drafts a payment to Bob, has it signed elsewhere, submits it: what Bob got."""
    draft, signed = str(home / "draft"), str(home / "signed")
    more = () if account is None else ("--account", account)
    drafted = ledger("multisig", "draft", "--key", key, "--to", "bob", "--amount", "1",
                     "-o", draft, *more)
    signature = sign(bytes.fromhex(drafted["digest"]), drafted["text"])
    ledger("multisig", "attach", draft, "--key", key, "--signature", signature.hex(), "-o", signed)
    before = balance(ledger, "bob")
    ledger("multisig", "submit", signed)
    return balance(ledger, "bob") - before


def ethereum_text(secret):
    return lambda digest, text: b"\x02" + Account.sign_message(
        encode_defunct(text=text), secret).signature[:64]


def ethereum_typed(secret):
    def sign(digest, text):
        signed = Account.sign_typed_data(
            secret, {"name": "Stoa", "version": "1"},
            {"StoaDocument": [{"name": "digest", "type": "bytes32"},
                              {"name": "purpose", "type": "string"}]},
            {"digest": digest, "purpose": "stoa/transaction/1"})
        return b"\x03" + signed.signature[:64]
    return sign


def ethereum_key(account):
    return "3:" + eth_keys.PrivateKey(bytes(account.key)).public_key.to_compressed_bytes().hex()


@pytest.mark.parametrize("signs", [ethereum_text, ethereum_typed])
def test_an_ethereum_wallet_is_an_account(ledger, tmp_path, signs):
    wallet = Account.create()
    key = ethereum_key(wallet)
    account = funded(ledger, key)
    assert paid(ledger, tmp_path, key, signs(wallet.key)) == STOA
    assert balance(ledger, account) < 9 * STOA


def test_an_ethereum_wallet_signs_for_nothing_else(ledger, tmp_path):
    wallet, other = Account.create(), Account.create()
    key = ethereum_key(wallet)
    funded(ledger, key)
    draft = str(tmp_path / "draft")
    drafted = ledger("multisig", "draft", "--key", key, "--to", "bob", "--amount", "1", "-o", draft)
    digest = bytes.fromhex(drafted["digest"])
    for signature in (
        ethereum_text(other.key)(digest, drafted["text"]),
        ethereum_text(wallet.key)(digest, drafted["text"] + "0"),
        ethereum_text(wallet.key)(digest, drafted["digest"]),
    ):
        refused(ledger, "does not verify", "multisig", "attach", draft, "--key", key,
                "--signature", signature.hex())


class Passkey:
    """An authenticator and the browser in front of it."""

    site = "market.example"

    def __init__(self):
        self.secret = ec.generate_private_key(ec.SECP256R1())
        point = self.secret.public_key()
        self.key = "2:" + point.public_bytes(Encoding.X962, PublicFormat.CompressedPoint).hex()
        numbers = point.public_numbers()
        self.cose = encode_cbor({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"),
                                 -3: numbers.y.to_bytes(32, "big")})

    def sign(self, digest, text):
        client = json.dumps(
            {"type": "webauthn.get", "challenge": bytes_to_base64url(digest),
             "origin": f"https://{self.site}", "crossOrigin": False},
            separators=(",", ":")).encode()
        data = hashlib.sha256(self.site.encode()).digest() + struct.pack(">BI", 0x1D, 0)
        der = self.secret.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        verify_authentication_response(
            credential={
                "id": "AAAA", "rawId": "AAAA", "type": "public-key", "clientExtensionResults": {},
                "response": {"authenticatorData": bytes_to_base64url(data),
                             "clientDataJSON": bytes_to_base64url(client),
                             "signature": bytes_to_base64url(der)}},
            expected_challenge=digest, expected_rp_id=self.site,
            expected_origin=f"https://{self.site}", credential_public_key=self.cose,
            credential_current_sign_count=0)
        r, s = decode_dss_signature(der)
        low = min(s, P256_ORDER - s)
        sized = b"".join(struct.pack(">I", len(part)) + part for part in (data, client))
        return sized + r.to_bytes(32, "big") + low.to_bytes(32, "big")


def test_a_passkey_is_an_account(ledger, tmp_path):
    for number in range(3):
        passkey = Passkey()
        funded(ledger, passkey.key)
        home = tmp_path / str(number)
        home.mkdir()
        assert paid(ledger, home, passkey.key, passkey.sign) == STOA


def test_two_of_three_keys_of_three_kinds(ledger, tmp_path):
    wallet, passkey = Account.create(), Passkey()
    plain = ledger("key", "show", "--public", "carol")["publicKey"]
    members = [plain, passkey.key, ethereum_key(wallet)]
    policy = ledger("multisig", "create", "--threshold", "2", *members)
    again = ledger("multisig", "create", "--threshold", "2", *reversed(members))
    assert policy == again
    ledger("wallet", "send", "--from", "alice", policy["address"], "10")
    draft = str(tmp_path / "draft")
    drafted = ledger("multisig", "draft", "--key", policy["key"], "--to", "bob", "--amount", "1",
                     "-o", draft)
    digest = bytes.fromhex(drafted["digest"])
    parts = {name: str(tmp_path / name) for name in ("plain", "passkey", "wallet")}
    ledger("multisig", "sign", draft, "--wallet", "carol", "-o", parts["plain"])
    for name, key, sign in (("passkey", passkey.key, passkey.sign),
                            ("wallet", ethereum_key(wallet), ethereum_text(wallet.key))):
        ledger("multisig", "attach", draft, "--key", key, "-o", parts[name],
               "--signature", sign(digest, drafted["text"]).hex())
    refused(ledger, "fewer than 2", "multisig", "combine", "--key", policy["key"], parts["plain"])
    refused(ledger, "wrongSigner", "multisig", "submit", parts["plain"])
    signed = str(tmp_path / "signed")
    ledger("multisig", "combine", "--key", policy["key"], parts["wallet"], parts["passkey"],
           "-o", signed)
    before = balance(ledger, "bob")
    ledger("multisig", "submit", signed)
    assert balance(ledger, "bob") - before == STOA


def asked(ledger, answer, *words):
    """Runs a command whose input is a terminal; returns its exit status and what it said."""
    master, slave = pty.openpty()
    try:
        os.write(master, answer)
        done = subprocess.run([ledger.binary, *words], env=ledger.env, stdin=slave,
                              capture_output=True, text=True, timeout=60)
    finally:
        os.close(master)
        os.close(slave)
    return done.returncode, done.stderr


def test_who_signs_reads_the_amount_and_is_asked(ledger, tmp_path):
    """No decimals are guessed at: the machine that signs may know no unit but STOA."""
    ledger("unit", "issue", "CENT", "A credit", "--decimals", "2", "--supply-max", "1000000",
           "--document", "22" * 32, "--wallet", "alice")
    ledger("unit", "mint", "alice/CENT", "carol", "5000", "--wallet", "alice")
    unit = next(unit["unit"] for unit in ledger("unit", "list") if unit["ticker"] == "CENT")
    draft, signed = str(tmp_path / "draft"), tmp_path / "signed"
    key = ledger("key", "show", "--public", "carol")["publicKey"]
    task = tmp_path / "task.md"
    task.write_text("A task.\n")
    ledger("escrow", "lock", "--seller", "bob", "--amount", "1000", "--unit", "alice/CENT",
           "--document", str(task), "--draft", draft, "--draft-key", key)
    sign = ("multisig", "sign", draft, "--wallet", "carol", "-o", str(signed))
    status, said = asked(ledger, b"n\n", *sign)
    assert (status, signed.exists()) == (1, False)
    assert f"lock 100000 of the smallest part of unit {unit} for the job of " in said
    assert "[y/N]" in said and "nothing was signed" in said
    status, said = asked(ledger, b"y\n", *sign)
    assert (status, signed.exists()) == (0, True), said
    signed.unlink()
    status, said = asked(ledger, b"", *sign, "--yes")
    assert (status, signed.exists()) == (0, True), said
    assert "[y/N]" not in said


def test_a_session_is_kept_within_its_limits(ledger):
    payee = address(ledger, "bob")
    ledger("session", "grant", "--wallet", "alice", "agent", "--limit", "2", "--allow", "transfer",
           "--payee", payee)
    [session] = ledger("session", "list", "alice")
    assert (session["status"], session["messages"]) == ("live", ["transfer"])
    send = ("wallet", "send", "--from", "agent", "--account", "alice")
    before = balance(ledger, "bob")
    ledger(*send, "bob", "1.5")
    assert balance(ledger, "bob") - before == STOA * 3 // 2
    refused(ledger, "authorization.sessionLimit", *send, "bob", "0.5")
    refused(ledger, "outsideSession", *send, "carol", "0.1")
    refused(ledger, "outsideSession", "key", "rotate", "--wallet", "agent", "--account", "alice",
            "agent")
    refused(ledger, "wrongSigner", "wallet", "send", "--from", "carol", "--account", "alice",
            "bob", "0.1")
    ledger("session", "revoke", "--wallet", "alice", "agent")
    refused(ledger, "sessionEnded", *send, "bob", "0.1")
    assert ledger("session", "list", "alice")[0]["status"] == "revoked"


def test_a_gateway_spends_in_another_account_s_name(market, tmp_path):
    """The agent's account is empty: what its gateway locks and pays is the buyer's."""
    agent = Stoa(Path(market.stoa.binary), tmp_path / "agent", market.node.url)
    agent.home.mkdir()
    key = agent("wallet", "new", "agent")["address"]
    seller = address(market.stoa, "seller")
    market.stoa("session", "grant", "--wallet", "buyer", key, "--limit", "20", "--payee", seller)
    gateway = agent.service(
        "gateway", "connect", "--wallet", "agent", "--account", address(market.stoa, "buyer"),
        "--budget", "10", "--port", "0").start()
    try:
        client = OpenAI(base_url=f"{gateway.url}/v1", api_key="none", timeout=60)
        answer = client.chat.completions.create(
            model="mock-model", max_tokens=8, messages=[{"role": "user", "content": "hello"}])
        assert answer.choices
        [session] = market.stoa("session", "list", "buyer")
        assert STOA <= int(session["limits"][0]["spent"]) < 2 * STOA
    finally:
        gateway.stop()
    assert balance(agent, key) == 0


def test_a_rotation_is_announced_and_can_be_taken_back(ledger):
    asked = ledger("key", "rotate", "--wallet", "bob", "carol")
    [event] = asked["events"]
    assert event["event"] == "authorization.rotationStarted"
    shown = ledger("key", "show", "bob")
    assert shown["next"] == address(ledger, "carol")
    assert shown["effectiveAt"] == asked["height"] + 7200
    refused(ledger, "wrongSigner", "wallet", "send", "--from", "carol", "--account", "bob",
            "alice", "1")
    refused(ledger, "rotationPending", "key", "rotate", "--wallet", "bob", "agent")
    ledger("key", "cancel", "--wallet", "bob")
    shown = ledger("key", "show", "bob")
    assert shown["signer"] == shown["address"] and "next" not in shown
    refused(ledger, "noRotation", "key", "cancel", "--wallet", "bob")


def test_money_is_conserved(ledger):
    assert ledger("supply")["conserved"] == "true"
