import AccessCore
import HTTPTypes
import LedgerIndex

/// The OpenAPI document, read once: what is served, and what every request is checked against.
struct Contract: Sendable {
    /// The document as it is served.
    let document: JSON
    /// Its bytes.
    let bytes: [UInt8]
    /// Its operations, in its order.
    let operations: [Operation]
    /// Its schemas.
    let schemas: SchemaTable

    /// Reads the contract that this program was built with.
    static func load() throws(ContractError) -> Contract { try loaded.get() }

    private static let loaded = Result { () throws(ContractError) in
        try Contract(document: try ContractText.document())
    }

    /// Reads a complete document.
    init(document: JSON) throws(ContractError) {
        let document = try ContractExpansion(document).expanded()
        guard let components = document["components"] else { throw .missing("components") }
        var schemas = SchemaTable(components: components)
        var operations: [Operation] = []
        for (path, item) in document["paths"]?.members ?? [] {
            for (method, operation) in item.members ?? [] where method != "parameters" {
                guard let method = HTTPRequest.Method(method.uppercased()) else {
                    throw .unreadable("\(path) \(method)")
                }
                var reader = OperationReader(components: components, schemas: schemas)
                operations.append(try reader.read(operation, method, path))
                schemas = reader.schemas
            }
        }
        self.document = document
        self.operations = operations
        self.schemas = schemas
        bytes = document.bytes
    }

    /// The operation with this name.
    func operation(_ id: String) throws(ContractError) -> Operation {
        guard let operation = operations.first(where: { $0.id == id }) else {
            throw .withoutOperation(id)
        }
        return operation
    }
}

/// Makes an ``Operation`` of its part of the document.
private struct OperationReader {
    let components: JSON
    var schemas: SchemaTable

    mutating func read(
        _ operation: JSON,
        _ method: HTTPRequest.Method,
        _ path: String
    ) throws(ContractError) -> Operation {
        guard let id = operation["operationId"]?.string else {
            throw .missing("operationId of \(path)")
        }
        var parameters: [Operation.Parameter] = []
        for parameter in operation["parameters"]?.elements ?? [] {
            parameters.append(try self.parameter(try resolved(parameter, "parameters")))
        }
        for name in path.split(separator: "/") where name.hasPrefix("{") {
            let name = name.dropFirst().dropLast()
            guard parameters.contains(where: { $0.name == name && $0.location == .path }) else {
                throw .missing("parameter \(name) of \(id)")
            }
        }
        var body: Operation.Body?
        if let described = operation["requestBody"] {
            guard let schema = Self.schema(described) else { throw .missing("body of \(id)") }
            body = Operation.Body(
                isRequired: described["required"]?.bool ?? false,
                schema: try schemas.add(schema)
            )
        }
        var answers: [(status: Int, schema: SchemaTable.Place)] = []
        for (status, answer) in operation["responses"]?.members ?? [] {
            guard let number = Int(status) else { throw .unreadable("\(id) \(status)") }
            guard let schema = Self.schema(try resolved(answer, "responses")) else { continue }
            answers.append((number, try schemas.add(schema)))
        }
        let fields = parameters.first { $0.name == "fields" && $0.location == .query }
        let items = fields.flatMap { schemas[$0.schema].items }
        return Operation(
            id: id,
            method: method,
            path: path,
            parameters: parameters,
            body: body,
            answers: answers,
            fields: items.map { schemas[$0].choices.compactMap(\.string) },
            deprecation: try Self.deprecation(operation, id),
            scopes: try Self.scopes(operation, id),
            isOpen: operation["security"]?.elements?.contains { $0.members?.isEmpty == true }
                ?? true
        )
    }

    private func resolved(_ value: JSON, _ kind: String) throws(ContractError) -> JSON {
        guard let reference = value["$ref"]?.string else { return value }
        let prefix = "#/components/\(kind)/"
        guard reference.hasPrefix(prefix),
            let found = components[kind]?[String(reference.dropFirst(prefix.count))]
        else { throw .missing(reference) }
        return found
    }

    private mutating func parameter(_ value: JSON) throws(ContractError) -> Operation.Parameter {
        guard let name = value["name"]?.string, let schema = value["schema"],
            let location = Operation.Location(rawValue: value["in"]?.string ?? "")
        else { throw .unreadable(value.line) }
        return Operation.Parameter(
            name: name,
            location: location,
            isRequired: value["required"]?.bool ?? false,
            schema: try schemas.add(schema),
            standard: schema["default"]
        )
    }

    private static func schema(_ value: JSON) -> JSON? {
        value["content"]?.members?.first { $0.name.hasSuffix("json") }?.value["schema"]
    }

    /// Whoever deprecates an operation says since when and until when.
    private static func deprecation(
        _ operation: JSON,
        _ id: String
    ) throws(ContractError) -> Operation.Deprecation? {
        guard operation["deprecated"]?.bool == true else { return nil }
        guard let since = operation["x-deprecated-since"]?.integer,
            let sunset = operation["x-sunset"]?.string
        else { throw .missing("x-deprecated-since and x-sunset of \(id)") }
        return Operation.Deprecation(since: since, sunset: sunset)
    }

    private static func scopes(
        _ operation: JSON,
        _ id: String
    ) throws(ContractError) -> ScopeSet {
        var scopes: [Scope] = []
        for need in operation["security"]?.elements ?? [] {
            for name in need.members?.first?.value.elements ?? [] {
                guard let scope = Scope(rawValue: name.string ?? "") else {
                    throw .missing("scope \(name.line) of \(id)")
                }
                scopes.append(scope)
            }
        }
        return ScopeSet(scopes)
    }
}
