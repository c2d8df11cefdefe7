import CanonicalCoding
public import MarketTypes

/// What a pot's money is for; the numbers are append-only.
public enum PotKind: UInt8, Hashable, CaseIterable, Sendable {
    /// Dividends that shareholders have not withdrawn, by asset.
    case dividends = 1
    /// What stands behind a free trial, by trial.
    case trial = 2
    /// One side of a pool, by pool.
    case pool = 3
    /// What a fixed-rate sale has left to sell, by sale.
    case sale = 4
    /// What an order offers, by order.
    case order = 5
    /// What a job's buyer locked, by escrow.
    case escrow = 6
    /// What the parties of a dispute staked, by dispute.
    case dispute = 7
    /// What a juror staked, by account.
    case juror = 8
    /// A proposal's deposit, by proposal.
    case proposal = 9
    /// What an account locked to vote, by account.
    case votes = 10
    /// What only a vote can spend; its name is zero.
    case treasury = 11
    /// What a holder of an issued unit asked its issuer to redeem, by redemption.
    case redemption = 12
    /// What is claimed of a seller's bond, and the claimant's deposit, by dispute.
    case claim = 13
}

/// Money that a component holds for somebody: one amount under one name.
///
/// Everything that is neither an account's nor in a channel, bond or stake is in a pot, so that
/// one count of all pots finds it (promise P1).
public struct Pot: Hashable, Sendable {
    /// What it is for.
    public let kind: PotKind
    /// Whose or which it is, among those of its kind.
    public let name: Digest
    /// What its amount counts.
    public let denomination: Denomination

    /// Names a pot.
    public init(_ kind: PotKind, _ name: Digest, _ denomination: Denomination = .native) {
        self.kind = kind
        self.name = name
        self.denomination = denomination
    }

    /// Names the pot that stands under a key, or nil if none does.
    public init?(key: StateKey) {
        let bytes = key.bytes
        guard bytes.count == 66, bytes[0] == StateNamespace.pot.rawValue,
            let kind = PotKind(rawValue: bytes[1]), let name = Digest(bytes: bytes[2..<34]),
            let unit = Digest(bytes: bytes[34...])
        else { return nil }
        self.init(kind, name, unit == .zero ? .native : .issued(unit))
    }
}

extension StateKey {
    /// Where a pot's amount stands.
    public static func pot(_ pot: Pot) -> StateKey {
        StateKey(.pot) { encoder in
            encoder.encode(pot.kind.rawValue)
            encoder.encode(pot.name)
            switch pot.denomination {
            case .native: encoder.encode(Digest.zero)
            case .issued(let unit): encoder.encode(unit)
            }
        }
    }
}

extension StagedState {
    /// What a pot holds.
    func amount(in pot: Pot) -> Amount {
        read(StoredAmount.self, .pot(pot))?.amount ?? .zero
    }

    /// Moves money out of an account into a pot.
    mutating func move(
        _ amount: Amount,
        from account: AccountID,
        to pot: Pot
    ) throws(Refusal) {
        try debit(account, amount, pot.denomination)
        fill(pot, amount)
    }

    /// Moves money out of a pot into an account.
    ///
    /// Traps if the pot has less: how much it has is the component's own knowledge.
    mutating func move(
        _ amount: Amount,
        from pot: Pot,
        to account: AccountID
    ) throws(Refusal) {
        draw(pot, amount)
        try credit(account, amount, pot.denomination)
    }

    /// Puts into a pot what was taken from elsewhere.
    mutating func fill(_ pot: Pot, _ amount: Amount) {
        guard !amount.isZero else { return }
        let held = self.amount(in: pot)
        // Cannot overflow: no denomination has a supply beyond 128 bits.
        write(StoredAmount(Amount(obol: held.obol + amount.obol)), .pot(pot))
        put(amount, pot.denomination)
    }

    /// Takes out of a pot what will be put elsewhere.
    mutating func draw(_ pot: Pot, _ amount: Amount) {
        guard !amount.isZero else { return }
        let held = self.amount(in: pot)
        precondition(amount <= held, "a pot has less than its owner thinks")
        let rest = Amount(obol: held.obol - amount.obol)
        write(rest.isZero ? nil : StoredAmount(rest), .pot(pot))
        take(amount, pot.denomination)
    }
}
