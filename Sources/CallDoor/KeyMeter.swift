import AccessCore
import AccessStore
import Gateway
import HTTPTypes
import MarketTypes
import OpenAIWire
import WebServing

/// Counts what one key spends, against its budgets.
struct KeyMeter: CallMeter {
    let key: APIKey
    let budgets: any BudgetStore
    let now: @Sendable () -> Timestamp

    func reserve(
        model: String,
        denomination: Denomination,
        chargeMax: Amount
    ) async throws(APIFailure) -> MeterEntry {
        let time = now()
        let request = SpendingRequest(
            key: key.id,
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
        do {
            let reservation = try await budgets.reserve(request, under: key.budgets, at: time)
            return MeterEntry(bytes: reservation.id.bytes)
        } catch {
            throw Self.failure(error)
        }
    }

    func bind(_ entry: MeterEntry, to voucher: Digest) async throws(APIFailure) {
        do {
            guard let id = ReservationID(bytes: entry.bytes) else {
                throw BudgetRefusal.unknownReservation
            }
            try await budgets.bind(id, to: voucher)
        } catch {
            throw Self.failure(error)
        }
    }

    func release(_ entry: MeterEntry) async {
        guard let id = ReservationID(bytes: entry.bytes) else { return }
        // One that cannot be released now is when it was unbound for long enough.
        try? await budgets.settle(Settlement(id, charge: .zero))
    }

    private static func failure(_ error: any Error) -> APIFailure {
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
