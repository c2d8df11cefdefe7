import CanonicalCoding
public import MarketTypes
import SettlementCore

/// The messages about shares of an asset's income; their tags are those of ``Message``, from 40 to
/// 47, and append-only.
public enum SharesMessage: Hashable, Sendable {
    /// Divides an asset of the sender's into `count` shares, all the sender's at first, once and
    /// for ever; income in the native denomination and in those of `income` goes to them.
    case issueShares(AssetID, count: UInt64, income: [Denomination])
    /// Shares income in one more denomination.
    case admitIncome(AssetID, Denomination)
    /// Pays the sender what its shares of an asset have earned in one denomination.
    case withdrawDividends(AssetID, Denomination)

    /// The tags that these messages may have.
    static let tags: ClosedRange<UInt8> = 40...47
}

extension SharesMessage {
    var tag: UInt8 {
        switch self {
        case .issueShares: 40
        case .admitIncome: 41
        case .withdrawDividends: 42
        }
    }

    /// Appends what follows the tag.
    func encodeFields(into encoder: inout CanonicalEncoder) {
        switch self {
        case .issueShares(let asset, let count, let income):
            encoder.encode(asset.digest)
            encoder.encode(count)
            encoder.encode(list: income)
        case .admitIncome(let asset, let denomination),
            .withdrawDividends(let asset, let denomination):
            encoder.encode(asset.digest)
            encoder.encode(denomination)
        }
    }

    /// Reads what follows the tag.
    init(tag: UInt8, from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        guard (40...42).contains(tag) else { throw .unknownTag }
        let asset = AssetID(try decoder.decodeDigest())
        switch tag {
        case 40:
            self = .issueShares(
                asset,
                count: try decoder.decodeUInt64(),
                income: try decoder.decodeList(
                    of: Denomination.self,
                    countMax: ShareRecord.streamsMax
                )
            )
        case 41: self = .admitIncome(asset, try Denomination(from: &decoder))
        default: self = .withdrawDividends(asset, try Denomination(from: &decoder))
        }
    }
}
