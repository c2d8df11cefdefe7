"""The story's buying and selling: calls, dividends, passes, pools, sales and orders."""

from vectors_market import codec, names
from vectors_market.actors import Ed25519Key
from vectors_market.chain import NATIVE, STOA, TIME, issued, message
from vectors_market.names import tagged

LATE = str(TIME + 10**9)
CALL = 3
PRICE = 1_000_003


def content(number):
    return f"{number:02x}" * 32


def offer(story, number, price, denomination=NATIVE):
    """One of cyn's offers of tune; what is included in passes costs nothing."""
    value = {
        "seller": story.cyn.account, "receiptKey": RECEIPTS.public, "asset": story.tune,
        "assetVersion": 1, "weights": content(0x21), "model": "tune", "interface": 1,
        "endpoint": "https://cyn.example", "denomination": denomination,
        "prices": [{"unit": CALL, "amount": str(price), "perUnits": "1"}],
        "limits": {
            "requestBytesMax": 4096, "inputTokensMax": 100, "outputTokensMax": 100,
            "templateTokensMax": 10, "callMillisecondsMax": 60_000 + number,
        },
        "verification": 0, "bond": "0", "version": 1, "supersedes": None, "expiresAt": LATE,
    }
    return value, tagged("stoa/offer/1", codec.document("Offer", value)).hex()


RECEIPTS = Ed25519Key(100)
VOUCHERS = Ed25519Key(101)


def signed(key, kind, value):
    digest = tagged(f"stoa/{kind.lower()}/1", codec.document(kind, value))
    signature = {"scheme": 1, "signature": key.sign(digest).hex()}
    return {"document": value, "key": key.public, "signature": signature}, digest.hex()


def call(story, channel, calls, name, price, lane=0):
    """So many calls of one lane in one voucher and receipt."""
    place = {
        "chain": story.chain.chain, "channel": channel, "lane": lane, "sequence": "1",
    }
    total = str(calls * price)
    voucher = place | {
        "cap": total, "offer": name, "request": content(0x51), "expiresAt": LATE,
    }
    promise, digest = signed(VOUCHERS, "Voucher", voucher)
    receipt = place | {
        "voucher": digest, "offer": name, "status": 1,
        "units": [{"unit": CALL, "count": str(calls)}], "charge": total, "total": total,
        "request": content(0x51), "response": content(0x52), "chunks": 1,
        "weights": content(0x21), "parameters": [], "startedAt": str(TIME + 5),
        "finishedAt": str(TIME + 6),
    }
    return {"voucher": promise, "receipt": signed(RECEIPTS, "Receipt", receipt)[0]}


def plan(story, name, included, **changes):
    return {
        "name": name, "asset": story.tune, "kind": 1, "denomination": NATIVE,
        "price": str(5 * STOA + 7), "periodBlocks": "6",
        "includedUnits": [{"unit": CALL, "count": "3"}], "includedOffer": included,
        "overageOffer": None, "isTransferable": True, "salesMax": None, "trialBond": "0",
    } | changes


def market_day(story):
    """Offers, a channel with a claim, passes and what they pay to owners of shares."""
    paid, euros = offer(story, 0, PRICE), offer(story, 1, 11, issued(story.euro))
    free = [offer(story, number, 0) for number in (2, 3, 4, 5)]
    offers = [message("publishOffer", offer=value) for value, _ in [paid, euros, *free]]
    story.send(story.cyn, "publishes offers", *offers)

    def publish(terms):
        name = story.named("plan", story.cyn)
        story.send(story.cyn, f"sells {terms['name']}", message("publishPlan", terms=terms))
        return name

    monthly = publish(plan(story, "monthly", free[0][1], overageOffer=paid[1]))
    trial = publish(
        plan(
            story, "try-it", free[1][1], kind=3, price="0", isTransferable=False,
            trialBond=str(2 * 10**6),
        )
    )
    timed = publish(
        plan(
            story, "a-while", free[2][1], kind=2, denomination=issued(story.euro), price="100003",
            includedUnits=[], salesMax=5,
        )
    )
    coins = publish(
        plan(story, "coins", free[3][1], denomination=issued(story.coin), price="1000")
    )
    story.chain.end()
    claims(story, paid, euros)
    passes(story, monthly, trial, timed, coins)


def claims(story, paid, euros):
    """A wallet's owner pays for calls, natively and in euros; who has shares takes dividends."""
    channels = []
    for denomination, deposit in ((NATIVE, 30 * PRICE), (issued(story.euro), 5000)):
        channels.append(names.hashed("stoa/channel/1", *story.chain.place(story.gus.account)))
        opening = message(
            "openChannel", payee=story.cyn.account, denomination=denomination,
            deposit=str(deposit), voucherKey=VOUCHERS.public, lanes=4,
        )
        story.send(story.gus, "opens a channel", opening)
    story.channels = channels
    story.chain.end()
    lanes = (
        call(story, channels[0], 20, paid[1], PRICE), call(story, channels[1], 37, euros[1], 11)
    )
    for channel, lane in zip(channels, lanes):
        claim = message(
            "claimChannel", channel=channel, lanes=[lane], receiptsRoot=content(0x53),
            receiptsCount="1", release=True,
        )
        story.send(story.cyn, "claims and releases", claim)
    story.chain.end()
    for signer, denomination in (
        (story.dan, NATIVE), (story.cyn, issued(story.euro)), (story.ben, NATIVE)
    ):
        asset = story.base if signer is story.ben else story.tune
        take = message("withdrawDividends", asset=asset, denomination=denomination)
        story.send(signer, "takes dividends", take)
    back = story.give(story.eve, story.cyn, 7, issued(story.shares))
    story.send(story.eve, "gives all shares back", back)
    story.chain.end()


def passes(story, monthly, trial, timed, coins):
    """A passkey's holder subscribes and is renewed once; the second time the plan is gone."""
    most = str(6 * STOA)
    buy = message("buyPass", plan=monthly, priceMax=most)
    renewal = {"priceMax": most, "renewals": 5, "until": str(2**40)}
    go_on = message("authorizeRenewal", plan=monthly, renewal=renewal)
    story.send(story.hal, "subscribes, and goes on", buy, go_on)
    story.send(story.eve, "tries", message("startTrial", plan=trial))
    story.send(story.typed, "buys in euros", message("buyPass", plan=timed, priceMax="100003"))
    story.send(story.fay, "buys with a coin", message("buyPass", plan=coins, priceMax="1000"))
    story.send(story.fay, "buys", buy)
    renew = message("renewPass", plan=monthly, priceMax=most)
    story.send(story.fay, "renews and gives it to jon", renew,
               message("transferPass", plan=monthly, to=story.jon.account))
    story.send(story.jon, "goes on, and thinks again", go_on,
               message("cancelRenewal", plan=monthly))
    story.chain.end(8)
    story.send(story.cyn, "sells monthly no more", message("retirePlan", plan=monthly))
    story.chain.end(6)


def sales_and_orders(story):
    """A pool, sales, and a batch of orders of tune's shares."""
    euro, share = issued(story.euro), issued(story.shares)
    pair = {"base": euro, "quote": NATIVE}
    name = names.pool(pair, 30)
    opening = message(
        "createPool", market=pair, feeBasisPoints=30, base="1000000", quote="4000000"
    )
    story.send(story.eve, "makes a pool", opening)
    add = message("addLiquidity", pool=name, base="33333", quote="200000", shares="1")
    story.send(story.dan, "adds to it", add)

    def swap(given, amount, least):
        return message(
            "swap", pool=name, given=given, amount=str(amount), wantedMin=str(least),
            until=str(2**40),
        )

    story.send(story.gus, "gives euros", swap(euro, 1000, 3900))
    story.send(story.hal, "gives obol", swap(NATIVE, 77_777, 1))
    remove = message("removeLiquidity", pool=name, base="1", quote="1", shares="12345")
    story.send(story.dan, "takes a part out", remove)

    def sale(amount, blocks):
        sale = story.named("sale", story.eve)
        rate = {"wanted": "3", "given": "2"}
        terms = {
            "given": euro, "amount": str(amount), "wanted": NATIVE, "rate": rate,
            "until": str(story.chain.height + blocks),
        }
        story.send(story.eve, "sells euros at 3 for 2", message("openSale", opening=terms))
        return sale

    first, second, third = sale(5000, 3), sale(700, 9), sale(100, 9)
    buy = message("buyFromSale", sale=first, amount="333", payMax="500")
    story.send(story.hal, "buys 333", buy)
    buy = message("buyFromSale", sale=third, amount="100", payMax="150")
    story.send(story.hal, "buys it all", buy)
    story.send(story.eve, "ends a sale", message("closeSale", sale=second))
    orders(story, {"base": share, "quote": NATIVE})
    story.chain.end(8)


def orders(story, pair):
    one = 10**18

    def place(signer, side, amount, price, blocks=5):
        name = story.named("order", signer)
        terms = {
            "market": pair, "side": side, "amount": str(amount), "price": str(price),
            "expiresAt": str(story.chain.height + blocks),
        }
        story.send(signer, "places an order", message("placeOrder", placement=terms))
        return name

    place(story.hal, 1, 50, 110 * one + one // 3)
    place(story.gus, 1, 31, 110 * one + one // 3)
    place(story.val, 1, 10, 95 * one)
    place(story.dan, 2, 60, 100 * one)
    place(story.fay, 2, 7, 90 * one)
    taken = place(story.cyn, 2, 5, 120 * one)
    story.chain.end()
    story.send(story.cyn, "takes an order back", message("cancelOrder", order=taken))
    place(story.fay, 2, 20, 109 * one)
