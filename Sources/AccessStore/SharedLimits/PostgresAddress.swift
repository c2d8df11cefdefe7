import CLibpq

/// Where the database of shared limits is, without any secret.
public struct PostgresAddress: Hashable, Sendable, CustomStringConvertible {
    /// The longest address in bytes.
    public static let bytesMax = 1_024

    /// The address as it was given.
    public let description: String

    /// Reads `postgres://user@host/database?…`, in libpq's form; nil if it is none.
    ///
    /// One with a password is none: it would stand in lists of processes and in logs. PGPASSWORD,
    /// or a passfile, has it.
    public init?(_ text: String) {
        guard text.utf8.count <= Self.bytesMax,
            text.hasPrefix("postgres://") || text.hasPrefix("postgresql://"),
            let options = PQconninfoParse(text, nil)
        else { return nil }
        defer { PQconninfoFree(options) }
        var option = options
        while let keyword = option.pointee.keyword {
            let isSecret = ["password", "sslpassword"].contains(String(cString: keyword))
            if isSecret, option.pointee.val != nil { return nil }
            option += 1
        }
        description = text
    }
}
