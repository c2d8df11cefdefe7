"""Checks of the market's canonical vectors and of the refused transactions."""

import hashlib
import re

from vectors_market import codec, generate, names, samples, schema
from vectors_market.state import State
from vectors_market.transactions import Paper, after_refusal, least_fee, refusal_of_key

COMPONENTS = {
    "lineage": 9, "shares": 10, "units": 11, "passes": 12, "exchange": 13, "escrows": 14,
    "disputes": 15, "governance": 16, "authorization": 17, "deadlines": 18,
}
PAGES = {"deadlines": "market-law"}


def documents(checker):
    """Fields to bytes, and back."""
    for file in ("messages", "events", "entries"):
        for vector in checker.load(f"canonical/market/{file}.json"):
            name, kind = vector["name"], vector["type"]
            raw = codec.document(kind, vector["fields"])
            checker.same(f"{name} bytes", vector["bytes"], raw.hex())
            digest = hashlib.sha256(raw).hexdigest()
            checker.same(f"{name} digest", vector["digest"], digest)
            checker.same(f"{name} fields", vector["fields"], codec.parse(kind, raw))
    for vector in checker.load("canonical/market/refused.json"):
        found = "read"
        try:
            codec.parse(vector["type"], bytes.fromhex(vector["bytes"]))
        except codec.Refused as refused:
            found = str(refused)
        checker.same(vector["name"], vector["error"], found)
    made = {example["name"]: example for example in names.examples()}
    for vector in checker.load("canonical/market/names.json"):
        checker.same(f"name of {vector['name']}", vector, made.get(vector["name"]))


def complete(checker):
    """Every message, event and entry of the specification has an example."""
    for file, kind in (("messages", "Message"), ("events", "Event")):
        vectors = checker.load(f"canonical/market/{file}.json")
        found = {vector["fields"]["case"] for vector in vectors}
        known = {
            case for case, (tag, _) in schema.CHOICES[kind].items() if tag in samples.MARKET_TAGS
        }
        checker.same(f"{file} with an example", known, found)
    found = {vector["type"] for vector in checker.load("canonical/market/entries.json")}
    kinds = {kind for first, (kind, _) in schema.ENTRIES.items() if first not in samples.OLDER}
    checker.same("entries with an example", kinds, found)


def codes_of_page(component, number):
    """The refusals that a component's page lists: case → name."""
    page = PAGES.get(component, component)
    text = (generate.VECTORS.parent / "docs" / "spec" / f"{page}.md").read_text()
    at = max(text.rfind("## Refusals"), text.rfind("\nRefusals"), text.rfind("Refusals ("))
    assert at >= 0, page
    text = " ".join(text[at:].split())
    found = {}
    for case, name in re.findall(r"\b(\d+) `?([a-z][A-Za-z]+)`?", text):
        case = int(case)
        if 100 * number < case < 100 * number + 100:
            case -= 100 * number
        if case == len(found) + 1:
            found[case] = name
    return found


def refusals(checker):
    for component, number in COMPONENTS.items():
        vectors = checker.load(f"ledger/refusals/{component}.json")
        checker.same(f"{component}'s number", number, vectors["component"])
        page = codes_of_page(component, number)
        seen = {vector["code"] for vector in vectors["cases"]}
        seen |= {other["code"] for other in vectors["unreachable"]}
        codes = {100 * number + case for case in page}
        checker.same(f"{component}'s codes without a vector", set(), codes - seen)
        for vector in vectors["cases"]:
            refusal(checker, component, vector, bytes.fromhex(vectors["chain"]))
            if vector["code"] // 100 == number:
                name = f"{component}.{page.get(vector['code'] % 100)}"
                checker.same(f"{vector['code']} on its page", vector["refusal"], name)


def refusal(checker, component, vector, chain):
    """One transaction: read, its signature, what it met, and what it left."""
    name = f"{component}: {vector['name']}"
    state, height = State(), int(vector["height"])
    state.apply(vector["entries"])
    checker.same(f"{name}: root before", vector["before"], state.root().hex())
    paper = Paper(bytes.fromhex(vector["transaction"]))
    checker.same(f"{name}: written once", True, paper.is_written_once)
    checker.same(f"{name}: signature", True, paper.holds())
    checker.same(f"{name}: chain", chain.hex(), paper.body["chain"])
    checker.same(f"{name}: message", True, vector["messageIndex"] < len(paper.messages))
    changes = {
        bytes.fromhex(key): None if value is None else bytes.fromhex(value)
        for key, value in vector["changes"]
    }
    told = vector["refusal"].partition(".")[2]
    if vector["code"] < 200:
        checker.same(f"{name}: nothing changes", {}, changes)
        if told != "outsideSession":
            checker.same(f"{name}: why", told, refusal_of_key(state, paper, height))
    else:
        before = int(state.get(0x01, paper.sender)["sequence"])
        checker.same(f"{name}: sequence", before + 1, paper.sequence)
        checker.same(f"{name}: fee", True, paper.fee >= least_fee(state, paper.raw))
        checker.same(f"{name}: key", None, refusal_of_key(state, paper, height))
        checker.same(f"{name}: changes", after_refusal(state, paper, height), changes)
    state.apply(vector["changes"])
    checker.same(f"{name}: root after", vector["after"], state.root().hex())


def run(checker):
    documents(checker)
    complete(checker)
    refusals(checker)
