import AsyncHTTPClient
import HTTPServing
import Identity
import Logging
import MarketTypes
import NIOCore
import SettlementCore
import Synchronization

/// An admitted voucher until it has its receipt: every one gets exactly one (CALL-4).
///
/// A reference, because the answer may be dropped before anybody sends it: whatever way it goes,
/// the upstream is left alone and a receipt is written.
final class PaidCall: Sendable {
    /// What was handed to the buyer's connection, and what it used.
    struct Progress: Sendable {
        var chain: ResponseChain
        var meter: CallMeter
    }

    private struct State {
        var progress: Progress
        var verdict = SoldService.Verdict.nothing
        var exchange: UpstreamExchange?
        var isBuyerGone = false
        /// This provider ends: it is not the buyer who broke off.
        var isShutDown = false
        var isEnded = false
    }

    let voucher: Verified<Voucher>
    let request: PaidRequest
    let service: SoldService
    /// The moment by which all must be over, the buyer's reading included.
    let deadline: NIODeadline
    private let parts: ProviderParts
    private let admission: CircuitBreaker.Admission
    private let pass: CallPass
    private let servicePass: CallPass
    /// Held for as long as a large request is.
    private let upload: CallPass?
    private let startedAt: Timestamp
    private let startedNanoseconds: UInt64
    private let state: Mutex<State>

    init(
        _ voucher: Verified<Voucher>,
        _ request: PaidRequest,
        service: SoldService,
        parts: ProviderParts,
        admission: CircuitBreaker.Admission,
        passes: (CallPass, CallPass),
        upload: CallPass?,
        startedAt: Timestamp
    ) {
        self.voucher = voucher
        self.request = request
        self.service = service
        self.parts = parts
        self.admission = admission
        (pass, servicePass) = passes
        self.upload = upload
        self.startedAt = startedAt
        startedNanoseconds = parts.uptimeNanoseconds()
        deadline = .now() + service.timeout
        state = Mutex(
            State(
                progress: Progress(
                    chain: ResponseChain(voucher: voucher.digest),
                    meter: CallMeter(unitsMax: service.unitsMax(request))
                )
            )
        )
    }

    deinit {
        guard let (exchange, receipt) = abandon() else { return }
        exchange?.cancel()
        if let receipt {
            parts.desk.post(.receipt(receipt), pass: pass)
            parts.metrics.ended(receipt.document, under: service.offer)
        }
        service.report(state.withLock { $0.verdict }, admission)
    }

    /// What was handed over so far.
    var progress: Progress { state.withLock { $0.progress } }

    /// Whether this provider broke off, as its process ends.
    var isShutDown: Bool { state.withLock { $0.isShutDown } }

    /// Whether the buyer's connection is gone.
    var isBuyerGone: Bool { state.withLock { $0.isBuyerGone } }

    /// Takes over what was handed to the buyer's connection by now.
    func setProgress(_ progress: Progress) {
        state.withLock { $0.progress = progress }
    }

    /// Notes what the call says about the upstream.
    func setVerdict(_ verdict: SoldService.Verdict) {
        state.withLock { $0.verdict = verdict }
    }

    /// Calls the upstream.
    func beginExchange() -> UpstreamExchange {
        let exchange = UpstreamExchange.begin(
            service.upstreamRequest(request),
            with: parts.client,
            bytesMax: parts.configuration.responseBytesMax,
            headTimeout: .seconds(Int64(service.upstream.headerTimeoutSeconds)),
            deadline: deadline
        )
        let isGone = state.withLock { state in
            state.exchange = exchange
            return state.isBuyerGone || state.isShutDown
        }
        if isGone { exchange.cancel() }
        return exchange
    }

    /// The upstream need not go on.
    func stop(_ reason: ClientPresence.Reason) {
        let exchange = state.withLock { state in
            if reason == .clientLeft {
                state.isBuyerGone = true
            } else {
                state.isShutDown = true
            }
            return state.exchange
        }
        exchange?.cancel()
    }
}

extension PaidCall {
    /// How a call ends.
    enum Ending: Hashable, Sendable {
        /// The whole answer is sent.
        case delivered
        /// The upstream or this provider broke off: only what was handed over is charged.
        case partial
        /// The buyer went away: what was handed over is charged, and the prompt behind it.
        case abandoned
        /// Nothing useful was sent.
        case failed
    }

    /// Signs the call's receipt, and returns it once it is durable.
    ///
    /// - Throws: ``DeskRefusal`` if it cannot be written; nothing may be sent then.
    func end(
        _ ending: Ending,
        _ progress: Progress
    ) async throws(DeskRefusal) -> Verified<Receipt> {
        let isFirst = state.withLock { state in
            defer { state.isEnded = true }
            return !state.isEnded
        }
        guard isFirst else { throw .book(.settlement(.wrongVoucher)) }
        // Whatever becomes of the receipt: a trial of an upstream that was down ends with its call.
        service.report(state.withLock { $0.verdict }, admission)
        let receipt: Verified<Receipt>
        do throws(BookRefusal) {
            receipt = try sign(ending, progress)
        } catch {
            throw .book(error)
        }
        try await parts.desk.write(.receipt(receipt), pass: pass)
        parts.metrics.ended(receipt.document, under: service.offer)
        let owed = parts.desk.withBook { $0.accounts[voucher.document.channel]?.unclaimed }
        if let owed, owed >= parts.configuration.claims.amount { parts.claims.send() }
        return receipt
    }

    /// Ends the call unless it has ended; nil if it has.
    private func abandon() -> (UpstreamExchange?, Verified<Receipt>?)? {
        let (isEnded, exchange, ending, progress) = state.withLock { state in
            defer { state.isEnded = true }
            let ending: Ending = state.isBuyerGone ? .abandoned : .partial
            return (state.isEnded, state.exchange, ending, state.progress)
        }
        guard !isEnded else { return nil }
        return (exchange, try? sign(ending, progress))
    }

    private func sign(
        _ ending: Ending,
        _ progress: Progress
    ) throws(BookRefusal) -> Verified<Receipt> {
        let now = parts.uptimeNanoseconds()
        let milliseconds = (now - min(startedNanoseconds, now)) / 1_000_000
        let (status, units): (CallStatus, UnitCounts) =
            switch ending {
            case .delivered: (.delivered, progress.meter.delivered(milliseconds: milliseconds))
            case .partial: (.partial, progress.meter.partial(milliseconds: milliseconds))
            case .abandoned:
                (
                    .partial,
                    progress.meter.abandoned(
                        milliseconds: milliseconds,
                        promptTokensLeast: request.promptTokensLeast
                    )
                )
            case .failed: (.failed, UnitCounts())
            }
        let outcome = CallOutcome(
            status: status,
            units: units,
            response: progress.chain,
            parameters: request.parameters,
            startedAt: startedAt,
            finishedAt: parts.now()
        )
        let receipt = try parts.desk.withBook { book throws(BookRefusal) in
            try book.draft(voucher, under: service.offer, outcome: outcome)
        }
        return parts.receiptKey.sign(receipt)
    }
}
