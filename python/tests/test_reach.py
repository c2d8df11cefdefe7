"""Every command is reachable in the same way: help with an example, JSON, and who acts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))

from stoa_market.processes import Service, Stoa  # noqa: E402

BINARY = Path(os.environ.get("STOA_BINARY", ROOT / ".build" / "debug" / "stoa"))

# What sends one transaction for an account. A new verb goes here or into OTHERS.
SENDS = """
    wallet send; channel open; channel top-up; channel close; channel withdraw; fraud
    bond add; bond unbond; bond withdraw; offers withdraw
    stake delegate; stake undelegate; stake withdraw; stake rewards; stake register
    stake commission; stake unjail
    session grant; session revoke; key rotate; key cancel
    asset publish; asset version; asset describe; asset transfer; asset accept; asset cancel
    asset retire
    pass plan publish; pass plan retire; pass buy; pass renew; pass cancel; pass trial
    pass transfer
    unit issue; unit mint; unit send; unit burn; unit redeem; unit settle; unit cancel
    shares issue; shares admit; shares transfer; shares distribute; shares withdraw
    exchange pool create; exchange pool add; exchange pool remove; exchange swap
    exchange sale open; exchange sale buy; exchange sale close
    exchange order place; exchange order cancel
    govern propose text; govern propose number; govern propose payment; govern vote
    govern lock; govern unlock; govern withdraw; govern delegate; govern fund
    escrow lock; escrow accept; escrow deliver; escrow approve; escrow cancel
    dispute open; dispute open-bond; dispute answer; dispute reveal; dispute appeal
    jury join; jury leave; jury withdraw; jury vote; jury open
"""
# What goes on sending for an account.
SERVES = "sell; provider; connect"
OTHERS = """
    up; wallet new; wallet list; wallet balance; wallet pending; offers list; bond show; call
    channel list
    receipts list; receipts show; receipts verify; node init; node run; status
    index run; index status; index search; index assets; index history; index transactions
    index markets; index trades; index candles; index blocks; index check; index rebuild
    blocks; supply; prove; verify receipt; verify state; verify file; testnet; validator
    stake list; stake status; session list; key show
    multisig create; multisig draft; multisig sign; multisig attach; multisig combine
    multisig submit
    asset list; asset show; asset lineage; asset income; asset export; asset check
    pass plan list; pass plan show; pass list; pass show; unit list; unit show; unit balance
    shares show; shares holders; shares dividends
    exchange pool list; exchange pool show; exchange sale list; exchange order list
    exchange market; govern numbers; govern list; govern show; govern stake
    escrow show; escrow list; dispute show; dispute list; jury list; simulate
    webhooks add; webhooks list; webhooks messages; webhooks test; webhooks again
    webhooks pause; webhooks resume; webhooks rotate; webhooks remove
    serve; supervise; top; keys create; keys list; keys rotate; keys revoke; keys account; keys tier
    keys retire-signers; audit export; audit verify
"""


def names(text: str) -> set[str]:
    return {name.strip() for line in text.splitlines() for name in line.split(";") if name.strip()}


def walk(command: dict, path: tuple[str, ...] = ()):
    """All commands below one, with those that only group others."""
    subcommands = [one for one in command.get("subcommands", []) if one["commandName"] != "help"]
    yield " ".join(path), command, bool(subcommands)
    for one in subcommands:
        yield from walk(one, (*path, one["commandName"]))


@pytest.fixture(scope="module")
def commands() -> list[tuple[str, dict, bool]]:
    # One process that walks all of them; it thinks for a while.
    done = subprocess.run(
        [BINARY, "--experimental-dump-help"], capture_output=True, text=True, timeout=900,
        check=True)
    return list(walk(json.loads(done.stdout)["command"]))


def options(command: dict) -> set[str]:
    return {name["name"] for argument in command.get("arguments", [])
            for name in argument.get("names", [])}


def test_every_verb_is_sorted_here(commands):
    found = {name for name, _, is_group in commands if not is_group}
    assert found == names(SENDS) | names(SERVES) | names(OTHERS)


def test_every_command_has_an_example(commands):
    assert [name for name, command, _ in commands if "EXAMPLE" not in command["discussion"]] == []


def test_every_verb_speaks_json(commands):
    assert [name for name, command, is_group in commands
            if not is_group and "json" not in options(command)] == []


def test_every_verb_that_sends_says_who_acts_and_who_signs_in_the_same_way(commands):
    wanted = {"wallet", "account", "draft", "draft-key", "home", "passphrase-file", "node",
              "genesis", "json", "fee-max", "dry-run", "yes"}
    missing = {name: wanted - options(command) for name, command, _ in commands
               if name in names(SENDS) and wanted - options(command)}
    assert missing == {}
    served = {name: {"wallet", "account"} - options(command) for name, command, _ in commands
              if name in names(SERVES)}
    assert all(not rest for rest in served.values()), served
    texts = {argument["abstract"] for name, command, _ in commands
             if name in names(SENDS) | names(SERVES)
             for argument in command["arguments"]
             if any(one["name"] == "account" for one in argument.get("names", []))}
    assert len(texts) == 1, "one option, one explanation"


def test_examples_of_every_verb_that_sends_are_of_that_verb(commands):
    texts = {name: command["discussion"].replace("\\\n", "") for name, command, _ in commands}
    assert [name for name in sorted(names(SENDS)) if f"stoa {name}" not in texts[name]] == []


@pytest.mark.parametrize("verb", ["wallet send", "pass plan publish", "jury vote", "fraud"])
def test_help_shows_what_the_walk_found(verb):
    done = subprocess.run(
        [BINARY, *verb.split(), "--help"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "--account <account>" in done.stdout and "--draft <file>" in done.stdout
    assert "EXAMPLE" in done.stdout


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    home = tmp_path_factory.mktemp("reach")
    stoa = Stoa(BINARY, home)
    for wallet in ("alice", "agent", "bob", "carol"):
        stoa("wallet", "new", wallet)
    stoa("node", "init", "--allocate", "alice=1000", "--allocate", "bob=1000")
    node = stoa.service("node", "node", "run", "--port", "0", "--tick", "20").start()
    try:
        yield Stoa(BINARY, home, node.url)
    finally:
        node.stop()


def test_a_session_key_acts_for_its_account_in_any_verb(market, tmp_path):
    stoa = market
    file = tmp_path / "corpus.csv"
    file.write_text("a,b\n1,2\n")
    # 1 sends, 30 publishes an asset with terms, 40 issues shares.
    allowed = [word for tag in ("1", "30", "40") for word in ("--allow", tag)]
    stoa("session", "grant", "agent", "--wallet", "alice", "--limit", "50", *allowed)
    acting = ("--wallet", "agent", "--account", "alice")
    asset = stoa("asset", "publish", "corpus", "--kind", "dataset", "--file", str(file), *acting)
    assert stoa("asset", "show", "alice/corpus")["asset"] == asset["asset"]
    # A bare name is the account's that acts, not the signing wallet's.
    stoa("shares", "issue", "corpus", "100", *acting)
    unit = stoa("shares", "show", "alice/corpus")["unit"]
    stoa("session", "grant", "agent", "--wallet", "alice", "--limit", "50", "--unit-limit",
         f"{unit}:15", *allowed)
    stoa("shares", "distribute", "corpus", "bob=10", "carol=5", *acting)
    held = {row["account"]: row["shares"] for row in stoa("shares", "holders", "alice/corpus")}
    assert sorted(held.values()) == [5, 10, 85]
    stoa("wallet", "send", "bob", "1", *acting)
    refused = stoa("unit", "burn", "STOA", "1", *acting, check=False)
    assert "error" in refused
    other = stoa("channel", "open", "--to", "bob", "--deposit", "1", *acting, check=False)
    assert "outsideSession" in other["error"]


def test_an_account_of_several_keys_acts_in_any_verb_by_a_draft(market, tmp_path):
    stoa = market
    keys = [stoa("key", "show", wallet, "--public")["publicKey"] for wallet in ("alice", "bob")]
    policy = stoa("multisig", "create", "--threshold", "2", *keys)
    stoa("wallet", "send", "--from", "bob", policy["address"], "100")
    draft = tmp_path / "draft"
    shown = stoa("unit", "issue", "EURC", "Euro credit", "--supply-max", "1000000",
                 "--document", "11" * 32, "--draft", str(draft), "--draft-key", policy["key"])
    assert shown["isComplete"] is False and draft.exists()
    assert stoa("unit", "list") == [], "a draft sends nothing"
    parts = []
    for wallet in ("alice", "bob"):
        part = tmp_path / f"{wallet}.sig"
        stoa("multisig", "sign", str(draft), "--wallet", wallet, "-o", str(part))
        parts.append(str(part))
    signed = tmp_path / "signed"
    stoa("multisig", "combine", "--key", policy["key"], *parts, "-o", str(signed))
    stoa("multisig", "submit", str(signed))
    assert [unit["issuer"] for unit in stoa("unit", "list")] == [policy["address"]]
    half = stoa("unit", "mint", "EURC", "bob", "1", "--draft", str(tmp_path / "more"),
                check=False)
    assert "--draft-key" in half["error"]


def test_a_transaction_can_be_proven_by_name(market, tmp_path):
    stoa = market
    for words in (("balance", "STOA", "alice"), ("asset", "alice/corpus"),
                  ("shares", "alice/corpus", "bob"), ("session", "alice", "agent")):
        done = subprocess.run(
            [stoa.binary, "prove", *words], env=stoa.env, capture_output=True, text=True,
            timeout=60)
        assert done.returncode == 0, done.stderr
        file = tmp_path / "entry.proof"
        file.write_text(done.stdout)
        verdict = stoa("verify", "state", str(file))
        assert verdict["present"] is True
    done = subprocess.run(
        [stoa.binary, "prove", "shares", "alice/corpus"], env=stoa.env, capture_output=True,
        text=True, timeout=60)
    assert done.returncode != 0 and "takes two names" in done.stderr


def test_amounts_of_units_are_written_alike(market):
    stoa = market
    stoa("unit", "issue", "CENT", "A credit", "--decimals", "2", "--supply-max", "1000",
         "--document", "22" * 32, "--wallet", "alice")
    stoa("unit", "mint", "alice/CENT", "bob", "100", "--wallet", "alice")
    unit = next(row["unit"] for row in stoa("unit", "list") if row["ticker"] == "CENT")
    for text in ("12.50 alice/CENT", "1250u alice/CENT", f"{unit}:1250"):
        stoa("session", "grant", "carol", "--wallet", "alice", "--limit", "1",
             "--unit-limit", text)
        [session] = [row for row in stoa("session", "list", "alice") if row["status"] == "live"
                     and len(row["limits"]) == 2
                     and row["limits"][1]["denomination"] == unit]
        assert session["limits"][1]["limit"] == "1250", text
    stoa("govern", "fund", "12.50", "--unit", "alice/CENT", "--wallet", "bob")
    stoa("govern", "fund", "50", "--unit", unit, "--wallet", "bob")
    refused = stoa("govern", "fund", "0.5", "--unit", unit, "--wallet", "bob", check=False)
    assert "no number of the smallest part" in refused["error"], refused
    [left] = [row for row in stoa("unit", "balance", "bob") if row["unit"] == unit]
    assert left["amount"] == str(10_000 - 1250 - 50)


def test_help_names_the_completion_that_there_is():
    def said(*words):
        done = subprocess.run([BINARY, *words], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "--generate-completion-script" in said("--help")
    for shell in ("bash", "zsh", "fish"):
        assert "multisig" in said("--generate-completion-script", shell)
