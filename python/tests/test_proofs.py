"""P5: what the ledger says can be checked without it, and nothing else passes."""

from __future__ import annotations

import json
import os
import subprocess


def prove(market, *words: str) -> dict:
    done = subprocess.run(
        [market.stoa.binary, "prove", *words], env=market.stoa.env, capture_output=True, text=True,
        timeout=60, check=True)
    return json.loads(done.stdout)


def verify(market, path, document: dict):
    path.write_text(json.dumps(document))
    env = dict(os.environ, STOA_HOME=str(market.home), STOA_NODE="http://127.0.0.1:1")
    return subprocess.run(
        [market.stoa.binary, "verify", str(path)], env=env, capture_output=True, text=True,
        timeout=60)


def test_a_proof_checks_offline_and_a_changed_one_does_not(market, tmp_path):
    proof = prove(market, "account", "seller")
    good = verify(market, tmp_path / "proof.json", proof)
    assert good.returncode == 0, good.stderr
    assert "proven: account is in the state" in good.stdout
    for field in ("key", "value", "proof", "header", "chain"):
        for place in (8, len(proof[field]) // 2, len(proof[field]) - 1):
            changed = dict(proof)
            digit = "0" if changed[field][place] != "0" else "1"
            changed[field] = changed[field][:place] + digit + changed[field][place + 1:]
            bad = verify(market, tmp_path / "changed.json", changed)
            assert bad.returncode == 1, f"{field} changed at {place}: {bad.stdout}"
            assert "refused" in bad.stderr


def test_absence_can_be_proven_and_not_pretended(market, tmp_path):
    market.stoa("wallet", "new", "unused")
    proof = prove(market, "account", "unused")
    assert proof.get("value") is None
    assert "is absent from" in verify(market, tmp_path / "absent.json", proof).stdout
    present = prove(market, "account", "buyer")
    hidden = {key: value for key, value in present.items() if key != "value"}
    assert verify(market, tmp_path / "hidden.json", hidden).returncode == 1
