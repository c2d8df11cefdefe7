import NIOCore
import Synchronization

/// Bounds how many calls are under way; later ones wait in line, and not for ever.
final class CallGate: Sendable {
    /// Why a call may not begin.
    enum Refusal: Error, Hashable, Sendable {
        /// Too many calls wait already.
        case queueFull
        /// The turn did not come in time.
        case timedOut
    }

    private struct Waiter {
        let ticket: UInt64
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var callCount = 0
        var waiters: [Waiter] = []
        var ticketsGiven: UInt64 = 0
    }

    private let state = Mutex(State())
    private let callsMax: Int
    private let waitersMax: Int

    init(callsMax: Int, waitersMax: Int) {
        self.callsMax = callsMax
        self.waitersMax = waitersMax
    }

    /// How many calls are under way, and how many wait.
    var load: (calls: Int, waiting: Int) { state.withLock { ($0.callCount, $0.waiters.count) } }

    /// Takes a turn, which ends when the last reference to the pass goes.
    func enter(
        waitingAtMost timeout: TimeAmount,
        on eventLoop: any EventLoop
    ) async -> Result<CallPass, Refusal> {
        let isThrough = state.withLock { state in
            let isFree = state.callCount < callsMax
            if isFree { state.callCount += 1 }
            return isFree
        }
        if isThrough { return .success(CallPass(self)) }
        switch await wait(atMost: timeout, on: eventLoop) {
        case true?: return .success(CallPass(self))
        case false?: return .failure(.timedOut)
        case nil: return .failure(.queueFull)
        }
    }

    /// Waits for a turn: false if it did not come in time, nil at once if the line is full.
    private func wait(atMost timeout: TimeAmount, on eventLoop: any EventLoop) async -> Bool? {
        var isFull = false
        let isThrough = await withCheckedContinuation { continuation in
            var ticket: UInt64?
            let answer = state.withLock { state -> Bool? in
                if state.callCount < callsMax {
                    state.callCount += 1
                    return true
                }
                guard state.waiters.count < waitersMax else { return false }
                state.ticketsGiven += 1
                ticket = state.ticketsGiven
                state.waiters.append(
                    Waiter(ticket: state.ticketsGiven, continuation: continuation)
                )
                return nil
            }
            if let ticket { eventLoop.scheduleTask(in: timeout) { self.expire(ticket) } }
            if let answer {
                isFull = !answer
                continuation.resume(returning: answer)
            }
        }
        return isFull ? nil : isThrough
    }

    private func expire(_ ticket: UInt64) {
        let waiter = state.withLock { state -> Waiter? in
            let index = state.waiters.firstIndex { $0.ticket == ticket }
            return index.map { state.waiters.remove(at: $0) }
        }
        waiter?.continuation.resume(returning: false)
    }

    fileprivate func leave() {
        let next = state.withLock { state -> Waiter? in
            guard state.waiters.isEmpty else { return state.waiters.removeFirst() }
            state.callCount -= 1
            return nil
        }
        next?.continuation.resume(returning: true)
    }
}

/// The right to have one call under way; given back when it is released.
///
/// A reference, because an answer that is streamed outlives the function that began it, and may
/// be dropped without ever being sent.
final class CallPass: Sendable {
    private let gate: CallGate

    fileprivate init(_ gate: CallGate) {
        self.gate = gate
    }

    deinit {
        gate.leave()
    }
}
