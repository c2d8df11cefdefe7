public import CanonicalCoding
public import MarketTypes

/// A positive number for each of a few validators: their powers, or the blocks they missed.
///
/// One bounded entry of the state, by ascending address.
public struct ValidatorTable: Hashable, Sendable {
    /// The numbers; none is 0, at most ``StakingParameters/candidatesLimit`` of them.
    public private(set) var entries: SortedMap<ValidatorAddress, UInt64>

    /// An empty table.
    public static let empty = ValidatorTable(entries: SortedMap())

    private init(entries: SortedMap<ValidatorAddress, UInt64>) {
        self.entries = entries
    }

    /// The number of a validator; 0 if it has none, and setting 0 removes it.
    public subscript(address: ValidatorAddress) -> UInt64 {
        get { entries[address] ?? 0 }
        set { entries[address] = newValue == 0 ? nil : newValue }
    }

    /// Whether nobody is in it.
    public var isEmpty: Bool { entries.isEmpty }

    /// The `count` with the greatest numbers; of equals, those with the lower addresses.
    func top(_ count: Int) -> ValidatorTable {
        guard entries.count > count else { return self }
        let ranked = entries.entries.sorted { one, other in
            one.value == other.value ? one.key < other.key : one.value > other.value
        }
        let best = SortedMap(ranked.prefix(count).map { ($0.key, $0.value) })
        // Its keys come from a map, so no key is there twice.
        return ValidatorTable(entries: best ?? SortedMap())
    }

    /// What must change to make this table of powers into `next`, by ascending address; a new
    /// power of 0 removes.
    func changes(to next: ValidatorTable) -> [(address: ValidatorAddress, power: UInt64)] {
        var all = entries
        for entry in next.entries.entries { all[entry.key] = entry.value }
        return all.entries.filter { self[$0.key] != next[$0.key] }
            .map { (address: $0.key, power: next[$0.key]) }
    }
}

extension ValidatorTable: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(UInt32(entries.count))
        for (address, number) in entries.entries {
            encoder.encode(fixed: address.bytes)
            encoder.encode(number)
        }
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        let count = Int(try decoder.decodeUInt32())
        guard count <= StakingParameters.candidatesLimit else { throw .tooLong }
        var pairs: [(ValidatorAddress, UInt64)] = []
        for _ in 0..<count {
            let address = try ValidatorAddress(from: &decoder)
            let number = try decoder.decodeUInt64()
            guard number > 0, pairs.last.map({ $0.0 < address }) ?? true else {
                throw .invalidValue
            }
            pairs.append((address, number))
        }
        guard let entries = SortedMap(pairs) else { throw .invalidValue }
        self.entries = entries
    }
}

extension ValidatorAddress: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(fixed: bytes)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        guard let address = Self(bytes: try decoder.decode(fixed: Self.byteCount)) else {
            throw .truncated
        }
        self = address
    }
}
