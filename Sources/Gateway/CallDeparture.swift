import HTTPServing
import NIOCore
import Synchronization

/// Tells a call that has no answer yet when its client is gone, and ends what is asked for it.
///
/// Without it a client that lost patience would pay for an answer that nobody reads, and again for
/// each of its retries.
final class CallDeparture: Sendable {
    private struct State {
        var hasLeft = false
        var exchange: SellerExchange?
    }

    private let state = Mutex(State())

    /// Whether the client left.
    var hasLeft: Bool { state.withLock { $0.hasLeft } }

    /// The client left: what is under way for it ends.
    func leave() {
        let exchange = state.withLock { state in
            state.hasLeft = true
            defer { state.exchange = nil }
            return state.exchange
        }
        exchange?.cancel()
    }

    /// From here on this is what ends when the client leaves.
    func attend(_ exchange: SellerExchange) {
        let hasLeft = state.withLock { state in
            if !state.hasLeft { state.exchange = exchange }
            return state.hasLeft
        }
        if hasLeft { exchange.cancel() }
    }

    /// Nothing of that kind is under way any more.
    func release() { state.withLock { $0.exchange = nil } }
}
