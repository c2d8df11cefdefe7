import CanonicalCoding
public import Consensus
import LedgerCore
import LedgerStore
public import MarketTypes

/// A count of all native money in the state, place by place, against the supply (promise P1).
///
/// It reads every entry of one snapshot, and shares no code with the rules that move money.
public struct SupplyAudit: Sendable {
    /// What accounts own.
    public private(set) var accounts = Amount.zero
    /// What channels hold.
    public private(set) var channels = Amount.zero
    /// What bonds hold, on its way back or not.
    public private(set) var bonds = Amount.zero
    /// What stands behind validators, on its way back or not, with rewards nobody withdrew.
    public private(set) var stakes = Amount.zero
    /// The collected fees.
    public private(set) var fees = Amount.zero
    /// The supply that genesis fixed.
    public private(set) var supply = Amount.zero
    /// The block whose state was counted.
    public let height: BlockHeight

    /// Counts the latest state of `store`.
    ///
    /// - Throws: ``StoreError``, or ``CanonicalError`` if an entry is damaged.
    public init(_ store: any ApplicationStore) throws {
        var counted = (UInt128(0), UInt128(0), UInt128(0), UInt128(0))
        var fees = Amount.zero
        var supply = Amount.zero
        height = try store.withState { snapshot in
            try snapshot.forEachEntry { key, value in
                switch key.money {
                case .account: counted.0 += try Account(canonicalBytes: value).balance.obol
                case .channel:
                    let channel = try Channel(canonicalBytes: value)
                    guard channel.denomination == .native else { return }
                    counted.1 += channel.locked.obol
                case .bond: counted.2 += try Bond(canonicalBytes: value).atRisk.obol
                case .validator: counted.3 += try Validator(canonicalBytes: value).money.obol
                case .delegation: counted.3 += try Delegation(canonicalBytes: value).money.obol
                case .none: break
                }
                if key == .feePool { fees = try StoredAmount(canonicalBytes: value).amount }
                if key == .supply(.native) {
                    supply = try StoredAmount(canonicalBytes: value).amount
                }
            }
            return snapshot.head.height
        }
        accounts = Amount(obol: counted.0)
        channels = Amount(obol: counted.1)
        bonds = Amount(obol: counted.2)
        stakes = Amount(obol: counted.3)
        self.fees = fees
        self.supply = supply
    }

    /// Whether every obol is where it can be seen.
    public var isConserved: Bool {
        accounts.obol + channels.obol + bonds.obol + stakes.obol + fees.obol == supply.obol
    }

    /// The audit as JSON fields, amounts in obol.
    public var document: [String: String] {
        [
            "accountsObol": "\(accounts.obol)", "channelsObol": "\(channels.obol)",
            "bondsObol": "\(bonds.obol)", "stakesObol": "\(stakes.obol)",
            "feesObol": "\(fees.obol)", "supplyObol": "\(supply.obol)",
            "height": "\(height.rawValue)", "conserved": "\(isConserved)",
        ]
    }
}
