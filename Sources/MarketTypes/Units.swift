/// What a price table counts; the numbers are part of the canonical encoding and append-only.
public enum Unit: UInt8, Hashable, Comparable, CaseIterable, Sendable {
    /// One token of the prompt, as the model's own tokenizer counts it.
    case inputToken = 1
    /// One token of the answer.
    case outputToken = 2
    /// One completed call, whatever its size; where images are made, one image.
    case call = 3
    /// One started second of work.
    case second = 4
    /// One byte delivered.
    case byte = 5

    public static func < (lhs: Unit, rhs: Unit) -> Bool { lhs.rawValue < rhs.rawValue }

    /// The name used in configuration, JSON and on the command line.
    public var name: String {
        switch self {
        case .inputToken: "input_token"
        case .outputToken: "output_token"
        case .call: "call"
        case .second: "second"
        case .byte: "byte"
        }
    }

    /// The unit with this ``name``, or nil.
    public init?(name: String) {
        guard let unit = Unit.allCases.first(where: { $0.name == name }) else { return nil }
        self = unit
    }
}

/// How many of each unit a call used; units that were not used are absent.
public typealias UnitCounts = SortedMap<Unit, UInt64>
