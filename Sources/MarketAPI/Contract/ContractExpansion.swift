import LedgerIndex

/// Writes out what nearly every operation has in common, so that the text of the contract says it
/// once: `x-answer: S` and `x-list: S` become answers with their headers, `fields`, pages,
/// conditions and refusals. What is served is plain OpenAPI.
struct ContractExpansion {
    private let document: JSON

    init(_ document: JSON) {
        self.document = document
    }

    /// The document without shorthand.
    func expanded() throws(ContractError) -> JSON {
        var members: [(name: String, value: JSON)] = []
        for (name, value) in document.members ?? [] {
            members.append((name, name == "paths" ? try paths(value) : value))
        }
        return .object(members)
    }

    private func paths(_ value: JSON) throws(ContractError) -> JSON {
        var paths: [(name: String, value: JSON)] = []
        for (path, item) in value.members ?? [] {
            var operations: [(name: String, value: JSON)] = []
            for (method, operation) in item.members ?? [] {
                let isRead = method == "get"
                operations.append((method, try self.operation(operation, path, isRead)))
            }
            paths.append((path, .object(operations)))
        }
        return .object(paths)
    }

    private func operation(
        _ operation: JSON,
        _ path: String,
        _ isRead: Bool
    ) throws(ContractError) -> JSON {
        let list = operation["x-list"]?.string
        let answer = operation["x-answer"]?.string
        guard let schema = list ?? answer else { return operation }
        var parameters = operation["parameters"]?.elements ?? []
        if list != nil {
            parameters += [Self.reference("parameters/limit"), Self.reference("parameters/cursor")]
        }
        if isRead {
            parameters.append(try fields(of: schema))
            parameters.append(Self.reference("parameters/ifNoneMatch"))
        }
        var responses: [(name: String, value: JSON)] = [
            ("200", response(list.map { Self.list($0) } ?? Self.schema(schema), isRead))
        ]
        if isRead { responses.append(("304", Self.reference("responses/NotModified"))) }
        responses.append(("400", Self.reference("responses/BadRequest")))
        if path.contains("{") || operation["x-missing"]?.bool == true {
            responses.append(("404", Self.reference("responses/NotFound")))
        }
        responses += operation["responses"]?.members ?? []
        // What the door before every operation may answer instead.
        responses.append(("401", Self.reference("responses/Unauthorized")))
        responses.append(("429", Self.reference("responses/TooManyRequests")))
        responses.append(("503", Self.reference("responses/Unavailable")))
        var members: [(name: String, value: JSON)] = []
        for member in operation.members ?? [] {
            let isShorthand = ["x-list", "x-answer", "x-missing"].contains(member.name)
            if !isShorthand, member.name != "parameters", member.name != "responses" {
                members.append(member)
            }
        }
        if !parameters.isEmpty { members.append(("parameters", .array(parameters))) }
        members.append(("responses", .object(responses)))
        return .object(members)
    }

    private func response(_ schema: JSON, _ isRead: Bool) -> JSON {
        let shared = ["requestId", "height"] + (isRead ? ["etag", "cacheControl"] : [])
        let names = [
            "requestId": "X-Request-Id", "height": "Stoa-Height", "etag": "ETag",
            "cacheControl": "Cache-Control",
        ]
        let headers = shared.map { name in
            (name: names[name] ?? name, value: Self.reference("headers/\(name)"))
        }
        return .object([
            ("description", .text("The answer.")), ("headers", .object(headers)),
            (
                "content",
                .object([("application/json", .object([("schema", schema)]))])
            ),
        ])
    }

    private func fields(of schema: String) throws(ContractError) -> JSON {
        let described = document["components"]?["schemas"]?[schema]
        guard let members = described?["properties"]?.members else {
            throw .missing("members of \(schema)")
        }
        return .object([
            ("name", .text("fields")), ("in", .text("query")),
            (
                "description",
                .text("Which members to answer with, with commas between; all without it.")
            ),
            ("style", .text("form")), ("explode", .flag(false)),
            (
                "schema",
                .object([
                    ("type", .text("array")), ("minItems", .number(1)), ("maxItems", .number(32)),
                    (
                        "items",
                        .object([
                            ("type", .text("string")),
                            ("enum", .list(members) { .text($0.name) }),
                        ])
                    ),
                ])
            ),
        ])
    }

    private static func schema(_ name: String) -> JSON { reference("schemas/\(name)") }

    private static func reference(_ name: String) -> JSON {
        .object([("$ref", .text("#/components/\(name)"))])
    }

    private static func list(_ name: String) -> JSON {
        let required = ["object", "data", "has_more", "next_cursor", "height"]
        return .object([
            ("type", .text("object")), ("required", .list(required) { .text($0) }),
            (
                "properties",
                .object([
                    (
                        "object",
                        .object([("type", .text("string")), ("const", .text("list"))])
                    ),
                    (
                        "data",
                        .object([
                            ("type", .text("array")), ("maxItems", .number(200)),
                            ("items", schema(name)),
                        ])
                    ),
                    ("has_more", .object([("type", .text("boolean"))])),
                    (
                        "next_cursor",
                        .object([("type", .array([.text("string"), .text("null")]))])
                    ),
                    ("height", schema("Height")),
                ])
            ),
        ])
    }
}
