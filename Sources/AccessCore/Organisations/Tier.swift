/// What an organisation may use; the numbers are append-only.
public enum Tier: UInt8, CaseIterable, Hashable, Sendable {
    /// For trying things out.
    case free = 1
    /// For a program in use.
    case standard = 2
    /// For a business.
    case business = 3
    /// For programs of whoever runs the market.
    case house = 4

    /// The tier's name for programs.
    public var name: String {
        switch self {
        case .free: "free"
        case .standard: "standard"
        case .business: "business"
        case .house: "house"
        }
    }

    /// The tier of that name, or nil.
    public init?(name: String) {
        guard let tier = Tier.allCases.first(where: { $0.name == name }) else { return nil }
        self = tier
    }

    /// How fast each key may ask.
    public var keyRate: RatePolicy {
        switch self {
        case .free: .perMinute("key", 120, burst: 60)
        case .standard: .perMinute("key", 1_200, burst: 300)
        case .business: .perMinute("key", 12_000, burst: 2_000)
        case .house: .perMinute("key", 1_000_000, burst: 100_000)
        }
    }

    /// How much all keys of the organisation may ask together in a day.
    public var dayQuota: RatePolicy {
        switch self {
        case .free: .perDay("day", 20_000)
        case .standard: .perDay("day", 200_000)
        case .business: .perDay("day", 1_000_000)
        case .house: .perMinute("day", 1_000_000, burst: 1_000_000)
        }
    }

    /// How many keys that are not over an organisation may have.
    public var keysMax: Int {
        switch self {
        case .free: 20
        case .standard: 100
        case .business, .house: 500
        }
    }

    /// How many members an organisation may have.
    public var membersMax: Int {
        switch self {
        case .free: 10
        case .standard: 100
        case .business, .house: 1_000
        }
    }
}

extension RatePolicy {
    /// How fast one address may ask, whoever asks.
    public static let address = RatePolicy.perMinute("address", 1_200, burst: 300)
    /// How fast programs of one address may ask for tokens.
    public static let token = RatePolicy.perMinute("token", 240, burst: 60)
    /// How fast one address may try to sign in or register.
    public static let signIn = RatePolicy.perMinute("signin", 30, burst: 20)
}
