import GRPCCore
import NIOCore

/// Runs what one call does, and ends it when its client leaves, its time is over or the door
/// closes.
///
/// The transport tells a handler that a call is over but does not cancel its task; here the task is
/// cancelled, and with it what it asked of a node or a provider.
struct CallScope: Sendable {
    let context: ServerContext
    let metadata: Metadata
    let deadline: CallDeadline?
    let kind: DoorState.Kind
    /// Whether money may have moved although there is no answer.
    let movesMoney: Bool
    let door: DoorState

    private enum Ending<Output: Sendable>: Sendable {
        case done(Output)
        case left
        case late
    }

    /// The result of `work`, or why it was ended.
    func run<Output: Sendable>(
        _ work: @Sendable @escaping () async throws -> Output
    ) async throws -> Output {
        try door.enter(kind)
        defer { door.leave(kind) }
        let ending = try await withThrowingTaskGroup(of: Ending<Output>.self) { group in
            group.addTask { .done(try await work()) }
            group.addTask { try await left() }
            if let deadline {
                group.addTask {
                    try await Task.sleep(for: .nanoseconds(max(0, deadline.left.nanoseconds)))
                    return .late
                }
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw CancellationError() }
            return first
        }
        switch ending {
        case .done(let output): return output
        case .late: throw late
        case .left where isLate: throw late
        case .left where door.isDraining: throw DoorState.closing
        case .left: throw RPCError(code: .cancelled, message: "The client left.")
        }
    }

    /// Waits until the client left.
    ///
    /// The transport says so too when the door begins to close: then a call may end by itself, for
    /// as long as the door waits, and a watch ends at once.
    private func left<Output>() async throws -> Ending<Output> {
        try await context.cancellation.cancelled
        while kind == .call, door.isDraining { try await Task.sleep(for: .milliseconds(100)) }
        return .left
    }

    /// Whether the deadline is over, or will be before anybody could tell the difference: the
    /// transport has a timer of its own, which says no more than that the call is over.
    private var isLate: Bool {
        guard let deadline else { return false }
        return deadline.left <= .milliseconds(50)
    }

    private var late: RPCError {
        .refusal(
            .deadlineExceeded,
            deadline?.isClients == true
                ? "The call's deadline is over." : "The call took longer than this server waits.",
            reason: "deadline",
            moneyMoved: movesMoney ? .unknown : .no,
            hint: movesMoney
                ? "A transaction may be sent again as it is; Lane tells how a paid call ended."
                : "Ask again, with more time."
        )
    }
}
