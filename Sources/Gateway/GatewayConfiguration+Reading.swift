/// Reading with defaults: a missing field keeps its default, an unknown one is refused, because a
/// limit that was misspelt would silently not hold.
extension GatewayConfiguration {
    public init(from decoder: any Decoder) throws {
        self.init()
        let fields = try KnownFields<CodingKeys>(decoder)
        try fields.read(.host, into: &host)
        try fields.read(.port, into: &port)
        try fields.read(.journalDirectory, into: &journalDirectory)
        apiKey = try fields.read(.apiKey)
        try fields.read(.budget, into: &budget)
        try fields.read(.unitBudgets, into: &unitBudgets)
        try fields.read(.sellers, into: &sellers)
        try fields.read(.health, into: &health)
        try fields.read(.commands, into: &commands)
        try fields.read(.lanesPerChannel, into: &lanesPerChannel)
        try fields.read(.concurrentCallsMax, into: &concurrentCallsMax)
        try fields.read(.queuedCallsMax, into: &queuedCallsMax)
        try fields.read(.queueTimeoutMilliseconds, into: &queueTimeoutMilliseconds)
        try fields.read(.attemptsMax, into: &attemptsMax)
        try fields.read(.requestBytesMax, into: &requestBytesMax)
        try fields.read(.uploadBytesMax, into: &uploadBytesMax)
        try fields.read(.responseBytesMax, into: &responseBytesMax)
        try fields.read(.connectTimeoutMilliseconds, into: &connectTimeoutMilliseconds)
        try fields.read(.headerTimeoutSeconds, into: &headerTimeoutSeconds)
        try fields.read(.totalTimeoutSeconds, into: &totalTimeoutSeconds)
        try fields.read(.voucherValidSeconds, into: &voucherValidSeconds)
        try fields.read(.offersRefreshSeconds, into: &offersRefreshSeconds)
        try fields.read(.offersMax, into: &offersMax)
        priceMaxObolPerCall = try fields.read(.priceMaxObolPerCall)
        try fields.read(.recentReceiptsMax, into: &recentReceiptsMax)
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case host, port, journalDirectory, apiKey, budget, unitBudgets, sellers, health
        case commands, lanesPerChannel, concurrentCallsMax, queuedCallsMax, queueTimeoutMilliseconds
        case attemptsMax, requestBytesMax, responseBytesMax, connectTimeoutMilliseconds
        case headerTimeoutSeconds, totalTimeoutSeconds, voucherValidSeconds
        case offersRefreshSeconds, offersMax, priceMaxObolPerCall, recentReceiptsMax
        case uploadBytesMax
    }
}

extension GatewayBudget {
    public init(from decoder: any Decoder) throws {
        self.init()
        let fields = try KnownFields<CodingKeys>(decoder)
        try fields.read(.totalObol, into: &totalObol)
        try fields.read(.channelDepositObol, into: &channelDepositObol)
        try fields.read(.topUpBelowObol, into: &topUpBelowObol)
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case totalObol, channelDepositObol, topUpBelowObol
    }
}

extension SellerSelection {
    public init(from decoder: any Decoder) throws {
        self.init()
        let fields = try KnownFields<CodingKeys>(decoder)
        try fields.read(.allow, into: &allow)
        try fields.read(.deny, into: &deny)
        try fields.read(.minimumBondObol, into: &minimumBondObol)
        try fields.read(.sellersMax, into: &sellersMax)
        try fields.read(.allowPrivateEndpoints, into: &allowPrivateEndpoints)
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case allow, deny, minimumBondObol, sellersMax, allowPrivateEndpoints
    }
}

extension SellerHealthLimits {
    public init(from decoder: any Decoder) throws {
        self.init()
        let fields = try KnownFields<CodingKeys>(decoder)
        try fields.read(.failuresMax, into: &failuresMax)
        try fields.read(.cooldownMilliseconds, into: &cooldownMilliseconds)
        try fields.read(.cooldownMillisecondsMax, into: &cooldownMillisecondsMax)
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case failuresMax, cooldownMilliseconds, cooldownMillisecondsMax
    }
}

extension GatewayCommands {
    public init(from decoder: any Decoder) throws {
        self.init()
        let fields = try KnownFields<CodingKeys>(decoder)
        try fields.read(.fundAccount, into: &fundAccount)
        try fields.read(.raiseBudget, into: &raiseBudget)
        try fields.read(.fundUnit, into: &fundUnit)
        try fields.read(.raiseUnitBudget, into: &raiseUnitBudget)
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case fundAccount, raiseBudget, fundUnit, raiseUnitBudget
    }
}

/// The fields of one object, none of them unknown.
private struct KnownFields<Key: CodingKey & CaseIterable> {
    private struct AnyKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init?(intValue: Int) { nil }
        init?(stringValue: String) { self.stringValue = stringValue }
    }

    private let container: KeyedDecodingContainer<Key>

    init(_ decoder: any Decoder) throws {
        let known = Key.allCases.map(\.stringValue)
        let found = try decoder.container(keyedBy: AnyKey.self).allKeys
        if let unknown = found.first(where: { !known.contains($0.stringValue) }) {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: decoder.codingPath + [unknown],
                    debugDescription: "there is no setting '\(unknown.stringValue)'"
                )
            )
        }
        container = try decoder.container(keyedBy: Key.self)
    }

    func read<Value: Decodable>(_ key: Key, into field: inout Value) throws {
        if let value = try container.decodeIfPresent(Value.self, forKey: key) { field = value }
    }

    func read<Value: Decodable>(_ key: Key) throws -> Value? {
        try container.decodeIfPresent(Value.self, forKey: key)
    }
}
