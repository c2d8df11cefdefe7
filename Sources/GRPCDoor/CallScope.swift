import GRPCCore
import NIOCore
import Synchronization

/// What a call puts at stake when it ends without an answer.
enum Stake: Sendable {
    /// It only reads.
    case nothing
    /// A transaction, which may be sent again as it is.
    case transaction
    /// A voucher, which may be used up.
    case voucher
}

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
    let stake: Stake
    let door: DoorState

    /// Whether money may have moved although there is no answer.
    var movesMoney: Bool { stake != .nothing }

    private enum Ending<Output: Sendable>: Sendable {
        case done(Output)
        case left
        /// The door closes and has waited for the call.
        case cut
        case late
        /// No message, or no further question, came in its time.
        case unasked
    }

    /// The one message of a request, which must be whole before its time is over.
    ///
    /// Until it is there the call has a place among few of its address, and none of those that
    /// calls have who ask something.
    func message<Input: Sendable>(
        of messages: RPCAsyncSequence<Input, any Error>,
        within patience: TimeAmount
    ) async throws -> Input {
        let address = PeerAddress(description: context.remotePeer)
        try door.enter(kind, .opening, from: address)
        defer { door.leave(kind, .opening, from: address) }
        let ending = try await race(until: QuestionClock(patience), waits: false) {
            try await Self.only(messages)
        }
        if case .unasked = ending { throw Self.unasked("The message did not come in time.") }
        return try output(of: ending, stake: .nothing)
    }

    /// The result of `work`, or why it was ended.
    ///
    /// - Parameter clock: when the next question is due, in a call that has more than one.
    func run<Output: Sendable>(
        clock: QuestionClock? = nil,
        _ work: @Sendable @escaping () async throws -> Output
    ) async throws -> Output {
        let address = PeerAddress(description: context.remotePeer)
        try door.enter(kind, from: address)
        defer { door.leave(kind, from: address) }
        let ending = try await race(until: clock, waits: kind == .call, work)
        if case .unasked = ending { throw Self.unasked("No further question came in time.") }
        return try output(of: ending, stake: stake)
    }

    /// What comes first: the end of `work`, the client's leaving, or the end of a time.
    ///
    /// - Parameter waits: whether a door that closes lets `work` end by itself for a while.
    private func race<Output: Sendable>(
        until clock: QuestionClock?,
        waits: Bool,
        _ work: @Sendable @escaping () async throws -> Output
    ) async throws -> Ending<Output> {
        try await withThrowingTaskGroup(of: Ending<Output>.self) { group in
            group.addTask { .done(try await work()) }
            group.addTask { try await left(waits: waits) }
            if let deadline {
                group.addTask {
                    try await Task.sleep(for: .nanoseconds(max(0, deadline.left.nanoseconds)))
                    return .late
                }
            }
            if let clock {
                group.addTask {
                    try await clock.strikes()
                    return .unasked
                }
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw CancellationError() }
            return first
        }
    }

    private func output<Output>(of ending: Ending<Output>, stake: Stake) throws -> Output {
        switch ending {
        case .done(let output): return output
        case .late: throw late(stake)
        case .left where isLate: throw late(stake)
        case .cut: throw cut(stake)
        case .left where door.isDraining: throw DoorState.closing
        case .left, .unasked: throw RPCError(code: .cancelled, message: "The client left.")
        }
    }

    /// Waits until the client left.
    ///
    /// The transport says so too when the door begins to close: then a call may end by itself, for
    /// as long as the door waits, and a watch ends at once.
    private func left<Output>(waits: Bool) async throws -> Ending<Output> {
        try await context.cancellation.cancelled
        while waits, door.isDraining {
            if door.isCutting { return .cut }
            try await Task.sleep(for: .milliseconds(100))
        }
        return .left
    }

    /// The one message of a request.
    private static func only<Input: Sendable>(
        _ messages: RPCAsyncSequence<Input, any Error>
    ) async throws -> Input {
        var found: Input?
        for try await message in messages {
            guard found == nil else { throw wrongCount("This method takes one message.") }
            found = message
        }
        guard let found else { throw wrongCount("There is no message.") }
        return found
    }
}

/// Why a call ends before its work does.
extension CallScope {
    /// Whether the deadline is over, or will be before anybody could tell the difference: the
    /// transport has a timer of its own, which says no more than that the call is over.
    private var isLate: Bool {
        guard let deadline else { return false }
        return deadline.left <= .milliseconds(50)
    }

    private func late(_ stake: Stake) -> RPCError {
        .refusal(
            .deadlineExceeded,
            deadline?.isClients == true
                ? "The call's deadline is over." : "The call took longer than this server waits.",
            reason: "deadline",
            moneyMoved: stake == .nothing ? .no : .unknown,
            hint: stake == .nothing
                ? "Ask again, with more time."
                : "A transaction may be sent again as it is; Lane tells how a paid call ended."
        )
    }

    /// The door closes, and the call was still under way.
    private func cut(_ stake: Stake) -> RPCError {
        switch stake {
        case .nothing: DoorState.closing
        case .transaction:
            .refusal(
                .unavailable,
                "The server is shutting down, and the transaction's block has not come.",
                reason: "shutting_down",
                moneyMoved: .unknown,
                hint: "The same bytes may be sent again, here or elsewhere."
            )
        case .voucher: ProviderRefusals.cutOff
        }
    }

    private static func unasked(_ message: String) -> RPCError {
        .refusal(
            .deadlineExceeded,
            message,
            reason: "message_late",
            hint: "Nothing was done. Begin a call when there is something to send, and end it then."
        )
    }

    private static func wrongCount(_ message: String) -> RPCError {
        .refusal(
            .invalidArgument,
            message,
            reason: "malformed_message",
            hint: "Nothing was sent; is the client made from this server's proto files?"
        )
    }
}

/// When the next question of a call is due.
final class QuestionClock: Sendable {
    private let patience: TimeAmount
    private let due: Mutex<NIODeadline>

    init(_ patience: TimeAmount) {
        self.patience = patience
        due = Mutex(.now() + patience)
    }

    /// A question came: patience begins anew.
    func wind() { due.withLock { $0 = .now() + patience } }

    /// Returns when a question was due and did not come.
    func strikes() async throws {
        while true {
            let left = due.withLock { $0 } - .now()
            guard left > .zero else { return }
            try await Task.sleep(for: .nanoseconds(left.nanoseconds))
        }
    }
}
