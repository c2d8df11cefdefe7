"""One example at least of every message, event and entry of the market, made from the schema.

Every field of an example has a value of its own, so that two fields that are taken for each other
do not come out the same. The second example of a kind has nothing where a field may have nothing.
"""

import hashlib

from vectors_market import codec, schema

MARKET_TAGS = range(30, 128)


class Filler:
    """Makes values, each of them once."""

    def __init__(self, seed, full):
        self.number, self.full = seed, full

    def next(self):
        self.number += 1
        return self.number

    def value(self, kind, path=()):
        if kind in codec.WIDTHS:
            number = self.next()
            wide = codec.WIDTHS[kind] > 4
            return str(number * 1_000_000_007) if wide else number % 2 ** (8 * codec.WIDTHS[kind])
        if kind == "bool":
            return self.full
        if kind == "digest":
            return hashlib.sha256(b"sample %d" % self.next()).hexdigest()
        if kind == "denomination":
            if self.full:
                return {"case": "issued", "unit": self.value("digest")}
            return {"case": "native"}
        if kind == "Market":
            return self.market()
        if kind == "SessionScope":
            payees = sorted(self.value("digest") for _ in range(2 if self.full else 0))
            return {"messages": "01063a" if self.full else "", "payees": payees}
        if kind in schema.CHOICES:
            cases = list(schema.CHOICES[kind])
            return self.case(kind, cases[-1 if self.full else 0])
        if kind in schema.PARTS:
            return self.document(kind)
        head, _, rest = kind.partition(" ")
        word, most = codec.limit_of(head)
        if word == "enum":
            low, high = (int(end) for end in most.split("-"))
            return low + self.next() % (high - low + 1) if self.full else low
        if word == "text":
            return f"text-{self.next()}"[: int(most)] if self.full else ""
        if word == "bytes":
            return "%04x" % self.next() if self.full else ""
        if word in ("opt", "tail"):
            return self.value(rest) if self.full else None
        if word in ("list", "list8"):
            items = [self.value(rest) for _ in range(min(2, int(most)) if self.full else 0)]
            return self.counts(items) if rest == "UnitCount" else items
        raise KeyError(kind)

    def counts(self, items):
        for unit, item in enumerate(items, 1):
            item["unit"] = unit
        return items

    def market(self):
        units = sorted(self.value("digest") for _ in range(2))
        quote = {"case": "issued", "unit": units[0]} if self.full else {"case": "native"}
        return {"base": {"case": "issued", "unit": units[1]}, "quote": quote}

    def document(self, kind):
        value = {}
        for name, part in schema.PARTS[kind]:
            if part.startswith("each"):
                value[name] = [self.value("u128") for _ in value["grant"]["limits"]]
            else:
                value[name] = self.value(part)
        return value

    def case(self, kind, case):
        fields = schema.CHOICES[kind][case][1]
        return {"case": case} | {name: self.value(part) for name, part in fields}


def vector(name, kind, value):
    raw = codec.document(kind, value)
    assert codec.parse(kind, raw) == value, (name, value, codec.parse(kind, raw))
    digest = hashlib.sha256(raw).hexdigest()
    return {"name": name, "type": kind, "fields": value, "bytes": raw.hex(), "digest": digest}


def both(name, kind, make):
    """The example that has everything, and the one that has not, if they differ in more than
    numbers."""
    full = vector(name, kind, make(Filler(1000, True)))
    bare = vector(f"{name}, bare", kind, make(Filler(5000, False)))
    return [full] if len(full["bytes"]) == len(bare["bytes"]) else [full, bare]


def cases(kind):
    """Every case of messages or events that the market has."""
    found = []
    for case, (tag, _) in schema.CHOICES[kind].items():
        if tag in MARKET_TAGS:
            found += both(f"{tag} {case}", kind, lambda filler: filler.case(kind, case))
    return found


# Entries that have other kinds of content than one example shows.
STATUSES = {"Escrow": ("status", "EscrowStatus"), "Proposal": ("status", "ProposalStatus")}
OLDER = set(range(0x01, 0x07)) | {0x10, 0x11, 0x18} | set(range(0x20, 0x47))


def entries():
    """The documents under the keys of the market's components, each kind once."""
    found, seen = [], set()
    for first, (kind, _) in schema.ENTRIES.items():
        if first in OLDER or kind in seen:
            continue
        seen.add(kind)
        found += both(kind, kind, lambda filler: filler.value(kind))
        if kind not in STATUSES:
            continue
        field, choice = STATUSES[kind]
        for case in schema.CHOICES[choice]:
            filler = Filler(9000, True)
            value = filler.value(kind) | {field: filler.case(choice, case)}
            found.append(vector(f"{kind}, {case}", kind, value))
    for case in schema.CHOICES["ProposalAction"]:
        filler = Filler(7000, True)
        value = filler.value("Proposal")
        value["content"]["action"] = filler.case("ProposalAction", case)
        found.append(vector(f"Proposal of {case}", "Proposal", value))
    return found


class Tracer(codec.Reader):
    """Notes where tags, counts and texts stand while it reads."""

    def __init__(self, data):
        super().__init__(data)
        self.marks, self.path = [], []

    def read(self, kind, around=None):
        self.path.append(kind)
        start = self.at
        value = super().read(kind, around)
        if kind.startswith("text") and self.at > start + 4:
            self.mark("text that is not UTF-8", start + 4, b"\xff")
        self.path.pop()
        return value

    def mark(self, what, at, patch):
        place = " of ".join(reversed([part.partition("[")[0] for part in self.path]))
        self.marks.append((f"{what}: {place}", at, patch))

    def tag(self, low, high):
        if (low, high) == (0, 1):
            self.mark("neither 0 nor 1", self.at, b"\x02")
        else:
            self.mark("a tag too high", self.at, bytes([high + 1]))
            if low > 0:
                self.mark("a tag too low", self.at, bytes([low - 1]))
        return super().tag(low, high)

    def choice(self, kind):
        if kind not in ("Message", "Event"):  # their tags are above
            highest = max(tag for tag, _ in schema.CHOICES[kind].values())
            self.mark("a case too high", self.at, bytes([highest + 1]))
        return super().choice(kind)

    def counted(self, width, most):
        self.mark("one too many", self.at, codec.uint(width, most + 1))
        return super().counted(width, most)


def refusal(name, kind, raw):
    try:
        codec.parse(kind, raw)
    except codec.Refused as refused:
        return {"name": name, "type": kind, "bytes": raw.hex(), "error": str(refused)}
    raise AssertionError(f"{name} was read")


def injuries(example):
    """Bytes with one thing wrong, of every kind of thing that the example has."""
    kind, raw = example["type"], bytes.fromhex(example["bytes"])
    name = example["name"]
    if len(raw) > 1:
        yield refusal(f"{name}: a byte too few", kind, raw[:-1])
    yield refusal(f"{name}: a byte too many", kind, raw + b"\x00")
    yield refusal(f"{name}: another version", kind, b"\x02" + raw[1:])
    tracer = Tracer(raw)
    tracer.take(1)
    tracer.read(kind)
    for what, at, patch in tracer.marks:
        yield refusal(f"{name}: {what}", kind, raw[:at] + patch + raw[at + len(patch):])


def orders():
    """Documents whose parts are in the wrong order, twice there, or empty where that is wrong."""
    filler = Filler(3000, True)
    market = filler.market()
    flipped = {"base": market["quote"], "quote": market["base"]}
    same = {"base": market["base"], "quote": market["base"]}
    for name, wrong in (("the other way round", flipped), ("of one denomination", same)):
        value = filler.document("MarketRecord") | {"market": wrong}
        yield refusal(f"a market {name}", "MarketRecord", codec.document("MarketRecord", value))
    for name, change in (
        ("tags out of order", {"messages": "0601"}),
        ("a tag twice", {"messages": "0101"}),
        ("payees out of order", {"payees": ["22" * 32, "11" * 32]}),
        ("a payee twice", {"payees": ["11" * 32, "11" * 32]}),
    ):
        value = filler.document("Session")
        value["grant"]["scope"] |= change
        yield refusal(f"a scope with {name}", "Session", codec.document("Session", value))
    for name, units in (
        ("out of order", [(2, 5), (1, 5)]), ("twice", [(1, 5), (1, 6)]), ("of nothing", [(1, 0)])
    ):
        value = filler.document("Plan")
        value["terms"]["includedUnits"] = [{"unit": u, "count": str(c)} for u, c in units]
        yield refusal(f"a plan with units {name}", "Plan", codec.document("Plan", value))
    # Numbers at the ends, because those between may get a meaning.
    for kind in ("Message", "Event"):
        for tag in (0, 29, 127, 255):
            raw = bytes([1, tag]) + bytes(200)
            yield refusal(f"{kind} {tag}, which there is not", kind, raw)


def refused():
    found, seen = list(orders()), set()
    for example in cases("Message") + cases("Event") + entries():
        for injury in injuries(example):
            # One injury of a kind of part is enough, wherever it was found first.
            what = (injury["error"], injury["name"].partition(": ")[2])
            if what[1].startswith(("a byte", "another")):
                what = (injury["error"], injury["type"])
            if what not in seen:
                seen.add(what)
                found.append(injury)
    return found
