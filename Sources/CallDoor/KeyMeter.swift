import AccessCore
import AccessStore
import Gateway
import HTTPTypes
import MarketTypes
import OpenAIWire
import WebServing

/// Counts what one key spends, against its budgets, or what is spent without a key.
struct KeyMeter: CallMeter {
    let id: APIKeyID
    /// Where calls without a key are counted that have no room; nil for a key, whose calls are
    /// refused then.
    let rest: APIKeyID?
    let rules: BudgetRules
    let budgets: any BudgetStore
    /// Tells the budgets of the calls that ended; nil if nobody collects them.
    let endings: BudgetEndings?
    let now: @Sendable () -> Timestamp

    func reserve(
        model: String,
        denomination: Denomination,
        chargeMax: Amount,
        for voucher: Digest
    ) async throws(APIFailure) {
        let time = now()
        do {
            let request = try request(model, denomination, chargeMax, at: time)
            do {
                try await reserve(request, for: voucher, at: time)
            } catch let refusal as BudgetRefusal where refusal.mayPass {
                guard let endings else { throw refusal }
                await endings.tellNow()
                try await reserve(request, for: voucher, at: time)
            }
        } catch {
            guard let rest else { throw Self.failure(error) }
            await count(denomination, chargeMax, as: rest, for: voucher, at: time)
        }
    }

    /// Counts a call without a key among the rest, or not at all: nothing that it spends is
    /// limited, so that a full counter is no reason to refuse it.
    private func count(
        _ denomination: Denomination,
        _ chargeMax: Amount,
        as rest: APIKeyID,
        for voucher: Digest,
        at time: Timestamp
    ) async {
        let request = SpendingRequest(
            key: rest,
            model: KeylessUse.restModel,
            amount: chargeMax,
            denomination: denomination,
            at: time
        )
        guard let request else { return }
        try? await reserve(request, for: voucher, at: time)
    }

    private func reserve(
        _ request: SpendingRequest,
        for voucher: Digest,
        at time: Timestamp
    ) async throws {
        _ = try await budgets.reserve(
            request,
            under: rules,
            boundTo: voucher,
            at: time
        )
    }

    func check(
        model: String,
        denomination: Denomination,
        chargeMax: Amount
    ) async throws(APIFailure) {
        // Nothing limits what is spent without a key.
        guard rest == nil else { return }
        let time = now()
        let request = try request(model, denomination, chargeMax, at: time)
        await endings?.tellNow()
        do {
            let lines = try await budgets.spending(of: id, at: time)
            try rules.check(request) { slot in
                lines.first { $0.slot == slot && $0.denomination == denomination }?.counter
                    ?? .zero
            }
        } catch {
            throw Self.failure(error)
        }
    }

    private func request(
        _ model: String,
        _ denomination: Denomination,
        _ chargeMax: Amount,
        at time: Timestamp
    ) throws(APIFailure) -> SpendingRequest {
        let request = SpendingRequest(
            key: id,
            model: model,
            amount: chargeMax,
            denomination: denomination,
            at: time
        )
        guard let request else {
            throw APIFailure(
                .invalidRequest,
                message: "The model's name is too long for a budget; nothing was charged.",
                param: "model"
            )
        }
        return request
    }

    private static func failure(_ error: any Error) -> APIFailure {
        if let failure = error as? APIFailure { return failure }
        guard let refusal = error as? BudgetRefusal else {
            return APIFailure(
                .overloaded,
                message: "The key's budget cannot be counted now; nothing was charged.",
                hint: "Try again in a second.",
                retryAfterSeconds: 1
            )
        }
        let problem = Problem(refusal)
        let kind: APIFailureKind =
            switch problem.status.code {
            case 402: .insufficientFunds
            case 429: .rateLimited
            default: .overloaded
            }
        return APIFailure(kind, message: problem.detail, hint: problem.hint)
    }
}

extension BudgetRefusal {
    /// Whether it may be over once the calls that ended are counted.
    fileprivate var mayPass: Bool {
        switch self {
        case .exceeded, .tooManyOpen: true
        default: false
        }
    }
}
