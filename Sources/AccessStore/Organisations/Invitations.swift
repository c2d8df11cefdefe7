public import AccessCore
import FoundationEssentials
import GRDB
public import MarketTypes

/// An invitation that nobody took yet.
public struct Invitation: Hashable, Sendable {
    /// For how long it may be taken, in milliseconds: seven days.
    public static let lifeMilliseconds: UInt64 = 7 * 86_400_000
    /// The most open ones of an organisation.
    public static let openMax = 50

    /// Its name in lists: 16 bytes in hex.
    public let id: String
    /// As what the invited joins.
    public let role: Role
    /// For whom it was meant, in words.
    public let label: String
    /// Until when.
    public let expires: Timestamp
}

extension AccessDatabase {
    /// Invites somebody: whoever has the text joins, once.
    ///
    /// - Returns: the text, which is shown this once.
    /// - Throws: ``OrganisationRefusal``.
    public func invite(
        to organisation: OrganisationID,
        as role: Role,
        label: String,
        by caller: Caller,
        source: String,
        at now: Timestamp
    ) async throws -> (text: String, invitation: Invitation) {
        let (secret, id) = (randomBytes(32), randomBytes(16))
        let expires = now.adding(milliseconds: Invitation.lifeMilliseconds)
        let invitation = Invitation(
            id: Hex.encode(id),
            role: role,
            label: label,
            expires: expires
        )
        try await write { db in
            let actor = try db.actor(caller, in: organisation)
            guard actor.role.mayGrant(role) else { throw OrganisationRefusal.notAllowed }
            guard organisation.bytes != caller.user.bytes else {
                throw OrganisationRefusal.personal
            }
            guard isFitLabel(label, bytesMax: Organisation.nameBytesMax) else {
                throw OrganisationRefusal.nameUnfit
            }
            try db.execute(
                sql: "DELETE FROM invitations WHERE expires <= ?",
                arguments: [now.stored]
            )
            let open = try Int.fetchOne(
                db,
                sql: "SELECT count(*) FROM invitations WHERE organisation = ?",
                arguments: [organisation.blob]
            )
            guard (open ?? 0) < Invitation.openMax else {
                throw OrganisationRefusal.tooManyInvitations
            }
            try db.execute(
                sql: "INSERT INTO invitations VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                arguments: [
                    Data(id), Digest(.invitation, secret).blob, organisation.blob, role.rawValue,
                    caller.user.blob, label, now.stored, expires.stored,
                ]
            )
            try db.audit(
                .memberInvited,
                in: organisation,
                by: caller,
                subject: "invitation:\(invitation.id)",
                detail: role.name,
                source: source,
                at: now
            )
        }
        return (URLBase64.encode(secret), invitation)
    }

    /// The open invitations of an organisation, for whoever may invite.
    ///
    /// - Throws: ``OrganisationRefusal``.
    public func invitations(
        to organisation: OrganisationID,
        for caller: Caller,
        at now: Timestamp
    ) async throws -> [Invitation] {
        try await read { db in
            guard try db.actor(caller, in: organisation).role.mayGrant(.viewer) else {
                throw OrganisationRefusal.notAllowed
            }
            return try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM invitations WHERE organisation = ? AND expires > ?
                    ORDER BY created, id
                    """,
                arguments: [organisation.blob, now.stored]
            ).map { row in
                Invitation(
                    id: Hex.encode(row.bytes("id")),
                    role: try row.role("role"),
                    label: row["label"],
                    expires: row.time("expires")
                )
            }
        }
    }

    /// What an invitation is for, for whoever has its text; nil if it is over or never was.
    public func invitation(
        _ text: String,
        at now: Timestamp
    ) async throws -> (organisation: String, role: Role)? {
        guard let secret = URLBase64.decode(text, bytesMax: 32) else { return nil }
        return try await read { db in
            try Row.fetchOne(
                db,
                sql: """
                    SELECT name, role FROM invitations JOIN organisations
                    ON organisations.id = organisation WHERE token = ? AND expires > ?
                    """,
                arguments: [Digest(.invitation, secret).blob, now.stored]
            ).map { (organisation: $0["name"], role: try $0.role("role")) }
        }
    }

    /// Takes an invitation back.
    ///
    /// - Throws: ``OrganisationRefusal``.
    public func withdrawInvitation(
        _ id: String,
        to organisation: OrganisationID,
        by caller: Caller,
        source: String,
        at now: Timestamp
    ) async throws {
        try await write { db in
            guard try db.actor(caller, in: organisation).role.mayGrant(.viewer) else {
                throw OrganisationRefusal.notAllowed
            }
            try db.execute(
                sql: "DELETE FROM invitations WHERE id = ? AND organisation = ?",
                arguments: [Data(Hex.decode(id) ?? []), organisation.blob]
            )
            guard db.changesCount == 1 else { throw OrganisationRefusal.unknownInvitation }
            try db.audit(
                .invitationWithdrawn,
                in: organisation,
                by: caller,
                subject: "invitation:\(id)",
                source: source,
                at: now
            )
        }
    }

    /// Joins the organisation that an invitation is for; it is used up.
    ///
    /// The inviter must still be allowed to give that role.
    ///
    /// - Throws: ``OrganisationRefusal``.
    public func join(
        _ text: String,
        by caller: Caller,
        source: String,
        at now: Timestamp
    ) async throws -> OrganisationID {
        try await write { db in
            guard caller.proof == .session,
                let secret = URLBase64.decode(text, bytesMax: 32),
                let row = try Row.fetchOne(
                    db,
                    sql: "DELETE FROM invitations WHERE token = ? RETURNING *",
                    arguments: [Digest(.invitation, secret).blob]
                ), now < row.time("expires")
            else { throw OrganisationRefusal.unknownInvitation }
            let organisation = try row.organisation("organisation")
            let role = try row.role("role")
            guard let inviter = try db.membership(try row.user("inviter"), in: organisation),
                inviter.role.mayGrant(role)
            else { throw OrganisationRefusal.unknownInvitation }
            guard try db.membership(caller.user, in: organisation) == nil else {
                throw OrganisationRefusal.memberAlready
            }
            try db.checkRoom(forUser: caller.user)
            let count = try Int.fetchOne(
                db,
                sql: "SELECT count(*) FROM members WHERE organisation = ?",
                arguments: [organisation.blob]
            )
            guard (count ?? 0) < inviter.tier.membersMax else {
                throw OrganisationRefusal.tooManyMembers
            }
            try db.join(organisation, caller.user, as: role, at: now)
            try db.audit(
                .memberJoined,
                in: organisation,
                by: caller,
                subject: "user:\(caller.user)",
                detail: role.name,
                source: source,
                at: now
            )
            return organisation
        }
    }
}
