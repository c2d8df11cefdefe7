import CanonicalCoding
import Identity
import MarketTypes

/// How many validators, with how much power, signed a block.
public struct CommitTally: Hashable, Sendable {
    /// The validators that signed the block.
    public let signers: Int
    /// The validators in the set.
    public let validators: Int
    /// The power that signed the block.
    public let signedPower: UInt64
    /// The power of the whole set.
    public let totalPower: UInt64
}

/// Checks the votes of a commit; every signature that is there must verify, also one for no block.
///
/// Follows `VerifyCommit` of CometBFT 0.38, not its shorter forms that stop at two thirds: a
/// proof that carries a wrong signature anywhere is refused.
public enum CommitVerifier {
    /// Checks that more than two thirds of `validators`, by power, signed the commit's block.
    ///
    /// Height and block of the commit are the caller's to compare.
    ///
    /// - Throws: ``LightRefusal`` from `wrongVoteCount` to `noQuorum`.
    public static func verify(
        _ commit: Commit,
        signedBy validators: ValidatorSet,
        chainName: String
    ) throws(LightRefusal) -> CommitTally {
        let members = validators.validators
        guard commit.votes.count == members.count else { throw .wrongVoteCount }
        for (index, vote) in commit.votes.enumerated() {
            guard let signed = vote.signed else { continue }
            guard signed.validator == members[index].address else {
                throw .wrongVoteAddress(index)
            }
        }
        var signers = 0
        var power: UInt64 = 0
        for (index, vote) in commit.votes.enumerated() where vote != .absent {
            try checkSignature(of: commit, at: index, by: members[index], chainName: chainName)
            guard vote.isForBlock else { continue }
            signers += 1
            power += members[index].power
        }
        guard validators.isQuorum(power) else {
            throw .noQuorum(signed: power, total: validators.totalPower)
        }
        return CommitTally(
            signers: signers,
            validators: members.count,
            signedPower: power,
            totalPower: validators.totalPower
        )
    }

    /// Checks that more than `level` of an older, trusted set's power signed the commit's block.
    ///
    /// The set may differ from the one that voted, so votes are found by address; those of
    /// validators outside the trusted set do not count.
    ///
    /// - Throws: ``LightRefusal`` `repeatedVote`, `wrongSignature` or `tooLittleOverlap`.
    public static func verifyOverlap(
        _ commit: Commit,
        with trusted: ValidatorSet,
        above level: TrustLevel,
        chainName: String
    ) throws(LightRefusal) {
        var counted = [Bool](repeating: false, count: trusted.validators.count)
        let byAddress = trusted.validators.indices.sorted {
            trusted.validators[$0].address < trusted.validators[$1].address
        }
        var power: UInt64 = 0
        for (index, vote) in commit.votes.enumerated() where vote.isForBlock {
            guard let address = vote.signed?.validator,
                let place = find(address, in: trusted, order: byAddress)
            else { continue }
            guard !counted[place] else { throw .repeatedVote(index) }
            counted[place] = true
            let member = trusted.validators[place]
            try checkSignature(of: commit, at: index, by: member, chainName: chainName)
            power += member.power
        }
        guard level.isPassed(by: power, of: trusted.totalPower) else {
            throw .tooLittleOverlap(signed: power, total: trusted.totalPower)
        }
    }

    /// The commit with a vote whose signature does not verify taken for none.
    ///
    /// Validators take signatures by ZIP-215, which allows more than our own rule does: one of them
    /// can make such a signature on purpose, and the engine puts it into its commits.
    static func droppingWrongSignatures(
        of commit: Commit,
        by validators: ValidatorSet,
        chainName: String
    ) -> Commit {
        let votes = zip(commit.votes, validators.validators).enumerated().map { index, pair in
            let (vote, member) = pair
            do throws(LightRefusal) {
                try checkSignature(of: commit, at: index, by: member, chainName: chainName)
                return vote
            } catch {
                return .absent
            }
        }
        return Commit(
            height: commit.height,
            round: commit.round,
            blockID: commit.blockID,
            votes: votes
        )
    }

    private static func find(
        _ address: ConsensusAddress,
        in set: ValidatorSet,
        order: [Int]
    ) -> Int? {
        var low = 0
        var high = order.count
        while low < high {
            let middle = (low + high) / 2
            if set.validators[order[middle]].address < address {
                low = middle + 1
            } else {
                high = middle
            }
        }
        guard low < order.count, set.validators[order[low]].address == address else { return nil }
        return order[low]
    }

    private static func checkSignature(
        of commit: Commit,
        at index: Int,
        by member: ConsensusValidator,
        chainName: String
    ) throws(LightRefusal) {
        guard let signed = commit.votes[index].signed,
            let message = commit.signBytes(at: index, chainName: chainName),
            member.key.verifiesForeign(signed.signature, over: message)
        else { throw .wrongSignature(index) }
    }
}
