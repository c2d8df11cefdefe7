import Foundation
import LedgerCore
import MarketTypes

/// What each kind of transaction of the mix costs by itself, on one core: the check of its form and
/// signatures, and its execution on a state in memory.
struct MixedCosts {
    let stalls: Int
    let rounds: Int

    private struct Cost {
        var check: [Double] = []
        var execute: [Double] = []
        var signatures = 0
        var bytes = 0
    }

    func run() throws {
        let fair = Fair(stalls: stalls, rounds: rounds)
        var state = MemoryState()
        for change in fair.genesis.changes { state.entries[change.key] = change.value }
        var height: UInt64 = 0
        var costs: [String: Cost] = [:]
        var ends: [Double] = []
        for wave in fair.openings {
            for bytes in wave {
                // One at a time: a sender's own come in order, and in blocks of their own.
                block([Step(kind: "opening", bytes: bytes)], fair, &state, &height, &costs)
            }
        }
        costs = [:]
        let longest = fair.stalls.map(\.count).max() ?? 0
        for place in 0..<longest {
            let steps = fair.stalls.compactMap { place < $0.count ? $0[place] : nil }
            ends.append(block(steps, fair, &state, &height, &costs) / Double(steps.count))
        }
        print(costs, ends)
    }

    /// Executes a block; returns how long its beginning and end took.
    @discardableResult
    private func block(
        _ steps: [Step],
        _ fair: Fair,
        _ state: inout MemoryState,
        _ height: inout UInt64,
        _ costs: inout [String: Cost]
    ) -> Double {
        height += 1
        let context = BlockContext(
            height: BlockHeight(height),
            time: Timestamp(milliseconds: fair.genesis.time.milliseconds + height)
        )
        var ledger = Ledger(chain: fair.genesis.chain, base: state)
        let (_, first) = timed { ledger.beginBlock(.none, at: context) }
        for step in steps {
            let (checked, check) = timed {
                try? CheckedTransaction(canonicalBytes: step.bytes, chain: fair.genesis.chain)
            }
            guard let checked else { fatalError("\(step.kind) is malformed") }
            let (result, execute) = timed { ledger.apply(checked, at: context) }
            if let refusal = result.refusal { fatalError("\(step.kind): \(refusal.name)") }
            costs[step.kind, default: Cost()].check.append(check)
            costs[step.kind, default: Cost()].execute.append(execute)
            costs[step.kind, default: Cost()].signatures += checked.signatureCount
            costs[step.kind, default: Cost()].bytes += step.bytes.count
        }
        let (_, last) = timed { ledger.endBlock(at: context) }
        for change in ledger.changes { state.entries[change.key] = change.value }
        return first + last
    }

    private func print(_ costs: [String: Cost], _ ends: [Double]) {
        let total = costs.values.reduce(0) { $0 + $1.check.count }
        func micro(_ list: [Double]) -> String {
            String(format: "%.1f", list.sorted()[list.count / 2] * 1e6)
        }
        func mean(_ list: [Double]) -> Double { list.reduce(0, +) / Double(total) * 1e6 }
        for (kind, cost) in costs.sorted(by: { $0.key < $1.key }) {
            let count = cost.check.count
            let share = String(format: "%.1f", Double(count) / Double(total) * 100)
            Swift.print(
                "\(kind): \(share) % of the mix, \(cost.bytes / count) bytes, "
                    + "\(cost.signatures / count) signatures, decode and check "
                    + "\(micro(cost.check)) µs, execution \(micro(cost.execute)) µs (medians)"
            )
        }
        let check = mean(costs.values.flatMap(\.check))
        let execute = mean(costs.values.flatMap(\.execute))
        let end = ends.reduce(0, +) / Double(ends.count) * 1e6
        Swift.print(
            String(
                format: "a transaction of the mix: %.2f signatures, decode and check %.1f µs, "
                    + "execution %.1f µs, its part of a block's beginning and end %.1f µs (means)",
                Double(costs.values.reduce(0) { $0 + $1.signatures }) / Double(total),
                check, execute, end
            )
        )
    }
}
