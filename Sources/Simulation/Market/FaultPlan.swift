/// Which faults a run has, and how often: drawn from the seed, so that some runs are calm in one
/// respect and wild in another.
struct FaultPlan: Sendable {
    var lossPermille = 0
    var duplicatePermille = 0
    /// The longest way of a message, in milliseconds; messages overtake each other.
    var delayMax: UInt64 = 10
    var partitionPermille = 0
    /// In how many of a thousand steps between two things that a node does it stops.
    var nodeStopPermille = 0
    var nodeCrashPermille = 0
    var actorStopPermille = 0
    var fullDiskPermille = 0
    var lyingDiskPermille = 0
    var hasLiar = false
    var hasSwindler = false
    var hasTrickster = false
    var vandalPermille = 0
    var makesEmptyBlocks = false
    var evidencePermille = 0
    var hasDealers = false

    /// No fault at all.
    static let calm = FaultPlan()

    init() {}

    init(_ chance: Chance) {
        func some(_ most: UInt64) -> Int {
            chance.chance(permille: 600) ? Int(chance.number(1...most)) : 0
        }
        lossPermille = some(150)
        duplicatePermille = some(150)
        delayMax = chance.number(5...60)
        partitionPermille = some(80)
        nodeStopPermille = some(25)
        nodeCrashPermille = some(120)
        actorStopPermille = some(60)
        fullDiskPermille = some(20)
        lyingDiskPermille = some(600)
        hasLiar = chance.chance(permille: 350)
        hasSwindler = chance.chance(permille: 500)
        hasTrickster = chance.chance(permille: 500)
        vandalPermille = some(500)
        makesEmptyBlocks = chance.chance(permille: 300)
        evidencePermille = some(200)
        hasDealers = chance.chance(permille: 500)
    }
}
