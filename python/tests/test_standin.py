"""The stand-in's hashed and signed bytes are CometBFT's own."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))

from stoa_standin import chain, hashes, wire  # noqa: E402

VECTORS = json.loads((ROOT / "Vectors" / "cometbft" / "engine.json").read_text())
YEAR_ONE = -62135596800 * 10**9


def test_header_hash_is_that_of_the_engines_own_test():
    given = VECTORS["header"]
    digests = {name: hashlib.sha256(text.encode()).hexdigest()
               for name, text in given["hashed_texts"].items()}
    header = {
        "version_block": int(given["version"]["block"]), "chain_id": given["chain_id"],
        "version_app": int(given["version"]["app"]), "height": int(given["height"]),
        "time": hashes.parse_time(given["time"]), "last_block_id": given["last_block_id"],
        "proposer": digests.pop("proposer_address")[:40], **digests}
    assert hashes.header_hash(header).hex() == given["hash"].lower()


@pytest.mark.parametrize("number", range(5))
def test_sign_bytes_are_those_of_the_engines_own_test(number):
    given = VECTORS["sign_bytes"][number]
    raw = hashes.vote_bytes(given["chain_id"], given["step"], int(given["height"]),
                            int(given["round"]), None, YEAR_ONE)
    assert raw.hex() == given["bytes"]


def test_an_empty_tree_and_a_negative_number():
    assert hashes.merkle([]).hex() == VECTORS["empty_set_hash"]
    assert wire.integer(2, -1).hex() == "10ffffffffffffffffff01"


def test_the_engines_refusals_of_validator_updates():
    first, second = ("11" * 32, "22" * 32)
    members = [chain.member(first, 1)]
    for wrong in ([{"key": first, "power": 0}], [{"key": second, "power": 0}],
                  [{"key": second, "power": 1}, {"key": second, "power": 2}],
                  [{"key": second, "power": -1}]):
        with pytest.raises(chain.ConsensusFailure):
            chain.changed(members, wrong)
    assert len(chain.changed(members, [{"key": second, "power": 5}])) == 2
