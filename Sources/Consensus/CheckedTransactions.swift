import CanonicalCoding
import Dispatch
import LedgerCore
import MarketTypes
import Synchronization

/// Transactions whose signatures were checked, by the hash of their bytes, until they commit.
///
/// A signature costs more than everything else about a transaction, so it is checked when the
/// transaction arrives and never again. Bounded: when full, the oldest half goes and is simply
/// checked again if it is still needed.
final class CheckedTransactions: Sendable {
    private struct State {
        var byBytes: [Digest: CheckedTransaction] = [:]
        var order: [Digest] = []
    }

    private let state = Mutex(State())
    private let countMax: Int

    init(countMax: Int) {
        self.countMax = countMax
    }

    func find(_ bytes: [UInt8]) -> CheckedTransaction? {
        let name = Digest(sha256: bytes)
        return state.withLock { $0.byBytes[name] }
    }

    func keep(_ transaction: CheckedTransaction, for bytes: [UInt8]) {
        let name = Digest(sha256: bytes)
        state.withLock { state in
            guard state.byBytes.updateValue(transaction, forKey: name) == nil else { return }
            state.order.append(name)
            guard state.order.count > countMax else { return }
            for old in state.order.prefix(countMax / 2) { state.byBytes[old] = nil }
            state.order.removeFirst(countMax / 2)
        }
    }

    func forget(_ transactions: [[UInt8]]) {
        let names = transactions.map { Digest(sha256: $0) }
        state.withLock { state in
            for name in names { state.byBytes[name] = nil }
            // Names whose transaction is gone would otherwise pile up in the order.
            if state.order.count > state.byBytes.count * 2 + 1024 {
                state.order.removeAll { state.byBytes[$0] == nil }
            }
        }
    }
}

/// Maps `items` on all cores and returns the results in order.
func concurrentMap<Item: Sendable, Output: Sendable>(
    _ items: [Item],
    _ transform: @Sendable (Item) -> Output
) -> [Output] {
    guard items.count > 1 else { return items.map(transform) }
    let strides = min(items.count, 64)
    let parts = Mutex([[Output]](repeating: [], count: strides))
    DispatchQueue.concurrentPerform(iterations: strides) { index in
        let low = items.count * index / strides
        let high = items.count * (index + 1) / strides
        let mapped = items[low..<high].map(transform)
        parts.withLock { $0[index] = mapped }
    }
    return parts.withLock { $0.flatMap(\.self) }
}
