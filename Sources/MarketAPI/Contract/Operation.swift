import AccessCore
import HTTPTypes
import LedgerIndex

/// One operation of the contract: what it takes, and where its answer's schema stands.
struct Operation: Sendable {
    /// Where a parameter stands in a request.
    enum Location: String, Sendable {
        case path, query, header
    }

    struct Parameter: Sendable {
        let name: String
        let location: Location
        let isRequired: Bool
        let schema: SchemaTable.Place
        /// What stands in for it; nil if nothing does.
        let standard: JSON?
    }

    /// What the answers of a deprecated operation say of it.
    struct Deprecation: Hashable, Sendable {
        /// Since when, in seconds since 1970 (RFC 9745).
        let since: UInt64
        /// Until when it is answered, as HTTP writes times (RFC 8594).
        let sunset: String
    }

    struct Body: Sendable {
        let isRequired: Bool
        let schema: SchemaTable.Place
    }

    let id: String
    let method: HTTPRequest.Method
    /// The path below the server's, such as `/assets/{asset}`.
    let path: String
    let parameters: [Parameter]
    let body: Body?
    /// The schemas of the JSON answers, by status.
    let answers: [(status: Int, schema: SchemaTable.Place)]
    /// The members that `fields` may choose; nil if it cannot.
    let fields: [String]?
    /// When it became one that clients should leave, and when it ends; nil while it is not.
    let deprecation: Deprecation?
    /// What a caller must be allowed.
    let scopes: ScopeSet
    /// Whether requests without a caller are answered too.
    let isOpen: Bool
}
