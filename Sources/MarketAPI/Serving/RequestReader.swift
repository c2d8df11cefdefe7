import AccessCore
import HTTPTypes
import LedgerIndex
import NIOCore
import WebServing

/// Checks a request against its operation: what is unknown, twice, missing or of another form is
/// refused, all of it at once.
struct RequestReader {
    /// The most parameters that a query may have.
    static let parametersMax = 32

    let server: APIServer
    let operation: Operation

    private var schemas: SchemaTable { server.contract.schemas }

    /// Reads a request.
    ///
    /// - Parameters:
    ///   - path: the parts of the path, by the names that the contract has for them.
    ///   - query: what stands behind the question mark.
    ///   - body: the body's bytes; nil if the operation takes none.
    func read(
        path: [String: String],
        query: String?,
        headers: HTTPFields,
        body: [UInt8]?,
        caller: Caller?,
        source: String,
        channel: (any Channel)?
    ) throws(Problem) -> APIRequest {
        var faults: [Problem.Fault] = []
        let pairs = try Self.pairs(query)
        var values: [String: JSON] = [:]
        var heads: [String: String] = [:]
        for (name, _) in pairs where parameter(name, .query) == nil {
            faults.append(.init("there is no such parameter", at: "?\(Self.plain(name))"))
        }
        for parameter in operation.parameters {
            switch parameter.location {
            case .path:
                let text = path[parameter.name] ?? ""
                let value = value(text, parameter)
                faults += schemas.faults(in: value, parameter.schema, at: "{\(parameter.name)}")
            case .query:
                let given = pairs.filter { $0.name == parameter.name }
                if given.count > 1 {
                    faults.append(.init("is given twice", at: "?\(parameter.name)"))
                }
                guard let text = given.first?.value else {
                    if parameter.isRequired {
                        faults.append(.init("is missing", at: "?\(parameter.name)"))
                    }
                    values[parameter.name] = parameter.standard
                    continue
                }
                let value = value(text, parameter)
                faults += schemas.faults(in: value, parameter.schema, at: "?\(parameter.name)")
                values[parameter.name] = value
            case .header:
                guard let field = HTTPField.Name(parameter.name), let text = headers[field] else {
                    continue
                }
                faults += schemas.faults(
                    in: .text(text),
                    parameter.schema,
                    at: "header \(parameter.name)"
                )
                heads[parameter.name] = text
            }
        }
        let tree = try self.body(body, &faults)
        guard faults.isEmpty else { throw .badRequest(faults) }
        return APIRequest(
            operation: operation,
            path: path,
            query: values,
            headers: heads,
            body: tree,
            caller: caller,
            source: source,
            server: server,
            channel: channel
        )
    }

    private func parameter(
        _ name: String,
        _ location: Operation.Location
    ) -> Operation.Parameter? {
        operation.parameters.first { $0.name == name && $0.location == location }
    }

    private func body(
        _ bytes: [UInt8]?,
        _ faults: inout [Problem.Fault]
    ) throws(Problem) -> JSON? {
        guard let body = operation.body, let bytes else { return nil }
        if bytes.isEmpty {
            if body.isRequired { faults.append(.init("the body is missing", at: "#")) }
            return nil
        }
        do {
            let tree = try JSONReading.object(bytes)
            faults += schemas.faults(in: tree, body.schema, at: "#")
            return tree
        } catch {
            throw .badRequest("the body is no JSON object that is taken here: \(error)", at: "#")
        }
    }

    /// A parameter's text as what its schema says it is.
    private func value(_ text: String, _ parameter: Operation.Parameter) -> JSON {
        let node = schemas[parameter.schema]
        switch node.kinds.first {
        case .integer:
            guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt64(text)
            else { return .text(text) }
            return .number(number)
        case .boolean: return ["true": .flag(true), "false": .flag(false)][text] ?? .text(text)
        case .array:
            let parts = text.split(separator: ",", omittingEmptySubsequences: false)
            return .array(parts.map { .text(String($0)) })
        default: return .text(text)
        }
    }

    private static func pairs(
        _ query: String?
    ) throws(Problem) -> [(name: String, value: String)] {
        guard let query, !query.isEmpty else { return [] }
        let parts = query.utf8.split(separator: UInt8(ascii: "&"))
        guard parts.count <= parametersMax else {
            throw .badRequest("at most \(parametersMax) parameters", at: "?")
        }
        var pairs: [(name: String, value: String)] = []
        for part in parts {
            let sides = part.split(
                separator: UInt8(ascii: "="),
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            guard let first = sides.first, let name = PercentCoding.decode(first, isQuery: true),
                let value = PercentCoding.decode(
                    sides.count > 1 ? sides[1] : "".utf8[...],
                    isQuery: true
                )
            else { throw .badRequest("is not encoded as a query is", at: "?") }
            pairs.append((name, value))
        }
        return pairs
    }

    /// A name that a stranger gave, short and in plain characters.
    static func plain(_ name: String) -> String {
        String(
            String.UnicodeScalarView(
                name.unicodeScalars.prefix(64).map { ("!"..."~").contains($0) ? $0 : "?" }
            )
        )
    }
}

/// Percent-encoding (RFC 3986, 2.1), read strictly.
enum PercentCoding {
    /// The text that `bytes` stand for; nil for a percent sign without two digits, and for what is
    /// no UTF-8.
    static func decode(_ bytes: Substring.UTF8View, isQuery: Bool = false) -> String? {
        var out: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(digit),
                    let low = rest.popFirst().flatMap(digit)
                else { return nil }
                out.append(high << 4 | low)
            case UInt8(ascii: "+") where isQuery: out.append(UInt8(ascii: " "))
            default: out.append(byte)
            }
        }
        return String(validating: out, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
