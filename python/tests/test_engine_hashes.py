"""The stand-in's bytes and hashes against values that CometBFT itself made."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))

from stoa_engine import blocks, merkle, validators  # noqa: E402
from stoa_engine.abci_client import read_response, request_bytes  # noqa: E402
from stoa_engine.abci_messages import (  # noqa: E402
    BlockParams, ConsensusParams, ExecTxResult, PublicKey, RequestFinalizeBlock, RequestInitChain,
    ResponseApplySnapshotChunk, ValidatorUpdate)
from stoa_engine.blocks import BlockID, CommitSig, Header, PartSetHeader, Version  # noqa: E402
from stoa_engine.configuration import (  # noqa: E402
    endpoint, read_time_text, seconds, time_text, verbatim)
from stoa_engine.merkle import sha  # noqa: E402
from stoa_engine.protobuf import (  # noqa: E402
    ZERO_TIME, Malformed, frame, read_frame, read_varint, varint)
from stoa_engine.validators import Member, Refused, ValidatorSet  # noqa: E402

ENGINE = json.loads((ROOT / "Vectors" / "cometbft" / "engine.json").read_text())
LIGHT = json.loads((ROOT / "Vectors" / "cometbft" / "light.json").read_text())


def test_the_header_hash_is_cometbfts_own():
    told = ENGINE["header"]
    hashes = {name: sha(text.encode()) for name, text in told["hashed_texts"].items()}
    hashes["proposer_address"] = hashes["proposer_address"][:20]
    header = Header(
        version=Version(block=1, app=2), chain_id=told["chain_id"], height=3,
        time=read_time_text(told["time"]),
        last_block_id=BlockID(hash=bytes(32), parts=PartSetHeader(total=6, hash=bytes(32))),
        **hashes)
    assert header.hash().hex() == told["hash"]


@pytest.mark.parametrize("vector", ENGINE["sign_bytes"], ids=lambda vector: vector["source"])
def test_the_sign_bytes_are_cometbfts_own(vector):
    made = blocks.vote_bytes(
        vector["chain_id"], vector["step"], int(vector["height"]), int(vector["round"]),
        BlockID(), ZERO_TIME)
    assert made.hex() == vector["bytes"]


def real_header(which: str) -> Header:
    net = ENGINE["network"]
    told, common = net[which], net["all_blocks"]
    last = told["last_block_id"]
    empty = bytes.fromhex(common["empty_hashes"])
    members = bytes.fromhex(net["genesis"]["validators_hash"])
    return Header(
        version=Version(block=11, app=1), chain_id=net["genesis"]["chain_id"],
        height=int(told["height"]), time=read_time_text(told["time"]),
        last_block_id=BlockID() if last is None else BlockID(
            hash=bytes.fromhex(last["hash"]),
            parts=PartSetHeader(total=last["total"], hash=bytes.fromhex(last["parts"]))),
        last_commit_hash=bytes.fromhex(told["last_commit_hash"]), data_hash=empty,
        validators_hash=members, next_validators_hash=members,
        consensus_hash=bytes.fromhex(common["consensus_hash"]),
        app_hash=bytes.fromhex(common["app_hash"]), last_results_hash=empty, evidence_hash=empty,
        proposer_address=bytes.fromhex(net["genesis"]["address"]))


@pytest.mark.parametrize("which", ["first_block", "tenth_block"])
def test_blocks_of_a_real_engine_have_their_hashes(which):
    assert real_header(which).hash().hex() == ENGINE["network"][which]["hash"]


def test_a_real_engines_validator_set_commit_and_signature_check():
    net = ENGINE["network"]
    key = base64.b64decode(net["genesis"]["key"])
    members = ValidatorSet([Member.of(key, 10)])
    assert members.hash().hex() == net["genesis"]["validators_hash"]
    commit, ninth = net["tenth_commit"], net["ninth_vote"]
    block_id = BlockID(
        hash=bytes.fromhex(net["tenth_block"]["hash"]),
        parts=PartSetHeader(total=1, hash=bytes.fromhex(commit["parts"])))
    signature = CommitSig(
        flag=2, address=members.members[0].address, time=read_time_text(commit["time"]),
        signature=base64.b64decode(commit["signature"]))
    made = blocks.Commit(height=10, round=0, block_id=block_id, signatures=[signature])
    members.verify_commit("dockerchain", block_id, 10, made)
    signature.time += 1
    with pytest.raises(Refused, match="wrong signature"):
        members.verify_commit("dockerchain", block_id, 10, made)
    vote = CommitSig(
        flag=2, address=members.members[0].address, time=read_time_text(ninth["time"]),
        signature=base64.b64decode(ninth["signature"]))
    assert blocks.Commit(signatures=[vote]).hash().hex() == (
        net["tenth_block"]["last_commit_hash"])


def test_parameters_and_data_and_results_have_the_engines_hashes():
    net = ENGINE["network"]
    params = ConsensusParams(block=BlockParams(max_bytes=22020096, max_gas=-1))
    assert blocks.params_hash(params).hex() == net["all_blocks"]["consensus_hash"]
    tx = base64.b64decode(net["transaction"]["bytes"])
    assert blocks.data_hash([tx]).hex() == net["transaction"]["data_hash_alone"]
    for told in LIGHT["results"]:
        results = [
            ExecTxResult(code=item["code"], data=bytes.fromhex(item["data"]), log="free", events=[])
            for item in told["results"]]
        assert blocks.results_hash(results).hex() == told["root"]


def test_the_proposers_turns_are_cometbfts_own():
    """types/validator_set_test.go TestProposerSelection1."""
    powers = {b"foo": 1000, b"bar": 300, b"baz": 330}
    total = sum(powers.values())
    members = ValidatorSet(sorted(
        (Member(address=name, power=power, priority=-(total + (total >> 3)))
         for name, power in powers.items()), key=lambda item: (-item.power, item.address)))
    members.advance(1)
    turns = []
    for _ in range(20):
        turns.append(members.proposer.address.decode())
        members.advance(1)
    assert turns == (
        "foo baz foo bar foo foo baz foo bar foo foo baz foo foo bar foo baz foo foo bar").split()


def update(seed: int, power: int) -> ValidatorUpdate:
    return ValidatorUpdate(pub_key=PublicKey(ed25519=bytes([seed]) * 32), power=power)


def test_validator_updates_are_refused_as_the_engine_refuses_them():
    members = ValidatorSet.fresh([update(1, 10)])
    with pytest.raises(Refused, match="duplicate entry"):
        members.copy().update([update(2, 1), update(2, 2)])
    with pytest.raises(Refused, match="empty set"):
        members.copy().update([update(1, 0)])
    two = ValidatorSet.fresh([update(1, 10), update(2, 10)])
    with pytest.raises(Refused, match="failed to find validator"):
        two.copy().update([update(3, 0)])
    with pytest.raises(Refused, match="out of bounds"):
        two.copy().update([update(1, -1)])
    with pytest.raises(Refused, match="total voting power"):
        two.copy().update([update(3, validators.TOTAL_POWER_MAX)])


def test_a_newcomer_waits_for_its_turn_and_a_set_survives_its_bytes():
    members = ValidatorSet.fresh([update(1, 10), update(2, 10)])
    members.update([update(3, 10), update(1, 0)])
    assert [item.power for item in members.members] == [10, 10]
    newcomer = members.get(validators.address(bytes([3]) * 32))
    assert newcomer.priority < min(
        item.priority for item in members.members if item is not newcomer)
    members.advance(3)
    again = ValidatorSet.decode(members.encode())
    assert again.hash() == members.hash()
    assert again.proposer.address == members.proposer.address


def test_the_median_is_weighted_by_power():
    names = [bytes([n]) * 20 for n in range(3)]
    commit = blocks.Commit(signatures=[
        CommitSig(flag=2, address=names[0], time=300), CommitSig(flag=3, address=names[1], time=200),
        CommitSig(flag=2, address=names[2], time=100), CommitSig(flag=1, time=ZERO_TIME)])
    # With equal powers of three the engine takes the first: 3 / 2 = 1 is within its weight.
    assert blocks.median_time(commit, dict(zip(names, (1, 1, 1)))) == 100
    assert blocks.median_time(commit, dict(zip(names, (2, 2, 2)))) == 200
    assert blocks.median_time(commit, dict(zip(names, (5, 1, 1)))) == 300
    assert blocks.median_time(commit, dict(zip(names, (1, 1, 5)))) == 100


def test_merkle_paths_lead_to_the_root():
    for count in range(1, 18):
        items = [bytes([n]) for n in range(count)]
        for index in range(count):
            node, at, size = merkle.leaf(items[index]), index, count
            sides = []
            while size > 1:
                middle = merkle.split(size)
                sides.append(at < middle)
                at, size = (at, middle) if at < middle else (at - middle, size - middle)
            for beside, is_left in zip(merkle.path(items, index), reversed(sides)):
                node = sha(b"\1" + (node + beside if is_left else beside + node))
            assert node == merkle.root(items)


def test_numbers_are_unsigned_varints_and_minus_one_takes_ten_bytes():
    assert varint(300).hex() == "ac02"
    assert BlockParams(max_gas=-1).encode().hex() == "10ffffffffffffffffff01"
    assert BlockParams.decode(BlockParams(max_gas=-1).encode()).max_gas == -1
    with pytest.raises(Malformed):
        read_varint(b"\x80" * 11, 0)
    with pytest.raises(Malformed):
        BlockParams.decode(b"\x0a\x05ab")


def test_submessages_that_are_not_nullable_are_written_when_empty():
    request = RequestFinalizeBlock(height=1, time=ZERO_TIME)
    assert request.encode().hex() == "1200" + "2801" + "320b088092b8c398feffffff01"
    assert RequestInitChain(time=0, initial_height=1).encode().hex() == "0a003001"


def test_unknown_fields_are_skipped_and_packed_numbers_read():
    assert ResponseApplySnapshotChunk.decode(
        bytes.fromhex("0801" "12020305" "7a0161")).refetch_chunks == [3, 5]
    assert ResponseApplySnapshotChunk.decode(bytes.fromhex("10031005")).refetch_chunks == [3, 5]
    assert request_bytes("init_chain", RequestInitChain(time=0)).hex() == "2a020a00"
    assert read_response(bytes.fromhex("1a00"))[0] == "flush"


def test_frames_have_unsigned_lengths_and_may_come_in_pieces():
    async def run():
        reader = asyncio.StreamReader()
        data = frame(b"x" * 300) + frame(b"")
        for byte in data:
            reader.feed_data(bytes([byte]))
        reader.feed_eof()
        assert data[:2].hex() == "ac02"
        assert await read_frame(reader) == b"x" * 300
        assert await read_frame(reader) == b""
        assert await read_frame(reader) is None
        torn = asyncio.StreamReader()
        torn.feed_data(b"\x05ab")
        torn.feed_eof()
        with pytest.raises(EOFError):
            await read_frame(torn)
    asyncio.run(run())


def test_the_home_is_read_as_the_engine_reads_it():
    assert seconds("1m30s") == 90 and seconds("100ms") == 0.1 and seconds("0s") == 0
    assert endpoint("tcp://127.0.0.1:1") == ("127.0.0.1", 1)
    assert endpoint("unix:///a/b") == ("unix", "/a/b")
    for text in ("2024-01-01T00:00:00.5Z", "0001-01-01T00:00:00Z", "2023-05-17T14:12:48.347696215Z"):
        assert time_text(read_time_text(text)) == text
    assert read_time_text("0001-01-01T00:00:00Z") == ZERO_TIME
    text = '{"a": [1, {"app_state": 0}], "app_state": {"b":  "}", "c": [ ]} , "d": 1}'
    assert verbatim(text, "app_state") == b'{"b":  "}", "c": [ ]}'
    assert verbatim(text, "none") == b""
