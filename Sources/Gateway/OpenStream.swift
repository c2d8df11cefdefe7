import Identity
import MarketTypes
import NIOCore
import SettlementCore
import Synchronization

/// A paid stream between a seller and a client, from its first chunk to its receipt.
///
/// A reference, because the answer may be dropped before anybody reads it: whatever way it goes,
/// the exchange is ended and a call without a receipt is looked up.
final class OpenStream: Sendable {
    private struct State {
        var stream: SellerStream?
        var first: SellerStream.Event?
        var isSettled = false
    }

    let engagement: Engagement
    let parts: GatewayParts
    /// The moment by which all must be over, the client's reading included.
    let deadline: NIODeadline
    private let exchange: SellerExchange
    private let pass: CallPass
    private let state: Mutex<State>

    init(
        _ exchange: SellerExchange,
        _ engagement: Engagement,
        parts: GatewayParts,
        pass: CallPass,
        deadline: NIODeadline
    ) {
        self.exchange = exchange
        self.engagement = engagement
        self.parts = parts
        self.pass = pass
        self.deadline = deadline
        let stream = SellerStream(
            exchange,
            voucher: engagement.voucher.digest,
            eventBytesMax: min(parts.configuration.responseBytesMax, 4 << 20)
        )
        state = Mutex(State(stream: stream))
    }

    deinit {
        guard !state.withLock({ $0.isSettled }) else { return }
        exchange.cancel()
        parts.lookUp(engagement)
    }

    /// What the charge counts.
    var unit: GatewayUnit { parts.units.unit(engagement.offer.denomination) }

    /// Breaks the exchange off; the reader gets a failure next.
    func cancel() { exchange.cancel() }

    /// Nothing about the call is open any more.
    func markSettled() { state.withLock { $0.isSettled = true } }

    /// Waits for the first chunk, so that a seller that fails before it can still be replaced.
    func readFirst(
        since start: NIODeadline,
        client: CallDeparture
    ) async throws(AttemptFailure) {
        guard var stream = takeStream() else { throw .cutOff }
        let event = await stream.next()
        switch event {
        case .chunk:
            parts.health.succeeded(engagement.seller, since: start)
            putBack(stream, first: event)
        case .receipt(let text):
            let receipt = try await settle(text, stream)
            parts.health.failed(engagement.seller)
            throw .failed(
                status: receipt.document.status == .failed ? 502 : 500,
                body: []
            )
        case .endWithoutReceipt: throw await strikeOff(.missingReceipt)
        case .failed(let failure):
            // A stream has begun, so the voucher was sent; the last reference has it looked up.
            guard !client.hasLeft else {
                parts.health.abandoned(engagement.seller)
                throw .abandoned
            }
            parts.health.failed(engagement.seller)
            throw AttemptFailure(failure)
        }
    }

    /// Hands the rest of the stream to the one who relays it, with the event read already.
    func takeRest() -> (stream: SellerStream, first: SellerStream.Event)? {
        guard let stream = takeStream() else { return nil }
        let first = state.withLock { state in
            defer { state.first = nil }
            return state.first
        }
        return first.map { (stream, $0) }
    }

    /// Checks the receipt against the chunks, and writes it down.
    func settle(
        _ text: [UInt8],
        _ stream: SellerStream
    ) async throws(AttemptFailure) -> Verified<Receipt> {
        guard let paper = SellerRequests.receipt(text) else {
            throw await strikeOff(.malformedReceipt)
        }
        do {
            var counted = UnitCounts()
            counted[.byte] = stream.chunkBytes
            let receipt = try await parts.book.settle(
                paper,
                for: engagement,
                response: stream.chain,
                counted: counted
            )
            markSettled()
            exchange.drain()
            return receipt
        } catch {
            if case .cheated = error { markSettled() }
            exchange.cancel()
            throw parts.failure(error, engagement)
        }
    }

    /// Ends the exchange with a seller that broke the protocol.
    func strikeOff(_ reason: StrikeReason) async -> AttemptFailure {
        _ = await parts.book.strikeOff(engagement, reason, evidence: nil)
        markSettled()
        exchange.cancel()
        return .cheated(reason)
    }

    private func takeStream() -> SellerStream? {
        state.withLock { state in
            let stream = state.stream
            state.stream = nil
            return stream
        }
    }

    private func putBack(_ stream: SellerStream, first: SellerStream.Event) {
        state.withLock {
            $0.stream = stream
            $0.first = first
        }
    }
}
