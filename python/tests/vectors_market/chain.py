"""Builds a chain's transactions: encodes, signs, and pays for them, after ledger.md."""

import hashlib

from vectors_market import codec
from vectors_market.actors import Ed25519Key
from vectors_market.names import tagged

PARAMETERS = {
    "feeMinimum": "1000", "feePerByte": "1",
    "closingDelayBlocks": "5", "unbondingDelayBlocks": "8",
}
# Short terms, so that a whole life fits into few blocks (GOV-42).
NUMBERS = {
    1101: 6, 1201: 2, 1401: 3, 1501: 10**9, 1502: 8, 1503: 5 * 10**8, 1504: 10**9, 1505: 4,
    1506: 4, 1507: 4, 1601: 10**9, 1602: 2, 1603: 5, 1607: 3, 1608: 4, 1610: 10, 1701: 3,
}
STAKING = {
    "validatorsMax": 4, "candidatesMax": 4, "selfBondMin": str(10**9),
    "unbondingDelayBlocks": "8", "slashBasisPoints": 500, "missedBlocksMax": "600",
    "jailBlocks": "600",
}
TIME = 1_700_000_000_000
STOA = 10**9
NATIVE = {"case": "native"}


def issued(unit):
    return {"case": "issued", "unit": unit}


class ChainBuilder:
    """What a story sends, block by block."""

    def __init__(self, accounts, operator):
        self.consensus = Ed25519Key(250)
        validator = {
            "operator": operator,
            "consensusKey": self.consensus.public,
            "selfBond": str(10**9),
            "commission": {"basisPoints": 1000, "basisPointsMax": 1000, "changeMax": 0},
        }
        genesis = {
            "name": "stoa-market-vector",
            "time": str(TIME),
            "sequencer": Ed25519Key(251).public,
            "parameters": PARAMETERS,
            "allocations": [
                {"account": account, "amount": str(1000 * STOA)} for account in sorted(accounts)
            ],
            "staking": STAKING,
            "validators": [validator],
            "numbers": [{"number": n, "value": str(v)} for n, v in sorted(NUMBERS.items())],
        }
        self.genesis = codec.document("MarketGenesis", genesis)
        self.chain = tagged("stoa/genesis/1", self.genesis).hex()
        self.sequences, self.blocks, self.height = {}, [], 1
        self.pending = []

    @property
    def time(self):
        return TIME + 1000 * self.height

    def place(self, account, index=0):
        """Where the account's next message will stand."""
        return ("digest", account), ("u64", self.sequences.get(account, 0) + 1), ("u8", index)

    def send(self, signer, about, *messages, account=None):
        """Signs messages in the name of `account`, which is the signer's own if none is named."""
        sender = account or signer.account
        sequence = self.sequences.get(sender, 0) + 1
        self.sequences[sender] = sequence

        def signed(fee):
            body = codec.document(
                "Transaction",
                {
                    "chain": self.chain, "sender": sender, "sequence": str(sequence),
                    "fee": str(fee), "validUntil": str(2**63), "messages": list(messages),
                },
            )
            signature = signer.sign(tagged("stoa/transaction/1", body))
            papers = {"scheme": signer.scheme, "signature": signature.hex()}
            return body + codec.encode("publicKey", signer.public) + codec.encode(
                "signature", papers
            )

        fee = int(PARAMETERS["feeMinimum"]) + len(signed(0)) * int(PARAMETERS["feePerByte"])
        self.pending.append({"about": about, "bytes": signed(fee).hex()})

    def end(self, blocks=1):
        """Ends the block at hand, and makes so many blocks of nothing but their ends."""
        address = hashlib.sha256(self.consensus.key).digest()[:20].hex()
        for _ in range(blocks):
            report = {
                "proposer": address,
                "votes": [{"validator": address, "signed": True}],
                "misbehavior": [],
            }
            self.blocks.append(
                {
                    "height": str(self.height), "time": str(self.time), "report": report,
                    "transactions": self.pending,
                }
            )
            self.pending = []
            self.height += 1

    def until(self, height):
        """Goes on until the block at a height is at hand."""
        assert height >= self.height, (height, self.height)
        self.end(height - self.height)


def message(case, **fields):
    return {"case": case} | fields
