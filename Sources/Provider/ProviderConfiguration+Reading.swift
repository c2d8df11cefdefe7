import MarketTypes

/// Reading with defaults: a missing field keeps its default, an unknown one is refused, because a
/// limit that was misspelt would silently not hold.
extension ProviderConfiguration {
    public init(from decoder: any Decoder) throws {
        self.init()
        let settings = try Settings<CodingKeys>(decoder)
        try settings.read(.host, into: &host)
        try settings.read(.port, into: &port)
        try settings.read(.journalDirectory, into: &journalDirectory)
        try settings.read(.concurrentCallsMax, into: &concurrentCallsMax)
        try settings.read(.queuedCallsMax, into: &queuedCallsMax)
        try settings.read(.queueTimeoutMilliseconds, into: &queueTimeoutMilliseconds)
        try settings.read(.requestBytesMax, into: &requestBytesMax)
        try settings.read(.uploadBytesMax, into: &uploadBytesMax)
        try settings.read(.concurrentUploadsMax, into: &concurrentUploadsMax)
        try settings.read(.responseBytesMax, into: &responseBytesMax)
        try settings.read(.channelsMax, into: &channelsMax)
        try settings.read(.anchoredReceiptsMax, into: &anchoredReceiptsMax)
        try settings.read(.claims, into: &claims)
        try settings.read(.circuitBreaker, into: &circuitBreaker)
        try settings.read(.services, into: &services)
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case host, port, journalDirectory, concurrentCallsMax, queuedCallsMax
        case queueTimeoutMilliseconds, requestBytesMax, responseBytesMax, channelsMax
        case anchoredReceiptsMax, claims, circuitBreaker, services, uploadBytesMax
        case concurrentUploadsMax
    }
}

extension ClaimPolicy {
    public init(from decoder: any Decoder) throws {
        self.init()
        let settings = try Settings<CodingKeys>(decoder)
        var text = WrittenAmount(amount: amount)
        try settings.read(.amountObol, into: &text)
        amount = text.amount
        var amounts: [String: WrittenAmount] = [:]
        try settings.read(.unitAmounts, into: &amounts)
        unitAmounts = amounts.mapValues(\.amount)
        try settings.read(.intervalSeconds, into: &intervalSeconds)
        try settings.read(.shutdownTimeoutSeconds, into: &shutdownTimeoutSeconds)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(WrittenAmount(amount: amount), forKey: .amountObol)
        if !unitAmounts.isEmpty {
            try container.encode(
                unitAmounts.mapValues { WrittenAmount(amount: $0) },
                forKey: .unitAmounts
            )
        }
        try container.encode(intervalSeconds, forKey: .intervalSeconds)
        try container.encode(shutdownTimeoutSeconds, forKey: .shutdownTimeoutSeconds)
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case amountObol, unitAmounts, intervalSeconds, shutdownTimeoutSeconds
    }
}

/// An amount in a file: written as a string, because numbers in files may lose digits.
private struct WrittenAmount: Codable {
    let amount: Amount

    init(amount: Amount) {
        self.amount = amount
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(UInt64.self) {
            amount = Amount(obol: UInt128(number))
            return
        }
        let text = try container.decode(String.self)
        do {
            amount = try Amount(obolText: text)
        } catch {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "'\(text)' is not a whole number of obol"
            )
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(String(amount.obol))
    }
}

extension CircuitBreakerLimits {
    public init(from decoder: any Decoder) throws {
        self.init()
        let settings = try Settings<CodingKeys>(decoder)
        try settings.read(.failuresToOpen, into: &failuresToOpen)
        try settings.read(.openSeconds, into: &openSeconds)
        try settings.read(.probe, into: &probe)
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case failuresToOpen, openSeconds, probe
    }
}

extension ServiceConfiguration {
    public init(from decoder: any Decoder) throws {
        let settings = try Settings<CodingKeys>(decoder)
        offer = try settings.require(.offer)
        chain = try settings.find(.chain)
        upstream = try settings.require(.upstream)
        try settings.read(.concurrentCallsMax, into: &concurrentCallsMax)
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case offer, chain, upstream, concurrentCallsMax
    }
}

extension UpstreamConfiguration {
    public init(from decoder: any Decoder) throws {
        let settings = try Settings<CodingKeys>(decoder)
        kind = try settings.require(.kind)
        url = try settings.require(.url)
        model = ""
        try settings.read(.model, into: &model)
        apiKeyEnvironment = try settings.find(.apiKeyEnvironment)
        try settings.read(.headerTimeoutSeconds, into: &headerTimeoutSeconds)
        try settings.read(.totalTimeoutSeconds, into: &totalTimeoutSeconds)
        try settings.read(.includeUsage, into: &includeUsage)
        try settings.read(.outputBound, into: &outputBound)
        try settings.read(.linkedMedia, into: &linkedMedia)
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case kind, url, model, apiKeyEnvironment, headerTimeoutSeconds, totalTimeoutSeconds
        case includeUsage, outputBound, linkedMedia
    }
}

/// The settings of one object in a file, none of them unknown.
private struct Settings<Key: CodingKey & CaseIterable> {
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

    func find<Value: Decodable>(_ key: Key) throws -> Value? {
        try container.decodeIfPresent(Value.self, forKey: key)
    }

    func require<Value: Decodable>(_ key: Key) throws -> Value {
        try container.decode(Value.self, forKey: key)
    }
}
