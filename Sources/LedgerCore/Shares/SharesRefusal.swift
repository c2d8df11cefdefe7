/// Why a message about shares of an asset's income was refused.
public enum SharesRefusal: UInt32, Error, Hashable, CaseIterable, Sendable {
    /// Nothing was to be moved, or a number is outside its limits.
    case invalidNumber = 1
}
