import MarketTypes

extension StagedState {
    /// Whether there is such a denomination (UNI-2).
    ///
    /// No issued unit is named zero: what it had would stand where the native unit's supply and
    /// pots do, and whoever paid in it would be paid in the native unit.
    func exists(_ denomination: Denomination) -> Bool {
        switch denomination {
        case .native: true
        case .issued(let unit): unit != .zero && contains(.supply(denomination))
        }
    }

    /// How much there is of a denomination.
    func supply(_ denomination: Denomination) -> Amount {
        read(StoredAmount.self, .supply(denomination))?.amount ?? .zero
    }

    /// Makes money of an issued unit, which will be put somewhere; it counts as taken from nowhere.
    ///
    /// Traps for the native unit, of which genesis made all that there will ever be.
    mutating func issue(_ amount: Amount, _ denomination: Denomination) {
        precondition(denomination != .native, "the native supply is fixed in genesis")
        // Cannot overflow: shares and terms bound each supply below 2^97.
        let supply = Amount(obol: supply(denomination).obol + amount.obol)
        write(StoredAmount(supply), .supply(denomination))
        take(amount, denomination)
    }

    /// Destroys money of an issued unit that was taken from somewhere; the reverse of ``issue``.
    mutating func destroy(_ amount: Amount, _ denomination: Denomination) {
        precondition(denomination != .native, "the native supply is fixed in genesis")
        let supply = Amount(obol: supply(denomination).obol - amount.obol)
        write(StoredAmount(supply), .supply(denomination))
        put(amount, denomination)
    }
}
