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
        let isDelivered = (200..<300).contains(answer.status)
        guard isDelivered || paper.document.status == .failed else {
            // A client would be told that nothing was charged.
            _ = await parts.book.strikeOff(engagement, .malformedReceipt, evidence: paper)
            throw .cheated(.malformedReceipt)
        }
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
        guard receipt.document.status != .failed, isDelivered else {
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
            parts.lookUp(engagement, wasAnswered: true)
            return failure
        }
        if code == 700 + SettlementRefusal.insufficientDeposit.code {
            // The seller has not seen the newest deposit: nothing about the lane is in doubt.
            await withdraw(engagement)
        } else {
            parts.lookUp(engagement, wasAnswered: true)
        }
        return .refused(stoaCode: code)
    }

    /// Frees the lane if the voucher cannot have arrived, and otherwise has it looked up.
    func broken(
        _ failure: ExchangeFailure,
        _ engagement: Engagement,
        _ client: CallDeparture
    ) async -> AttemptFailure {
        // A client that left is not the seller's fault; whether the seller is there, the look-up
        // tells.
        if client.hasLeft {
            parts.health.abandoned(engagement.seller)
        } else {
            parts.health.failed(engagement.seller)
        }
        if failure == .neverSent {
            await withdraw(engagement)
        } else {
            parts.lookUp(engagement)
        }
        return client.hasLeft ? .abandoned : AttemptFailure(failure)
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
    ///
    /// - Parameter wasAnswered: whether the seller answered, so that nothing of the request is on
    ///   its way any more.
    func lookUp(_ engagement: Engagement, wasAnswered: Bool = false) {
        var chore = Chore(subject: .lookUp(engagement.name), engagement: engagement)
        if wasAnswered { chore.denialsNeeded = 2 }
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
