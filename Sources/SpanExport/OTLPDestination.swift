import FoundationEssentials

/// Where spans are sent, and what they are sent with.
///
/// Read from an option and from the environment variables of OpenTelemetry's specification
/// ("OpenTelemetry Protocol Exporter", "General SDK Configuration").
public struct OTLPDestination: Sendable {
    /// The longest list of headers or attributes, in pairs.
    private static let pairsMax = 64

    /// Where requests go: `http` or `https`.
    public let url: String
    /// Headers of each request; they may have secrets, and no log has them.
    public let headers: [(name: String, value: String)]
    /// What the process says of itself.
    public let resource: [(String, String)]

    /// Finds the destination.
    ///
    /// - Parameters:
    ///   - base: a collector's address without `/v1/traces`, as whoever started the process gave
    ///     it; before what the environment says.
    ///   - service: the service's name, unless `OTEL_SERVICE_NAME` has another.
    /// - Returns: nil if nobody asked for spans.
    /// - Throws: ``OTLPRefusal``.
    public init?(
        base: String?,
        environment: [String: String],
        service: String,
        version: String
    ) throws(OTLPRefusal) {
        /// A variable that is empty is as if it were not set.
        func variable(_ name: String) -> String? {
            environment[name].flatMap { $0.isEmpty ? nil : $0 }
        }
        let exact = base == nil ? variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") : nil
        guard let found = base ?? exact ?? variable("OTEL_EXPORTER_OTLP_ENDPOINT") else {
            return nil
        }
        let off = variable("OTEL_SDK_DISABLED")?.lowercased() == "true"
        guard base != nil || !off && variable("OTEL_TRACES_EXPORTER") != "none" else { return nil }
        let spoken = variable("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")
            ?? variable("OTEL_EXPORTER_OTLP_PROTOCOL") ?? "http/protobuf"
        guard spoken == "http/protobuf" else { throw .otherProtocol(spoken) }
        let given = try Self.checked(found)
        // Behind a query a path would be part of it.
        guard exact != nil || !given.contains(where: { "?#".contains($0) }) else {
            throw .badAddress
        }
        url = exact == nil ? Self.joined(given) : given
        let headers = variable("OTEL_EXPORTER_OTLP_TRACES_HEADERS")
            ?? variable("OTEL_EXPORTER_OTLP_HEADERS") ?? ""
        self.headers = try Self.pairs(headers).map { name, value throws(OTLPRefusal) in
            guard Self.isHeader(name, value) else { throw .badHeaders }
            return (name, value)
        }
        let attributes = (try? Self.pairs(variable("OTEL_RESOURCE_ATTRIBUTES") ?? "")) ?? []
        let name = variable("OTEL_SERVICE_NAME")
            ?? attributes.last { $0.0 == "service.name" }?.1 ?? "stoa-\(service)"
        resource = [("service.name", name), ("service.version", version)]
            + attributes.filter { !["service.name", "service.version"].contains($0.0) }
    }

    private static func joined(_ base: String) -> String {
        base + (base.hasSuffix("/") ? "v1/traces" : "/v1/traces")
    }

    private static func checked(_ url: String) throws(OTLPRefusal) -> String {
        guard url.utf8.count <= 1024, url.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            let parts = URL(string: url), let scheme = parts.scheme?.lowercased(),
            ["http", "https"].contains(scheme), parts.host?.isEmpty == false
        else { throw .badAddress }
        // A password in an address would stand in process lists and logs.
        guard parts.user == nil, parts.password == nil else { throw .badAddress }
        return url
    }

    /// `name=value,name=value`, percent-encoded (W3C Baggage without properties).
    private static func pairs(_ text: String) throws(OTLPRefusal) -> [(String, String)] {
        guard !text.isEmpty else { return [] }
        let entries = text.split(separator: ",", maxSplits: pairsMax)
        guard entries.count <= pairsMax else { throw .badHeaders }
        var found: [(String, String)] = []
        for entry in entries {
            let halves = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard halves.count == 2,
                let name = decoded(halves[0]), !name.isEmpty, let value = decoded(halves[1])
            else { throw .badHeaders }
            found.append((name, value))
        }
        return found
    }

    /// Text without spaces around it and without percent-encoding (RFC 3986, section 2.1); nil if
    /// that is broken.
    private static func decoded(_ text: Substring) -> String? {
        var text = text.utf8[...]
        while text.first == UInt8(ascii: " ") { text.removeFirst() }
        while text.last == UInt8(ascii: " ") { text.removeLast() }
        var bytes: [UInt8] = []
        while let byte = text.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = String(decoding: text.prefix(2), as: UTF8.self)
            guard digits.utf8.count == 2, digits.utf8.first != UInt8(ascii: "+"),
                let value = UInt8(digits, radix: 16)
            else { return nil }
            bytes.append(value)
            text = text.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// Whether a pair can be a header (RFC 9110, sections 5.1 and 5.5), and not one of ours.
    private static func isHeader(_ name: String, _ value: String) -> Bool {
        let marks = Array("!#$%&'*+-.^_`|~".utf8)
        let isName = name.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                || (0x61...0x7A).contains(byte) || marks.contains(byte)
        }
        let ours = [
            "content-type", "content-length", "host", "transfer-encoding", "connection",
            "user-agent",
        ]
        return isName && !ours.contains(name.lowercased())
            && value.utf8.allSatisfy { (0x20...0x7E).contains($0) }
    }
}

/// Why spans cannot be sent as asked.
public enum OTLPRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// The address is none that requests can go to.
    case badAddress
    /// Another protocol than protobuf over HTTP is asked for.
    case otherProtocol(String)
    /// A list of headers is none.
    case badHeaders

    /// One sentence for people.
    public var description: String {
        switch self {
        case .badAddress:
            "the collector's address is not http:// or https:// with a host, no password and, "
                + "without its path, no query"
        case .otherProtocol(let name):
            "spans are sent as http/protobuf, not as '\(name)'; a collector takes both"
        case .badHeaders:
            "OTEL_EXPORTER_OTLP_HEADERS is not name=value,name=value of headers that may be set"
        }
    }
}
