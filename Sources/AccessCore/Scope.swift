/// One thing that a key or token may do; names are append-only, they stand in keys and tokens.
public enum Scope: String, CaseIterable, Hashable, Sendable {
    /// Call models and agents, and pay for it.
    case callModels = "calls:write"
    /// See one's own calls, receipts and usage.
    case readUsage = "usage:read"
    /// See one's own account, channels, passes and invoices.
    case readAccount = "account:read"
    /// Submit transactions that were signed elsewhere.
    case submitTransactions = "transactions:write"
    /// See keys, members and limits.
    case readKeys = "keys:read"
    /// Make, change and end keys.
    case writeKeys = "keys:write"
    /// See and change members and roles.
    case writeOrganisation = "organisation:write"
    /// See the audit log.
    case readAudit = "audit:read"
    /// See and change webhooks.
    case writeWebhooks = "webhooks:write"
    /// Call models and agents, and pay for it, by signed requests alone.
    case callModelsSigned = "calls:signed"
}

/// A set of scopes; its text is their names in order, with spaces between (RFC 6749, 3.3).
public struct ScopeSet: Hashable, Sendable, CustomStringConvertible {
    /// Bit n stands for the n-th case of ``Scope``.
    public let bits: UInt32

    /// No scope at all.
    public static let none = ScopeSet([])
    /// Every scope there is.
    public static let all = ScopeSet(Scope.allCases)

    /// Collects scopes.
    public init(_ scopes: some Sequence<Scope>) {
        var bits: UInt32 = 0
        for (place, scope) in Scope.allCases.enumerated() where scopes.contains(scope) {
            bits |= 1 << UInt32(place)
        }
        self.bits = bits
    }

    /// Reads names with single spaces between; nil if one is unknown or stands there twice.
    public init?(text: String) {
        guard text.utf8.count <= 512 else { return nil }
        var scopes: [Scope] = []
        for word in text.split(separator: " ", omittingEmptySubsequences: true) {
            guard let scope = Scope(rawValue: String(word)), !scopes.contains(scope) else {
                return nil
            }
            scopes.append(scope)
        }
        self.init(scopes)
    }

    /// The scopes, in order.
    public var scopes: [Scope] {
        Scope.allCases.enumerated().filter { bits & (1 << UInt32($0.offset)) != 0 }.map(\.element)
    }

    /// Their names with spaces between.
    public var description: String { scopes.map(\.rawValue).joined(separator: " ") }

    /// Whether the scope is among them.
    public func contains(_ scope: Scope) -> Bool { scopes.contains(scope) }

    /// Whether each of these is in the other too.
    public func isSubset(of other: ScopeSet) -> Bool { bits & ~other.bits == 0 }
}

extension ScopeSet {
    /// What is in both.
    public func intersection(_ other: ScopeSet) -> ScopeSet {
        ScopeSet(scopes.filter { other.contains($0) })
    }
}
