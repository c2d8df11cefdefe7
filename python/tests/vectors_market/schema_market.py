"""The market's documents (docs/spec/lineage.md to authorization.md), for `schema`."""

PARTS_TEXT = """
DataUse: training enum[1-3], generativeTraining enum[1-3], mining enum[1-3], inference enum[1-3]
AssetParent: asset digest, version u32, shareBasisPoints u16, role enum[1-4]
AssetTerms: licenceText opt digest, use DataUse, royaltyMinBasisPoints opt u16,
  parents list[8] AssetParent
Edge: parent digest, shareBasisPoints u16
LineageNode: asset digest, depth u8, parents list[8] Edge
Lineage: nodes list[65] LineageNode
AssetStanding: retiredAt opt u64, offeredTo opt digest
Stream: denomination denomination, index u128, rest u128
ShareRecord: asset digest, count u64, circulating u64, streams list[4] Stream
Entitlement: paidIndex u128, owed u128, fraction u64
ShareHolding: entitlements list[4] Entitlement
UnitTerms: ticker text[12], name text[64], decimals u8, document digest, link text[256],
  supplyMax u128
UnitRecord: issuer digest, terms UnitTerms, minted u128, burned u128, issuedAt u64
Redemption: unit digest, holder digest, reference digest, returnableAt u64
PlanTerms: name text[64], asset digest, kind enum[1-3], denomination denomination, price u128,
  periodBlocks u64, includedUnits list8[5] UnitCount, includedOffer digest,
  overageOffer opt digest, isTransferable bool, salesMax opt u32, trialBond u128
Plan: seller digest, terms PlanTerms, publishedAt u64, sales u32, retiredAt opt u64
PassPeriod: startsAt u64, endsAt u64
Renewal: priceMax u128, renewals u32, until u64
Pass: plan digest, holder digest, periods list[4] PassPeriod, renewal opt Renewal, bond u128
Market: base denomination, quote denomination
MarketRecord: market Market, lastPrice u128, lastHeight u64
Pool: market Market, feeBasisPoints u16, shares u128, createdAt u64
LiquidityPosition: shares u128
SaleRate: wanted u128, given u128
Sale: seller digest, given denomination, wanted denomination, rate SaleRate, until u64
Order: owner digest, market Market, side enum[1-2], amount u128, price u128, placedAt u64,
  expiresAt u64, filled u128, value u128, fraction u64
BookEntry: price u128, placedAt u64, order digest
OrderBook: entries list[256] BookEntry
TouchedMarkets: markets list8[64] digest
JobTerms: seller digest, asset opt digest, denomination denomination, amount u128,
  document digest, acceptBy u64, deliverBy u64, reviewBlocks u64
Escrow: buyer digest, terms JobTerms, status EscrowStatus
Juror: account digest, stake u128
JurorTable: jurors list[256] Juror
JurorExit: amount u128, releasedAt u64
DisputeRules: speakBlocks u64, voteBlocks u64, appealBlocks u64, bond u128, penalty u128
JurorSeat: juror digest, commitment opt digest, vote enum[0-3]
Dispute: escrow digest, buyer digest, seller digest, rules DisputeRules, round u8,
  phase enum[1-6], until u64, opener digest, commitment digest, answer digest,
  evidence list8[6] digest, seats list[15] JurorSeat, verdict enum[0-3],
  claim tail BondClaim
KeptJurors: rounds u32, jurors list[256] Juror
HeldClaim: dispute digest, claimant digest, amount u128, isAwarded bool
HeldClaims: claims list[16] HeldClaim
VoteUnlocking: amount u128, releasedAt u64
Voter: own u128, received u128, delegate opt digest, unlockings list[8] VoteUnlocking,
  checkpoints u64, exitDelayBlocks tail u64
VotingCheckpoint: height u64, own u128, received u128, delegate opt digest
VotingTotal: locked u128, checkpoints u64
TotalCheckpoint: height u64, locked u128
NumberChange: number u16, value u64
TreasuryPayment: recipient digest, denomination denomination, amount u128
ProposalContent: title text[128], document digest, link text[256], action ProposalAction
ProposalRules: quorum u64, votesMin u128, threshold u64, veto u64
VoteTally: yes u128, no u128, abstain u128, veto u128
Proposal: proposer digest, content ProposalContent, deposit u128, opensAt u64, endsAt u64,
  executesAt u64, rules ProposalRules, total opt u128, tally VoteTally, status ProposalStatus
Ballot: choice enum[0-4], weight u128, overridden u128
SessionScope: messages bytes[32], payees list8[16] digest
SessionLimit: denomination denomination, amount u128
SessionGrant: session digest, scope SessionScope, limits list[4] SessionLimit, periodBlocks u64,
  validUntil u64
Session: grant SessionGrant, grantedBy digest, isRevoked bool, periodStart u64,
  spent each[limits] u128
Rotation: next digest, effectiveAt u64
KeyAuthority: current digest, rotation opt Rotation
Deadline: kind enum[1-7], name digest
DueCount: count u16
IncomePart: sold digest, earner digest, account digest, denomination denomination, amount u128
RedemptionNames: redemption digest, unit digest, holder digest, amount u128
PassNames: pass digest, plan digest, holder digest
PaidPeriod: period PassPeriod, paid u128, denomination denomination
SaleOpening: given denomination, amount u128, wanted denomination, rate SaleRate, until u64
OrderPlacement: market Market, side enum[1-2], amount u128, price u128, expiresAt u64
LiquidityMoved: pool digest, market Market, account digest, base u128, quote u128, shares u128
OfferEnd: name digest, owner digest, end enum[1-4], returned u128, denomination denomination
"""

MESSAGES_TEXT = """
30 publishAssetWithTerms: name text[64], kind enum[1-6], licence text[64], version AssetVersion,
  terms AssetTerms, metadata opt digest
31 setMetadata: asset digest, version u32, metadata digest
32 offerAsset: asset digest, to digest
33 acceptAsset: asset digest
34 cancelAssetOffer: asset digest
35 retireAsset: asset digest
40 issueShares: asset digest, count u64, income list[4] denomination
41 admitIncome: asset digest, denomination denomination
42 withdrawDividends: asset digest, denomination denomination
48 issueUnit: terms UnitTerms
49 mintUnit: unit digest, amount u128, to digest
50 burnUnit: unit digest, amount u128
51 redeemUnit: unit digest, amount u128, reference digest
52 settleRedemption: redemption digest
53 cancelRedemption: redemption digest
56 publishPlan: terms PlanTerms
57 retirePlan: plan digest
58 buyPass: plan digest, priceMax u128
59 renewPass: plan digest, priceMax u128
60 startTrial: plan digest
61 authorizeRenewal: plan digest, renewal Renewal
62 cancelRenewal: plan digest
63 transferPass: plan digest, to digest
68 createPool: market Market, feeBasisPoints u16, base u128, quote u128
69 addLiquidity: pool digest, base u128, quote u128, shares u128
70 removeLiquidity: pool digest, base u128, quote u128, shares u128
71 swap: pool digest, given denomination, amount u128, wantedMin u128, until u64
72 openSale: opening SaleOpening
73 buyFromSale: sale digest, amount u128, payMax u128
74 closeSale: sale digest
75 placeOrder: placement OrderPlacement
76 cancelOrder: order digest
80 lock: terms JobTerms
81 accept: escrow digest
82 deliver: escrow digest, content digest
83 approve: escrow digest
84 cancel: escrow digest
90 joinJury: amount u128
91 leaveJury:
92 withdrawJury:
93 open: escrow digest, evidence digest, commitment digest
94 answer: dispute digest, evidence digest, number digest
95 reveal: dispute digest, number digest
96 castVote: dispute digest, sealed digest
97 openVote: dispute digest, vote enum[1-3], salt digest
98 appeal: dispute digest, evidence digest, commitment digest
99 claimBond: channel digest, amount u128, evidence digest, commitment digest
102 lockVotes: amount u128
103 unlockVotes: amount u128
104 withdrawVotes:
105 delegateVotes: delegate opt digest
106 propose: content ProposalContent, deposit u128
107 vote: proposal digest, choice enum[1-4]
108 fundTreasury: denomination denomination, amount u128
116 grantSession: grant SessionGrant
117 revokeSession: session digest
118 rotateKey: to digest
119 cancelRotation:
"""

EVENTS_TEXT = """
30 termsPublished: asset digest, terms digest
31 parentNamed: asset digest, parent AssetParent
32 metadataSet: asset digest, version u32, metadata digest
33 assetOffered: asset digest, to digest
34 assetOfferEnded: asset digest
35 assetTransferred: asset digest, from digest, to digest
36 assetRetired: asset digest
37 royaltyPaid: part IncomePart
38 incomeKept: part IncomePart
40 issued: asset digest, owner digest, count u64
41 incomeAdmitted: asset digest, denomination denomination
42 incomeShared: asset digest, amount u128, denomination denomination, circulating u64
43 incomeNotShared: asset digest, amount u128, denomination denomination, to digest
44 dividendsWithdrawn: asset digest, amount u128, denomination denomination, to digest
48 unitIssued: unit digest, issuer digest
49 minted: unit digest, amount u128, to digest, supply u128
50 burned: unit digest, amount u128, by digest, supply u128
51 redemptionAsked: names RedemptionNames, reference digest
52 redemptionSettled: names RedemptionNames, supply u128
53 redemptionReturned: names RedemptionNames
56 planPublished: plan digest, seller digest, asset digest
57 planRetired: plan digest
58 bought: names PassNames, paid PaidPeriod
59 renewed: names PassNames, paid PaidPeriod, isStanding bool
60 passEnded: names PassNames
61 renewalFailed: names PassNames, code u32
62 passTransferred: names PassNames, to digest
63 trialStarted: names PassNames, period PassPeriod, bond u128
64 trialEnded: names PassNames, bond u128
65 renewalAuthorized: names PassNames, renewal Renewal
66 renewalCancelled: names PassNames
68 poolCreated: pool digest, market Market, feeBasisPoints u16
69 liquidityAdded: moved LiquidityMoved
70 liquidityRemoved: moved LiquidityMoved
71 trade: venue Venue, market Market, base u128, quote u128, taker digest, side enum[1-2]
72 saleOpened: sale digest, seller digest, opening SaleOpening
73 saleClosed: end OfferEnd
74 orderPlaced: order digest, owner digest, placement OrderPlacement
75 orderFilled: order digest, market Market, owner digest, side enum[1-2], base u128, quote u128,
  open u128
76 orderClosed: end OfferEnd
77 batchCleared: market Market, price u128, volume u128
80 locked: escrow digest, buyer digest, terms JobTerms
81 accepted: escrow digest
82 delivered: escrow digest, content digest, reviewBy u64
83 disputed: escrow digest, dispute digest
84 escrowEnded: escrow digest, outcome enum[1-3]
90 jurorChanged: juror digest, stake u128
91 opened: dispute digest, escrow digest, by digest, round u8
92 answered: dispute digest, by digest
93 seated: dispute digest, juror digest, round u8
94 moved: dispute digest, phase enum[1-6], until u64
95 decided: dispute digest, verdict enum[1-3], round u8
96 jurorPaid: dispute digest, juror digest, amount u128
97 jurorFined: dispute digest, juror digest, amount u128
98 claimOpened: dispute digest, channel digest, by digest, round u8
99 claimHeld: dispute digest, seller digest, amount u128, deposit u128
100 claimEnded: dispute digest, awarded u128, restored u128
101 claimPaid: dispute digest, claimant digest, amount u128
102 votesChanged: account digest, own u128, received u128
103 unlockBegan: account digest, amount u128, releasedAt u64
104 votesWithdrawn: account digest, amount u128
105 delegated: account digest, delegate opt digest
106 proposed: proposal digest, proposer digest, action enum[0-2], opensAt u64
107 voted: proposal digest, account digest, choice enum[1-4], weight u128
108 overridden: proposal digest, delegate digest, amount u128
109 proposalEnded: proposal digest, outcome enum[1-4], deposit u128
110 executed: proposal digest
111 executionFailed: proposal digest, code u32
112 numberChanged: proposal digest, number u16, from u64, to u64
113 treasuryPaid: proposal digest, payment TreasuryPayment
114 treasuryFunded: account opt digest, denomination denomination, amount u128
116 sessionGranted: account digest, session digest, validUntil u64
117 sessionRevoked: account digest, session digest
118 rotationStarted: account digest, next digest, effectiveAt u64
119 rotationCancelled: account digest, next digest
120 keyRotated: account digest, next digest
"""

# First byte of the key, document, and the widths in bytes of what follows in the key.
ENTRIES_TEXT = """
01 Account 32
02 StoredAmount 32 32
03 StoredAmount
04 LedgerParameters
05 StoredAmount 32
06 StoredHeight
07 StoredAmount 1 32 32
08 Deadline 8 2
09 DueCount 8
0a StoredNumber 2
10 Asset 32
11 AssetVersion 32 4
12 AssetTerms 32
13 Lineage 32
14 Presence 32 32
15 StoredAmount 32 32 32
16 StoredDigest 32 4
17 AssetStanding 32
18 OfferRecord 32
20 Channel 32
21 LaneSettlement 32 2
22 ClaimRecord 32 4
23 Presence 32 32
24 Presence 32 32
30 Bond 32
31 Presence 32 2 8
40 Validator 32
41 Delegation 32 32
42 StoredDigest 20
43 StakingParameters
44 AddressTable
45 AddressTable
46 AddressTable
50 ShareRecord 32
51 ShareHolding 32 32
58 UnitRecord 32
59 Redemption 32
5a Presence 32 32
5b Presence 32 32
60 Plan 32
61 Presence 32 32
62 StoredDigest 32
63 Pass 32
64 StoredDigest 32 32
65 Presence 32 32
68 MarketRecord 32
69 Pool 32
6a LiquidityPosition 32 32
6b Sale 32
6c Order 32
6d OrderBook 32 1
6e TouchedMarkets
6f Presence 32 1 32
70 Escrow 32
71 Presence 32 32
78 JurorTable
79 JurorExit 32
7a Dispute 32
7b KeptJurors 8
7c StoredNumber 32
7d HeldClaims 32
80 Voter 32
81 VotingCheckpoint 32 8
82 VotingTotal
83 TotalCheckpoint 8
84 Proposal 32
85 Ballot 32 32
86 StoredNumber
87 StoredNumber 32
88 StoredNumber 2
90 Session 32 32
91 KeyAuthority 32
"""
