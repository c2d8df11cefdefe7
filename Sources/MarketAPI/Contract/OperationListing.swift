import HTTPTypes
import LedgerIndex
public import WebServing

extension MarketAPI {
    /// What there is, in the document's order, for pages that tell people.
    public var operations: [OperationDescription] {
        let document = contract.document
        var groups: [String: String] = [:]
        for tag in document["tags"]?.elements ?? [] {
            guard let name = tag["name"]?.string else { continue }
            groups[name] = tag["description"]?.string
        }
        return contract.operations.map { operation in
            let method = operation.method.rawValue.lowercased()
            let written = document["paths"]?[operation.path]?[method]
            let group = written?["tags"]?.elements?.first?.string ?? "other"
            return OperationDescription(
                id: operation.id,
                group: (group, groups[group] ?? ""),
                method: operation.method.rawValue,
                path: Self.prefix + operation.path,
                summary: written?["summary"]?.string ?? operation.id,
                text: written?["description"]?.string ?? "",
                parameters: operation.parameters.compactMap { parameter in
                    guard parameter.location != .header else { return nil }
                    return described(parameter, of: written)
                },
                isOpen: operation.isOpen
            )
        }
    }

    private func described(
        _ parameter: Operation.Parameter,
        of operation: JSON?
    ) -> OperationDescription.Parameter {
        let written = operation?["parameters"]?.elements?.compactMap { value -> JSON? in
            let prefix = "#/components/parameters/"
            guard let reference = value["$ref"]?.string else { return value }
            guard reference.hasPrefix(prefix) else { return nil }
            let name = String(reference.dropFirst(prefix.count))
            return contract.document["components"]?["parameters"]?[name]
        }
        let own = written?.first { $0["name"]?.string == parameter.name }
        let node = contract.schemas[parameter.schema]
        let isFlag = node.kinds == [.boolean]
        return OperationDescription.Parameter(
            name: parameter.name,
            isInPath: parameter.location == .path,
            isRequired: parameter.isRequired,
            text: own?["description"]?.string ?? "",
            choices: isFlag ? ["true", "false"] : node.choices.compactMap(\.string),
            standard: parameter.standard.flatMap { value in
                value.string ?? value.integer.map { "\($0)" } ?? value.bool.map { "\($0)" }
            }
        )
    }
}
