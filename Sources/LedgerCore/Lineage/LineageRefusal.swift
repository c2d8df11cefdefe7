/// Why an asset could not get its terms, change hands or be retired, or its income not be shared.
public enum LineageRefusal: UInt32, Error, Hashable, CaseIterable, Sendable {
    /// A licence that SPDX does not list comes without its text's digest, or another with one.
    case invalidLicence = 1
    /// The royalty asked of children is above the limit.
    case invalidMinimum = 2
    /// The parents are not in ascending order, each once.
    case parentsNotAscending = 3
    /// The parents' shares add up to more than the limit.
    case sharesTooLarge = 4
    /// A parent, or that version of it, does not exist.
    case unknownParent = 5
    /// A parent is not of the kind that its role says.
    case wrongRole = 6
    /// A parent's terms do not let anything be derived from it, or it has no terms.
    case derivationNotAllowed = 7
    /// A parent is retired.
    case parentRetired = 8
    /// A parent gets less than its terms ask for.
    case shareBelowMinimum = 9
    /// A parent's terms forbid to train a model on it.
    case trainingNotAllowed = 10
    /// The asset would permit a use that a parent permits less.
    case looserThanParent = 11
    /// The farthest ancestor is too many generations away.
    case tooDeep = 12
    /// There are too many pairs of child and parent above the asset.
    case tooManyEdges = 13
    /// The asset is retired.
    case retired = 14
    /// The asset has no such version.
    case unknownVersion = 15
    /// The asset is offered to who owns it.
    case sameOwner = 16
    /// The asset is not offered to anybody.
    case notOffered = 17
    /// The asset is offered to somebody else.
    case notRecipient = 18
    /// The transaction's income would flow along too many edges; less can be claimed at a time.
    case tooManyRoyalties = 19
}
