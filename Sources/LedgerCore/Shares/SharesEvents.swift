import CanonicalCoding
public import MarketTypes
import SettlementCore

/// What happened to shares of an asset's income; the tags are those of ``Event``, from 40 to 47,
/// and append-only.
public enum SharesEvent: Hashable, Sendable {
    /// An asset was divided into shares, all its owner's.
    case issued(AssetID, owner: AccountID, count: UInt64)
    /// Income in one more denomination is shared.
    case incomeAdmitted(AssetID, Denomination)
    /// An income was divided among the shares in accounts.
    case incomeShared(AssetID, Amount, Denomination, circulating: UInt64)
    /// An income of an asset that has shares went to its seller or owner instead: none is in an
    /// account, or such income is not shared.
    case incomeNotShared(AssetID, Amount, Denomination, to: AccountID)
    /// A holder was paid what its shares had earned.
    case dividendsWithdrawn(AssetID, Amount, Denomination, to: AccountID)

    /// The tags that these events may have.
    static let tags: ClosedRange<UInt8> = 40...47
}

extension SharesEvent {
    private var tag: UInt8 {
        switch self {
        case .issued: 40
        case .incomeAdmitted: 41
        case .incomeShared: 42
        case .incomeNotShared: 43
        case .dividendsWithdrawn: 44
        }
    }

    /// Appends the tag and the fields.
    func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(tag)
        switch self {
        case .issued(let asset, let owner, let count):
            encoder.encode(asset.digest)
            encoder.encode(owner.digest)
            encoder.encode(count)
        case .incomeAdmitted(let asset, let denomination):
            encoder.encode(asset.digest)
            encoder.encode(denomination)
        case .incomeShared(let asset, let amount, let denomination, let circulating):
            encoder.encode(asset.digest)
            encoder.encode(amount)
            encoder.encode(denomination)
            encoder.encode(circulating)
        case .incomeNotShared(let asset, let amount, let denomination, let account),
            .dividendsWithdrawn(let asset, let amount, let denomination, let account):
            encoder.encode(asset.digest)
            encoder.encode(amount)
            encoder.encode(denomination)
            encoder.encode(account.digest)
        }
    }

    /// Reads what follows the tag.
    init(tag: UInt8, from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        guard (40...44).contains(tag) else { throw .unknownTag }
        let asset = AssetID(try decoder.decodeDigest())
        if tag == 40 {
            let owner = AccountID(try decoder.decodeDigest())
            self = .issued(asset, owner: owner, count: try decoder.decodeUInt64())
            return
        }
        if tag == 41 {
            self = .incomeAdmitted(asset, try Denomination(from: &decoder))
            return
        }
        let amount = try decoder.decodeAmount()
        let denomination = try Denomination(from: &decoder)
        if tag == 42 {
            let circulating = try decoder.decodeUInt64()
            self = .incomeShared(asset, amount, denomination, circulating: circulating)
            return
        }
        let account = AccountID(try decoder.decodeDigest())
        self =
            tag == 43
            ? .incomeNotShared(asset, amount, denomination, to: account)
            : .dividendsWithdrawn(asset, amount, denomination, to: account)
    }
}

extension SharesEvent {
    /// The event's name and fields.
    public var record: EventRecord {
        switch self {
        case .issued(let asset, let owner, let count):
            EventRecord(
                "shares.issued",
                [
                    .init("asset", .asset(asset)), .init("owner", .account(owner)),
                    .init("count", .number(count)),
                ]
            )
        case .incomeAdmitted(let asset, let denomination):
            EventRecord(
                "shares.incomeAdmitted",
                [
                    .init("asset", .asset(asset)),
                    .init("denomination", .denomination(denomination)),
                ]
            )
        case .incomeShared(let asset, let amount, let denomination, let circulating):
            EventRecord(
                "shares.incomeShared",
                [
                    .init("asset", .asset(asset)),
                    .init("amount", .amount(amount, denomination)),
                    .init("circulating", .number(circulating)),
                ]
            )
        case .incomeNotShared(let asset, let amount, let denomination, let account):
            Self.paid("incomeNotShared", asset, amount, denomination, account)
        case .dividendsWithdrawn(let asset, let amount, let denomination, let account):
            Self.paid("dividendsWithdrawn", asset, amount, denomination, account)
        }
    }

    private static func paid(
        _ name: String,
        _ asset: AssetID,
        _ amount: Amount,
        _ denomination: Denomination,
        _ account: AccountID
    ) -> EventRecord {
        EventRecord(
            "shares.\(name)",
            [
                .init("asset", .asset(asset)), .init("amount", .amount(amount, denomination)),
                .init("to", .account(account)),
            ]
        )
    }
}
