import AsyncHTTPClient
import MarketTypes

extension ProviderConfiguration {
    /// Every reason why this configuration cannot be used, in sentences; empty if it can.
    public func validate() -> [String] {
        faults + services.indices.flatMap { faults(ofService: $0) }
    }

    /// The reasons that no service has for itself; one that has some stops nothing but itself.
    public var faults: [String] {
        var faults: [String] = []
        if host.isEmpty { faults.append("host is empty") }
        if journalDirectory.isEmpty { faults.append("journalDirectory is empty") }
        faults += Self.outOfRange([
            ("port", port, 0...65_535),
            ("concurrentCallsMax", concurrentCallsMax, 1...16_384),
            ("queuedCallsMax", queuedCallsMax, 0...65_536),
            ("queueTimeoutMilliseconds", queueTimeoutMilliseconds, 1...600_000),
            ("requestBytesMax", requestBytesMax, 1...(64 << 20)),
            ("uploadBytesMax", uploadBytesMax, 1...(64 << 20)),
            ("concurrentUploadsMax", concurrentUploadsMax, 1...1024),
            ("responseBytesMax", responseBytesMax, 1...(1 << 30)),
            ("channelsMax", channelsMax, 1...65_536),
            ("anchoredReceiptsMax", anchoredReceiptsMax, 1...(1 << 26)),
            ("claims.intervalSeconds", claims.intervalSeconds, 1...31_536_000),
            ("claims.shutdownTimeoutSeconds", claims.shutdownTimeoutSeconds, 0...3600),
            ("circuitBreaker.failuresToOpen", circuitBreaker.failuresToOpen, 1...1000),
            ("circuitBreaker.openSeconds", circuitBreaker.openSeconds, 1...86_400),
            ("circuitBreaker.probe", circuitBreaker.probe, 1...1000),
        ])
        if claims.amount.isZero { faults.append("claims.amountObol is zero") }
        for (unit, amount) in claims.unitAmounts.sorted(by: { $0.key < $1.key }) {
            if Digest(hex: unit) == nil {
                faults.append("claims.unitAmounts: '\(unit)' is not 64 hex digits")
            }
            if amount.isZero { faults.append("claims.unitAmounts: that of \(unit) is zero") }
        }
        if services.isEmpty { faults.append("services is empty: there is nothing to sell") }
        return faults
    }

    /// Every reason why a service cannot be served, in sentences; empty if it can.
    ///
    /// - Parameter index: which one; it must exist.
    public func faults(ofService index: Int) -> [String] {
        let service = services[index]
        let name = "services[\(index)]"
        var faults: [String] = []
        if Digest(hex: service.offer) == nil {
            faults.append("\(name).offer is not 64 hex digits")
        } else if services[..<index].contains(where: {
            $0.offer.lowercased() == service.offer.lowercased()
        }) {
            faults.append("\(name).offer is sold by another service already")
        }
        return faults + service.validate(name)
    }

    fileprivate static func outOfRange(
        _ entries: [(field: String, value: Int, range: ClosedRange<Int>)]
    ) -> [String] {
        entries.compactMap { entry in
            entry.range.contains(entry.value)
                ? nil
                : "\(entry.field) is not between \(entry.range.lowerBound) and "
                    + "\(entry.range.upperBound)"
        }
    }
}

extension ServiceConfiguration {
    fileprivate func validate(_ name: String) -> [String] {
        var faults = ProviderConfiguration.outOfRange([
            ("\(name).concurrentCallsMax", concurrentCallsMax, 1...16_384),
            (
                "\(name).upstream.headerTimeoutSeconds", upstream.headerTimeoutSeconds,
                1...86_400
            ),
            ("\(name).upstream.totalTimeoutSeconds", upstream.totalTimeoutSeconds, 1...86_400),
        ])
        if let chain, Digest(hex: chain) == nil {
            faults.append("\(name).chain is not 64 hex digits")
        }
        if !["http://", "https://"].contains(where: { upstream.url.hasPrefix($0) })
            || (try? HTTPClient.Request(url: upstream.url)) == nil
        {
            faults.append("\(name).upstream.url is no http or https URL")
        }
        if upstream.kind == .openai, upstream.model.isEmpty {
            faults.append("\(name).upstream.model is empty")
        }
        if upstream.apiKeyEnvironment?.isEmpty == true {
            faults.append("\(name).upstream.apiKeyEnvironment is empty")
        }
        return faults
    }
}
