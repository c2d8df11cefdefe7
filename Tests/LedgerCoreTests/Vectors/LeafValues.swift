import CanonicalCoding
import Foundation
import MarketTypes
import SettlementCore

@testable import LedgerCore

/// One value inside a document: its field's name, where there is one, and its text.
struct Leaf: Hashable, Comparable {
    let field: String
    let text: String

    static func < (one: Leaf, other: Leaf) -> Bool {
        (one.field, one.text) < (other.field, other.text)
    }
}

/// All values inside a decoded document, found by reflection, or inside a vector's `fields`.
///
/// Names of cases, zeros and what is empty or absent are left out: the two sides say those
/// differently.
struct LeafValues {
    private(set) var leaves: [Leaf] = []

    init(of value: Any) {
        collect(value, "")
        leaves.removeAll { $0.text == "0" || $0.text.isEmpty }
    }

    init(fields: Any) {
        collect(fields: fields, "")
        leaves.removeAll { $0.text == "0" || $0.text.isEmpty }
    }

    var texts: [String] { leaves.map(\.text).sorted() }

    /// What stands in fields of this name.
    func values(of field: String) -> [String] {
        leaves.filter { $0.field == field }.map(\.text).sorted()
    }

    var fields: [String] { Array(Set(leaves.map(\.field))).sorted() }

    private mutating func add(_ field: String, _ text: String) {
        leaves.append(Leaf(field: field, text: text))
    }

    private mutating func collect(_ value: Any, _ field: String) {
        switch value {
        case let digest as Digest: add(field, digest.description)
        case let amount as Amount: add(field, "\(amount.obol)")
        case let bytes as [UInt8]: add(field, Hex.encode(bytes))
        case let text as String: add(field, text)
        case let flag as Bool: add(field, flag ? "1" : "0")
        case let units as UnitCounts:
            for (unit, count) in units.entries {
                add("unit", "\(unit.rawValue)")
                add("count", "\(count)")
            }
        case let number as any FixedWidthInteger: add(field, "\(number)")
        case let tag as any RawRepresentable: collect(tag.rawValue, field)
        default: collectParts(of: value, field)
        }
    }

    /// A wrapper's only part keeps the wrapper's name.
    private mutating func collectParts(of value: Any, _ field: String) {
        let mirror = Mirror(reflecting: value)
        let isNamed = mirror.displayStyle == .struct && mirror.children.count > 1
        for child in mirror.children {
            let label = child.label ?? ""
            let own = label.isEmpty || label.first == "." || label == "some"
            let isTuple = mirror.displayStyle == .tuple
            collect(child.value, (isNamed || isTuple) && !own ? label : field)
        }
    }

    private mutating func collect(fields value: Any, _ field: String) {
        switch value {
        case let object as [String: Any]:
            for key in object.keys.sorted() where key != "case" {
                collect(fields: object[key] as Any, key)
            }
        case let list as [Any]: for item in list { collect(fields: item, field) }
        case let text as String: add(field, text)
        case let number as NSNumber: add(field, "\(number.intValue)")
        default: break
        }
    }
}
