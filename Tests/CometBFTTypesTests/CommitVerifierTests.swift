import CanonicalCoding
import CometBFTTypes
import Identity
import MarketTypes
import Testing

@Suite("LGT-4: more than two thirds of the power, and every signature good")
struct CommitVerifierTests {
    private let chain = "stoa-0123456789012345678901234567890123456789"

    private func refused(_ block: LightBlock, chain: String? = nil) -> LightRefusal? {
        refusal { try block.verify(chainName: chain ?? self.chain) }
    }

    @Test("a block for another chain is refused before anything else")
    func otherChain() throws {
        let block = try LightVectors.block(1)
        #expect(refused(block, chain: "stoa-other") == .otherChain)
        let renamed = try block.header.changed { place, _ in place.chainName = "stoa-other" }
        #expect(refused(block.with(header: renamed), chain: "stoa-other") == .wrongHeaderHash)
    }

    @Test("signatures for another chain do not count, whatever the header says")
    func replayedVotes() throws {
        let block = try LightVectors.block(1)
        let header = try block.header.changed { place, _ in place.chainName = "stoa-other" }
        let id = BlockID(
            hash: header.hash,
            partCount: 1,
            partsHash: block.commit.blockID.partsHash
        )
        let commit = Commit(
            height: block.height,
            round: block.commit.round,
            blockID: id,
            votes: block.commit.votes
        )
        let forged = block.with(header: header, commit: commit)
        #expect(refused(forged, chain: "stoa-other") == .wrongSignature(0))
    }

    @Test("more than two thirds of another set is refused by the set's hash")
    func otherSet() throws {
        let third = try LightVectors.block(3)
        let fourth = try LightVectors.block(4)
        #expect(refused(third.with(validators: fourth.validators)) == .wrongValidators)
        #expect(refused(fourth.with(commit: third.commit)) == .wrongCommitHeight)
    }

    @Test("a change of any header field is refused by the header's hash")
    func anyField() throws {
        let block = try LightVectors.block(2)
        let other = Digest(sha256: [1])
        let changes: [(inout Header.Place, inout Header.Hashes) -> Void] = [
            { place, _ in place.blockVersion += 1 }, { place, _ in place.appVersion += 1 },
            { place, _ in place.time = place.time.advanced(bySeconds: 1) },
            { place, _ in place.lastBlockID = nil },
            { place, _ in
                place.proposer =
                    ConsensusAddress(bytes: [UInt8](repeating: 1, count: 20)) ?? place.proposer
            },
            { _, hashes in hashes.lastCommit = other }, { _, hashes in hashes.data = other },
            { _, hashes in hashes.data = nil }, { _, hashes in hashes.nextValidators = other },
            { _, hashes in hashes.consensus = other }, { _, hashes in hashes.app = other.bytes },
            { _, hashes in hashes.lastResults = other }, { _, hashes in hashes.evidence = other },
        ]
        for (index, change) in changes.enumerated() {
            let header = try block.header.changed(change)
            #expect(refused(block.with(header: header)) == .wrongHeaderHash, "change \(index)")
        }
        let height = try block.header.changed { place, _ in place.height = BlockHeight(7) }
        #expect(refused(block.with(header: height)) == .wrongCommitHeight)
        let set = try block.header.changed { _, hashes in hashes.validators = other }
        #expect(refused(block.with(header: set)) == .wrongValidators)
    }

    @Test("exactly two thirds, votes for no block and absent validators are no quorum")
    func noQuorum() throws {
        let block = try LightVectors.block(1)
        let votes = block.commit.votes
        let half = votes[..<2] + [.absent, .absent]
        let few = block.with(commit: block.commit.with(votes: Array(half)))
        #expect(refused(few) == .noQuorum(signed: 20, total: 40))
        let nobody = [CommitVote](repeating: .absent, count: 4)
        let none = block.with(commit: block.commit.with(votes: nobody))
        #expect(refused(none) == .noQuorum(signed: 0, total: 40))
        for (power, total, enough) in [
            (2, 3, false), (3, 3, true), (26, 40, false), (27, 40, true), (40, 60, false),
        ] as [(UInt64, UInt64, Bool)] {
            let member = ConsensusValidator(key: block.validators.validators[0].key, power: total)
            #expect(try ValidatorSet([member]).isQuorum(power) == enough)
        }
    }

    @Test("a wrong signature is refused even if the others would do, also on a vote for no block")
    func everySignature() throws {
        for height in 1...5 {
            let block = try LightVectors.block(height)
            for index in block.commit.votes.indices {
                guard let signed = block.commit.votes[index].signed else { continue }
                var signature = signed.signature
                signature[40] ^= 1
                let wrong = try #require(
                    CommitVote.SignedVote(
                        validator: signed.validator,
                        time: signed.time,
                        signature: signature
                    )
                )
                var votes = block.commit.votes
                votes[index] = votes[index].isForBlock ? .block(wrong) : .noBlock(wrong)
                let forged = block.with(commit: block.commit.with(votes: votes))
                #expect(refused(forged) == .wrongSignature(index))
                votes[index] =
                    block.commit.votes[index].isForBlock ? .noBlock(signed) : .block(signed)
                let turned = block.with(commit: block.commit.with(votes: votes))
                #expect(refused(turned) == .wrongSignature(index))
            }
        }
    }

    /// The first block of four equal validators, with wrong signatures in these places.
    private func spoilt(_ places: [Int]) throws -> LightBlock {
        let block = try LightVectors.block(1)
        var votes = block.commit.votes
        for place in places {
            let signed = try #require(votes[place].signed)
            let wrong = CommitVote.SignedVote(
                validator: signed.validator,
                time: signed.time,
                signature: [UInt8](repeating: 1, count: CommitVote.SignedVote.signatureByteCount)
            )
            votes[place] = .block(try #require(wrong))
        }
        return block.with(commit: block.commit.with(votes: votes))
    }

    @Test("whoever reads a chain takes a wrong signature for no vote, and keeps what is right")
    func wrongSignatureIsNoVote() throws {
        let whole = try spoilt([])
        #expect(try whole.verified(chainName: chain) == whole)
        for place in 0..<4 {
            var votes = whole.commit.votes
            votes[place] = .absent
            let left = try spoilt([place]).verified(chainName: chain)
            #expect(left == whole.with(commit: whole.commit.with(votes: votes)))
            #expect(try left.verify(chainName: chain).signedPower == 30)
            let other = (place + 1) % 4
            let found = refusal { _ = try spoilt([place, other]).verified(chainName: chain) }
            #expect(found == .noQuorum(signed: 20, total: 40))
        }
        // Nothing else is let pass with it.
        let short = Array(try spoilt([0]).commit.votes.dropLast())
        let cut = whole.with(commit: whole.commit.with(votes: short))
        #expect(refusal { _ = try cut.verified(chainName: chain) } == .wrongVoteCount)
        let foreign = refusal { _ = try whole.verified(chainName: "stoa-other") }
        #expect(foreign == .otherChain)
    }

    @Test("votes stand one for each validator, in the set's order")
    func places() throws {
        let block = try LightVectors.block(1)
        var votes = block.commit.votes
        votes.swapAt(0, 1)
        #expect(
            refused(block.with(commit: block.commit.with(votes: votes))) == .wrongVoteAddress(0)
        )
        let short = Array(block.commit.votes.dropLast())
        #expect(refused(block.with(commit: block.commit.with(votes: short))) == .wrongVoteCount)
        let long = block.commit.votes + [.absent]
        #expect(refused(block.with(commit: block.commit.with(votes: long))) == .wrongVoteCount)
        let twice = [block.commit.votes[0]] + block.commit.votes.dropLast()
        #expect(
            refused(block.with(commit: block.commit.with(votes: twice))) == .wrongVoteAddress(1)
        )
    }

    @Test("another height, round, block or part set voids every signature")
    func signedPlace() throws {
        let block = try LightVectors.block(1)
        let commit = block.commit
        let parts = BlockID(
            hash: commit.blockID.hash,
            partCount: 2,
            partsHash: commit.blockID.partsHash
        )
        for other in [
            Commit(height: commit.height, round: 2, blockID: commit.blockID, votes: commit.votes),
            Commit(height: commit.height, round: commit.round, blockID: parts, votes: commit.votes),
        ] {
            #expect(refused(block.with(commit: other)) == .wrongSignature(0))
        }
    }
}

@Suite("LGT-5: a validator set keeps the engine's rules")
struct ValidatorSetTests {
    private func member(_ seed: UInt8, _ power: UInt64) throws -> ConsensusValidator {
        let key = SigningKey(seed: [UInt8](repeating: seed, count: 32))?.publicKey
        return ConsensusValidator(key: try #require(key), power: power)
    }

    @Test("an empty set, a power of zero, a sum that overflows and a key twice are refused")
    func refusals() throws {
        let one = try member(1, 1)
        let two = try member(2, 1)
        #expect(refusal { _ = try ValidatorSet([]) } == .malformed(.validatorSet))
        let zero = try member(3, 0)
        #expect(refusal { _ = try ValidatorSet([zero]) } == .malformed(.validatorPower))
        let all = try member(3, ValidatorSet.powerMax)
        #expect(try ValidatorSet([all]).totalPower == ValidatorSet.powerMax)
        #expect(refusal { _ = try ValidatorSet([all, one]) } == .malformed(.validatorPower))
        let huge = try member(3, .max)
        #expect(refusal { _ = try ValidatorSet([one, huge]) } == .malformed(.validatorPower))
        let again = try member(1, 2)
        #expect(refusal { _ = try ValidatorSet([one, again]) } == .malformed(.validatorSet))
        #expect(refusal { _ = try ValidatorSet([one, one]) } == .malformed(.validatorSet))
        let ordered = try ValidatorSet([one, two]).validators
        let turned = Array(ordered.reversed())
        #expect(refusal { _ = try ValidatorSet(ordered: turned) } == .malformed(.validatorSet))
        let foreign = try #require(
            PublicKey(scheme: .secp256k1, bytes: .init(repeating: 2, count: 33))
        )
        let other = ConsensusValidator(key: foreign, power: 1)
        #expect(refusal { _ = try ValidatorSet([other]) } == .malformed(.validatorKey))
    }

    @Test("a set has a largest size")
    func size() throws {
        let members = try (0...ValidatorSet.countMax).map { number -> ConsensusValidator in
            let bytes =
                [UInt8(number & 255), UInt8(number >> 8)] + [UInt8](repeating: 0, count: 30)
            let key = try #require(PublicKey(scheme: .ed25519, bytes: bytes))
            return ConsensusValidator(key: key, power: 1)
        }
        #expect(refusal { _ = try ValidatorSet(members) } == .malformed(.validatorSet))
        #expect(try ValidatorSet(Array(members.dropLast())).validators.count == 1000)
    }
}
