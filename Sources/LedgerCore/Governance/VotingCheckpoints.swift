import MarketTypes

extension StagedState {
    func voter(_ account: AccountID) -> Voter { read(Voter.self, .voter(account)) ?? .none }

    /// Writes what an account may vote with, and the checkpoint of this block: one for each block
    /// at most, which says what holds at its end.
    mutating func keep(_ voter: Voter, of account: AccountID, at height: BlockHeight) {
        var voter = voter
        let index = place(of: height, among: voter.checkpoints) { state, index in
            state.read(VotingCheckpoint.self, .votingCheckpoint(account, index))?.height
        }
        voter.checkpoints = index + 1
        let checkpoint = VotingCheckpoint(
            height: height,
            own: voter.own,
            received: voter.received,
            delegate: voter.delegate
        )
        write(checkpoint, .votingCheckpoint(account, index))
        write(voter, .voter(account))
    }

    /// Changes the sum of all locked stake, and its checkpoint of this block.
    mutating func setTotalLocked(_ locked: Amount, at height: BlockHeight) {
        let before = read(VotingTotal.self, .votingTotal) ?? .none
        let index = place(of: height, among: before.checkpoints) { state, index in
            state.read(TotalCheckpoint.self, .totalCheckpoint(index))?.height
        }
        write(TotalCheckpoint(height: height, locked: locked), .totalCheckpoint(index))
        write(VotingTotal(locked: locked, checkpoints: index + 1), .votingTotal)
    }

    /// What an account could vote with when the block at `height` began.
    func votes(of account: AccountID, before height: BlockHeight) -> VotingCheckpoint {
        let index = count(of: voter(account).checkpoints, before: height) { index in
            read(VotingCheckpoint.self, .votingCheckpoint(account, index))?.height
        }
        guard index > 0 else { return .none }
        return read(VotingCheckpoint.self, .votingCheckpoint(account, index - 1)) ?? .none
    }

    /// All stake that was locked when the block at `height` began.
    func totalLocked(before height: BlockHeight) -> Amount {
        let checkpoints = (read(VotingTotal.self, .votingTotal) ?? .none).checkpoints
        let index = count(of: checkpoints, before: height) { index in
            read(TotalCheckpoint.self, .totalCheckpoint(index))?.height
        }
        guard index > 0 else { return .zero }
        return read(TotalCheckpoint.self, .totalCheckpoint(index - 1))?.locked ?? .zero
    }

    /// Where the checkpoint of `height` belongs: over the last one if that is of the same height,
    /// otherwise after it.
    private func place(
        of height: BlockHeight,
        among count: UInt64,
        heightAt: (StagedState, UInt64) -> BlockHeight?
    ) -> UInt64 {
        guard count > 0, heightAt(self, count - 1) == height else { return count }
        return count - 1
    }

    /// How many of the first `count` checkpoints are below `height`, which is their order.
    private func count(
        of count: UInt64,
        before height: BlockHeight,
        heightAt: (UInt64) -> BlockHeight?
    ) -> UInt64 {
        var (low, high) = (UInt64(0), count)
        while low < high {
            let middle = low + (high - low) / 2
            if let found = heightAt(middle), found < height {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }
}
