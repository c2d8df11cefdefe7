"""Passphrases, key files and what is shown once: nothing is sealed, half written or lost unseen."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import time
from pathlib import Path

import pytest
from stoa_market.processes import Stoa

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("STOA_BINARY", ROOT / ".build" / "debug" / "stoa"))


@pytest.fixture()
def stoa(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    return Stoa(BINARY, home)


def without_passphrase(stoa: Stoa) -> dict[str, str]:
    return {name: value for name, value in stoa.env.items() if name != "STOA_PASSPHRASE"}


def at_terminal(stoa: Stoa, words: tuple[str, ...],
                dialogue: list[tuple[str, bytes]]) -> tuple[int, str]:
    """Runs a command at a terminal of its own: its wait status, and all it said."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(stoa.binary, [stoa.binary, *words], without_passphrase(stoa))
    said, seen = "", 0
    deadline = time.monotonic() + 60
    try:
        for prompt, answer in [*dialogue, ("", b"")]:
            while not prompt or prompt not in said[seen:]:
                assert time.monotonic() < deadline, said
                try:
                    piece = os.read(terminal, 4096)
                except OSError:  # the other side has closed
                    piece = b""
                if not piece:
                    break
                said += piece.decode(errors="replace")
            if prompt:
                assert prompt in said[seen:], said
                seen = said.index(prompt, seen) + len(prompt)
                os.write(terminal, answer)
    finally:
        os.close(terminal)
    return os.waitpid(pid, 0)[1], said


def names(stoa: Stoa) -> list[str]:
    return sorted(path.name for path in (stoa.home / "wallets").glob("*"))


def opens(stoa: Stoa, wallet: str) -> bool:
    """Whether the passphrase opens it: the ledger, which nobody is, is asked only then."""
    failure = stoa("key", "show", wallet, "--public", "--node", "http://127.0.0.1:1", check=False)
    return "no answer from the node" in failure["error"]


def test_a_prompt_can_be_left(stoa):
    new = ("wallet", "new", "w")
    status, _ = at_terminal(stoa, new, [("passphrase of wallet w: ", b"abc\x03")])
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGINT
    for typed in (b"\x04", b"\x1b[A\n"):
        status, said = at_terminal(stoa, new, [("passphrase of wallet w: ", typed)])
        assert os.waitstatus_to_exitcode(status) == 1 and "nothing was done" in said
    status, said = at_terminal(
        stoa, new, [("passphrase of wallet w: ", b"\n"), ("again: ", b"\n")])
    assert os.waitstatus_to_exitcode(status) == 1 and "no key was made" in said
    assert names(stoa) == []
    status, said = at_terminal(
        stoa, new, [("passphrase of wallet w: ", b"demp\x7fo\n"), ("again: ", b"x\x15demo\n")])
    assert os.waitstatus_to_exitcode(status) == 0 and "demo" not in said
    assert opens(stoa, "w")


def test_no_key_is_sealed_with_nothing(stoa, tmp_path):
    empty = tmp_path / "empty"
    empty.write_text("")
    empty.chmod(0o600)
    stoa.env["STOA_PASSPHRASE"] = ""
    for options in ((), ("--passphrase-file", str(empty))):
        assert "no key was made" in stoa("wallet", "new", "w", *options, check=False)["error"]
    assert names(stoa) == []


def test_a_passphrase_file_of_another_system_and_one_that_others_read(stoa, tmp_path):
    file = tmp_path / "crlf"
    file.write_bytes(b"demo\r\n")
    file.chmod(0o644)
    done = subprocess.run(
        [stoa.binary, "wallet", "new", "w", "--passphrase-file", str(file)], env=stoa.env,
        capture_output=True, text=True, timeout=60, check=True)
    assert f"chmod 600 {file}" in done.stderr
    assert opens(stoa, "w"), "sealed with “demo”"


def test_a_typo_seals_nothing(stoa):
    stoa("wallet", "new", "w")
    address = stoa("wallet", "new", "seller")["address"]
    # Nobody listens there: a right passphrase goes on to that, and is asked for once.
    opening = ("channel", "open", "--wallet", "w", "--to", address, "--deposit", "1", "--node",
               "http://127.0.0.1:1")
    prompt = "passphrase of wallet w: "
    status, said = at_terminal(stoa, opening, [(prompt, b"tpyo\n")])
    assert os.waitstatus_to_exitcode(status) == 1 and "does not open wallet “w”" in said
    assert names(stoa) == ["seller.key", "w.key"]
    stoa.env["STOA_PASSPHRASE"] = "tpyo"
    assert "does not open" in stoa("connect", "--wallet", "w", "--node", "http://127.0.0.1:1",
                                   check=False)["error"]
    assert names(stoa) == ["seller.key", "w.key"]
    status, said = at_terminal(stoa, opening, [(prompt, b"demo\n")])
    assert said.count(prompt) == 1 and "no answer from the node" in said
    assert names(stoa) == ["seller.key", "w.key", "w.vouchers.key"]


def test_a_key_file_is_whole_or_not_there(stoa):
    stoa("wallet", "new", "first")
    limited = subprocess.run(
        ["bash", "-c", 'trap "" XFSZ; ulimit -f 0; exec "$0" wallet new half', stoa.binary],
        env=stoa.env, capture_output=True, text=True, timeout=60)
    assert limited.returncode == 1 and "cannot write" in limited.stderr
    assert names(stoa) == ["first.key"]
    assert stoa("wallet", "new", "half")["address"]
    again = stoa("wallet", "new", "half", check=False)
    assert "was left alone" in again["error"]
    (stoa.home / "wallets" / "broken.key").write_text("")
    listed = {entry["name"]: entry for entry in stoa("wallet", "list")}
    assert set(listed) == {"broken", "first", "half"}
    assert listed["broken"]["problem"] == "damaged" and listed["half"]["address"]


@pytest.mark.parametrize("target", ["> /dev/full", ">&-", "| true"])
def test_a_key_that_could_not_be_shown_is_ended(stoa, target):
    # The reader has gone for long when the key is shown.
    script = f'set -o pipefail; (sleep 0.5; "$0" keys create ci) {target}'
    done = subprocess.run(["bash", "-c", script, stoa.binary], env=stoa.env,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 74 and "it was ended again" in done.stderr
    assert [key["state"] for key in stoa("keys", "list")] == ["revoked"]
    assert stoa("keys", "create", "next")["key"]


def test_lost_output_is_no_success(stoa):
    stoa("wallet", "new", "w")
    for target, status in (("> /dev/full", 74), (">&-", 74), ("| true", 0)):
        done = subprocess.run(
            ["bash", "-c", f'"$0" wallet list {target}', stoa.binary], env=stoa.env,
            capture_output=True, text=True, timeout=60)
        assert done.returncode == status, (target, done.stderr)
        assert (status == 0) or "cannot be written" in done.stderr
