"""Pools, sales and batches, after exchange.md."""

from math import isqrt

from vectors_market import names
from vectors_market.state import unit_of

ONE = 10**18


def ceil_div(one, other):
    return -(-one // other)


class Exchange:
    """Recomputes every pool, every purchase and every batch."""

    def __init__(self, checker):
        self.checker, self.batches, self.swaps = checker, 0, 0

    def block(self, state, height):
        pass

    def same(self, step, what, expected, found):
        self.checker.same(f"{step.name}: {what}", expected, found)

    def step(self, step):
        for message in step.messages:
            rule = getattr(self, message["case"], None)
            if rule:
                rule(step, message)
        for event in step.told("batchCleared"):
            self.batch(step, event)

    # --- pools -----------------------------------------------------------------------------------

    def reserves(self, state, pool, market):
        return [state.pot(3, pool, unit_of(market[side])) for side in ("base", "quote")]

    def pool(self, step, pool, base, quote, shares, position):
        """The pool afterwards, and how many shares more its sender has."""
        record = step.after.get(0x69, pool)
        reserves = self.reserves(step.after, pool, record["market"])
        self.same(step, "reserves", [base, quote], reserves)
        self.same(step, "shares of the pool", str(shares), record["shares"])
        before, after = (
            int((state.get(0x6A, step.paper.sender, pool) or {"shares": 0})["shares"])
            for state in (step.before, step.after)
        )
        self.same(step, "position", position, after - before)

    def standing(self, step, message):
        record = step.before.get(0x69, message["pool"])
        reserves = self.reserves(step.before, message["pool"], record["market"])
        return record, reserves, int(record["shares"])

    def createPool(self, step, message):
        base, quote = int(message["base"]), int(message["quote"])
        total = isqrt(base * quote)
        pool = names.pool(message["market"], message["feeBasisPoints"])
        self.pool(step, pool, base, quote, total, total - 1000)

    def addLiquidity(self, step, message):
        _, (x, y), total = self.standing(step, message)
        made = min(int(message["base"]) * total // x, int(message["quote"]) * total // y)
        base, quote = ceil_div(made * x, total), ceil_div(made * y, total)
        self.pool(step, message["pool"], x + base, y + quote, total + made, made)

    def removeLiquidity(self, step, message):
        _, (x, y), total = self.standing(step, message)
        given = int(message["shares"])
        base, quote = given * x // total, given * y // total
        self.pool(step, message["pool"], x - base, y - quote, total - given, -given)

    def swap(self, step, message):
        record, reserves, total = self.standing(step, message)
        amount, fee = int(message["amount"]), record["feeBasisPoints"]
        is_base = message["given"] == record["market"]["base"]
        inward, outward = reserves if is_base else reversed(reserves)
        g = (10_000 - fee) * amount
        got = g * outward // (10_000 * inward + g)
        change = (amount, -got) if is_base else (-got, amount)
        base, quote = (have + more for have, more in zip(reserves, change))
        self.pool(step, message["pool"], base, quote, total, 0)
        self.same(step, "k grows", True, base * quote >= reserves[0] * reserves[1])
        self.swaps += 1

    # --- sales -----------------------------------------------------------------------------------

    def openSale(self, step, message):
        name = names.hashed("stoa/sale/1", *names.place(step.paper.sender, step.paper.sequence))
        opening = message["opening"]
        held = step.after.pot(4, name, unit_of(opening["given"]))
        self.same(step, "locked", int(opening["amount"]), held)

    def buyFromSale(self, step, message):
        sale = step.before.get(0x6B, message["sale"])
        rate, amount = sale["rate"], int(message["amount"])
        cost = ceil_div(amount * int(rate["wanted"]), int(rate["given"]))
        seller = [state.balance(sale["seller"]) for state in (step.before, step.after)]
        self.same(step, "cost", cost, seller[1] - seller[0])
        unit = unit_of(sale["given"])
        left = step.before.pot(4, message["sale"], unit) - amount
        self.same(step, "left", left, step.after.pot(4, message["sale"], unit))
        is_gone = step.after.get(0x6B, message["sale"]) is None
        self.same(step, "ends with nothing left", left == 0, is_gone)

    # --- orders ----------------------------------------------------------------------------------

    def placeOrder(self, step, message):
        name = names.hashed("stoa/order/1", *names.place(step.paper.sender, step.paper.sequence))
        placement = message["placement"]
        amount, price = int(placement["amount"]), int(placement["price"])
        side = "quote" if placement["side"] == 1 else "base"
        locked = ceil_div(amount * price, ONE) if placement["side"] == 1 else amount
        held = step.after.pot(5, name, unit_of(placement["market"][side]))
        self.same(step, "locked", locked, held)

    def batch(self, step, event):
        """EXC-41 and EXC-42, from the orders that the block left."""
        orders = []
        for name, order in step.before.of(0x6C):
            if order["market"] == event["market"] and int(order["expiresAt"]) >= step.height:
                orders.append((name, order))
        buys = [(name, order) for name, order in orders if order["side"] == 1]
        sells = [(name, order) for name, order in orders if order["side"] == 2]
        price, volume = clearing(buys, sells)
        self.same(step, "price", (str(price), str(volume)), (event["price"], event["volume"]))
        fills = fill(buys, volume, price, 1) + fill(sells, volume, price, 2)
        found = step.told("orderFilled")
        expected = [
            (name, base, settled(order, base, price), open_of(order) - base)
            for name, order, base in fills
        ]
        told = [
            (one["order"], int(one["base"]), int(one["quote"]), int(one["open"])) for one in found
        ]
        self.same(step, "fills", expected, told)
        self.batches += 1

    def finish(self):
        self.checker.same("batches and swaps", (2, 2), (self.batches, self.swaps))


def open_of(order):
    return int(order["amount"]) - int(order["filled"])


def clearing(buys, sells):
    """EXC-41: the price and the volume."""
    found = []
    for limit in {int(order["price"]) for _, order in buys + sells}:
        demand = sum(open_of(order) for _, order in buys if int(order["price"]) >= limit)
        supply = sum(open_of(order) for _, order in sells if int(order["price"]) <= limit)
        found.append((-min(demand, supply), abs(demand - supply), limit))
    best = min(found)[:2]
    limits = [limit for volume, rest, limit in found if (volume, rest) == best]
    return (min(limits) + max(limits)) // 2, -best[0]


def fill(orders, volume, price, side):
    """EXC-42: who gets how much, best first."""
    good = [
        (name, order) for name, order in orders
        if (int(order["price"]) >= price if side == 1 else int(order["price"]) <= price)
    ]
    sign = -1 if side == 1 else 1
    groups = {}
    for name, order in good:
        key = sign * int(order["price"]), int(order["placedAt"])
        groups.setdefault(key, []).append((name, order))
    filled = []
    for key in sorted(groups):
        group = sorted(groups[key])
        wanted = sum(open_of(order) for _, order in group)
        given = min(wanted, volume)
        parts = [open_of(order) * given // wanted for _, order in group]
        rests = [open_of(order) * given % wanted for _, order in group]
        ranked = sorted(range(len(group)), key=lambda place: (-rests[place], group[place][0]))
        for place in ranked[: given - sum(parts)]:
            parts[place] += 1
        filled += [(name, order, part) for (name, order), part in zip(group, parts) if part]
        volume -= given
    return filled


def settled(order, base, price):
    """EXC-5: what a fill pays or gets, by the exact value that is kept with the order."""
    before = int(order["value"]) * ONE + int(order["fraction"])
    after = before + base * price
    if order["side"] == 1:
        return ceil_div(after, ONE) - ceil_div(before, ONE)
    return after // ONE - before // ONE
