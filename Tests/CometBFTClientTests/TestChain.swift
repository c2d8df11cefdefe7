import CanonicalCoding
import CometBFTTypes
import LedgerCore
import MarketTypes
import Testing

/// A transaction in a test's block with what became of it.
struct Executed: Sendable {
    let bytes: [UInt8]
    var result = AgreedResult(code: 0, data: [], gasWanted: 0, gasUsed: 0)
    var events: [Event] = []
}

/// A block of a test's chain with all that a node knows of it.
struct ChainBlock: Sendable {
    let light: LightBlock
    let executed: [Executed]
    /// The state after the block.
    let state: TestState
}

/// A chain made and signed in the process, by the engine's rules.
struct TestChain: Sendable {
    static let defaultName = "stoa-test"

    let name: String
    let start: BlockTime
    private(set) var blocks: [ChainBlock] = []
    private var powers: Powers
    private var state = TestState()
    /// The state before the first block.
    let genesisState: TestState

    init(
        name: String = defaultName,
        start: BlockTime = LightClientClock.start,
        powers: Powers = .four,
        state: TestState = TestState()
    ) {
        self.name = name
        self.start = start
        self.powers = powers
        self.state = state
        genesisState = state
    }

    /// What the maker of a block decides.
    struct Plan {
        var executed: [Executed] = []
        /// Who signs the next block; nil for the same as this one.
        var nextPowers: Powers?
        /// The seeds that do not sign this block.
        var absent: [UInt8] = []
        /// The seeds that vote for no block.
        var against: [UInt8] = []
        /// A different header with the same height, for two chains that part.
        var salt: UInt8 = 0
        var secondsLater: UInt32 = 1
        var change: (inout TestState) -> Void = { _ in }
    }

    func block(_ height: BlockHeight) -> ChainBlock? {
        let index = Int(height.rawValue) - 1
        return blocks.indices.contains(index) ? blocks[index] : nil
    }

    func block(_ height: Int) -> ChainBlock { blocks[height - 1] }

    var height: Int { blocks.count }

    /// The same chain up to a height.
    func prefix(_ height: Int) -> TestChain {
        var shorter = self
        shorter.blocks = Array(blocks.prefix(height))
        shorter.state = shorter.blocks.last?.state ?? genesisState
        return shorter
    }

    mutating func grow(_ count: Int) throws {
        for _ in 0..<count { try append(Plan()) }
    }

    mutating func append(_ plan: Plan) throws {
        let set = try powers.set()
        let next = try (plan.nextPowers ?? powers).set()
        let last = blocks.last
        let height = blocks.count + 1
        let time = (last?.light.header.time ?? start).advanced(bySeconds: plan.secondsLater)
        let header = try Header(
            place: Header.Place(
                blockVersion: 11,
                appVersion: 1,
                chainName: name,
                height: BlockHeight(UInt64(height)),
                time: time,
                lastBlockID: last?.light.commit.blockID,
                proposer: set.validators[height % set.validators.count].address
            ),
            hashes: Header.Hashes(
                lastCommit: last?.light.commit.hash ?? ByteMerkle.root(of: []),
                data: EngineTransactions.root(of: plan.executed.map(\.bytes)),
                validators: set.hash,
                nextValidators: next.hash,
                consensus: Digest(sha256: [plan.salt]),
                app: state.root.bytes,
                lastResults: AgreedResult.root(of: last?.executed.map(\.result) ?? []),
                evidence: ByteMerkle.root(of: [])
            )
        )
        let id = BlockID(hash: header.hash, partCount: 1, partsHash: Digest(sha256: [plan.salt]))
        let commit = try sign(header, id: id, set: set, plan: plan)
        plan.change(&state)
        blocks.append(
            ChainBlock(
                light: LightBlock(header: header, commit: commit, validators: set),
                executed: plan.executed,
                state: state
            )
        )
        powers = plan.nextPowers ?? powers
    }

    private func sign(
        _ header: Header,
        id: BlockID,
        set: ValidatorSet,
        plan: Plan
    ) throws -> Commit {
        var keys: [ConsensusAddress: (key: ValidatorKey, seed: UInt8)] = [:]
        for member in powers.list {
            let key = try ValidatorKey(seed: member.seed)
            keys[ConsensusAddress(key: key.publicKey)] = (key, member.seed)
        }
        let time = header.time.advanced(bySeconds: 1)
        let votes = try set.validators.map { member -> CommitVote in
            let (key, seed) = try #require(keys[member.address])
            if plan.absent.contains(seed) { return .absent }
            let isAgainst = plan.against.contains(seed)
            let message = CanonicalVote(
                step: .precommit,
                height: Int64(header.height.rawValue),
                round: 0,
                blockID: isAgainst ? nil : id,
                time: time,
                chainName: name
            ).signBytes
            let vote = CommitVote.SignedVote(
                validator: member.address,
                time: time,
                signature: key.sign(message)
            )
            return isAgainst ? .noBlock(try #require(vote)) : .block(try #require(vote))
        }
        return Commit(height: header.height, round: 0, blockID: id, votes: votes)
    }
}

/// The clock of a test.
enum LightClientClock {
    /// When the test's chains begin.
    static let start = BlockTime(Timestamp(milliseconds: 1_700_000_000_000))
}
