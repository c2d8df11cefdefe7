public import CanonicalCoding
public import MarketTypes

/// What a payer claims of a seller's bond.
public struct BondClaim: Hashable, Sendable {
    /// The channel by which the claimant is the seller's payer.
    public let channel: ChannelID
    /// How much it claims, in obol.
    public let amount: Amount
    /// What it loses to the seller if it is wrong, in obol.
    public let deposit: Amount
    /// The first height at which the claim can be paid out: where the seller itself could have had
    /// the money if it had asked for it back when the claim was opened.
    public let releasedAt: BlockHeight
}

/// What one claim holds of a seller's bond, until it is paid or restored.
public struct HeldClaim: Hashable, Sendable {
    /// The dispute about it.
    public let dispute: DisputeID
    /// Who claims it.
    public let claimant: AccountID
    /// How much is held, in obol: none once fraud has taken it.
    public internal(set) var amount: Amount
    /// Whether it is the claimant's, and waits only for its time.
    public internal(set) var isAwarded: Bool
}

/// All claims to one seller's bond that are not settled.
public struct HeldClaims: Hashable, Sendable {
    /// The most claims to one bond at a time.
    public static let claimsMax = 16

    /// In the order in which they were opened.
    public internal(set) var claims: [HeldClaim]

    static let none = HeldClaims(claims: [])

    /// What all of them hold.
    public var sum: Amount { Amount(obol: claims.reduce(0) { $0 + $1.amount.obol }) }

    subscript(_ dispute: DisputeID) -> HeldClaim? {
        claims.first { $0.dispute == dispute }
    }

    mutating func remove(_ dispute: DisputeID) {
        claims.removeAll { $0.dispute == dispute }
    }

    /// Fraud takes everything; a claim that a jury still looks at stays, with nothing in it.
    mutating func forfeit() {
        claims.removeAll(where: \.isAwarded)
        for place in claims.indices { claims[place].amount = .zero }
    }
}

extension Bond {
    /// Takes an amount that is not more than is at risk: of what is active first, then of what
    /// would be released last.
    mutating func take(_ amount: Amount) {
        let taken = min(active, amount)
        active = Amount(obol: active.obol - taken.obol)
        var rest = amount.obol - taken.obol
        while rest > 0, let last = unbonding.popLast() {
            guard last.amount.obol > rest else {
                rest -= last.amount.obol
                continue
            }
            let left = Amount(obol: last.amount.obol - rest)
            unbonding.append(Unbonding(amount: left, releasedAt: last.releasedAt))
            rest = 0
        }
    }
}

extension StateKey {
    /// Where the ``HeldClaims`` to a seller's bond stand; absent if there are none.
    public static func heldClaims(_ seller: AccountID) -> StateKey {
        StateKey(.heldClaims) { $0.encode(seller.digest) }
    }
}

extension Pot {
    /// Where a claim's part of a bond is, and what the claimant deposited.
    public static func claim(_ dispute: DisputeID) -> Pot { Pot(.claim, dispute.digest) }
}

extension HeldClaim: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(dispute.digest)
        encoder.encode(claimant.digest)
        encoder.encode(amount)
        encoder.encode(isAwarded)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        dispute = DisputeID(try decoder.decodeDigest())
        claimant = AccountID(try decoder.decodeDigest())
        amount = try decoder.decodeAmount()
        isAwarded = try decoder.decodeBool()
    }
}

extension HeldClaims: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) { encoder.encode(list: claims) }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        claims = try decoder.decodeList(of: HeldClaim.self, countMax: Self.claimsMax)
    }
}
