public import AccessCore
import FoundationEssentials
import GRDB
public import MarketTypes

/// An organisation as a member sees it.
public struct Organisation: Hashable, Sendable {
    /// The longest name in bytes.
    public static let nameBytesMax = 64
    /// The most organisations of one user.
    public static let perUserMax = 32

    /// Which one.
    public let id: OrganisationID
    /// What it is called.
    public let name: String
    /// What it may use.
    public let tier: Tier
    /// The account on the ledger that pays for it.
    public let account: AccountID?
    /// What the member is.
    public let role: Role
}

/// A member as others see them.
public struct MemberListing: Hashable, Sendable {
    /// Who, and as what.
    public let member: Member
    /// What they call themselves.
    public let name: String
    /// Since when.
    public let joined: Timestamp
}

extension Database {
    /// The caller as a member of an organisation.
    ///
    /// - Throws: `unknown` if they are none, `notAllowed` if the credential may not change
    ///   organisations.
    func actor(_ caller: Caller, in organisation: OrganisationID) throws -> Member {
        guard let place = try membership(caller.user, in: organisation) else {
            throw OrganisationRefusal.unknown
        }
        guard caller.scopes.contains(.writeOrganisation) || caller.proof == .session else {
            throw OrganisationRefusal.notAllowed
        }
        return Member(user: caller.user, role: place.role)
    }

    func audit(
        _ action: AuditAction,
        in organisation: OrganisationID,
        by caller: Caller,
        subject: String,
        detail: String = "",
        source: String,
        at now: Timestamp
    ) throws {
        let entry = AuditEntry(
            action,
            in: organisation,
            by: caller.auditName,
            subject: subject,
            detail: detail,
            source: source
        )
        try audit(entry, at: now)
    }
}

extension AccessDatabase {
    /// The organisations that a user is a member of, their own first.
    public func organisations(of user: UserID) async throws -> [Organisation] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT id, name, tier, account, role FROM members
                    JOIN organisations ON id = organisation WHERE user = ?1
                    ORDER BY id <> ?1, created, id
                    """,
                arguments: [user.blob]
            ).map { row in
                guard let tier = Tier(rawValue: row["tier"]) else {
                    throw AccessStoreError.damaged(column: "tier")
                }
                return Organisation(
                    id: try row.organisation("id"),
                    name: row["name"],
                    tier: tier,
                    account: try row.digestIfPresent("account").map { AccountID($0) },
                    role: try row.role("role")
                )
            }
        }
    }

    /// Makes an organisation that its maker owns.
    ///
    /// - Throws: ``OrganisationRefusal``.
    public func createOrganisation(
        named name: String,
        by caller: Caller,
        source: String,
        at now: Timestamp
    ) async throws -> OrganisationID {
        let random = randomBytes(UserID.bytesCount)
        return try await write { db in
            guard caller.proof == .session else { throw OrganisationRefusal.notAllowed }
            guard isFitLabel(name, bytesMax: Organisation.nameBytesMax),
                let id = OrganisationID(bytes: random)
            else { throw OrganisationRefusal.nameUnfit }
            try db.checkRoom(forUser: caller.user)
            try db.execute(
                sql: "INSERT INTO organisations VALUES (?, ?, ?, NULL, ?)",
                arguments: [id.blob, name, Tier.free.rawValue, now.stored]
            )
            try db.join(id, caller.user, as: .owner, at: now)
            try db.audit(
                .organisationCreated,
                in: id,
                by: caller,
                subject: "organisation:\(id)",
                source: source,
                at: now
            )
            return id
        }
    }

    /// The members of an organisation, for one of them.
    ///
    /// - Throws: ``OrganisationRefusal/unknown``.
    public func members(
        of organisation: OrganisationID,
        for caller: Caller
    ) async throws -> [MemberListing] {
        try await read { db in
            guard try db.membership(caller.user, in: organisation) != nil else {
                throw OrganisationRefusal.unknown
            }
            return try Row.fetchAll(
                db,
                sql: """
                    SELECT user, role, joined, name FROM members JOIN users ON id = user
                    WHERE organisation = ? ORDER BY joined, user
                    """,
                arguments: [organisation.blob]
            ).map { row in
                MemberListing(
                    member: Member(user: try row.user("user"), role: try row.role("role")),
                    name: row["name"],
                    joined: row.time("joined")
                )
            }
        }
    }

    /// Gives a member another role, or removes them with their keys, sessions and programs there,
    /// and with what they allowed programs.
    ///
    /// - Parameter role: nil removes; anybody may remove themselves.
    /// - Throws: ``OrganisationRefusal``.
    public func changeMember(
        _ user: UserID,
        of organisation: OrganisationID,
        to role: Role?,
        by caller: Caller,
        source: String,
        at now: Timestamp
    ) async throws {
        try await write { db in
            let actor = try db.actor(caller, in: organisation)
            guard let place = try db.membership(user, in: organisation) else {
                throw OrganisationRefusal.unknownMember
            }
            guard organisation.bytes != user.bytes else { throw OrganisationRefusal.personal }
            let owners = try Int.fetchOne(
                db,
                sql: "SELECT count(*) FROM members WHERE organisation = ? AND role = ?",
                arguments: [organisation.blob, Role.owner.rawValue]
            )
            try MembershipRules.checkChange(
                of: Member(user: user, role: place.role),
                to: role,
                by: actor,
                owners: owners ?? 0
            )
            if role != .owner {
                try db.unlinkAccount(
                    of: user,
                    from: organisation,
                    by: caller,
                    source: source,
                    at: now
                )
            }
            if let role {
                try db.execute(
                    sql: "UPDATE members SET role = ? WHERE organisation = ? AND user = ?",
                    arguments: [role.rawValue, organisation.blob, user.blob]
                )
            } else {
                try db.remove(user, from: organisation, by: caller, source: source, at: now)
            }
            try db.audit(
                role == nil ? .memberRemoved : .memberChanged,
                in: organisation,
                by: caller,
                subject: "user:\(user)",
                detail: role?.name ?? "",
                source: source,
                at: now
            )
        }
    }

    /// Changes what an organisation may use; only whoever runs the market does that.
    public func setTier(
        _ tier: Tier,
        of organisation: OrganisationID,
        source: String,
        at now: Timestamp
    ) async throws {
        try await write { db in
            try db.execute(
                sql: "UPDATE organisations SET tier = ? WHERE id = ?",
                arguments: [tier.rawValue, organisation.blob]
            )
            guard db.changesCount == 1 else { throw OrganisationRefusal.unknown }
            let entry = AuditEntry(
                .organisationChanged,
                in: organisation,
                by: "operator",
                subject: "organisation:\(organisation)",
                detail: "tier \(tier.name)",
                source: source
            )
            try db.audit(entry, at: now)
        }
    }

    /// Lets the account of one of the caller's passkeys pay for an organisation.
    ///
    /// - Throws: ``OrganisationRefusal``.
    public func linkAccount(
        ofPasskey credential: [UInt8],
        to organisation: OrganisationID,
        by caller: Caller,
        source: String,
        at now: Timestamp
    ) async throws {
        try await write { db in
            let actor = try db.actor(caller, in: organisation)
            guard actor.role == .owner, let passkey = try db.passkey(credential),
                passkey.user == caller.user
            else { throw OrganisationRefusal.notAllowed }
            try db.execute(
                sql: "UPDATE organisations SET account = ? WHERE id = ?",
                arguments: [passkey.account.digest.blob, organisation.blob]
            )
            try db.audit(
                .accountLinked,
                in: organisation,
                by: caller,
                subject: "account:\(passkey.account)",
                source: source,
                at: now
            )
        }
    }

    /// Lets an account pay for the organisation of whoever runs this program. No passkey proves it
    /// theirs: nothing is spent from it before it granted this market a session on the ledger.
    public func linkOperatorAccount(_ account: AccountID, at now: Timestamp) async throws {
        let caller = try await localOperator(at: now)
        try await write { db in
            try db.execute(
                sql: "UPDATE organisations SET account = ? WHERE id = ?",
                arguments: [account.digest.blob, caller.organisation.blob]
            )
            try db.audit(
                .accountLinked,
                in: caller.organisation,
                by: caller,
                subject: "account:\(account)",
                source: "local",
                at: now
            )
        }
    }
}

extension Database {
    func checkRoom(forUser user: UserID) throws {
        let count = try Int.fetchOne(
            self,
            sql: "SELECT count(*) FROM members WHERE user = ?",
            arguments: [user.blob]
        )
        guard (count ?? 0) < Organisation.perUserMax else {
            throw OrganisationRefusal.tooManyOrganisations
        }
    }

    func join(
        _ organisation: OrganisationID,
        _ user: UserID,
        as role: Role,
        at now: Timestamp
    ) throws {
        try execute(
            sql: "INSERT INTO members VALUES (?, ?, ?, ?)",
            arguments: [organisation.blob, user.blob, role.rawValue, now.stored]
        )
    }
}
