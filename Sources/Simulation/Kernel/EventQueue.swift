import LedgerCore

/// What is to happen, by time and then by the order in which it was planned.
///
/// A binary heap: two events never compare equal, so a run has exactly one order.
struct EventQueue<Event> {
    private struct Entry {
        let time: UInt64
        let sequence: UInt64
        let event: Event

        func isBefore(_ other: Entry) -> Bool {
            time < other.time || (time == other.time && sequence < other.sequence)
        }
    }

    private var heap: [Entry] = []
    private var planned: UInt64 = 0

    var count: Int { heap.count }

    /// Plans `event` for `time`, in milliseconds of the run.
    mutating func plan(_ event: Event, at time: UInt64) {
        planned += 1
        heap.append(Entry(time: time, sequence: planned, event: event))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].isBefore(heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes the next event, or nil if nothing is planned.
    mutating func next() -> (time: UInt64, event: Event)? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        if !heap.isEmpty {
            heap[0] = last
            sinkFirst()
        }
        return (first.time, first.event)
    }

    private mutating func sinkFirst() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].isBefore(heap[least]) { least = child }
            }
            guard least != parent else { return }
            heap.swapAt(least, parent)
            parent = least
        }
    }
}
