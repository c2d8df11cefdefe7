import Identity
import MarketTypes
import SettlementCore
import Testing

@testable import LedgerCore

/// One message that must be refused, who sends it, and the number of the refusal.
struct RefusedMessage: Sendable, CustomTestStringConvertible {
    let refusal: Refusal
    let name: String
    let sender: Person
    let message: @Sendable (inout Town) -> Message

    init(
        _ refusal: Refusal,
        _ name: String,
        from sender: Person,
        _ message: @escaping @Sendable (inout Town) -> Message
    ) {
        self.refusal = refusal
        self.name = name
        self.sender = sender
        self.message = message
    }

    var testDescription: String { "\(refusal.name): \(name)" }

    static let all =
        money + assets + offers + channels + claims + bonds + frauds + staking

    static let money: [RefusedMessage] = [
        RefusedMessage(.accounts(.zeroAmount), "a transfer of nothing", from: .alice) { _ in
            .transfer(to: Person.bob.id, denomination: .native, amount: .zero)
        },
        RefusedMessage(.accounts(.insufficientBalance), "more than there is", from: .alice) { _ in
            .transfer(to: Person.bob.id, denomination: .native, amount: Amount(obol: .max))
        },
        RefusedMessage(.accounts(.insufficientBalance), "a unit nobody issued", from: .alice) { _ in
            .transfer(
                to: Person.bob.id,
                denomination: .issued(digest(1)),
                amount: Amount(obol: 1)
            )
        },
        RefusedMessage(.accounts(.balanceOverflow), "too much to own", from: .alice) { town in
            town.harness.plant(
                StoredAmount(Amount(obol: .max)),
                .issuedBalance(Person.bob.id, digest(0x77))
            )
            return .transfer(
                to: Person.bob.id,
                denomination: LedgerHarness.token,
                amount: Amount(obol: 1)
            )
        },
    ]

    private static func publication(
        _ name: String = "other",
        licence: String = "MIT",
        link: String = ""
    ) -> Message {
        .publishAsset(
            AssetPublication(
                name: name,
                kind: .model,
                licence: licence,
                version: AssetVersion(content: digest(1), metadataLink: link)
            )
        )
    }

    private static let names = [
        "", "a", "-a", "a-", ".a", "a_", "A1", "a b", "a/b", "é1", "a\u{0}b",
        String(repeating: "a", count: 65),
    ]

    /// Names of more than 64 bytes cannot be decoded, so they never get as far as a rule.
    static let assets: [RefusedMessage] =
        names.dropLast().map { name in
            RefusedMessage(.assets(.invalidName), "named \(name)", from: .bob) { _ in
                publication(name)
            }
        } + [
            RefusedMessage(.assets(.invalidText), "no licence", from: .bob) { _ in
                publication(licence: "")
            },
            RefusedMessage(.assets(.invalidText), "a licence with a line", from: .bob) { _ in
                publication(licence: "MIT\n")
            },
            RefusedMessage(.assets(.invalidText), "a link beyond ASCII", from: .bob) { _ in
                publication(link: "http://é")
            },
            RefusedMessage(.assets(.invalidText), "a version's link", from: .bob) { town in
                .publishAssetVersion(
                    asset: town.asset,
                    version: AssetVersion(content: digest(2), metadataLink: "\u{7f}")
                )
            },
            RefusedMessage(.assets(.alreadyPublished), "a name twice", from: .bob) { _ in
                publication("small")
            },
            RefusedMessage(.assets(.unknownAsset), "a version of nothing", from: .bob) { _ in
                version(of: AssetID(digest(1)))
            },
            RefusedMessage(.assets(.notOwner), "another's asset", from: .carol) { town in
                version(of: town.asset)
            },
            RefusedMessage(.assets(.tooManyVersions), "one too many", from: .bob) { town in
                town.harness.plant(
                    Asset(
                        owner: Person.bob.id,
                        name: "small",
                        kind: .model,
                        licence: "MIT",
                        latestVersion: .max
                    ),
                    .asset(town.asset)
                )
                return version(of: town.asset)
            },
        ]

    private static func version(of asset: AssetID) -> Message {
        .publishAssetVersion(
            asset: asset,
            version: AssetVersion(content: digest(2), metadataLink: "")
        )
    }

    static let bonds: [RefusedMessage] = [
        RefusedMessage(.bonds(.zeroAmount), "a bond of nothing", from: .bob) { _ in
            .depositBond(.zero)
        },
        RefusedMessage(.bonds(.zeroAmount), "nothing back", from: .bob) { _ in .unbond(.zero) },
        RefusedMessage(.bonds(.insufficientBond), "more back than is there", from: .bob) { _ in
            .unbond(Amount(obol: 1_000_001))
        },
        RefusedMessage(.bonds(.insufficientBond), "back what never was", from: .carol) { _ in
            .unbond(Amount(obol: 1))
        },
        RefusedMessage(.bonds(.tooManyUnbondings), "a ninth part at once", from: .bob) { town in
            for _ in 0..<8 { town.harness.send(.bob, .unbond(Amount(obol: 1))) }
            return .unbond(Amount(obol: 1))
        },
        RefusedMessage(.bonds(.nothingToWithdraw), "without asking first", from: .bob) { _ in
            .withdrawBond
        },
        RefusedMessage(.bonds(.nothingToWithdraw), "a block too early", from: .bob) { town in
            town.harness.send(.bob, .unbond(Amount(obol: 5)))
            town.harness.endBlock(blocks: 7)
            return .withdrawBond
        },
        RefusedMessage(.bonds(.bondOverflow), "more than can be counted", from: .bob) { _ in
            .depositBond(Amount(obol: .max))
        },
        RefusedMessage(.accounts(.insufficientBalance), "a bond too dear", from: .carol) { _ in
            .depositBond(Amount(obol: .max))
        },
    ]

    static let frauds: [RefusedMessage] = [
        RefusedMessage(.bonds(.unknownSubject), "about no channel", from: .carol) { town in
            let nowhere = ChannelID(digest(1))
            let call = town.call(1, 1) { $0.receipt.channel = nowhere }
            return .reportFraud(.wrongCharge(call.claim.receipt))
        },
        RefusedMessage(.bonds(.unknownSubject), "under no offer", from: .carol) { town in
            .reportFraud(town.fraud { $0.receipt.offer = OfferID(digest(1)) })
        },
        RefusedMessage(.settlement(.wrongChain), "of another chain", from: .carol) { town in
            .reportFraud(town.fraud { $0.receipt.chain = ChainID(digest(1)) })
        },
        RefusedMessage(.settlement(.wrongChannel), "of two channels", from: .carol) { town in
            let other = town.closing
            return .reportFraud(town.fraud { $0.receipt.channel = other })
        },
        RefusedMessage(.settlement(.wrongSigner), "the reporter signed", from: .carol) { town in
            .reportFraud(town.fraud { $0.receipt.signer = Person.carol.receiptKey })
        },
        RefusedMessage(.settlement(.wrongOffer), "under the buyer's offer", from: .carol) { town in
            let offer = town.sellAsCarol()
            return .reportFraud(
                town.fraud {
                    $0.receipt.offer = offer.id
                    $0.receipt.signer = Person.carol.receiptKey
                }
            )
        },
        RefusedMessage(.settlement(.notContradictory), "of two lanes", from: .carol) { town in
            .reportFraud(town.fraud { $0.receipt.lane = 2 })
        },
        RefusedMessage(.settlement(.notContradictory), "of one statement", from: .carol) { town in
            let receipt = town.call(1, 1).claim.receipt
            return .reportFraud(.equivocation(receipt, receipt))
        },
        RefusedMessage(.bonds(.alreadyPunished), "that was punished", from: .carol) { town in
            town.harness.send(.dave, .reportFraud(town.fraud()))
            town.harness.send(.bob, .depositBond(Amount(obol: 100)))
            return .reportFraud(town.fraud())
        },
        RefusedMessage(.bonds(.nothingToSlash), "of a seller without bond", from: .carol) { town in
            town.harness.send(.dave, .reportFraud(town.fraud()))
            let second = town.call(2, 1) { $0.receipt.charge = 7 }
            return .reportFraud(.wrongCharge(second.claim.receipt))
        },
    ]
}

extension Town {
    /// Carol publishes an asset and an offer of her own.
    mutating func sellAsCarol(_ change: (inout OfferDraft) -> Void = { _ in }) -> Offer {
        let publication = AssetPublication(
            name: "carols",
            kind: .model,
            licence: "MIT",
            version: AssetVersion(content: digest(1), metadataLink: "")
        )
        let offer = Self.offer(of: Asset.id(owner: Person.carol.id, name: "carols")) {
            $0.seller = Person.carol.id
            $0.receiptKey = Person.carol.receiptKey.publicKey
            $0.bond = 0
            change(&$0)
        }
        harness.send(.carol, .publishAsset(publication), .publishOffer(offer))
        return offer
    }
}
