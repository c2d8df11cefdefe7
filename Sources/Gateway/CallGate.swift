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
        var inProgress = 0
        var waiters: [Waiter] = []
        var nextTicket: UInt64 = 0
    }

    private let state = Mutex(State())
    private let callsMax: Int
    private let waitersMax: Int

    init(callsMax: Int, waitersMax: Int) {
        self.callsMax = callsMax
        self.waitersMax = waitersMax
    }

    /// How many calls are under way, and how many wait.
    var load: (inProgress: Int, waiting: Int) {
        state.withLock { ($0.inProgress, $0.waiters.count) }
    }

    /// Takes a turn, which ends when the last reference to the pass goes.
    func enter(
        waitingAtMost timeout: TimeAmount,
        on eventLoop: any EventLoop
    ) async -> Result<CallPass, Refusal> {
        let entered = state.withLock { state -> Bool? in
            if state.inProgress < callsMax {
                state.inProgress += 1
                return true
            }
            return state.waiters.count < waitersMax ? nil : false
        }
        switch entered {
        case true?: return .success(CallPass(self))
        case false?: return .failure(.queueFull)
        case nil:
            let admitted = await wait(atMost: timeout, on: eventLoop)
            return admitted ? .success(CallPass(self)) : .failure(.timedOut)
        }
    }

    private func wait(atMost timeout: TimeAmount, on eventLoop: any EventLoop) async -> Bool {
        await withCheckedContinuation { continuation in
            let ticket = state.withLock { state -> UInt64? in
                if state.inProgress < callsMax {
                    state.inProgress += 1
                    return nil
                }
                state.nextTicket += 1
                state.waiters.append(
                    Waiter(ticket: state.nextTicket, continuation: continuation)
                )
                return state.nextTicket
            }
            guard let ticket else { return continuation.resume(returning: true) }
            eventLoop.scheduleTask(in: timeout) { self.expire(ticket) }
        }
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
            state.inProgress -= 1
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
