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
    /// What the seller says the body is.
    let type: String
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

    func run(
        _ call: ClientCall,
        _ digest: Digest,
        pass: CallPass,
        client: CallDeparture
    ) async -> CallResult {
        let candidates: [Candidate]
        switch choose(call) {
        case .success(let found): candidates = found
        case .failure(let failure): return .failed(failure)
        }
        let deadline = NIODeadline.now() + .seconds(Int64(configuration.totalTimeoutSeconds))
        var worst: AttemptFailure?
        var refusing: Set<AccountID> = []
        // A pass that is used up tells so at once, and costs none of the attempts.
        let passes = candidates.count { parts.passes.serves($0.offer.id, $0.unitsMax) == true }
        for candidate in candidates.prefix(configuration.attemptsMax + passes)
        where !refusing.contains(candidate.seller) {
            do throws(AttemptFailure) {
                let answer = try await attempt(
                    call,
                    digest,
                    candidate,
                    deadline: deadline,
                    pass: pass,
                    client: client
                )
                // The request was not at fault after all.
                for seller in refusing { parts.health.refusedAlone(seller) }
                return answer
            } catch {
                if case .failed(let status, let body) = error, error.isAgreeable {
                    refusing.insert(candidate.seller)
                    if refusing.count > 1 { return .faulty(status: status, body: body) }
                }
                if worst.map({ error.weight > $0.weight }) ?? true { worst = error }
                let isLate = NIODeadline.now() >= deadline
                if error.endsTheCall || isLate || Task.isCancelled { break }
            }
        }
        if let worst, worst.isClientsFault, case .failed(let status, let body) = worst {
            return .faulty(status: status, body: body)
        }
        return .failed(texts.failure(worst ?? .unreachable))
    }

    private var configuration: GatewayConfiguration { parts.configuration }

    private func choose(_ call: ClientCall) -> Result<[Candidate], APIFailure> {
        let offers = call.preferences.allowed(
            parts.board.offers(model: call.model, interface: call.interface)
        )
        let demand = CallDemand(
            requestBytes: call.body.count,
            outputTokens: call.outputTokens,
            calls: call.callsMax,
            units: parts.units
        )
        let (candidates, misfit) = CandidateChoice.choose(
            offers,
            for: demand,
            now: parts.now(),
            isStruckOff: { seller in parts.wallet.withLock { $0.isStruckOff(seller) } },
            health: parts.health.health(of:),
            nowMilliseconds: SellerHealthTable.nowMilliseconds,
            preferences: call.preferences
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
        pass: CallPass,
        client: CallDeparture
    ) async throws(AttemptFailure) -> CallResult {
        guard !client.hasLeft else { throw .abandoned }
        let engagement = try await engageMetered(call, digest, candidate)
        guard !client.hasLeft else {
            await withdraw(engagement)
            throw .abandoned
        }
        let request = SellerRequests.call(
            candidate.offer.request,
            voucher: engagement.voucher.signed,
            call
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
        client.attend(exchange)
        defer { client.release() }
        switch await exchange.next() {
        case .whole(let answer):
            return .answered(try await settle(answer, call, engagement, since: start))
        case .streamHead(let status) where status == 200 && !call.isStreaming:
            // An answer in one piece has its receipt in its head, and what came can be counted.
            exchange.cancel()
            _ = await parts.book.strikeOff(engagement, .missingReceipt, evidence: nil)
            throw .cheated(.missingReceipt)
        case .streamHead(let status) where status == 200:
            let stream = OpenStream(
                exchange,
                engagement,
                parts: parts,
                pass: pass,
                deadline: deadline
            )
            try await stream.readFirst(since: start, client: client)
            return .streaming(stream)
        case .failed(let failure): throw await broken(failure, engagement, client)
        case .streamHead, .bytes, .end:
            exchange.cancel()
            throw await broken(.cutOff, engagement, client)
        }
    }

    /// Takes a lane, and sends nothing unless whoever calls may spend what that can cost.
    private func engageMetered(
        _ call: ClientCall,
        _ digest: Digest,
        _ candidate: Candidate
    ) async throws(AttemptFailure) -> Engagement {
        let engagement = try await engage(call, digest, candidate)
        guard let meter = call.meter else { return engagement }
        do {
            try await meter.reserve(
                model: call.model,
                denomination: candidate.offer.offer.denomination,
                chargeMax: candidate.chargeMax,
                for: engagement.voucher.digest
            )
        } catch {
            await withdraw(engagement)
            throw .metered(error)
        }
        return engagement
    }

    /// Takes a lane and makes the promise durable; opens or tops up a channel if it must.
    private func engage(
        _ call: ClientCall,
        _ digest: Digest,
        _ candidate: Candidate
    ) async throws(AttemptFailure) -> Engagement {
        let deadline =
            NIODeadline.now() + .milliseconds(Int64(configuration.queueTimeoutMilliseconds))
        var isAllowed = call.meter == nil
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
            case .reserved(let voucher): return try await promise(voucher, call, candidate)
            case .refused(let shortage): throw .shortage(shortage)
            case .fund(let funding):
                guard isAllowed else {
                    // Planned money is counted, so it is not held while the budget is asked.
                    parts.funder.decline(funding)
                    try await checkMeter(call, candidate)
                    isAllowed = true
                    continue
                }
                do {
                    try await parts.funder.fund(funding)
                } catch {
                    throw .shortage(error)
                }
            case .again: continue
            }
        }
    }

    /// No channel is opened for a call that its key's budget does not allow.
    private func checkMeter(
        _ call: ClientCall,
        _ candidate: Candidate
    ) async throws(AttemptFailure) {
        do {
            try await call.meter?.check(
                model: call.model,
                denomination: candidate.offer.offer.denomination,
                chargeMax: candidate.chargeMax
            )
        } catch {
            throw .metered(error)
        }
    }

    private func promise(
        _ voucher: Voucher,
        _ call: ClientCall,
        _ candidate: Candidate
    ) async throws(AttemptFailure) -> Engagement {
        let engagement = Engagement(
            voucher: parts.voucherKey.sign(voucher),
            unitsMax: candidate.unitsMax,
            offer: candidate.offer.offer,
            buyer: call.buyer
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
