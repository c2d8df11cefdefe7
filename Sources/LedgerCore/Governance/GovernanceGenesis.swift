import CanonicalCoding

extension Genesis {
    /// The most numbers that a genesis sets.
    public static let numbersMax = 256

    /// Whether the numbers are in order, known, and none that stands elsewhere in the genesis.
    ///
    /// They may be below the bounds of votes, for a market in which somebody tries things out, but
    /// not above, and 0 only where that is within the bounds.
    var areNumbersValid: Bool {
        numbers.count <= Self.numbersMax
            && zip(numbers, numbers.dropFirst()).allSatisfy { $0.number < $1.number }
            && numbers.allSatisfy { change in
                guard let number = GovernedNumber(id: change.number),
                    number.stateKey == .governedNumber(number)
                else { return false }
                return change.value <= number.bounds.upperBound
                    && change.value >= min(1, number.bounds.lowerBound)
            }
    }

    /// Writes the numbers, as if a vote had changed them before the first block.
    func writeNumbers(to state: inout StagedState<EmptyState>) {
        for change in numbers {
            guard let number = GovernedNumber(id: change.number) else { continue }
            state.write(StoredNumber(change.value), .governedNumber(number))
        }
    }

    /// Appends the numbers if there are any; a genesis without ends before them.
    func encodeNumbers(into encoder: inout CanonicalEncoder) {
        if !numbers.isEmpty { encoder.encode(list: numbers) }
    }

    static func decodeNumbers(
        from decoder: inout CanonicalDecoder
    ) throws(CanonicalError) -> [NumberChange] {
        guard !decoder.isAtEnd else { return [] }
        let numbers = try decoder.decodeList(of: NumberChange.self, countMax: numbersMax)
        guard !numbers.isEmpty else { throw .invalidValue }
        return numbers
    }
}
