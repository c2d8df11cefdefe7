import CSodium
import CanonicalCoding
import CometBFTTypes
import Identity
import MarketTypes
import Testing

/// A validator's key in a test: it signs an engine's votes, which our own keys cannot.
struct ValidatorKey: Sendable {
    let publicKey: PublicKey
    private let secret: [UInt8]

    init(seed: UInt8) throws {
        var key = [UInt8](repeating: 0, count: Int(crypto_sign_PUBLICKEYBYTES))
        var secret = [UInt8](repeating: 0, count: Int(crypto_sign_SECRETKEYBYTES))
        let seedBytes = [UInt8](repeating: seed, count: Int(crypto_sign_SEEDBYTES))
        try #require(sodium_init() >= 0)
        try #require(crypto_sign_seed_keypair(&key, &secret, seedBytes) == 0)
        publicKey = try #require(PublicKey(scheme: .ed25519, bytes: key))
        self.secret = secret
    }

    func sign(_ message: [UInt8]) -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: Int(crypto_sign_BYTES))
        crypto_sign_detached(&signature, nil, message, UInt64(message.count), secret)
        return signature
    }
}

/// Validators by the seeds of their keys, and how they seal blocks.
struct Validators: Sendable {
    static let genesis = Validators([(21, 40), (22, 30), (23, 20), (24, 10)])

    let powers: [(seed: UInt8, power: UInt64)]

    init(_ powers: [(UInt8, UInt64)]) { self.powers = powers }

    func set() throws -> ValidatorSet {
        try ValidatorSet(
            powers.map {
                ConsensusValidator(key: try ValidatorKey(seed: $0.seed).publicKey, power: $0.power)
            }
        )
    }

    /// A block's place and what it says.
    struct Plan {
        var chainName: String
        var height: UInt64
        var appHash: [UInt8]
        var next: Validators?
        /// Seeds that do not sign.
        var absent: [UInt8] = []
        /// Seeds that vote for no block.
        var against: [UInt8] = []
    }

    /// A block that these validators seal.
    func block(_ plan: Plan) throws -> LightBlock {
        let set = try set()
        let seconds = UInt64(1_800_000_000 + plan.height)
        let time = BlockTime(Timestamp(milliseconds: seconds * 1000 + 7))
        func filler(_ byte: UInt8) -> Digest { Digest(sha256: [byte]) }
        let header = try Header(
            place: Header.Place(
                blockVersion: 11,
                appVersion: 1,
                chainName: plan.chainName,
                height: BlockHeight(plan.height),
                time: time,
                lastBlockID: plan.height == 1
                    ? nil : BlockID(hash: filler(1), partCount: 1, partsHash: filler(2)),
                proposer: set.validators[0].address
            ),
            hashes: Header.Hashes(
                lastCommit: filler(3),
                data: filler(4),
                validators: set.hash,
                nextValidators: try (plan.next ?? self).set().hash,
                consensus: filler(5),
                app: plan.appHash,
                lastResults: filler(6),
                evidence: filler(7)
            )
        )
        let id = BlockID(hash: header.hash, partCount: 1, partsHash: filler(8))
        return LightBlock(header: header, commit: try commit(to: header, id, plan), validators: set)
    }

    private func commit(to header: Header, _ id: BlockID, _ plan: Plan) throws -> Commit {
        let keys = try powers.map { (seed: $0.seed, key: try ValidatorKey(seed: $0.seed)) }
        let votes = try set().validators.map { member -> CommitVote in
            let (seed, key) = try #require(keys.first { $0.key.publicKey == member.key })
            if plan.absent.contains(seed) { return .absent }
            let isAgainst = plan.against.contains(seed)
            let message = CanonicalVote(
                step: .precommit,
                height: Int64(plan.height),
                round: 1,
                blockID: isAgainst ? nil : id,
                time: header.time,
                chainName: plan.chainName
            ).signBytes
            let vote = try #require(
                CommitVote.SignedVote(
                    validator: member.address,
                    time: header.time,
                    signature: key.sign(message)
                )
            )
            return isAgainst ? .noBlock(vote) : .block(vote)
        }
        return Commit(height: header.height, round: 1, blockID: id, votes: votes)
    }
}
