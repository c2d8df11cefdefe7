import HTTPTypes
import LedgerIndex
import MarketTypes
import Testing
import WebServing

@testable import MarketAPI

@Suite("The contract and what reads it")
struct ContractTests {
    private func table(_ schema: String) throws -> (SchemaTable, SchemaTable.Place) {
        var table = SchemaTable(components: .object([]))
        let place = try table.add(ContractText.tree(schema))
        return (table, place)
    }

    @Test("REST-1: a schema's word that the edge does not check keeps the program from starting")
    func unknownWord() {
        #expect(throws: ContractError.unsupported("schema word multipleOf")) {
            try table("{type: integer, multipleOf: 3}")
        }
        #expect(throws: ContractError.unsupported("pattern \"^a.*$\"")) {
            try table("{type: string, pattern: '^a.*$'}")
        }
        #expect(throws: ContractError.missing("schema X")) {
            var table = SchemaTable(components: .object([]))
            _ = try table.add(.object([("$ref", .text("#/components/schemas/X"))]))
        }
    }

    @Test("REST-1: an operation without handler, and a handler without operation, are refused")
    func unmatched() throws {
        let contract = try Contract.load()
        #expect(throws: ContractError.withoutHandler("getRoot")) {
            try OperationTable(contract, [:])
        }
        var handlers: [String: OperationTable.Handler] = [:]
        for operation in contract.operations {
            handlers[operation.id] = { _ in .one(.null, at: nil) }
        }
        _ = try OperationTable(contract, handlers)
        handlers["getNothing"] = { _ in .one(.null, at: nil) }
        #expect(throws: ContractError.withoutOperation("getNothing")) {
            try OperationTable(contract, handlers)
        }
    }

    @Test("REST-1: operations have names of their own, and each says what it answers")
    func operations() throws {
        let contract = try Contract.load()
        #expect(contract.operations.count > 60)
        #expect(Set(contract.operations.map(\.id)).count == contract.operations.count)
        for operation in contract.operations {
            #expect(!operation.answers.isEmpty, "\(operation.id)")
        }
        #expect(!String(decoding: contract.bytes, as: UTF8.self).contains("\"x-"))
    }

    @Test("REST-11: a deprecated operation says since when and until when, in document and answer")
    func deprecation() async throws {
        let text = """
            openapi: 3.1.0
            paths:
              /old:
                get:
                  operationId: getOld
                  deprecated: true
                  responses: {'200': {description: Old.}}
            components: {schemas: {}}
            """
        #expect(throws: ContractError.missing("x-deprecated-since and x-sunset of getOld")) {
            try Contract(document: ContractText.tree(text))
        }
        let dates = "x-deprecated-since: 7\n      x-sunset: 'Thu, 01 Jan 1970 00:00:09 GMT'"
        let dated = text.replacing("deprecated: true", with: "deprecated: true\n      \(dates)")
        let contract = try Contract(document: ContractText.tree(dated))
        let table = try OperationTable(contract, ["getOld": { _ in .one(.null, at: nil) }])
        let answer = try await APIServer(contract: contract, table: table).answer(
            contract.operation("getOld"),
            path: [:],
            query: nil,
            headers: [:],
            body: nil,
            caller: nil,
            source: "192.0.2.7",
            channel: nil
        )
        #expect(answer.headers[.deprecation] == "@7")
        #expect(answer.headers[.sunset] == "Thu, 01 Jan 1970 00:00:09 GMT")
    }

    @Test(
        "patterns match all of a text or nothing",
        arguments: [
            ("^[0-9a-f]{4}$", ["00ff"], ["00f", "00fff", "00FF", "", "g000"]),
            ("^(native|[0-9]{2,3})$", ["native", "12", "123"], ["nativ", "1", "1234", "native1"]),
            ("^(0|[1-9][0-9]{0,2})$", ["0", "7", "999"], ["00", "01", "1000", "-1"]),
            ("^a?b*c+$", ["c", "abbcc", "bc"], ["", "ab", "aac"]),
            ("^(0x)?[0-9]{2}$", ["0x12", "12"], ["0x1", "x12"]),
            ("^1\\.5$", ["1.5"], ["1x5"]),
        ] as [(String, [String], [String])]
    )
    func patterns(text: String, fits: [String], not: [String]) throws {
        let pattern = try #require(Pattern(text))
        for text in fits { #expect(pattern.matches(text), "\(text)") }
        for text in not { #expect(!pattern.matches(text), "\(text)") }
    }

    @Test("schemas find what is wrong and where")
    func faults() throws {
        let (table, place) = try table(
            """
            type: object
            required: [a]
            additionalProperties: false
            properties:
              a: {type: integer, minimum: 1, maximum: 3}
              b: {type: array, maxItems: 2, items: {type: string, maxLength: 2}}
              c: {enum: [x, null]}
            """
        )
        func found(_ json: String) throws -> [String] {
            let tree = try JSONReading.object(Array(json.utf8))
            return table.faults(in: tree, place, at: "#").map(\.pointer)
        }
        #expect(try found(#"{"a":1,"b":["x"],"c":null}"#) == [])
        #expect(try found("{}") == ["#/a"])
        #expect(try found(#"{"a":0}"#) == ["#/a"])
        #expect(try found(#"{"a":-1}"#) == ["#/a"])
        #expect(try found(#"{"a":1.5}"#) == ["#/a"])
        #expect(try found(#"{"a":"1"}"#) == ["#/a"])
        #expect(try found(#"{"a":1,"b":["x","abc"]}"#) == ["#/b/1"])
        #expect(try found(#"{"a":1,"b":["x","y","z"]}"#) == ["#/b"])
        #expect(try found(#"{"a":1,"c":"y"}"#) == ["#/c"])
        #expect(try found(#"{"a":1,"d~/":1}"#) == ["#/d~0~1"])
    }

    @Test("bodies that two readers would read differently are refused")
    func bodies() {
        for text in [#"{"a":1,"a":2}"#, #"{"a":{"b":1,"b":2}}"#, #"{"a":[{"b":1,"b":2}]}"#, "[1]"] {
            #expect(throws: (any Error).self) { try JSONReading.object(Array(text.utf8)) }
        }
    }

    @Test(
        "times are RFC 3339",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
            (1_700_000_000_123, "2023-11-14T22:13:20.123Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] as [(UInt64, String)]
    )
    func times(milliseconds: UInt64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).rfc3339 == text)
    }

    @Test("REST-6: tags are compared weakly, one by one")
    func tags() {
        let tag = APIServer.tag([1])
        #expect(APIServer.matches(tag, tag))
        #expect(APIServer.matches("\"x\", \(tag.dropFirst(2))", tag))
        #expect(APIServer.matches("*", tag))
        #expect(!APIServer.matches(APIServer.tag([2]), tag))
    }
}
