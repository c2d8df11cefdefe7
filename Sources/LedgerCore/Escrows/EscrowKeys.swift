import CanonicalCoding
public import MarketTypes

extension StateNamespace {
    static let escrow = Self(rawValue: 0x70)
    static let escrowOfParty = Self(rawValue: 0x71)
}

extension StateKey {
    /// Where an ``Escrow`` stands; it stays for ever.
    public static func escrow(_ escrow: EscrowID) -> StateKey {
        StateKey(.escrow) { $0.encode(escrow.digest) }
    }

    /// What the keys of all escrows begin with.
    public static let escrows = StateKey(.escrow)

    /// An entry that only exists: an account is buyer or seller of an escrow that has not ended.
    static func escrow(_ escrow: EscrowID, of party: AccountID) -> StateKey {
        StateKey(.escrowOfParty) {
            $0.encode(party.digest)
            $0.encode(escrow.digest)
        }
    }

    /// What the keys of an account's escrows begin with; the rest is the escrow's digest.
    public static func escrows(of party: AccountID) -> StateKey {
        StateKey(.escrowOfParty) { $0.encode(party.digest) }
    }
}

extension GovernedNumber {
    /// The fewest blocks a buyer must give itself to look at a delivery.
    public static let escrowReviewBlocksMin = GovernedNumber(
        1401,
        "escrows.reviewBlocksMin",
        standard: 20,
        bounds: 5...100_000
    )
    /// The most blocks between locking and the last height of delivery, and of a review.
    public static let escrowBlocksMax = GovernedNumber(
        1402,
        "escrows.blocksMax",
        standard: 31_536_000,
        bounds: 100_000...315_360_000
    )

    /// The numbers about escrows.
    public static let escrows = [escrowReviewBlocksMin, escrowBlocksMax]
}
