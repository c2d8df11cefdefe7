"""Names that are hashes (IDN-1): what is hashed under which tag, after the components' pages."""

import hashlib

from vectors_market import codec
from vectors_market.samples import Filler


def tagged(tag, data):
    return hashlib.sha256(bytes([len(tag)]) + tag.encode() + data).digest()


def hashed(tag, *parts):
    """H(tag, parts), each part a kind and a value; hexadecimal."""
    return tagged(tag, b"".join(codec.encode(kind, value) for kind, value in parts)).hex()


def place(sender, sequence, index=0):
    """Where a message stands: what names whatever it makes."""
    return ("digest", sender), ("u64", sequence), ("u8", index)


def account(scheme, key):
    """IDN-8, of a key's bytes."""
    return tagged("stoa/account/1", bytes([scheme]) + key).hex()


def asset(owner, name):
    return hashed("stoa/asset/1", ("digest", owner), ("text", name))


def asset_terms(terms):
    return tagged("stoa/asset-terms/1", codec.document("AssetTerms", terms)).hex()


def unit(issuer, ticker):
    return hashed("stoa/unit/1", ("digest", issuer), ("text", ticker))


def share_unit(of):
    return hashed("stoa/share-unit/1", ("digest", of))


def market(pair):
    return hashed("stoa/pool/1", ("Market", pair))


def pool(pair, fee):
    return hashed("stoa/pool/1", ("digest", market(pair)), ("u32", fee))


def commitment(number):
    return hashed("stoa/dispute-seed/1", ("digest", number))


def jury_seed(dispute, round_, number, other):
    parts = ("digest", dispute), ("u8", round_), ("digest", number), ("digest", other)
    return hashed("stoa/dispute-seed/1", *parts)


def draw(seed, seat):
    return hashed("stoa/dispute-seed/1", ("digest", seed), ("u32", seat))


def sealed_vote(dispute, round_, juror, vote, salt):
    parts = ("digest", dispute), ("u8", round_), ("digest", juror), ("u8", vote), ("digest", salt)
    return hashed("stoa/jury-vote/1", *parts)


PLACES = ("plan", "pass", "redemption", "sale", "order", "escrow", "dispute", "proposal")


def examples():
    """One of each, with what it is made from."""
    filler = Filler(20_000, True)
    digests = [filler.value("digest") for _ in range(4)]
    one, two, three, four = digests
    pair = filler.market()
    native = {"base": pair["base"], "quote": {"case": "native"}}
    terms = filler.value("AssetTerms")

    def example(name, digest, **parts):
        return {"name": name, "parts": parts, "digest": digest}

    found = [
        example("asset-terms", asset_terms(terms), terms=codec.document("AssetTerms", terms).hex()),
        example("unit", unit(one, "CHFC"), issuer=one, ticker="CHFC"),
        example("share-unit", share_unit(one), asset=one),
        example("commitment", commitment(one), number=one),
        example(
            "jury-seed", jury_seed(one, 2, three, four),
            dispute=one, round=2, number=three, other=four,
        ),
        example("draw", draw(one, 14), seed=one, seat=14),
        example(
            "sealed-vote", sealed_vote(one, 1, two, 3, four),
            dispute=one, round=1, juror=two, vote=3, salt=four,
        ),
    ]
    for what, markets in (("of two units", pair), ("of native", native)):
        raw = codec.encode("Market", markets).hex()
        found.append(example(f"market {what}", market(markets), market=raw))
        found.append(example(f"pool {what}", pool(markets, 30), market=raw, feeBasisPoints=30))
    for what in PLACES:
        digest = hashed(f"stoa/{what}/1", *place(two, 2**40 + 5, 31))
        parts = {"sender": two, "sequence": str(2**40 + 5), "messageIndex": 31}
        found.append(example(what, digest, **parts))
    return found
