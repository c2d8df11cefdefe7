/// Why a message about pools, sales and orders was refused.
public enum ExchangeRefusal: UInt32, Error, Hashable, CaseIterable, Sendable {
    /// Nothing was to be moved, or a number is outside its limits.
    case invalidNumber = 1
}
