import LedgerIndex
import WebServing

extension SchemaTable {
    /// How strictly objects are read.
    enum Strictness: Sendable {
        /// As the schema says.
        case asWritten
        /// Each member must have a schema and each schema's member be there: how tests read
        /// answers, so that code and document cannot part.
        case exact
    }

    /// What is wrong with a value, at most ``Problem/faultsMax`` of it.
    func faults(
        in value: JSON,
        _ place: Place,
        at pointer: String,
        _ strictness: Strictness = .asWritten
    ) -> [Problem.Fault] {
        var faults: [Problem.Fault] = []
        check(value, place, pointer, strictness, &faults)
        return faults
    }

    private func check(
        _ value: JSON,
        _ place: Place,
        _ pointer: String,
        _ strictness: Strictness,
        _ faults: inout [Problem.Fault]
    ) {
        guard faults.count < Problem.faultsMax else { return }
        let node = self[place]
        func fault(_ detail: String) { faults.append(.init(detail, at: pointer)) }
        guard node.kinds.isEmpty || node.kinds.contains(where: { value.isOf($0) }) else {
            return fault("must be \(node.kinds.map(\.rawValue).joined(separator: " or "))")
        }
        if !node.any.isEmpty {
            let found = node.any.map { self.faults(in: value, $0, at: pointer, strictness) }
            guard !found.contains(where: \.isEmpty) else { return }
            faults += found[0]
            return
        }
        if !node.choices.isEmpty, !node.choices.contains(value) {
            return fault("must be \(node.choices.prefix(16).map(\.line).joined(separator: ", "))")
        }
        switch value {
        case .text(let text):
            guard node.length?.contains(text.unicodeScalars.count) ?? true else {
                return fault("has a length that is not allowed")
            }
            if let pattern = node.pattern, !pattern.matches(text) {
                fault("is not of the form that is asked for")
            }
        case .number(let number):
            guard let numbers = node.numbers, !numbers.contains(number) else { return }
            fault("must be from \(numbers.lowerBound) to \(numbers.upperBound)")
        case .array(let elements):
            guard node.count?.contains(elements.count) ?? true else {
                return fault("has too few or too many elements")
            }
            guard let items = node.items else { return }
            for (index, element) in elements.enumerated() {
                check(element, items, "\(pointer)/\(index)", strictness, &faults)
            }
        case .object(let members):
            check(members, node, pointer, strictness, &faults)
        case .flag, .null, .written: break
        }
    }

    private func check(
        _ members: [(name: String, value: JSON)],
        _ node: Node,
        _ pointer: String,
        _ strictness: Strictness,
        _ faults: inout [Problem.Fault]
    ) {
        if let discriminator = node.discriminator {
            let name = members.first { $0.name == discriminator }?.value.string
            guard let variant = node.variants.first(where: { $0.name == name }) else {
                let names = node.variants.map(\.name).joined(separator: ", ")
                faults.append(.init("must be one of \(names)", at: "\(pointer)/\(discriminator)"))
                return
            }
            let value = JSON.object(members)
            return check(value, variant.schema, pointer, strictness, &faults)
        }
        for name in node.required where !members.contains(where: { $0.name == name }) {
            faults.append(.init("is missing", at: "\(pointer)/\(name)"))
        }
        for (name, value) in members {
            let inside = "\(pointer)/\(Self.escaped(name))"
            if let member = node.members.first(where: { $0.name == name }) {
                check(value, member.schema, inside, strictness, &faults)
                continue
            }
            switch node.others {
            case .schema(let place): check(value, place, inside, strictness, &faults)
            case .nothing: faults.append(.init("there is no such member", at: inside))
            case .anything:
                guard strictness == .exact, !node.members.isEmpty else { continue }
                faults.append(.init("is not in the contract", at: inside))
            }
        }
        guard strictness == .exact else { return }
        for (name, _) in node.members where !members.contains(where: { $0.name == name }) {
            faults.append(.init("is in the contract and not here", at: "\(pointer)/\(name)"))
        }
    }

    /// A member's name in a JSON pointer (RFC 6901), short and in plain characters.
    private static func escaped(_ name: String) -> String {
        var out = ""
        for scalar in name.unicodeScalars.prefix(64) {
            switch scalar {
            case "~": out += "~0"
            case "/": out += "~1"
            case " "..."\u{7E}": out.unicodeScalars.append(scalar)
            default: out += "?"
            }
        }
        return out
    }
}

extension JSON {
    fileprivate func isOf(_ kind: SchemaTable.Kind) -> Bool {
        switch (self, kind) {
        case (.text, .string), (.number, .integer), (.number, .number), (.written, .number),
            (.flag, .boolean), (.object, .object), (.array, .array), (.null, .null):
            true
        default: false
        }
    }
}
