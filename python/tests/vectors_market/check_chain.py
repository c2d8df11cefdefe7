"""Checks of Vectors/ledger/market.json: signatures, fees, roots, sums, and the models."""

from vectors_market import codec, model_exchange, model_income, model_law, story
from vectors_market.names import tagged
from vectors_market.state import NATIVE_UNIT, State
from vectors_market.transactions import Paper, least_fee, paid_by, refusal_of_key, signer_of


class Step:
    """Something that the ledger did: the state before and after it, and what it told."""

    def __init__(self, name, height, before, recorded, paper=None):
        self.name, self.height, self.paper = name, height, paper
        self.before, self.after = before, before.copy()
        self.after.apply(recorded["changes"])
        self.events = [codec.parse("Event", bytes.fromhex(raw)) for raw in recorded["events"]]
        self.is_written_once = all(
            codec.document("Event", event).hex() == raw
            for event, raw in zip(self.events, recorded["events"])
        )

    @property
    def messages(self):
        return self.paper.messages if self.paper else []

    def told(self, *cases):
        """Events of these kinds, in order."""
        return [event for event in self.events if event["case"] in cases]


def genesis_entries(genesis, recorded_root, checker):
    """The state before the first block, as far as a market's genesis writes it (LED-1, GOV-42).

"""
    state, value = State(), codec.parse("MarketGenesis", genesis)
    supply = sum(int(one["amount"]) for one in value["allocations"])

    def put(key, kind, document):
        state.entries[bytes.fromhex(key)] = codec.document(kind, document)

    put("04", "LedgerParameters", value["parameters"])
    put("05" + NATIVE_UNIT, "StoredAmount", {"amount": str(supply)})
    bonds = {one["operator"]: one for one in value["validators"]}
    for one in value["allocations"]:
        bond = bonds.get(one["account"])
        left = int(one["amount"]) - (int(bond["selfBond"]) if bond else 0)
        put("01" + one["account"], "Account", {"sequence": "0", "balance": str(left)})
    for change in value["numbers"]:
        put("0a%04x" % change["number"], "StoredNumber", {"value": change["value"]})
    model_law.write_validators(put, value)
    checker.same("genesis' root", recorded_root, state.root().hex())
    return state


def run(checker):
    recorded = checker.load("ledger/market.json")
    told = story.told()
    checker.same("the story's genesis", recorded["genesis"], told["genesis"])
    checker.same("the story's transactions", papers(recorded), papers(told))
    genesis = bytes.fromhex(recorded["genesis"])
    chain = tagged("stoa/genesis/1", genesis).hex()
    state = genesis_entries(genesis, recorded["genesisRoot"], checker)
    models = [
        model_income.Income(checker), model_income.Shares(checker),
        model_exchange.Exchange(checker), model_law.Juries(checker), model_law.Claims(checker),
        model_law.Votes(checker), model_law.Terms(checker),
    ]
    for block in recorded["blocks"]:
        height = int(block["height"])
        for model in models:
            model.block(state, height)
        for step in steps(block, state, height):
            common(checker, step, chain)
            for model in models:
                model.step(step)
            state = step.after
        checker.same(f"root of block {height}", block["stateRoot"], state.root().hex())
    for model in models:
        model.finish()


def papers(chain):
    """Every block's transactions, as bytes: the story makes the same ones each time."""
    return [[one["bytes"] for one in block["transactions"]] for block in chain["blocks"]]


def steps(block, state, height):
    yield (step := Step(f"begin of {height}", height, state, block["begin"]))
    for transaction in block["transactions"]:
        paper = Paper(bytes.fromhex(transaction["bytes"]))
        name = f"{height}: {transaction['about']}"
        yield (step := Step(name, height, step.after, transaction["step"], paper))
    yield Step(f"end of {height}", height, step.after, block["end"])


def common(checker, step, chain):
    """What holds for every step, whatever it is about."""
    checker.same(f"{step.name}: events", True, step.is_written_once)
    sums, supplies = step.after.totals()
    # Of a unit of which nothing was made there may be no entry, or an empty one.
    supplies, sums = (
        {unit: amount for unit, amount in found.items() if amount} for found in (supplies, sums)
    )
    checker.same(f"{step.name}: all money", supplies, sums)
    fixed = step.before.get(0x05, NATIVE_UNIT)
    checker.same(f"{step.name}: native supply", fixed, step.after.get(0x05, NATIVE_UNIT))
    if not step.paper:
        return
    paper, before, after = step.paper, step.before, step.after
    checker.same(f"{step.name}: written once", True, paper.is_written_once)
    checker.same(f"{step.name}: signature", True, paper.holds())
    checker.same(f"{step.name}: chain", chain, paper.body["chain"])
    checker.same(f"{step.name}: fee", least_fee(before, paper.raw), paper.fee)
    checker.same(f"{step.name}: key", None, refusal_of_key(before, paper, step.height))
    old = int((before.get(0x01, paper.sender) or {"sequence": 0})["sequence"])
    checker.same(f"{step.name}: sequence", old + 1, paper.sequence)
    new = int(after.get(0x01, paper.sender)["sequence"])
    checker.same(f"{step.name}: sequence after", paper.sequence, new)
    pool = [int((state.get(0x03) or {"amount": 0})["amount"]) for state in (before, after)]
    checker.same(f"{step.name}: fee pool", paper.fee, pool[1] - pool[0])
    if paper.signer != signer_of(before, paper.sender, step.height):
        spent = paper.fee + sum(int(one["amount"]) for one in paper.messages)
        session = before.get(0x90, paper.sender, paper.signer)
        found = after.get(0x90, paper.sender, paper.signer)
        checker.same(f"{step.name}: spent", paid_by(session, step.height, spent), found)
