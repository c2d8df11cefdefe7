import GRDB

/// Conditions of a question, with their arguments in order: SQL never has a value in it.
struct Condition {
    private(set) var parts: [String] = []
    private(set) var arguments = StatementArguments()

    mutating func add(_ sql: String, _ values: (any DatabaseValueConvertible)?...) {
        parts.append(sql)
        arguments += StatementArguments(values)
    }

    /// The conditions joined; true if there is none.
    var sql: String { parts.isEmpty ? "1" : parts.joined(separator: " AND ") }
}
