import HTTPTypes

/// Finds the operations of a path, and holds who answers each.
struct OperationTable: Sendable {
    /// Answers one operation.
    typealias Handler = @Sendable (APIRequest) async throws -> APIAnswer

    /// A path of the contract with its operations.
    struct Item: Sendable {
        let path: String
        let parts: [String]
        var operations: [Operation]

        /// The methods that are answered here, as `Allow` lists them.
        var allowed: String {
            var names = operations.map(\.method.rawValue)
            if names.contains("GET") { names.append("HEAD") }
            return (names + ["OPTIONS"]).joined(separator: ", ")
        }
    }

    let items: [Item]
    private let handlers: [String: Handler]

    /// Joins operations and handlers.
    ///
    /// - Throws: ``ContractError`` if one has no other.
    init(_ contract: Contract, _ handlers: [String: Handler]) throws(ContractError) {
        var items: [Item] = []
        for operation in contract.operations {
            guard handlers[operation.id] != nil else { throw .withoutHandler(operation.id) }
            if let place = items.firstIndex(where: { $0.path == operation.path }) {
                items[place].operations.append(operation)
            } else {
                let parts = operation.path.split(separator: "/").map(String.init)
                items.append(Item(path: operation.path, parts: parts, operations: [operation]))
            }
        }
        let known = Set(contract.operations.map(\.id))
        for id in handlers.keys.sorted() where !known.contains(id) {
            throw .withoutOperation(id)
        }
        // What has no parameter comes first: `transactions/prepare` is no digest.
        self.items =
            items.filter { !$0.path.contains("{") } + items.filter { $0.path.contains("{") }
        self.handlers = handlers
    }

    /// The path's operations, and what stands in the path; nil if the contract has no such path.
    func find(_ path: some StringProtocol) -> (item: Item, values: [String: String])? {
        let parts = path.split(separator: "/")
        for item in items where item.parts.count == parts.count {
            var values: [String: String] = [:]
            let fits = zip(item.parts, parts).allSatisfy { expected, found in
                guard expected.hasPrefix("{") else { return expected == found }
                guard let text = PercentCoding.decode(Substring(found).utf8) else { return false }
                values[String(expected.dropFirst().dropLast())] = text
                return true
            }
            if fits { return (item, values) }
        }
        return nil
    }

    /// Who answers an operation.
    func handler(of operation: Operation) -> Handler {
        guard let handler = handlers[operation.id] else {
            preconditionFailure("the initializer has seen a handler for each operation")
        }
        return handler
    }
}
