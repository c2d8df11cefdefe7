/// Why a message about shares of an asset's income was refused.
public enum SharesRefusal: UInt32, Error, Hashable, CaseIterable, Sendable {
    /// No shares, or more than ``ShareUnit/countMax``.
    case invalidCount = 1
    /// The denominations of the income do not ascend, are too many, name the native one, which is
    /// always among them, or the shares themselves.
    case invalidIncome = 2
    /// The denomination does not exist.
    case unknownDenomination = 3
    /// The asset has shares.
    case alreadyIssued = 4
    /// The asset has no shares.
    case noShares = 5
    /// Income in that denomination is shared.
    case alreadyAdmitted = 6
    /// Income is shared in as many denominations as can be.
    case tooManyIncomes = 7
    /// The account is owed nothing in that denomination.
    case nothingToWithdraw = 8
    /// Income in that denomination would not reach the asset's shareholders.
    case incomeNotShared = 9
}
