import GRPCCore
import Synchronization

/// What all calls of a door share: how many there are, and whether it is closing.
final class DoorState: Sendable {
    /// What a call takes up.
    enum Kind: Sendable {
        /// Asks a node or a provider.
        case call
        /// Waits for news, or for the next question.
        case watch
    }

    private struct Counts {
        var calls = 0
        var watches = 0
        var isDraining = false
    }

    private let limits: GRPCDoorConfiguration.Limits
    private let counts = Mutex(Counts())

    init(_ limits: GRPCDoorConfiguration.Limits) {
        self.limits = limits
    }

    /// Whether the door was told to stop.
    var isDraining: Bool { counts.withLock { $0.isDraining } }

    func drain() { counts.withLock { $0.isDraining = true } }

    /// Counts a call in.
    ///
    /// - Throws: a refusal if there are too many, or if the door closes.
    func enter(_ kind: Kind) throws(RPCError) {
        let (isDraining, isFull) = counts.withLock { counts in
            guard !counts.isDraining else { return (true, false) }
            switch kind {
            case .call where counts.calls < limits.callsMax: counts.calls += 1
            case .watch where counts.watches < limits.watchesMax: counts.watches += 1
            default: return (false, true)
            }
            return (false, false)
        }
        if isDraining { throw Self.closing }
        guard !isFull else {
            throw RPCError.refusal(
                .unavailable,
                "Too many calls are open here.",
                reason: "overloaded",
                hint: "Try again in a moment; nothing was done."
            )
        }
    }

    func leave(_ kind: Kind) {
        counts.withLock { counts in
            switch kind {
            case .call: counts.calls -= 1
            case .watch: counts.watches -= 1
            }
        }
    }

    /// What a client is told whose stream ends because the door does.
    static var closing: RPCError {
        .refusal(
            .unavailable,
            "The server is shutting down.",
            reason: "shutting_down",
            hint: "Ask again, here or elsewhere."
        )
    }
}
