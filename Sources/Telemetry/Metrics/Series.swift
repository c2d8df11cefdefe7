import CoreMetrics
import Synchronization

/// One number that only grows.
final class CounterSeries: CounterHandler, Sendable {
    private let count = Atomic<Int64>(0)

    var value: Int64 { count.load(ordering: .relaxed) }

    func increment(by amount: Int64) {
        guard amount > 0 else { return }
        // Wraps after centuries; a counter that starts anew is what scrapers expect.
        count.wrappingAdd(amount, ordering: .relaxed)
    }

    func reset() { count.store(0, ordering: .relaxed) }
}

/// One number that goes up and down.
final class GaugeSeries: MeterHandler, Sendable {
    private let current = Mutex<Double>(0)

    var value: Double { current.withLock { $0 } }

    func set(_ value: Int64) { current.withLock { $0 = Double(value) } }
    func set(_ value: Double) { if value.isFinite { current.withLock { $0 = value } } }
    func increment(by amount: Double) { current.withLock { $0 += amount } }
    func decrement(by amount: Double) { current.withLock { $0 -= amount } }
}

/// How often a value was at most as large as each bound.
final class HistogramSeries: TimerHandler, RecorderHandler, Sendable {
    struct Snapshot: Sendable {
        /// Counts up to each bound, those below included; the last counts everything.
        let cumulative: [UInt64]
        let sum: Double
    }

    private struct State {
        var counts: [UInt64]
        var sum = 0.0
    }

    let bounds: [Double]
    private let state: Mutex<State>

    /// From half a millisecond to a minute: what a call through several processes takes.
    static let seconds: [Double] = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]
    /// Powers of ten: sizes and amounts.
    static let magnitudes: [Double] = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]

    init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    var snapshot: Snapshot {
        let state = state.withLock { $0 }
        var sum: UInt64 = 0
        return Snapshot(
            cumulative: state.counts.map { count in
                sum += count
                return sum
            },
            sum: state.sum
        )
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(max(0, duration)) / 1e9) }
    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        guard value.isFinite else { return }
        let place = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[place] += 1
            state.sum += value
        }
    }
}
