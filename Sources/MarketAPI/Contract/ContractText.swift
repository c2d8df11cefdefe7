import LedgerIndex
import Yams

/// The text of the contract, in parts by what they are about; together they are one OpenAPI
/// document.
enum ContractText {
    /// The parts, in the order in which their paths are listed.
    private static let parts = [
        head, ledger, accounts, catalogue, lineage, passes, exchange, jobs, governance, staking,
        transactions, messages, marketMessages, feeds, webhooks, keys,
    ]

    /// Joins the parts.
    static func document() throws(ContractError) -> JSON {
        var document: [(name: String, value: JSON)] = []
        for part in parts { document = merge(document, try tree(part).members ?? []) }
        return .object(document)
    }

    /// Members of the second join those of the first, and objects with the same name each other.
    private static func merge(
        _ first: [(name: String, value: JSON)],
        _ second: [(name: String, value: JSON)]
    ) -> [(name: String, value: JSON)] {
        var merged = first
        for (name, value) in second {
            guard let place = merged.firstIndex(where: { $0.name == name }) else {
                merged.append((name, value))
                continue
            }
            guard let old = merged[place].value.members, let new = value.members else { continue }
            merged[place].value = .object(merge(old, new))
        }
        return merged
    }

    /// Reads YAML of the core schema: mappings, sequences, text, whole numbers and flags.
    static func tree(_ text: String) throws(ContractError) -> JSON {
        do {
            guard let node = try Yams.compose(yaml: text) else {
                throw ContractError.unreadable("nothing")
            }
            return try tree(node)
        } catch let error as ContractError {
            throw error
        } catch {
            throw .unreadable("\(error)")
        }
    }

    private static func tree(_ node: Node) throws(ContractError) -> JSON {
        switch node {
        case .mapping(let mapping):
            var members: [(name: String, value: JSON)] = []
            for (key, value) in mapping {
                guard let name = key.scalar?.string else { throw .unreadable("a key") }
                guard !members.contains(where: { $0.name == name }) else {
                    throw .unreadable("\(name) twice")
                }
                members.append((name, try tree(value)))
            }
            return .object(members)
        case .sequence(let sequence):
            var elements: [JSON] = []
            for element in sequence { elements.append(try tree(element)) }
            return .array(elements)
        case .scalar(let scalar): return Self.scalar(scalar)
        case .alias: throw .unreadable("an alias")
        }
    }

    private static func scalar(_ scalar: Node.Scalar) -> JSON {
        guard scalar.style == .plain else { return .text(scalar.string) }
        switch scalar.string {
        case "true": return .flag(true)
        case "false": return .flag(false)
        case "null", "~", "": return .null
        default: return UInt64(scalar.string).map { .number($0) } ?? .text(scalar.string)
        }
    }
}
