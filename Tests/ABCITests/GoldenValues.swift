import ABCI

/// The messages of Vectors/abci, by their names there.
enum Golden {
    static let address = [UInt8](repeating: 0xa1, count: 20)
    static let hash = [UInt8](repeating: 0xb2, count: 32)
    static let time = EngineTime(seconds: 1_763_856_000, nanos: 123_456_789)
    static let validator = EngineValidator(address: address, power: 10)
    static let transactions: [[UInt8]] = [[0xaa], [], [UInt8](repeating: 0xbb, count: 200)]

    static var misbehavior: [MisbehaviorInfo] {
        var first = MisbehaviorInfo()
        first.type = .duplicateVote
        first.validator = validator
        first.height = 7
        first.time = time
        first.totalPower = 40
        var second = MisbehaviorInfo()
        second.type = .lightClientAttack
        second.validator = validator
        second.height = 8
        return [first, second]
    }

    static var commit: CommitInfo {
        var commit = CommitInfo()
        commit.round = 2
        commit.votes = [
            VoteInfo(validator: validator, flag: .commit),
            VoteInfo(validator: validator, flag: .absent),
            VoteInfo(validator: validator, flag: .none),
            VoteInfo(),
        ]
        return commit
    }

    static var params: ConsensusParams {
        var params = ConsensusParams()
        var block = BlockParams()
        block.maxBytes = 16_777_216
        block.maxGas = -1
        var evidence = EvidenceParams()
        evidence.maxAgeBlocks = 100_000
        evidence.maxAgeDuration = EngineTime(seconds: 172_800)
        evidence.maxBytes = 1_048_576
        var validator = ValidatorParams()
        validator.keyTypes = ["ed25519"]
        var version = VersionParams()
        version.app = 1
        params.block = block
        params.evidence = evidence
        params.validator = validator
        params.version = version
        params.abci = ExtensionParams()
        return params
    }

    static var updates: [EngineValidatorUpdate] {
        [
            EngineValidatorUpdate(
                key: EnginePublicKey(.ed25519, [UInt8](repeating: 0xc3, count: 32)),
                power: 10
            ),
            EngineValidatorUpdate(
                key: EnginePublicKey(.secp256k1, [2] + [UInt8](repeating: 0xd4, count: 32)),
                power: 5
            ),
            EngineValidatorUpdate(
                key: EnginePublicKey(.ed25519, [UInt8](repeating: 0xe5, count: 32)),
                power: 0
            ),
        ]
    }

    static var events: [EngineEvent] {
        var ours = EngineEvent()
        ours.type = "stoa"
        ours.attributes = [attribute("event", "0a0b", false)]
        var other = EngineEvent()
        other.type = "other"
        other.attributes = [attribute("k", "ü", true), EngineEventAttribute()]
        return [ours, other, EngineEvent()]
    }

    private static func attribute(
        _ key: String,
        _ value: String,
        _ index: Bool
    ) -> EngineEventAttribute {
        var attribute = EngineEventAttribute()
        attribute.key = key
        attribute.value = value
        attribute.index = index
        return attribute
    }

    static var result: ExecutionResult {
        var result = ExecutionResult()
        result.code = 202
        result.data = [1]
        result.log = "accounts.insufficientBalance"
        result.info = "i"
        result.gasWanted = .max
        result.gasUsed = -1
        result.events = events
        result.codespace = "stoa"
        return result
    }

    static var snapshot: SnapshotInfo {
        var snapshot = SnapshotInfo()
        snapshot.height = .max
        snapshot.format = 1
        snapshot.chunks = .max
        snapshot.hash = hash
        snapshot.metadata = [0, 0xff]
        return snapshot
    }

    static var block: BlockRequest {
        var block = BlockRequest()
        block.transactions = transactions
        block.lastCommit = commit
        block.misbehavior = misbehavior
        block.hash = hash
        block.height = 300
        block.time = time
        block.nextValidatorsHash = hash
        block.proposerAddress = address
        return block
    }
}

/// A message with some of its fields set.
func made<Message: WireMessage>(_ set: (inout Message) -> Void) -> Message {
    var message = Message()
    set(&message)
    return message
}
