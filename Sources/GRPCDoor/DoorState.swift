import GRPCCore
import NIOCore
import Synchronization

/// What all calls of a door share: how many there are, and whether it is closing.
final class DoorState: Sendable {
    /// What a call takes up.
    enum Kind: Hashable, Sendable {
        /// Asks a node or a provider.
        case call
        /// Waits for news, or for the next question.
        case watch
        /// Is answered from memory at once: once its message is there, it takes no place.
        case brief
    }

    /// How far a call is.
    enum Stage: Hashable, Sendable {
        /// Its message has not come.
        case opening
        /// It is being answered.
        case open
    }

    private struct Place: Hashable {
        let kind: Kind
        let stage: Stage
    }

    private struct Tally {
        var all = 0
        var byAddress: [PeerAddress: Int] = [:]
    }

    private struct State {
        var tallies: [Place: Tally] = [:]
        /// When calls are ended that have not ended by themselves; nil while the door is open.
        var cutTime: NIODeadline?
        var largeAnswers = 0
    }

    private enum Fullness {
        case door, address
    }

    /// The numbers that bound the door.
    let limits: GRPCDoorConfiguration.Limits
    private let state = Mutex(State())

    init(_ limits: GRPCDoorConfiguration.Limits) {
        self.limits = limits
    }

    /// Whether the door was told to stop.
    var isDraining: Bool { state.withLock { $0.cutTime != nil } }

    /// Whether the door waits for calls no longer: the time that is left is for saying so.
    var isCutting: Bool {
        guard let time = state.withLock({ $0.cutTime }) else { return false }
        return time <= .now()
    }

    func drain() {
        let patience = TimeAmount.seconds(limits.drainSecondsMax) - .seconds(2)
        state.withLock { $0.cutTime = .now() + max(.zero, patience) }
    }

    /// How many addresses have places.
    var addressCount: Int {
        state.withLock { state in state.tallies.values.reduce(0) { $0 + $1.byAddress.count } }
    }

    /// Counts a call in.
    ///
    /// - Parameter address: whose call it is; nil for one that is not counted.
    /// - Throws: a refusal if there are too many, or if the door closes.
    func enter(
        _ kind: Kind,
        _ stage: Stage = .open,
        from address: PeerAddress? = nil
    ) throws(RPCError) {
        let place = Place(kind: kind, stage: stage)
        let (allMax, addressMax) = maxima(place)
        let (isDraining, fullness) = state.withLock { state -> (Bool, Fullness?) in
            guard state.cutTime == nil else { return (true, nil) }
            var tally = state.tallies[place] ?? Tally()
            guard tally.all < allMax else { return (false, .door) }
            if let address {
                let count = tally.byAddress[address, default: 0]
                guard count < addressMax else { return (false, .address) }
                tally.byAddress[address] = count + 1
            }
            tally.all += 1
            state.tallies[place] = tally
            return (false, nil)
        }
        if isDraining { throw Self.closing }
        switch fullness {
        case nil: return
        case .door:
            throw RPCError.refusal(
                .unavailable,
                "Too many calls are open here.",
                reason: "overloaded",
                hint: "Try again in a moment; nothing was done."
            )
        case .address:
            throw RPCError.refusal(
                .resourceExhausted,
                "Too many calls of your address are open here.",
                reason: "too_many_calls",
                hint: "End what you began before you begin more; nothing was done."
            )
        }
    }

    private func maxima(_ place: Place) -> (all: Int, perAddress: Int) {
        switch (place.stage, place.kind) {
        case (.opening, _): (limits.openingsMax, limits.openingsPerAddressMax)
        case (.open, .call): (limits.callsMax, limits.callsPerAddressMax)
        case (.open, .watch): (limits.watchesMax, limits.watchesPerAddressMax)
        case (.open, .brief): (.max, .max)
        }
    }

    func leave(_ kind: Kind, _ stage: Stage = .open, from address: PeerAddress? = nil) {
        let place = Place(kind: kind, stage: stage)
        state.withLock { state in
            guard var tally = state.tallies[place] else { return }
            tally.all -= 1
            if let address, let count = tally.byAddress[address] {
                tally.byAddress[address] = count > 1 ? count - 1 : nil
            }
            state.tallies[place] = tally
        }
    }

    /// Waits until there is room for one more large answer, which must leave again.
    func enterLarge() async throws {
        while true {
            let isRoom = state.withLock { state in
                guard state.largeAnswers < limits.largeAnswersMax else { return false }
                state.largeAnswers += 1
                return true
            }
            if isRoom { return }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    func leaveLarge() { state.withLock { $0.largeAnswers -= 1 } }

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
