/// A property that an input broke.
struct FuzzFinding: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// One decoder, or a family that reads the same bytes, and what must hold whatever it is given.
///
/// A target never traps or loops, and throws only a ``FuzzFinding``.
struct FuzzTarget: Sendable {
    let name: String
    /// The longest input that is worth trying.
    let bytesMax: Int
    /// How many mutants the ordinary tests try; the slow share is `scripts/fuzz`.
    let mutantsInTests: Int
    /// Inputs to begin with.
    let seeds: @Sendable () throws -> [[UInt8]]
    /// Tries one input; returns whether anything accepted it.
    let run: @Sendable ([UInt8]) throws -> Bool

    init(
        _ name: String,
        bytesMax: Int = 64 << 10,
        mutantsInTests: Int = 1500,
        seeds: @escaping @Sendable () throws -> [[UInt8]],
        run: @escaping @Sendable ([UInt8]) throws -> Bool
    ) {
        self.name = name
        self.bytesMax = bytesMax
        self.mutantsInTests = mutantsInTests
        self.seeds = seeds
        self.run = run
    }

    /// Every target, by what its inputs come from.
    static let all: [FuzzTarget] = [
        .documents, .transactions, .ledger, .stateProofs, .proofFiles,
        .engineMessages, .engineFrames, .engineGenesis, .protobuf, .lightBlocks, .engineAnswers,
        .nodeAnswers, .requestBodies, .forms, .eventStreams, .names, .keystores, .journal,
        .snapshots, .configurations,
    ] + market + accountSignatures

    /// Fails unless `condition` holds.
    static func require(
        _ condition: Bool,
        _ what: @autoclosure () -> String
    ) throws(FuzzFinding) {
        guard condition else { throw FuzzFinding(what()) }
    }
}
