public import MarketTypes

/// What a gateway may lock in channels of a unit that somebody issued; amounts are in the unit's
/// smallest part, and in files decimal text, because numbers in files may lose digits.
public struct UnitBudget: Codable, Hashable, Sendable {
    /// The unit, as its 64 hex digits.
    public var unit: String
    /// What people call it, such as `EURC`.
    public var name: String
    /// How many digits people write behind the point.
    public var decimals: UInt8
    /// The most that may be locked in this account's channels at any one time.
    public var total: Amount
    /// What a new channel or a top-up locks, unless one call needs more.
    public var channelDeposit: Amount
    /// A channel with less than this left to promise is topped up in the background; 0 never.
    public var topUpBelow: Amount
    /// The most that one call may be worth; nil sets no limit but the budget.
    public var priceMaxPerCall: Amount?

    /// Creates a budget of which a tenth goes into each channel, so that there is room for
    /// several sellers.
    public init(unit: Digest, name: String, decimals: UInt8, total: Amount) {
        self.unit = unit.description
        self.name = name
        self.decimals = decimals
        self.total = total
        let share = max(1, total.obol / 10)
        channelDeposit = Amount(obol: min(share, total.obol))
        topUpBelow = Amount(obol: channelDeposit.obol / 5)
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func amount(_ key: CodingKeys) throws -> Amount? {
            guard let text = try container.decodeIfPresent(String.self, forKey: key) else {
                return nil
            }
            guard let amount = try? Amount(obolText: text) else {
                throw DecodingError.dataCorruptedError(
                    forKey: key,
                    in: container,
                    debugDescription: "“\(text)” is no amount"
                )
            }
            return amount
        }
        let unit = try container.decode(String.self, forKey: .unit)
        guard let digest = Digest(hex: unit), let total = try amount(.total) else {
            throw DecodingError.dataCorruptedError(
                forKey: .unit,
                in: container,
                debugDescription: "a budget needs a unit of 64 hex digits, and a total"
            )
        }
        self.init(
            unit: digest,
            name: try container.decodeIfPresent(String.self, forKey: .name) ?? unit,
            decimals: try container.decodeIfPresent(UInt8.self, forKey: .decimals) ?? 0,
            total: total
        )
        channelDeposit = try amount(.channelDeposit) ?? channelDeposit
        topUpBelow = try amount(.topUpBelow) ?? topUpBelow
        priceMaxPerCall = try amount(.priceMaxPerCall)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(unit, forKey: .unit)
        try container.encode(name, forKey: .name)
        try container.encode(decimals, forKey: .decimals)
        try container.encode("\(total.obol)", forKey: .total)
        try container.encode("\(channelDeposit.obol)", forKey: .channelDeposit)
        try container.encode("\(topUpBelow.obol)", forKey: .topUpBelow)
        try container.encodeIfPresent(
            priceMaxPerCall.map { "\($0.obol)" },
            forKey: .priceMaxPerCall
        )
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case unit, name, decimals, total, channelDeposit, topUpBelow, priceMaxPerCall
    }
}

extension UnitBudget {
    /// Every reason why this budget cannot be used, in sentences.
    func faults(at place: String) -> [String] {
        var faults: [String] = []
        if Digest(hex: unit) == nil { faults.append("\(place).unit is not 64 hex digits") }
        if total.isZero { faults.append("\(place).total is zero") }
        if channelDeposit.isZero { faults.append("\(place).channelDeposit is zero") }
        if channelDeposit > total { faults.append("\(place).channelDeposit exceeds total") }
        if topUpBelow > channelDeposit {
            faults.append("\(place).topUpBelow exceeds channelDeposit")
        }
        if decimals > 18 { faults.append("\(place).decimals is above 18") }
        if priceMaxPerCall?.isZero == true { faults.append("\(place).priceMaxPerCall is zero") }
        return faults
    }
}
