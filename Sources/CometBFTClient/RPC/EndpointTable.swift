/// What is known of each node: how far it got, how often it failed, when it may be asked again.
///
/// Health is progress: a node that answers everything but stands still is asked last.
struct EndpointTable: Sendable {
    struct Endpoint: Sendable {
        let url: String
        var height: UInt64 = 0
        var failures = 0
        var restsUntilSeconds: Int64 = 0
        /// Until when it is not believed, whatever it answers meanwhile.
        var liarUntilSeconds: Int64 = 0

        func rests(atSeconds now: Int64) -> Bool {
            restsUntilSeconds > now || liarUntilSeconds > now
        }
    }

    private(set) var endpoints: [Endpoint]
    private(set) var probedAtSeconds = Int64.min
    private let limits: CometBFTRPC.Limits

    init(urls: [String], limits: CometBFTRPC.Limits) {
        endpoints = urls.map {
            Endpoint(url: $0.hasSuffix("/") ? String($0.dropLast()) : $0)
        }
        self.limits = limits
    }

    /// The nodes in the order in which to ask them; those that rest come last rather than never.
    func order(atSeconds now: Int64) -> [Int] {
        // A liar's height would make all others look as if they stood still.
        let best = endpoints.filter { $0.liarUntilSeconds <= now }.map(\.height).max() ?? 0
        func rank(_ index: Int) -> (Int, Int, Int) {
            let endpoint = endpoints[index]
            let rests = endpoint.rests(atSeconds: now) ? 1 : 0
            let lags = best - min(endpoint.height, best) > limits.lagBlocksMax ? 1 : 0
            return (rests, lags, index)
        }
        return endpoints.indices.sorted { rank($0) < rank($1) }
    }

    /// The nodes that do not rest, in the order in which to ask them.
    func awake(atSeconds now: Int64) -> [Int] {
        order(atSeconds: now).filter { !endpoints[$0].rests(atSeconds: now) }
    }

    /// A node got as far as `height`.
    mutating func observe(_ height: UInt64, at index: Int) {
        endpoints[index].height = max(endpoints[index].height, height)
    }

    /// A node says where it stands.
    ///
    /// That takes back no lie: a liar answers as well as others do.
    mutating func probed(_ height: UInt64, at index: Int) {
        endpoints[index].height = height
        endpoints[index].failures = 0
        endpoints[index].restsUntilSeconds = 0
    }

    mutating func succeeded(_ index: Int) {
        endpoints[index].failures = 0
    }

    /// A node gave no answer, or none in the engine's form: it rests, twice as long each time.
    mutating func failed(_ index: Int, atSeconds now: Int64) {
        let failures = min(endpoints[index].failures + 1, 16)
        endpoints[index].failures = failures
        let rest = min(Int64(4) << Int64(failures - 1), limits.backOffSecondsMax)
        endpoints[index].restsUntilSeconds = now + rest
    }

    /// A node said something that is not so: it rests as long as there is.
    mutating func lied(_ index: Int, atSeconds now: Int64) {
        endpoints[index].failures = 16
        endpoints[index].height = 0
        endpoints[index].liarUntilSeconds = now + limits.liarRestSeconds
    }

    /// Whether to ask all nodes again where they stand; says yes once for each interval.
    mutating func takesProbe(atSeconds now: Int64) -> Bool {
        guard now >= probedAtSeconds &+ limits.probeIntervalSeconds || probedAtSeconds == .min
        else { return false }
        probedAtSeconds = now
        return true
    }
}
