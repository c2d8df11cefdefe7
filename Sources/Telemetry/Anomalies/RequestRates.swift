import Synchronization

/// The rates of many; whoever asked longest ago is forgotten when there are too many.
public final class RequestRates: Sendable {
    private let rules: RequestRate.Rules
    private let countMax: Int
    private let rates = Mutex<[String: RequestRate]>([:])

    /// Starts without anybody.
    public init(rules: RequestRate.Rules = .init(), countMax: Int = 256) {
        self.rules = rules
        self.countMax = max(1, countMax)
    }

    /// Notes a request of somebody; an alarm if this is more than usual for them.
    public func note(_ name: String, milliseconds: UInt64) -> RequestRate.Alarm? {
        let minute = milliseconds / 60_000
        return rates.withLock { rates in
            if rates[name] == nil, rates.count >= countMax {
                let oldest = rates.min { $0.value.latestMinute < $1.value.latestMinute }
                if let oldest { rates[oldest.key] = nil }
            }
            return rates[name, default: RequestRate(firstMinute: minute)]
                .note(minute: minute, rules: rules)
        }
    }

    /// How many are known.
    public var count: Int { rates.withLock { $0.count } }
}
