import Identity
import LedgerCore
import MarketTypes
import NIOCore
import NIOHTTP1
import OpenAIWire
import SettlementCore

extension CallRunner {
    /// Checks an answer in one piece against its receipt (CALL-5, CALL-7).
    func settle(
        _ answer: SellerAnswer,
        _ call: ClientCall,
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
            receipt = try await parts.book.settle(
                paper,
                for: engagement,
                response: chain,
                counted: Self.counted(answer.body, call)
            )
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
            type: answer.headers.first(name: "content-type") ?? "",
            body: answer.body,
            receipt: receipt,
            seller: engagement.seller,
            denomination: engagement.offer.denomination
        )
    }

    /// What can be counted on this side: the receipt may say no more.
    private static func counted(_ body: [UInt8], _ call: ClientCall) -> UnitCounts {
        var counted = UnitCounts()
        counted[.byte] = UInt64(body.count)
        if call.answer == .images { counted[.call] = ImagesRequest.count(inAnswer: body) ?? 0 }
        return counted
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
            parts.health.answered(engagement.seller)
            let unitsMax = refusal == .unitsUsed ? engagement.unitsMax : nil
            parts.passes.refused(engagement.offer.id, unitsMax)
            await withdraw(engagement)
            return .refused(stoaCode: code)
        }
        if failure.isClientsFault {
            // A trial of a seller that was down ends by any answer that shows it up again.
            parts.health.answered(engagement.seller)
        } else {
            parts.health.failed(engagement.seller)
        }
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
    func broken(
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

    func withdraw(_ engagement: Engagement) async {
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
