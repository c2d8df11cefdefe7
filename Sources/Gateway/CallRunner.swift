import AsyncHTTPClient
import CanonicalCoding
import Identity
import LedgerClient
import LedgerCore
import MarketTypes
import NIOCore
import NIOHTTP1
import OpenAIWire
import SettlementCore

/// An answer that was checked, paid and written down.
struct PaidAnswer: Sendable {
    let status: Int
    let body: [UInt8]
    let receipt: Verified<Receipt>
    let seller: AccountID
    /// What the charge counts.
    let denomination: Denomination
}

/// What becomes of a client's call.
enum CallResult: Sendable {
    case answered(PaidAnswer)
    /// The first chunk is in hand; the rest goes to the client as it comes.
    case streaming(OpenStream)
    case failed(APIFailure)
    /// The seller's own words about a request that is at fault; nothing was charged.
    case faulty(status: Int, body: [UInt8])
}

/// The way of one call: choose a seller, promise, send, check, write down; if nothing came of it,
/// the next seller.
struct CallRunner: Sendable {
    let parts: GatewayParts
    let texts: FailureTexts

    init(parts: GatewayParts) {
        self.parts = parts
        texts = FailureTexts(
            commands: parts.configuration.commands,
            payer: parts.account.account,
            units: parts.units
        )
    }

    func run(_ call: ClientCall, pass: CallPass) async -> CallResult {
        let candidates: [Candidate]
        switch choose(call) {
        case .success(let found): candidates = found
        case .failure(let failure): return .failed(failure)
        }
        let digest = RequestDigest.of(path: call.interface.path, body: call.body)
        let deadline = NIODeadline.now() + .seconds(Int64(configuration.totalTimeoutSeconds))
        var worst: AttemptFailure?
        // A pass that is used up tells so at once, and costs none of the attempts.
        let passes = candidates.count { parts.passes.serves($0.offer.id, $0.unitsMax) == true }
        for candidate in candidates.prefix(configuration.attemptsMax + passes) {
            do throws(AttemptFailure) {
                return try await attempt(
                    call,
                    digest,
                    candidate,
                    deadline: deadline,
                    pass: pass
                )
            } catch {
                if case .failed(let status, let body) = error, error.isClientsFault {
                    return .faulty(status: status, body: body)
                }
                if worst.map({ error.weight > $0.weight }) ?? true { worst = error }
                let isLate = NIODeadline.now() >= deadline
                if error == .journal || isLate || Task.isCancelled { break }
            }
        }
        return .failed(texts.failure(worst ?? .unreachable))
    }

    private var configuration: GatewayConfiguration { parts.configuration }

    private func choose(_ call: ClientCall) -> Result<[Candidate], APIFailure> {
        let offers = parts.board.offers(model: call.model, interface: call.interface)
        let demand = CallDemand(
            requestBytes: call.body.count,
            outputTokens: call.outputTokens,
            units: parts.units
        )
        let (candidates, misfit) = CandidateChoice.choose(
            offers,
            for: demand,
            now: parts.now(),
            isStruckOff: { seller in parts.wallet.withLock { $0.isStruckOff(seller) } },
            health: parts.health.health(of:),
            nowMilliseconds: SellerHealthTable.nowMilliseconds
        )
        let served = candidates.filter {
            parts.passes.serves($0.offer.id, $0.unitsMax) ?? true
        }
        if !served.isEmpty { return .success(served) }
        if !candidates.isEmpty { return .failure(texts.passUsedUp) }
        if let misfit { return .failure(texts.failure(misfit, model: call.model)) }
        return .failure(
            texts.unknownModel(
                call.model,
                available: parts.board.modelNames(call.interface, limit: 5)
            )
        )
    }

    private func attempt(
        _ call: ClientCall,
        _ digest: Digest,
        _ candidate: Candidate,
        deadline: NIODeadline,
        pass: CallPass
    ) async throws(AttemptFailure) -> CallResult {
        let engagement = try await engage(digest, candidate)
        let request = SellerRequests.call(
            candidate.offer.request,
            voucher: engagement.voucher.signed,
            body: call.buffer,
            isStreaming: call.isStreaming,
            requestID: call.requestID
        )
        let start = NIODeadline.now()
        parts.health.began(candidate.seller)
        let exchange = SellerExchange.begin(
            request,
            with: parts.client,
            bytesMax: configuration.responseBytesMax,
            deadline: deadline,
            headTimeout: call.isStreaming
                ? .seconds(Int64(configuration.headerTimeoutSeconds)) : nil
        )
        switch await exchange.next() {
        case .whole(let answer):
            return .answered(try await settle(answer, engagement, since: start))
        case .streamHead(let status) where status == 200:
            let stream = OpenStream(
                exchange,
                engagement,
                parts: parts,
                pass: pass,
                deadline: deadline
            )
            try await stream.readFirst(since: start)
            return .streaming(stream)
        case .failed(let failure): throw await broken(failure, engagement)
        case .streamHead, .bytes, .end:
            exchange.cancel()
            throw await broken(.cutOff, engagement)
        }
    }

    /// Takes a lane and makes the promise durable; opens or tops up a channel if it must.
    private func engage(
        _ digest: Digest,
        _ candidate: Candidate
    ) async throws(AttemptFailure) -> Engagement {
        let deadline =
            NIODeadline.now() + .milliseconds(Int64(configuration.queueTimeoutMilliseconds))
        while true {
            let now = parts.now()
            let valid = UInt64(configuration.voucherValidSeconds) * 1000
            let ask = LaneAsk(
                offer: candidate.offer.offer,
                unitsMax: candidate.unitsMax,
                chargeMax: candidate.chargeMax,
                request: digest,
                now: now,
                expiresAt: Timestamp(milliseconds: now.milliseconds + valid)
            )
            let outcome = await parts.wallet.reserve(
                ask,
                until: deadline,
                on: parts.client.eventLoopGroup.any()
            )
            switch outcome {
            case .reserved(let voucher): return try await promise(voucher, candidate)
            case .refused(let shortage): throw .shortage(shortage)
            case .fund(let funding):
                do {
                    try await parts.funder.fund(funding)
                } catch {
                    throw .shortage(error)
                }
            case .again: continue
            }
        }
    }

    private func promise(
        _ voucher: Voucher,
        _ candidate: Candidate
    ) async throws(AttemptFailure) -> Engagement {
        let engagement = Engagement(
            voucher: parts.voucherKey.sign(voucher),
            unitsMax: candidate.unitsMax,
            offer: candidate.offer.offer
        )
        if parts.wallet.withLock({ $0.runsLow(voucher.channel) }) {
            parts.chores.add(Chore(subject: .topUp(voucher.channel)))
        }
        do {
            try await parts.book.write(engagement)
        } catch {
            throw .journal
        }
        return engagement
    }
}

extension CallRunner {
    /// Checks an answer in one piece against its receipt (CALL-5, CALL-7).
    private func settle(
        _ answer: SellerAnswer,
        _ engagement: Engagement,
        since start: NIODeadline
    ) async throws(AttemptFailure) -> PaidAnswer {
        guard let text = answer.headers.first(name: SellerRequests.receiptHeader) else {
            throw await unreceipted(answer, engagement)
        }
        guard let paper = SellerRequests.receipt(Array(text.utf8)) else {
            _ = await parts.book.strikeOff(engagement, .malformedReceipt, evidence: nil)
            throw .cheated(.malformedReceipt)
        }
        var chain = ResponseChain(voucher: engagement.voucher.digest)
        chain.append(answer.body)
        let receipt: Verified<Receipt>
        do {
            receipt = try await parts.book.settle(paper, for: engagement, response: chain)
        } catch {
            throw parts.failure(error, engagement)
        }
        guard receipt.document.status != .failed, (200..<300).contains(answer.status) else {
            if answer.status >= 500 {
                parts.health.failed(engagement.seller)
            } else {
                parts.health.succeeded(engagement.seller, since: start)
            }
            throw .failed(status: answer.status, body: answer.body)
        }
        parts.health.succeeded(engagement.seller, since: start)
        return PaidAnswer(
            status: answer.status,
            body: answer.body,
            receipt: receipt,
            seller: engagement.seller,
            denomination: engagement.offer.denomination
        )
    }

    /// An answer without a receipt is a refusal, a fault on the way, or a breach of the protocol.
    private func unreceipted(
        _ answer: SellerAnswer,
        _ engagement: Engagement
    ) async -> AttemptFailure {
        if (200..<300).contains(answer.status) {
            _ = await parts.book.strikeOff(engagement, .missingReceipt, evidence: nil)
            return .cheated(.missingReceipt)
        }
        let failure = AttemptFailure.failed(status: answer.status, body: answer.body)
        let code = answer.status == 402 ? SellerRequests.stoaCode(answer.body) : nil
        if let refusal = PassCallRefusal(code: code) {
            // The seller is well; nothing about the lane is in doubt.
            let unitsMax = refusal == .unitsUsed ? engagement.unitsMax : nil
            parts.passes.refused(engagement.offer.id, unitsMax)
            await withdraw(engagement)
            return .refused(stoaCode: code)
        }
        if !failure.isClientsFault { parts.health.failed(engagement.seller) }
        guard answer.status == 402 else {
            parts.lookUp(engagement)
            return failure
        }
        if code == 700 + SettlementRefusal.insufficientDeposit.code {
            // The seller has not seen the newest deposit: nothing about the lane is in doubt.
            await withdraw(engagement)
        } else {
            parts.lookUp(engagement)
        }
        return .refused(stoaCode: code)
    }

    /// Frees the lane if the voucher cannot have arrived, and otherwise has it looked up.
    private func broken(
        _ failure: ExchangeFailure,
        _ engagement: Engagement
    ) async -> AttemptFailure {
        parts.health.failed(engagement.seller)
        guard failure == .neverSent else {
            parts.lookUp(engagement)
            return AttemptFailure(failure)
        }
        await withdraw(engagement)
        return .unreachable
    }

    private func withdraw(_ engagement: Engagement) async {
        if await !parts.book.withdraw(engagement) { parts.lookUp(engagement) }
    }
}

extension AttemptFailure {
    init(_ failure: ExchangeFailure) {
        switch failure {
        case .neverSent: self = .unreachable
        case .cutOff: self = .cutOff
        case .timedOut: self = .timedOut
        case .tooLarge: self = .answerTooLarge
        }
    }
}

extension GatewayParts {
    /// Has the end of a call looked up in the background (CALL-11).
    func lookUp(_ engagement: Engagement) {
        let chore = Chore(subject: .lookUp(engagement.name), engagement: engagement)
        chores.add(chore, after: chore.delay)
    }

    /// What a receipt that was not accepted means for the call.
    func failure(_ failure: SettleFailure, _ engagement: Engagement) -> AttemptFailure {
        switch failure {
        case .cheated(let reason): return .cheated(reason)
        case .journal:
            lookUp(engagement)
            return .journal
        }
    }
}
