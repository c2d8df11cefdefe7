import Synchronization

/// Blocks between the task that reads them and the task that writes them, as many as are wanted.
///
/// The reader waits while enough lie here; the writer takes everything at once, so that a batch
/// is as large as the index is behind.
final class BlockBuffer: Sendable {
    /// How much may lie here, and be taken at once: one block always may.
    struct Limits: Sendable {
        var blocks = 512
        var events = 32768
    }

    private struct State {
        var blocks: [BlockRows] = []
        var events = 0
        var isEnded = false
        var reader: CheckedContinuation<Void, Never>?
        var writer: CheckedContinuation<Void, Never>?
    }

    private let limits: Limits
    private let state = Mutex(State())

    init(limits: Limits = Limits()) {
        self.limits = limits
    }

    private func isFull(_ state: State) -> Bool {
        state.blocks.count >= limits.blocks || state.events >= limits.events
    }

    /// Adds a block, once there is room; does nothing after the end.
    func put(_ block: BlockRows) async {
        await wait(\.reader) { self.isFull($0) && !$0.isEnded }
        let writer = state.withLock { state in
            guard !state.isEnded else { return CheckedContinuation<Void, Never>?.none }
            state.blocks.append(block)
            state.events += block.events.count
            defer { state.writer = nil }
            return state.writer
        }
        writer?.resume()
    }

    /// Everything that lies here, once there is something; nothing means the end.
    func take() async -> [BlockRows] {
        await wait(\.writer) { $0.blocks.isEmpty && !$0.isEnded }
        let (blocks, reader) = state.withLock { state in
            defer { (state.blocks, state.events, state.reader) = ([], 0, nil) }
            return (state.blocks, state.reader)
        }
        reader?.resume()
        return blocks
    }

    /// Ends it: what lies here can still be taken.
    func end() {
        let waiting = state.withLock { state in
            state.isEnded = true
            defer { (state.reader, state.writer) = (nil, nil) }
            return [state.reader, state.writer]
        }
        for continuation in waiting { continuation?.resume() }
    }

    /// Waits until `condition` no longer holds; cancelling ends the buffer.
    private func wait(
        _ place: any WritableKeyPath<State, CheckedContinuation<Void, Never>?> & Sendable,
        while condition: (borrowing State) -> Bool
    ) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mustWait = state.withLock { state in
                    guard !Task.isCancelled, condition(state) else { return false }
                    state[keyPath: place] = continuation
                    return true
                }
                if !mustWait { continuation.resume() }
            }
        } onCancel: {
            end()
        }
    }
}
