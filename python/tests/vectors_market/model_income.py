"""Royalties and dividends, after lineage.md and shares.md."""

from vectors_market import names
from vectors_market.state import unit_of


def split(amount, parents):
    """LIN-31: what each parent gets, in the order of `parents`, and what the asset keeps."""
    shares = [parent["shareBasisPoints"] for parent in parents]
    shares.append(10_000 - sum(shares))
    parts = [amount * share // 10_000 for share in shares]
    rests = [amount * share % 10_000 for share in shares]
    # The asset itself gets nothing of what is left over; of equal remainders the lower asset's.
    # Parents stand by ascending asset (LIN-10), so their places are their order.
    ranked = sorted(range(len(parents)), key=lambda place: (-rests[place], place))
    for place in ranked[: amount - sum(parts)]:
        parts[place] += 1
    return parts[:-1], parts[-1]


def lineage(state, asset):
    """LIN-2: the asset and its ancestors, by descending depth, then by name, with their parents."""
    depths, parents = {}, {}

    def visit(name):
        if name not in depths:
            terms = state.get(0x12, name)
            parents[name] = terms["parents"] if terms else []
            depths[name] = 1 + max((visit(one["asset"]) for one in parents[name]), default=-1)
        return depths[name]

    visit(asset)
    ordered = sorted(depths, key=lambda name: (-depths[name], name))
    return [(name, depths[name], parents[name]) for name in ordered]


def flow(state, asset, amount):
    """LIN-30: what each asset of the lineage keeps, in order."""
    reached, kept = {asset: amount}, []
    for name, _, parents in lineage(state, asset):
        parts, rest = split(reached.get(name, 0), parents)
        for parent, part in zip(parents, parts):
            reached[parent["asset"]] = reached.get(parent["asset"], 0) + part
        if rest:
            kept.append((name, rest))
    return kept


class Income:
    """Whatever is paid for an asset flows as LIN-30 says, and is counted under `15`."""

    def __init__(self, checker):
        self.checker, self.flows = checker, 0

    def block(self, state, height):
        pass

    def paid(self, step):
        """The incomes of a step: (asset, denomination, amount, seller)."""
        for event in step.events:
            if event["case"] in ("bought", "renewed"):
                plan = step.after.get(0x60, event["names"]["plan"])
                amount = int(event["paid"]["paid"])
                yield plan["terms"]["asset"], event["paid"]["denomination"], amount, plan["seller"]
            elif event["case"] == "escrowEnded" and event["outcome"] == 1:
                terms = step.after.get(0x70, event["escrow"])["terms"]
                if terms["asset"]:
                    amount = int(terms["amount"])
                    yield terms["asset"], terms["denomination"], amount, terms["seller"]
        for message in step.messages:
            if message["case"] == "claimChannel" and message["lanes"]:
                channel = step.after.get(0x20, message["channel"])
                for lane in message["lanes"]:
                    receipt = lane["receipt"]["document"]
                    offer = step.after.get(0x18, receipt["offer"])["offer"]
                    amount = int(receipt["charge"])
                    yield offer["asset"], channel["denomination"], amount, channel["payee"]

    def step(self, step):
        expected, sums = [], {}
        for asset, denomination, amount, seller in self.paid(step):
            for name, part in flow(step.before, asset, amount):
                is_own = name == asset
                owner = step.after.get(0x10, name)["owner"]
                expected.append(
                    {
                        "case": "incomeKept" if is_own else "royaltyPaid",
                        "part": {
                            "sold": asset, "earner": name, "account": seller if is_own else owner,
                            "denomination": denomination, "amount": str(part),
                        },
                    }
                )
                key = name, unit_of(denomination), asset
                sums[key] = sums.get(key, 0) + part
                self.flows += 1
        found = step.told("incomeKept", "royaltyPaid")
        self.checker.same(f"{step.name}: royalties", expected, found)
        for key, part in sums.items():
            before, after = (state.get(0x15, *key) for state in (step.before, step.after))
            grown = int(after["amount"]) - int((before or {"amount": 0})["amount"])
            self.checker.same(f"{step.name}: all that it ever earned", part, grown)
        for message in step.messages:
            if message["case"] == "publishAssetWithTerms":
                self.published(step, message)

    def published(self, step, message):
        asset = names.asset(step.paper.sender, message["name"])
        nodes = [
            {
                "asset": name, "depth": depth,
                "parents": [
                    {"parent": one["asset"], "shareBasisPoints": one["shareBasisPoints"]}
                    for one in parents
                ],
            }
            for name, depth, parents in lineage(step.after, asset)
        ]
        self.checker.same(f"{step.name}: lineage", {"nodes": nodes}, step.after.get(0x13, asset))
        told = step.told("termsPublished")[0]["terms"]
        self.checker.same(f"{step.name}: terms", names.asset_terms(message["terms"]), told)

    def finish(self):
        self.checker.same("royalties that were paid", True, self.flows > 20)


def scale(count):
    """How many parts a smallest unit has (SHA-4)."""
    return count


class Shares:
    """Dividends for all holders by one index for each stream (SHA-20, SHA-21)."""

    def __init__(self, checker):
        self.checker = checker
        self.records, self.holdings = {}, {}

    def block(self, state, height):
        pass

    def step(self, step):
        for event in step.events:
            if event["case"] == "issued":
                self.issued(step, event)
            elif event["case"] == "incomeAdmitted":
                record = self.records[names.share_unit(event["asset"])]
                record["streams"].append([event["denomination"], 0, 0])
            elif event["case"] in ("incomeShared", "incomeNotShared"):
                self.income(step, event)
        self.moved(step)
        for event in step.told("dividendsWithdrawn"):
            self.withdrawn(step, event)
        for unit in self.records:
            self.compare(step, unit)

    def issued(self, step, event):
        unit = names.share_unit(event["asset"])
        message = next(one for one in step.messages if one["case"] == "issueShares")
        income = [{"case": "native"}, *message["income"]]
        self.records[unit] = {
            "asset": event["asset"], "count": int(event["count"]), "circulating": 0,
            "streams": [[denomination, 0, 0] for denomination in income],
        }

    def income(self, step, event):
        record = self.records[names.share_unit(event["asset"])]
        found = [s for s in record["streams"] if s[0] == event["denomination"]]
        is_shared = bool(found) and record["circulating"] > 0
        self.checker.same(
            f"{step.name}: is it shared", is_shared, event["case"] == "incomeShared"
        )
        if is_shared:
            x = int(event["amount"]) * scale(record["count"]) + found[0][2]
            found[0][1] += x // record["circulating"]
            found[0][2] = x % record["circulating"]

    def settle(self, unit, account, shares):
        record = self.records[unit]
        holding = self.holdings.setdefault((unit, account), [])
        while len(holding) < len(record["streams"]):
            holding.append([0, 0, 0])
        for stream, one in zip(record["streams"], holding):
            y = (stream[1] - one[0]) * shares + one[2]
            one[:] = [stream[1], one[1] + y // scale(record["count"]), y % scale(record["count"])]
        return holding

    def leave(self, unit, account, shares):
        """SHA-21: who has no shares leaves the fractions of what is not owed."""
        record, holding = self.records[unit], self.holdings[unit, account]
        if shares == 0:
            for stream, one in zip(record["streams"], holding):
                if one[1] == 0:
                    stream[2] += one[2]
                    one[2] = 0
        if shares == 0 and not any(one[1] for one in holding):
            del self.holdings[unit, account]

    def moved(self, step):
        keys = {key for state in (step.before, step.after) for key in state.entries if key[0] == 2}
        for key in sorted(keys):
            account, unit = key[1:33].hex(), key[33:].hex()
            if unit not in self.records:
                continue
            had, has = step.before.balance(account, unit), step.after.balance(account, unit)
            if had != has:
                self.settle(unit, account, had)
                self.records[unit]["circulating"] += has - had
                self.leave(unit, account, has)

    def withdrawn(self, step, event):
        unit = names.share_unit(event["asset"])
        shares = step.after.balance(event["to"], unit)
        holding = self.settle(unit, event["to"], shares)
        streams = [stream[0] for stream in self.records[unit]["streams"]]
        place = streams.index(event["denomination"])
        self.checker.same(f"{step.name}: dividends", str(holding[place][1]), event["amount"])
        holding[place][1] = 0
        self.leave(unit, event["to"], shares)

    def compare(self, step, unit):
        record, state = self.records[unit], step.after
        entry = {
            "asset": record["asset"], "count": str(record["count"]),
            "circulating": str(record["circulating"]),
            "streams": [
                {"denomination": d, "index": str(i), "rest": str(r)}
                for d, i, r in record["streams"]
            ],
        }
        self.checker.same(f"{step.name}: shares", entry, state.get(0x50, unit))
        mine = {
            account: [
                {"paidIndex": str(p), "owed": str(o), "fraction": str(f)} for p, o, f in holding
            ]
            for (of, account), holding in self.holdings.items() if of == unit
        }
        found = {
            key[64:]: holding["entitlements"]
            for key, holding in state.of(0x51) if key.startswith(unit)
        }
        self.checker.same(f"{step.name}: holders", mine, found)
        whole = scale(record["count"])
        for place, (denomination, index, rest) in enumerate(record["streams"]):
            owed = rest
            for (of, account), holding in self.holdings.items():
                if of == unit:
                    p, o, f = holding[place] if place < len(holding) else (0, 0, 0)
                    owed += o * whole + f + (index - p) * state.balance(account, unit)
            pot = state.pot(1, record["asset"], unit_of(denomination))
            self.checker.same(f"{step.name}: what is owed", pot * whole, owed)

    def finish(self):
        self.checker.same("issues of shares", 2, len(self.records))
