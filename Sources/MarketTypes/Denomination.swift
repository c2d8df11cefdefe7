/// What an ``Amount`` counts: the native unit, or a unit that an issuer created on the ledger.
public enum Denomination: Hashable, Comparable, Sendable {
    /// STOA, counted in obol; its supply is fixed in genesis.
    case native
    /// A unit issued on the ledger, named by the digest of its issuer and ticker.
    case issued(Digest)

    public static func < (lhs: Denomination, rhs: Denomination) -> Bool {
        switch (lhs, rhs) {
        case (.native, .native), (.issued, .native): false
        case (.native, .issued): true
        case (.issued(let left), .issued(let right)): left < right
        }
    }
}
