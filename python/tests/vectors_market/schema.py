"""The documents of docs/spec, field by field, for `codec`.

PARTS are documents: name → [(field, kind)]. CHOICES begin with a tag: name → {case: (tag, fields)}.
RULES are what a decoder checks besides (order, zero). A field's kind is a word of `codec`.
"""

from vectors_market.schema_market import ENTRIES_TEXT, EVENTS_TEXT, MESSAGES_TEXT, PARTS_TEXT


def fields(text):
    """`name kind, name kind` with kinds of several words."""
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, kind = part.partition(" ")
        found.append((name, kind))
    return found


def parts(text):
    """Lines `Name: fields`; a line that begins with a blank goes on with the one before."""
    found = {}
    for line in filter(None, text.splitlines()):
        if not line.startswith(" "):
            name, _, line = line.partition(":")
            found[name] = []
        found[name] += fields(line)
    return found


def cases(text):
    """Lines `tag case: fields`."""
    found = {}
    for name, kinds in parts(text).items():
        tag, _, case = name.partition(" ")
        found[case] = (int(tag), kinds)
    return found


PARTS = parts(
    """
Price: unit enum[1-5], amount u128, perUnits u64
UnitCount: unit enum[1-5], count u64
Limits: requestBytesMax u32, inputTokensMax u32, outputTokensMax u32, templateTokensMax u32,
  callMillisecondsMax u32
Parameter: name text[64], value text[64]
Offer: seller digest, receiptKey publicKey, asset digest, assetVersion u32, weights digest,
  model text[64], interface enum[1-3], endpoint text[256], denomination denomination,
  prices list8[5] Price, limits Limits, verification enum[0-1], bond u128, version u32,
  supersedes opt digest, expiresAt u64
Voucher: chain digest, channel digest, lane u16, sequence u64, cap u128, offer digest,
  request digest, expiresAt u64
Receipt: chain digest, channel digest, lane u16, sequence u64, voucher digest, offer digest,
  status enum[1-3], units list8[5] UnitCount, charge u128, total u128, request digest,
  response digest, chunks u32, weights digest, parameters list[16] Parameter, startedAt u64,
  finishedAt u64
LaneClaim: voucher Signed Voucher, receipt Signed Receipt
LedgerParameters: feeMinimum u128, feePerByte u128, closingDelayBlocks u64,
  unbondingDelayBlocks u64
Allocation: account digest, amount u128
Transaction: chain digest, sender digest, sequence u64, fee u128, validUntil u64,
  messages list[32] Message
AssetVersion: content digest, metadataLink text[256]
TransactionResult: code u32, messageIndex u8, events list[4096] Event
Commission: basisPoints u16, basisPointsMax u16, changeMax u16
StakingParameters: validatorsMax u16, candidatesMax u16, selfBondMin u128,
  unbondingDelayBlocks u64, slashBasisPoints u16, missedBlocksMax u64, jailBlocks u64
GenesisValidator: operator digest, consensusKey publicKey, selfBond u128, commission Commission
MarketGenesis: name text[64], time u64, sequencer publicKey, parameters LedgerParameters,
  allocations list[1048576] Allocation, staking StakingParameters,
  validators list[200] GenesisValidator, numbers list[256] NumberChange
Account: sequence u64, balance u128
StoredAmount: amount u128
StoredHeight: height u64
StoredNumber: value u64
StoredDigest: digest digest
Presence:
Asset: owner digest, name text[64], kind enum[1-6], licence text[64], latestVersion u32
OfferRecord: offer Offer, standing enum[1-3], publishedAt u64
Channel: payer digest, payee digest, denomination denomination, deposit u128, paid u128,
  voucherKey publicKey, lanes u16, claims u32, status ChannelStatus, closingDelayBlocks u64
LaneSettlement: sequence u64, total u128
ClaimRecord: receiptsRoot digest, receiptsCount u64, paid u128, height u64
Unbonding: amount u128, releasedAt u64
Bond: active u128, unbonding list8[8] Unbonding, exitDelayBlocks tail u64
Slash: infraction u64, executedAt u64
Validator: consensusKey publicKey, commission Commission, commissionSetAt u64, stake u128,
  shares u128, rewardIndex u128, rewardRest u128, rewards u128, commissionEarned u128,
  jailedUntil opt u64, slashes list8[16] Slash
StakePart: amount u128, begunAt u64, releasedAt u64
Address: address raw[20], number u64
AddressTable: entries list[200] Address
Delegation: shares u128, paidIndex u128, parts list8[8] StakePart, exitDelayBlocks tail u64
"""
    + PARTS_TEXT
)

CHOICES = {
    "denomination": cases("0 native:\n1 issued: unit digest"),
    "ChannelStatus": cases("1 open:\n2 closing: height u64\n3 closed:"),
    "FraudProof": cases(
        """
1 equivocation: first Signed Receipt, second Signed Receipt
2 wrongCharge: receipt Signed Receipt
3 overclaim: claimed Signed Receipt, held Signed Receipt
"""
    ),
    "Message": cases(
        """
1 transfer: to digest, denomination denomination, amount u128
2 publishAsset: name text[64], kind enum[1-6], licence text[64], version AssetVersion
3 publishAssetVersion: asset digest, version AssetVersion
4 publishOffer: offer Offer
5 withdrawOffer: offer digest
6 openChannel: payee digest, denomination denomination, deposit u128, voucherKey publicKey,
  lanes u16
7 topUpChannel: channel digest, amount u128
8 claimChannel: channel digest, lanes list[128] LaneClaim, receiptsRoot digest,
  receiptsCount u64, release bool
9 closeChannel: channel digest
10 withdrawChannel: channel digest
11 depositBond: amount u128
12 unbond: amount u128
13 withdrawBond:
14 reportFraud: proof FraudProof
"""
        + MESSAGES_TEXT
    ),
    "Event": cases(
        """
1 transferred: from digest, to digest, denomination denomination, amount u128
2 assetPublished: asset digest, version u32
3 offerPublished: offer digest
4 offerWithdrawn: offer digest
5 channelOpened: channel digest, payer digest, payee digest
6 channelToppedUp: channel digest, deposit u128
7 channelClaimed: channel digest, paid u128
8 channelClosing: channel digest, closesAt u64
9 channelClosed: channel digest, refunded u128
10 bondChanged: account digest, active u128
11 bondSlashed: account digest, amount u128, channel digest, lane u16, sequence u64
16 rewardEarned: validator digest, amount u128
"""
        + EVENTS_TEXT
    ),
    "BondClaim": cases("1 bond: amount u128, deposit u128, releasedAt u64"),
    "EscrowStatus": cases(
        """
1 offered:
2 accepted:
3 delivered: content digest, reviewBy u64
4 disputed: dispute digest
5 ended: outcome enum[1-3]
"""
    ),
    "Venue": cases("1 pool: pool digest\n2 sale: sale digest\n3 batch: order digest"),
    "ProposalStatus": cases(
        "1 open:\n2 waiting:\n3 ended: outcome enum[1-4]\n4 executed:\n5 failed: code u32"
    ),
    "ProposalAction": cases(
        "0 text:\n1 numbers: changes list[8] NumberChange\n2 payment: payment TreasuryPayment"
    ),
}


def ascending(values):
    return all(one < next for one, next in zip(values, values[1:]))


def unit_key(denomination):
    """The order of denominations: native, then issued ones by their digests (EXC-2)."""
    return "" if denomination["case"] == "native" else denomination["unit"]


def is_priced(offer):
    prices = offer["prices"]
    return ascending([p["unit"] for p in prices]) and all(int(p["perUnits"]) for p in prices)


def are_counts(counts):
    return ascending([c["unit"] for c in counts]) and all(int(c["count"]) for c in counts)


RULES = {
    "Offer": is_priced,
    "Receipt": lambda value: are_counts(value["units"])
    and ascending([p["name"].encode() for p in value["parameters"]]),
    "PlanTerms": lambda value: are_counts(value["includedUnits"]),
    "Market": lambda value: unit_key(value["quote"]) < unit_key(value["base"]),
    "SessionScope": lambda value: ascending(bytes.fromhex(value["messages"]))
    and ascending(value["payees"]),
    "Transaction": lambda value: bool(value["messages"]),
}

# Lists without a count of their own: as many as another list, found from the fields before.
COUNTED = {"limits": lambda around: around["grant"]["limits"]}

# The document under a key of the state, by its first byte (ledger.md, LED-7, and the components).
ENTRIES = {}
for line in ENTRIES_TEXT.strip().splitlines():
    first, kind, *widths = line.split()
    ENTRIES[int(first, 16)] = (kind, [int(width) for width in widths])
