import CanonicalCoding
import Identity
import MarketTypes
import Testing

@testable import LedgerCore
@testable import SettlementCore

extension Sample {
    /// One of every kind of message, fraud proofs in all three kinds.
    static let messages: [(name: String, message: Message)] = [
        (
            "transfer",
            .transfer(
                to: AccountID(digest(0x41)),
                denomination: .native,
                amount: Amount(obol: 1)
            )
        ),
        (
            "publishAsset",
            .publishAsset(
                AssetPublication(
                    name: "small",
                    kind: .model,
                    licence: "Apache-2.0",
                    version: assetVersion
                )
            )
        ),
        (
            "publishAssetVersion",
            .publishAssetVersion(
                asset: AssetID(digest(0x12)),
                version: AssetVersion(content: digest(0x15), metadataLink: "")
            )
        ),
        ("publishOffer", .publishOffer(offer)),
        ("withdrawOffer", .withdrawOffer(offer.id)),
        (
            "openChannel",
            .openChannel(
                ChannelOpening(
                    payee: AccountID(digest(0x11)),
                    denomination: .issued(digest(0x14)),
                    deposit: Amount(obol: 1_000_000),
                    voucherKey: key(1).publicKey,
                    lanes: 32
                )
            )
        ),
        (
            "topUpChannel",
            .topUpChannel(channel: ChannelID(digest(0x22)), amount: Amount(obol: 77))
        ),
        (
            "claimChannel",
            .claimChannel(
                ChannelClaim(
                    channel: ChannelID(digest(0x22)),
                    lanes: [laneClaim],
                    receiptsRoot: digest(0x51),
                    receiptsCount: 7,
                    release: true
                )
            )
        ),
        ("closeChannel", .closeChannel(ChannelID(digest(0x22)))),
        ("withdrawChannel", .withdrawChannel(ChannelID(digest(0x22)))),
        ("depositBond", .depositBond(Amount(obol: 5_000_000_000))),
        ("unbond", .unbond(Amount(obol: 4))),
        ("withdrawBond", .withdrawBond),
        ("reportFraud, equivocation", .reportFraud(.equivocation(signedDelivered, signedFailed))),
        ("reportFraud, wrongCharge", .reportFraud(.wrongCharge(signedDelivered))),
        (
            "reportFraud, overclaim",
            .reportFraud(.overclaim(claimed: signedDelivered, held: signedFailed))
        ),
    ]

    static let everyMessage = transaction(messages.map(\.message))

    static let events: [Event] = {
        let channel = ChannelID(digest(0x22))
        let (payer, payee) = (AccountID(digest(0x40)), AccountID(digest(0x11)))
        return [
            .transferred(
                AccountTransferred(
                    from: payer,
                    to: AccountID(digest(0x41)),
                    denomination: .native,
                    amount: Amount(obol: 1)
                )
            ),
            .assetPublished(AssetID(digest(0x12)), version: 1),
            .offerPublished(offer.id),
            .offerWithdrawn(offer.id),
            .channelOpened(channel, payer: payer, payee: payee),
            .channelToppedUp(channel, deposit: Amount(obol: 1_000_077)),
            .channelClaimed(channel, paid: Amount(obol: 1208)),
            .channelClosing(channel, closesAt: BlockHeight(612)),
            .channelClosed(channel, refunded: Amount(obol: 998_869)),
            .bondChanged(payee, active: Amount(obol: 5_000_000_000)),
            .bondSlashed(
                payee,
                amount: Amount(obol: 5_000_000_000),
                subject: FraudSubject(channel: channel, lane: LaneID(5), sequence: 7)
            ),
        ]
    }()

    static let block: Block = {
        let first = key(3).sign(transaction([messages[0].message])).signed
        let second = key(3).sign(everyMessage).signed
        return Block(
            header: key(4).sign(header).signed,
            transactions: [first.canonicalBytes, second.canonicalBytes]
        )
    }()

    static let refused = TransactionResult(
        refusal: .accounts(.insufficientBalance),
        messageIndex: 3
    )
    static let bond = Bond(
        active: Amount(obol: 5_000_000_000),
        unbonding: [
            .init(amount: Amount(obol: 1), releasedAt: BlockHeight(7300)),
            .init(amount: Amount(obol: 3), releasedAt: BlockHeight(7301)),
        ]
    )
}

/// One document, its type forgotten, so that all kinds stand in one list.
struct DocumentCase: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]
    let digest: Digest?
    /// Decodes bytes as this kind of document, and encodes the result again.
    let reencode: @Sendable ([UInt8]) throws(CanonicalError) -> [UInt8]
    /// Whether the document decodes to an equal one.
    let returnsEqual: @Sendable () throws(CanonicalError) -> Bool

    var testDescription: String { name }

    init<Document: CanonicalCodable & Hashable>(
        _ name: String,
        _ document: Document,
        digest: Digest? = nil
    ) {
        self.name = name
        self.digest = digest
        bytes = document.canonicalBytes
        reencode = { bytes throws(CanonicalError) in
            try Document(canonicalBytes: bytes).canonicalBytes
        }
        returnsEqual = { () throws(CanonicalError) in
            try Document(canonicalBytes: document.canonicalBytes) == document
        }
    }

    init(signable name: String, _ document: some SignableDocument) {
        self.init(name, document, digest: document.signingDigest)
    }

    /// Every document of canonical.md, as the vectors name them.
    static let all: [DocumentCase] = calls + transactions + entries

    private static let calls: [DocumentCase] = [
        DocumentCase("offer", Sample.offer, digest: Sample.offer.id.digest),
        DocumentCase(
            "offer that supersedes another",
            Sample.secondOffer,
            digest: Sample.secondOffer.id.digest
        ),
        DocumentCase(signable: "voucher", Sample.voucher),
        DocumentCase(signable: "delivered receipt", Sample.delivered),
        DocumentCase(signable: "failed receipt", Sample.failed),
        DocumentCase("lane claim", Sample.laneClaim),
    ]

    private static let transactions: [DocumentCase] =
        Sample.messages.map { name, message in
            DocumentCase(signable: "transaction: \(name)", Sample.transaction([message]))
        } + [
            DocumentCase(signable: "transaction: every message", Sample.everyMessage),
            DocumentCase("genesis", Sample.genesis, digest: Sample.genesis.chain.digest),
            DocumentCase(signable: "block header", Sample.header),
            DocumentCase("block", Sample.block),
            DocumentCase("accepted result", TransactionResult(events: Sample.events)),
            DocumentCase("refused result", Sample.refused),
        ]

    private static let entries: [DocumentCase] = [
        DocumentCase("account entry", Account(sequence: 9, balance: Amount(obol: .max))),
        DocumentCase("parameters entry", LedgerParameters.standard),
        DocumentCase(
            "asset entry",
            Asset(
                owner: AccountID(Sample.digest(0x11)),
                name: "small",
                kind: .agent,
                licence: "MIT",
                latestVersion: 2
            )
        ),
        DocumentCase("asset version entry", Sample.assetVersion),
        DocumentCase("current offer entry", offer(.current)),
        DocumentCase("superseded offer entry", offer(.superseded)),
        DocumentCase("withdrawn offer entry", offer(.withdrawn)),
        DocumentCase("open channel entry", Sample.channel(.native, .open)),
        DocumentCase(
            "closing channel entry",
            Sample.channel(.issued(Sample.digest(0x14)), .closing(at: BlockHeight(612)))
        ),
        DocumentCase("closed channel entry", Sample.channel(.native, .closed)),
        DocumentCase("lane entry", LaneSettlement(sequence: 7, total: Amount(obol: 1208))),
        DocumentCase(
            "claim entry",
            ClaimRecord(
                receiptsRoot: Sample.digest(0x51),
                receiptsCount: 7,
                paid: Amount(obol: 1208),
                height: BlockHeight(12)
            )
        ),
        DocumentCase("bond entry", Sample.bond),
    ]

    private static func offer(_ standing: OfferRecord.Standing) -> OfferRecord {
        OfferRecord(offer: Sample.offer, standing: standing, publishedAt: BlockHeight(3))
    }
}
