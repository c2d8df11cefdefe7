"""What keeps the stand-in honest: the signer's memory, counting votes, locks, restarts."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))

from stoa_engine.abci_messages import (  # noqa: E402
    BlockParams, ConsensusParams, EvidenceParams, PublicKey, ValidatorUpdate)
from stoa_engine.blocks import (  # noqa: E402
    ABSENT, COMMIT, NIL, PRECOMMIT, PREVOTE, Block, BlockID, PartSetHeader, Proposal, Vote)
from stoa_engine.configuration import Configuration, Key, write_home  # noqa: E402
from stoa_engine.consensus import Consensus  # noqa: E402
from stoa_engine.evidence import EvidencePool  # noqa: E402
from stoa_engine.execution import ConsensusFailure  # noqa: E402
from stoa_engine.handshake import set_validators  # noqa: E402
from stoa_engine.merkle import sha  # noqa: E402
from stoa_engine.peer_messages import ProposedBlock  # noqa: E402
from stoa_engine.peers import Peers  # noqa: E402
from stoa_engine.signer import Signer, WouldSignTwice  # noqa: E402
from stoa_engine.store import InvalidBlock, State, Store  # noqa: E402
from stoa_engine.validators import ValidatorSet  # noqa: E402
from stoa_engine.votes import Conflict, VoteSet, set_of_commit  # noqa: E402

CHAIN = "test-chain"
KEYS = sorted((Key.fresh() for _ in range(4)), key=lambda key: key.address)
UPDATES = [ValidatorUpdate(pub_key=PublicKey(ed25519=key.public), power=10) for key in KEYS]


def name(text: str) -> BlockID:
    return BlockID(hash=sha(text.encode()), parts=PartSetHeader(total=1, hash=sha(b"parts")))


def vote(index: int, kind: int, block_id: BlockID, round_: int = 0, height: int = 1) -> Vote:
    made = Vote(type=kind, height=height, round=round_, block_id=block_id, time=10**18 + index,
                address=KEYS[index].address, index=index)
    made.signature = KEYS[index].private.sign(made.sign_bytes(CHAIN))
    return made


def test_the_signer_never_signs_what_contradicts_its_memory(tmp_path):
    path = tmp_path / "state.json"
    signer = Signer(KEYS[0], path)
    first = Vote(type=PREVOTE, height=5, round=1, block_id=name("a"), time=7)
    signer.sign_vote(CHAIN, first)
    assert json.loads(path.read_text())["height"] == "5", "on disk before it is told"
    for again in (signer, Signer(KEYS[0], path)):
        same = Vote(type=PREVOTE, height=5, round=1, block_id=name("a"), time=9)
        again.sign_vote(CHAIN, same)
        assert (same.signature, same.time) == (first.signature, 7), "the old vote, not a new one"
        for wrong in (
                Vote(type=PREVOTE, height=5, round=1, block_id=name("b"), time=7),
                Vote(type=PREVOTE, height=5, round=1, time=7),
                Vote(type=PRECOMMIT, height=5, round=0, block_id=name("a"), time=7),
                Vote(type=PRECOMMIT, height=4, round=9, block_id=name("a"), time=7)):
            with pytest.raises(WouldSignTwice):
                again.sign_vote(CHAIN, wrong)
        with pytest.raises(WouldSignTwice):
            again.sign_proposal(CHAIN, Proposal(height=5, round=1, block_id=name("b")))
    signer.sign_vote(CHAIN, Vote(type=PRECOMMIT, height=5, round=1, time=7))


def test_only_more_than_two_thirds_are_a_majority_and_make_a_commit():
    members = ValidatorSet.fresh(UPDATES)
    votes = VoteSet(CHAIN, 1, 0, PRECOMMIT, members)
    assert votes.add(vote(0, PRECOMMIT, name("a"))) and votes.add(vote(1, PRECOMMIT, BlockID()))
    assert not votes.add(vote(0, PRECOMMIT, name("a"))), "nobody counts twice"
    assert votes.add(vote(2, PRECOMMIT, name("a")))
    assert votes.majority is None and votes.has_two_thirds_of_any
    forged = vote(3, PRECOMMIT, name("a"))
    forged.signature = KEYS[2].private.sign(forged.sign_bytes(CHAIN))
    assert not votes.add(forged) and votes.majority is None
    misplaced = vote(3, PRECOMMIT, name("a"))
    misplaced.index = 2
    assert not votes.add(misplaced)
    assert votes.add(vote(3, PRECOMMIT, name("a"))) and votes.majority == name("a")
    commit = votes.commit()
    assert [item.flag for item in commit.signatures] == [COMMIT, NIL, COMMIT, COMMIT]
    members.verify_commit(CHAIN, name("a"), 1, commit)
    again = set_of_commit(CHAIN, commit, members)
    assert again.commit() == commit and again.has_all


def test_a_contradiction_is_reported_and_counts_for_each_block_once():
    votes = VoteSet(CHAIN, 1, 0, PRECOMMIT, ValidatorSet.fresh(UPDATES))
    votes.add(vote(0, PRECOMMIT, name("a")))
    with pytest.raises(Conflict) as found:
        votes.add(vote(0, PRECOMMIT, name("b")))
    assert found.value.first.block_id == name("a")
    assert not votes.add(vote(0, PRECOMMIT, name("c"))), "a third is dropped"
    assert not votes.has_two_thirds_of_any
    votes.add(vote(1, PRECOMMIT, name("b")))
    votes.add(vote(2, PRECOMMIT, name("b")))
    assert votes.majority == name("b")
    assert [item.flag for item in votes.commit().signatures] == [COMMIT, COMMIT, COMMIT, ABSENT]


class FakeExecutor:
    """Everything is acceptable, but for blocks told to be invalid."""

    def __init__(self, store: Store):
        self.evidence, self.mempool, self.invalid = EvidencePool(store), [], set()

    def validate(self, state, block, block_id) -> None:
        if block_id.hash in self.invalid:
            raise InvalidBlock("told so")

    async def is_acceptable(self, state, block, hash_) -> bool:
        return True

    async def propose(self, state, last_commit, address) -> Block:
        return block_of("own")


def block_of(text: str) -> Block:
    block = Block()
    block.header.chain_id, block.header.height, block.header.app_hash = CHAIN, 1, text.encode()
    return block


class Bench:
    """One validator's consensus whose peers are played by the test."""

    def __init__(self, home: Path, seat: int):
        write_home(home, KEYS[seat], CHAIN)
        self.store = Store(home / "data" / "standin.db")
        self.executor = FakeExecutor(self.store)
        state = State(
            chain_id=CHAIN, initial_height=1, last_time=1, params=ConsensusParams(
                block=BlockParams(max_bytes=1 << 20, max_gas=-1), evidence=EvidenceParams()))
        set_validators(state, UPDATES)
        self.consensus = Consensus(
            Configuration(home), self.store, self.executor, Peers("me", CHAIN, ""),
            Signer(KEYS[seat], home / "data" / "priv_validator_state.json"))
        self.seat = seat
        self.consensus.start(state)

    async def settle(self) -> None:
        while self.consensus._own or not self.consensus.queue.empty():
            event = self.consensus._own.popleft() if self.consensus._own else (
                self.consensus.queue.get_nowait())
            await self.consensus._handle(*event)

    async def hear(self, kind: int, block_id: BlockID, voters, round_: int = 0) -> None:
        for index in voters:
            await self.consensus._on_vote(vote(index, kind, block_id, round_))
            await self.settle()

    async def propose(self, text: str, round_: int, polka: int = -1) -> BlockID:
        block = block_of(text)
        proposer = self.consensus.proposer(round_)
        key = next(key for key in KEYS if key.address == proposer)
        proposal = Proposal(type=32, height=1, round=round_, pol_round=polka,
                            block_id=block.block_id(), time=5)
        proposal.signature = key.private.sign(proposal.sign_bytes(CHAIN))
        await self.consensus._on_proposal(ProposedBlock(proposal=proposal, block=block.encode()))
        await self.settle()
        return proposal.block_id

    def own(self, kind: int, round_: int = 0) -> BlockID | None:
        found = self.consensus.votes.get(kind, round_).of(self.seat)
        return found.block_id if found else None


def bench(tmp_path) -> Bench:
    """A seat that proposes in none of the first two rounds."""
    members = ValidatorSet.fresh(UPDATES)
    first = members.proposer.address
    members.advance(1)
    turns = {first, members.proposer.address}
    seat = next(index for index, key in enumerate(KEYS) if key.address not in turns)
    return Bench(tmp_path, seat)


def others(found: Bench) -> list[int]:
    return [index for index in range(4) if index != found.seat]


def test_a_lock_is_kept_until_a_later_polka_and_survives_a_restart(tmp_path):
    async def run():
        node = bench(tmp_path)
        consensus = node.consensus
        await consensus.enter_new_round(0)
        a = await node.propose("a", 0)
        assert node.own(PREVOTE) == a
        await node.hear(PREVOTE, a, others(node)[:2])
        assert node.own(PRECOMMIT) == a and consensus.locked_round == 0
        node.store.close()

        node = Bench(tmp_path, node.seat)
        consensus = node.consensus
        consensus._replay_wal()
        await node.settle()
        assert consensus.locked_round == 0 and consensus.locked.block_id == a
        await consensus.enter_new_round(0)
        await node.settle()
        assert node.own(PREVOTE) == a and node.own(PRECOMMIT) == a
        await node.hear(PRECOMMIT, BlockID(), others(node))
        await consensus.timed_out(1, consensus.round, 7)
        await node.settle()
        assert consensus.round == 1
        b = await node.propose("b", 1)
        assert node.own(PREVOTE, 1) == a, "locked: not what is proposed now"
        await node.hear(PREVOTE, b, others(node), round_=1)
        assert node.own(PRECOMMIT, 1) == b and consensus.locked.block_id == b
    asyncio.run(run())


def test_a_bad_proposal_gets_a_vote_for_nothing_and_its_majority_is_a_failure(tmp_path):
    async def run():
        node = bench(tmp_path)
        node.executor.invalid.add(block_of("a").block_id().hash)
        await node.consensus.enter_new_round(0)
        a = await node.propose("a", 0)
        assert node.own(PREVOTE).is_nil
        with pytest.raises(ConsensusFailure, match="invalid block"):
            await node.hear(PREVOTE, a, others(node))
    asyncio.run(run())


def test_a_proposal_of_another_than_the_proposer_is_not_heard(tmp_path):
    async def run():
        node = bench(tmp_path)
        await node.consensus.enter_new_round(0)
        block = block_of("a")
        proposal = Proposal(type=32, height=1, round=0, pol_round=-1, block_id=block.block_id())
        proposal.signature = KEYS[node.seat].private.sign(proposal.sign_bytes(CHAIN))
        await node.consensus._on_proposal(ProposedBlock(proposal=proposal, block=block.encode()))
        assert node.consensus.candidate is None
        proposal.block_id = name("another")
        proposer = next(key for key in KEYS if key.address == node.consensus.proposer(0))
        proposal.signature = proposer.private.sign(proposal.sign_bytes(CHAIN))
        await node.consensus._on_proposal(ProposedBlock(proposal=proposal, block=block.encode()))
        assert node.consensus.candidate is None, "the block is not the one that was signed"
    asyncio.run(run())


def test_votes_of_a_later_round_take_a_node_there(tmp_path):
    async def run():
        node = bench(tmp_path)
        await node.consensus.enter_new_round(0)
        await node.hear(PREVOTE, BlockID(), others(node)[:2], round_=7)
        assert node.consensus.round == 0
        await node.hear(PREVOTE, BlockID(), others(node)[2:], round_=7)
        assert node.consensus.round == 7
    asyncio.run(run())
