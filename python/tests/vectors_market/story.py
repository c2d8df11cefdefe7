"""The story of Vectors/ledger/market.json: every component's messages and events at least once.

It is told from the specification alone: which names things have, who is drawn for a jury, what a
transaction costs. The ledger then plays it (Tests/LedgerCoreTests/Vectors).
"""

from vectors_market import names
from vectors_market.actors import Ed25519Key, EthereumKey, Passkey, Policy
from vectors_market.chain import NATIVE, ChainBuilder, issued, message
from vectors_market.story_trade import market_day, sales_and_orders
from vectors_market.story_law import government, jobs_and_juries, keys_that_act

PEOPLE = ("ada", "ben", "cyn", "dan", "eve", "fay", "jon", "val")


def word(number):
    """A digest that stands for some content."""
    return f"{number:02x}" * 32


USE = {"training": 1, "generativeTraining": 1, "mining": 1, "inference": 1}


def terms(minimum, *parents, licence_text=None):
    return {
        "licenceText": licence_text, "use": USE, "royaltyMinBasisPoints": minimum,
        "parents": sorted(parents, key=lambda parent: parent["asset"]),
    }


def parent(asset, share, role):
    return {"asset": asset, "version": 1, "shareBasisPoints": share, "role": role}


class Story:
    """Who takes part, what they own, and the chain that they write."""

    def __init__(self):
        for number, name in enumerate(PEOPLE):
            setattr(self, name, Ed25519Key(10 + number))
        self.kim = Ed25519Key(30)
        self.hal = Passkey(1)
        self.gus = EthereumKey(1, form=2)
        self.ivy = Policy(2, [Ed25519Key(40), Passkey(2), EthereumKey(2, form=3)])
        self.typed = EthereumKey(1, form=3)
        everybody = [getattr(self, name) for name in PEOPLE] + [self.hal, self.gus, self.ivy]
        accounts = [key.account for key in everybody]
        self.chain = ChainBuilder(accounts, self.val.account)
        self.corpus = names.asset(self.ada.account, "corpus")
        self.base = names.asset(self.ben.account, "base")
        self.tune = names.asset(self.cyn.account, "tune")
        self.hint = names.asset(self.dan.account, "hint")
        self.euro = names.unit(self.eve.account, "EURC")
        self.coin = names.unit(self.ben.account, "BENC")
        self.shares = names.share_unit(self.tune)

    def send(self, signer, about, *messages, account=None):
        self.chain.send(signer, about, *messages, account=account)

    def named(self, what, signer, index=0):
        """The name of what the signer's next message makes."""
        return names.hashed(f"stoa/{what}/1", *self.chain.place(signer.account, index))

    def give(self, signer, to, amount, denomination=NATIVE):
        return message(
            "transfer", to=to.account, denomination=denomination, amount=str(amount)
        )


def assets(story):
    """Lineage: a dataset, a model trained on it, a fine-tune of both; one that changes hands."""
    def publish(signer, name, kind, licence, its, metadata=None):
        version = {"content": word(kind + 0x20), "metadataLink": f"https://{name}.example"}
        story.send(
            signer, f"publishes {name}",
            message(
                "publishAssetWithTerms", name=name, kind=kind, licence=licence, version=version,
                terms=its, metadata=metadata,
            ),
        )

    own = terms(500, licence_text=word(0x31))
    publish(story.ada, "corpus", 2, "LicenseRef-ada", own, word(0x32))
    story.chain.end()
    publish(story.ben, "base", 1, "Apache-2.0", terms(1000, parent(story.corpus, 1000, 2)))
    story.chain.end()
    both = parent(story.base, 2000, 1), parent(story.corpus, 500, 2)
    publish(story.cyn, "tune", 1, "Apache-2.0", terms(0, *both))
    publish(story.dan, "hint", 6, "MIT", terms(None))
    metadata = message("setMetadata", asset=story.corpus, version=1, metadata=word(0x33))
    story.send(story.ada, "describes corpus anew", metadata)
    offer = message("offerAsset", asset=story.hint, to=story.eve.account)
    story.send(story.dan, "offers hint to eve", offer)
    story.send(story.eve, "accepts hint", message("acceptAsset", asset=story.hint))
    offer = message("offerAsset", asset=story.hint, to=story.fay.account)
    story.send(story.eve, "offers hint to fay", offer)
    story.send(story.fay, "does not want it", message("cancelAssetOffer", asset=story.hint))
    story.send(story.eve, "retires hint", message("retireAsset", asset=story.hint))
    story.chain.end()


def unit_terms(ticker, name):
    return {
        "ticker": ticker, "name": name, "decimals": 2, "document": word(0x41),
        "link": f"https://{ticker.lower()}.example/terms", "supplyMax": str(10**15),
    }


def units(story):
    """Units: a euro credit of eve's and a coin of ben's, minted, burned and redeemed."""
    def mint(signer, unit, amount, to):
        return message("mintUnit", unit=unit, amount=str(amount), to=to.account)

    euro = message("issueUnit", terms=unit_terms("EURC", "Euro credit"))
    story.send(
        story.eve, "issues and mints euros", euro, mint(story.eve, story.euro, 10**9, story.eve),
        mint(story.eve, story.euro, 10**9, story.dan),
        mint(story.eve, story.euro, 10**9, story.gus),
        mint(story.eve, story.euro, 10**6, story.cyn),
    )
    coin = message("issueUnit", terms=unit_terms("BENC", "Ben's coin"))
    minted = mint(story.ben, story.coin, 10**9, story.fay)
    story.send(story.ben, "issues a coin for fay", coin, minted)
    story.send(story.dan, "burns euros", message("burnUnit", unit=story.euro, amount="1001"))

    def redeem(signer, amount):
        name = story.named("redemption", signer)
        asked = message("redeemUnit", unit=story.euro, amount=str(amount), reference=word(0x42))
        story.send(signer, f"asks for {amount} euros' worth", asked)
        return name

    settled, returned = redeem(story.dan, 5000), redeem(story.cyn, 777)
    story.chain.end()
    story.send(story.eve, "delivered", message("settleRedemption", redemption=settled))
    story.chain.end(6)
    story.send(story.cyn, "waited enough", message("cancelRedemption", redemption=returned))
    story.chain.end()


def shares(story):
    """Shares: a thousand of tune's income for four holders; ten of base's, for native income."""
    issue = message("issueShares", asset=story.tune, count="1000", income=[issued(story.euro)])
    story.send(story.cyn, "issues shares of tune", issue)
    issue = message("issueShares", asset=story.base, count="7", income=[])
    story.send(story.ben, "issues shares of base", issue)
    coin = issued(story.coin)
    admit = message("admitIncome", asset=story.tune, denomination=coin)
    story.send(story.cyn, "admits ben's coin", admit)
    parts = ((story.dan, 100), (story.eve, 7), (story.fay, 33))
    gifts = [story.give(story.cyn, to, count, issued(story.shares)) for to, count in parts]
    story.send(story.cyn, "gives shares away", *gifts)
    story.chain.end()


def told():
    """The whole story."""
    story = Story()
    assets(story)
    units(story)
    shares(story)
    market_day(story)
    sales_and_orders(story)
    jobs_and_juries(story)
    government(story)
    keys_that_act(story)
    story.chain.end(3)
    return {"genesis": story.chain.genesis.hex(), "blocks": story.chain.blocks}
