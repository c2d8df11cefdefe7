import CanonicalCoding
import Dispatch
import LedgerCore
import MarketTypes
import Synchronization

/// Transactions whose signatures were checked, by the hash of their bytes, until they commit.
///
/// A signature costs more than everything else about a transaction, so it is checked when the
/// transaction arrives and never again. Bounded in number and in bytes, because what is refused
/// after its signature is in it too: when full, the oldest half goes and is simply checked again if
/// it is still needed.
final class CheckedTransactions: Sendable {
    private struct State {
        var byBytes: [Digest: (transaction: CheckedTransaction, byteCount: Int)] = [:]
        var order: [Digest] = []
        /// The bytes of all transactions that are kept.
        var bytes = 0

        mutating func remove(_ name: Digest) {
            guard let gone = byBytes.removeValue(forKey: name) else { return }
            bytes -= gone.byteCount
        }
    }

    private let state = Mutex(State())
    private let countMax: Int
    private let bytesMax: Int

    init(countMax: Int, bytesMax: Int) {
        self.countMax = countMax
        self.bytesMax = bytesMax
    }

    func find(_ bytes: [UInt8]) -> CheckedTransaction? {
        let name = Digest(sha256: bytes)
        return state.withLock { $0.byBytes[name]?.transaction }
    }

    func keep(_ transaction: CheckedTransaction, for bytes: [UInt8]) {
        let name = Digest(sha256: bytes)
        state.withLock { state in
            guard state.byBytes[name] == nil else { return }
            state.byBytes[name] = (transaction, bytes.count)
            state.order.append(name)
            state.bytes += bytes.count
            guard state.order.count > countMax || state.bytes > bytesMax else { return }
            let newest = state.order.suffix(countMax / 2)
            for old in state.order.dropLast(newest.count) { state.remove(old) }
            let kept = newest.drop { old in
                guard state.bytes > bytesMax / 2 else { return false }
                state.remove(old)
                return true
            }
            state.order = Array(kept)
        }
    }

    func forget(_ transactions: [[UInt8]]) {
        let names = transactions.map { Digest(sha256: $0) }
        state.withLock { state in
            for name in names { state.remove(name) }
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
