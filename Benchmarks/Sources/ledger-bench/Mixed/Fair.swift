import Dispatch
import Identity
import LedgerCore
import MarketTypes
import Synchronization

/// Houses and stalls on one chain, and all that they will ever send, signed in advance.
struct Fair: Sendable {
    let genesis: Genesis
    /// What comes before the rounds, in waves: within one, senders are independent.
    let openings: [[[UInt8]]]
    /// What each stall sends, one after the other.
    let stalls: [[Step]]

    init(stalls count: Int, rounds: Int) {
        var houses = (0..<House.count).map { House($0) }
        let proposal = House.proposal(of: houses[0].desk.account)
        var stalls = (0..<count).map {
            Stall($0, in: houses[$0 % House.count], on: proposal)
        }
        let amount = Amount(obol: 1_000_000 * Amount.obolPerStoa)
        let accounts = houses.map(\.desk.account) + stalls.flatMap(\.accounts)
        guard
            let genesis = Genesis(
                name: "fair",
                time: now(),
                sequencer: key(-1).publicKey,
                parameters: .standard,
                allocations: accounts.map { .init(account: $0, amount: amount) },
                // The vote is open, and every dispute stays so, for the whole run.
                numbers: [
                    NumberChange(number: GovernedNumber.votingDelayBlocks.id, value: 1),
                    NumberChange(number: GovernedNumber.votingPeriodBlocks.id, value: 1_000_000),
                    NumberChange(number: GovernedNumber.disputeSpeakBlocks.id, value: 100_000),
                    NumberChange(number: GovernedNumber.disputeVoteBlocks.id, value: 100_000),
                ]
            )
        else { fatalError("genesis is not valid") }  // a benchmark has nobody to tell
        self.genesis = genesis
        let chain = genesis.chain
        for index in houses.indices { houses[index].settle(on: chain) }
        for index in stalls.indices { stalls[index].settle(on: chain) }
        var foundations: [[UInt8]] = []
        var proposals: [[UInt8]] = []
        for index in houses.indices {
            let opening = houses[index].opening()
            foundations += opening.prefix(2)
            proposals += opening.dropFirst(2)
            proposals += houses[index].give(
                to: stride(from: index, to: count, by: House.count).map {
                    stalls[$0].accounts[0]
                }
            )
        }
        let ready = stalls
        let signed = Mutex([(opening: [[UInt8]], steps: [Step])](
            repeating: ([], []), count: count))
        DispatchQueue.concurrentPerform(iterations: count) { index in
            var stall = ready[index]
            let opening = stall.opening(rounds: rounds)
            let steps = (0..<rounds).flatMap { stall.round($0) }
            signed.withLock { $0[index] = (opening, steps) }
        }
        let all = signed.withLock { $0 }
        // Who votes must have locked its stake before the proposal's vote opens.
        openings = [foundations, all.flatMap(\.opening), proposals]
        self.stalls = all.map(\.steps)
    }

    var count: Int { stalls.reduce(0) { $0 + $1.count } }
}
