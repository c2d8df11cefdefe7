/// What a member of an organisation is; the numbers are append-only, a smaller one is above.
public enum Role: UInt8, CaseIterable, Hashable, Sendable {
    /// May do everything, and make others owners.
    case owner = 1
    /// May do everything but change owners.
    case admin = 2
    /// May call models, and make keys for that.
    case developer = 3
    /// May see what was spent, and on what.
    case billing = 4
    /// May see what is used.
    case viewer = 5

    /// The role's name for programs.
    public var name: String {
        switch self {
        case .owner: "owner"
        case .admin: "admin"
        case .developer: "developer"
        case .billing: "billing"
        case .viewer: "viewer"
        }
    }

    /// The role of that name, or nil.
    public init?(name: String) {
        guard let role = Role.allCases.first(where: { $0.name == name }) else { return nil }
        self = role
    }

    /// What members of this role may do.
    public var scopes: ScopeSet {
        switch self {
        case .owner, .admin: .all
        case .developer:
            ScopeSet([
                .callModels, .readUsage, .readAccount, .submitTransactions, .readKeys, .writeKeys,
                .writeWebhooks, .callModelsSigned,
            ])
        case .billing: ScopeSet([.readUsage, .readAccount, .readKeys])
        case .viewer: ScopeSet([.readUsage, .readKeys])
        }
    }

    /// Whether members of this role may invite to, change from and change to `other`.
    public func mayGrant(_ other: Role) -> Bool {
        switch self {
        case .owner: true
        case .admin: other != .owner
        case .developer, .billing, .viewer: false
        }
    }
}

/// Why a change to an organisation was refused; in order of precedence.
public enum OrganisationRefusal: UInt32, Error, Hashable, CaseIterable, Sendable {
    /// There is no such organisation, or whoever asks is no member: which of the two is not told.
    case unknown = 1
    /// A member of this role may not do that.
    case notAllowed = 2
    /// There is no such member.
    case unknownMember = 3
    /// An organisation has at least one owner.
    case lastOwner = 4
    /// Somebody's own organisation has one member, for ever.
    case personal = 5
    /// They are a member already.
    case memberAlready = 6
    /// The name is empty, too long or has unfit characters.
    case nameUnfit = 7
    /// The organisation has as many members as it may have.
    case tooManyMembers = 8
    /// The organisation has as many open invitations as it may have.
    case tooManyInvitations = 9
    /// The user is in as many organisations as they may be.
    case tooManyOrganisations = 10
    /// There is no such invitation, it was used, or its time is over.
    case unknownInvitation = 11

    /// The number for the wire; append-only.
    public var code: UInt32 { rawValue }
}

/// Somebody in an organisation.
public struct Member: Hashable, Sendable {
    /// Who.
    public let user: UserID
    /// As what.
    public let role: Role

    /// Joins the two.
    public init(user: UserID, role: Role) {
        self.user = user
        self.role = role
    }
}

/// Rules about who may change whom.
public enum MembershipRules {
    /// Checks that a member may give another one a role, or remove them.
    ///
    /// - Parameters:
    ///   - next: the new role; nil if they are removed.
    ///   - owners: how many owners there are now.
    /// - Throws: ``OrganisationRefusal``.
    public static func checkChange(
        of member: Member,
        to next: Role?,
        by actor: Member,
        owners: Int
    ) throws(OrganisationRefusal) {
        let leaves = member.user == actor.user && next == nil
        guard leaves || actor.role.mayGrant(member.role) else { throw .notAllowed }
        if let next {
            guard actor.role.mayGrant(next) else { throw .notAllowed }
        }
        guard member.role != .owner || next == .owner || owners > 1 else { throw .lastOwner }
    }
}
