public import MarketTypes

/// Something that is looked at again and again, as a user of the market would.
public struct Probe: Sendable {
    /// What it is called, of a set that is written down somewhere.
    public let name: String
    let run: @Sendable () async -> String?

    /// Describes a probe.
    ///
    /// - Parameter run: what is wrong, for people and without secrets; nil if nothing is.
    public init(_ name: String, _ run: @escaping @Sendable () async -> String?) {
        self.name = name
        self.run = run
    }
}

/// How something has been.
public struct ProbeSummary: Hashable, Sendable {
    /// What is looked at.
    public let name: String
    /// Whether it was well at the last look.
    public let isGood: Bool
    /// When that was.
    public let seen: Timestamp
    /// How long the last look took, in milliseconds.
    public let milliseconds: UInt64
    /// Looks in the last day, and how many of them found it well.
    public let day: ProbeCount
    /// Looks in the last ninety days, and how many of them found it well.
    public let quarter: ProbeCount
}

/// How many looks there were.
public struct ProbeCount: Hashable, Sendable {
    /// All of them.
    public let looks: UInt64
    /// Those that found it well.
    public let good: UInt64

    /// Counts looks.
    public init(looks: UInt64, good: UInt64) {
        self.looks = looks
        self.good = min(good, looks)
    }

    /// The good ones of ten thousand, rounded down, so that all is only said of all; nil without
    /// a look.
    public var goodOfTenThousand: UInt64? { looks == 0 ? nil : good * 10_000 / looks }
}

/// A time in which something was not well.
public struct ProbeIncident: Hashable, Sendable {
    /// What was not.
    public let name: String
    /// When that was seen first.
    public let began: Timestamp
    /// When it was well again; nil if it is not yet.
    public let ended: Timestamp?
    /// What was wrong when it began.
    public let fault: String
}
