import MarketTypes
import SettlementCore

/// An offer that fits a call, and the most that the call can cost under it.
struct Candidate: Sendable {
    let offer: BoardOffer
    let unitsMax: UnitCounts
    let chargeMax: Amount

    var seller: AccountID { offer.offer.seller }
}

/// Why no offer fits a call although the model exists; the last in this order is reported.
enum Misfit: Int, Hashable, Comparable, Sendable {
    /// Every seller is struck off.
    case struckOff
    /// Every seller is down.
    case down
    /// The call could cost more than the configured limit.
    case overPrice
    /// The request asks for more output tokens than any offer allows.
    case outputTooLong
    /// The request is larger than any offer allows.
    case requestTooLarge

    static func < (lhs: Misfit, rhs: Misfit) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// What a call asks for, as far as choosing an offer goes.
struct CallDemand: Hashable, Sendable {
    let requestBytes: Int
    /// The most output tokens the client asked for; nil leaves it to the offer's limit.
    let outputTokens: UInt64?
    /// How many units `call` it may be charged.
    var calls: UInt64 = 1
    /// In which denominations the buyer pays, and how much at most.
    let units: GatewayUnits
}

/// Chooses among offers: what fits, in the preferred denomination first, there the cheapest first.
enum CandidateChoice {
    /// The offers that fit: those that cost nothing, then by the place of their denomination among
    /// the buyer's, then by what the call costs at most, then latency, then name; latency goes
    /// before cost if the client prefers it.
    ///
    /// Costs are compared for one and the same length of the answer: an offer is not cheap because
    /// it cuts answers off early.
    ///
    /// What two denominations are worth of each other is not known here, so it is not asked.
    ///
    /// - Returns: an empty list with the reason if none fits.
    static func choose(
        _ offers: [BoardOffer],
        for demand: CallDemand,
        now: Timestamp,
        isStruckOff: (AccountID) -> Bool,
        health: (AccountID) -> SellerHealth,
        nowMilliseconds: UInt64,
        preferences: RoutingPreferences = RoutingPreferences()
    ) -> (candidates: [Candidate], misfit: Misfit?) {
        var fitting: [Fitting] = []
        var misfit: Misfit?
        for offer in offers where offer.offer.expiresAt > now {
            let seller = offer.offer.seller
            let known = health(seller)
            switch fit(offer, demand) {
            case .failure(let reason): misfit = max(misfit ?? reason.misfit, reason.misfit)
            case .success where isStruckOff(seller): misfit = misfit ?? .struckOff
            case .success where !known.admits(at: nowMilliseconds):
                misfit = max(misfit ?? .down, .down)
            case .success(let candidate)
            where candidate.chargeMax > preferences.chargeMax ?? candidate.chargeMax:
                misfit = max(misfit ?? .overPrice, .overPrice)
            case .success(let candidate):
                let latency = known.latencyMicroseconds ?? 0
                fitting.append(
                    Fitting(
                        candidate: candidate,
                        place: place(candidate, demand.units),
                        latency: latency
                    )
                )
            }
        }
        compareLikeLengths(&fitting)
        fitting.sort { left, right in
            guard left.place == right.place else { return left.place < right.place }
            guard preferences.order == .price || left.latency == right.latency else {
                return left.latency < right.latency
            }
            return (left.charge, left.latency, left.candidate.offer.id)
                < (right.charge, right.latency, right.candidate.offer.id)
        }
        let tried = preferences.allowsFallbacks ? fitting.count : 1
        return (fitting.prefix(tried).map(\.candidate), misfit)
    }

    private struct Fitting {
        let candidate: Candidate
        /// Of the denomination among the buyer's.
        let place: Int
        let latency: UInt64
        /// What the call would cost if every offer allowed answers as long as the longest does.
        var charge = Amount.zero
    }

    private static func compareLikeLengths(_ fitting: inout [Fitting]) {
        let longest = fitting.compactMap { $0.candidate.unitsMax[.outputToken] }.max()
        for index in fitting.indices {
            let candidate = fitting[index].candidate
            var units = candidate.unitsMax
            if units[.outputToken] != nil { units[.outputToken] = longest }
            let charge = try? candidate.offer.offer.prices.charge(for: units)
            fitting[index].charge = charge ?? Amount(obol: .max)
        }
    }

    private static func place(_ candidate: Candidate, _ units: GatewayUnits) -> Int {
        if candidate.chargeMax.isZero { return -1 }
        return units.rank(of: candidate.offer.offer.denomination) ?? units.all.count
    }

    private struct Unfit: Error {
        let misfit: Misfit
    }

    private static func fit(
        _ offer: BoardOffer,
        _ demand: CallDemand
    ) -> Result<Candidate, Unfit> {
        let limits = offer.offer.limits
        guard demand.requestBytes <= Int(limits.requestBytesMax) else {
            return .failure(Unfit(misfit: .requestTooLarge))
        }
        let asked = demand.outputTokens ?? UInt64(limits.outputTokensMax)
        guard asked <= UInt64(limits.outputTokensMax) else {
            return .failure(Unfit(misfit: .outputTooLong))
        }
        let units = offer.offer.unitsMax(
            requestBytes: demand.requestBytes,
            outputTokens: UInt32(clamping: asked),
            calls: demand.calls
        )
        guard let charge = try? offer.offer.prices.charge(for: units),
            charge <= demand.units.unit(offer.offer.denomination).priceMax ?? charge
        else { return .failure(Unfit(misfit: .overPrice)) }
        return .success(Candidate(offer: offer, unitsMax: units, chargeMax: charge))
    }
}
