import CanonicalCoding
public import MarketTypes

/// What somebody did; names are append-only, they stand in logs that are never rewritten.
public enum AuditAction: String, CaseIterable, Hashable, Sendable {
    case userRegistered = "user.registered"
    case passkeyAdded = "passkey.added"
    case sessionStarted = "session.started"
    case sessionEnded = "session.ended"
    case signInRefused = "signIn.refused"
    case keyCreated = "key.created"
    case keyReplaced = "key.replaced"
    case keyRevoked = "key.revoked"
    case organisationCreated = "organisation.created"
    case organisationChanged = "organisation.changed"
    case memberInvited = "member.invited"
    case memberJoined = "member.joined"
    case memberChanged = "member.changed"
    case memberRemoved = "member.removed"
    case clientRegistered = "client.registered"
    case clientRevoked = "client.revoked"
    case codeIssued = "code.issued"
    case tokensIssued = "tokens.issued"
    case tokensRevoked = "tokens.revoked"
    /// Somebody took back what they had allowed a program.
    case programWithdrawn = "program.withdrawn"
    case signingKeyMade = "signingKey.made"
    case signingKeyRetired = "signingKey.retired"
    case accountLinked = "account.linked"
    case keyUnusual = "key.unusual"
    case passkeyRemoved = "passkey.removed"
    case invitationWithdrawn = "invitation.withdrawn"
    /// Who is no owner any more pays no more.
    case accountUnlinked = "account.unlinked"
}

/// One line of the audit log.
///
/// Each record has the hash of the one before it, so that none can be changed, taken out or put in
/// without changing all that follow: whoever keeps one hash can check everything up to it.
public struct AuditRecord: Hashable, Sendable {
    /// The longest text of a field in bytes; a longer one is cut.
    public static let textBytesMax = 256

    /// The place in the log; the first is 1.
    public let sequence: UInt64
    /// When it happened.
    public let time: Timestamp
    /// What was done.
    public let action: AuditAction
    /// In which organisation.
    public let organisation: OrganisationID
    /// Who did it: a user, key or client, or `system`.
    public let actor: String
    /// To what it was done.
    public let subject: String
    /// What else there is to know; never a secret.
    public let detail: String
    /// The address that the request came from.
    public let source: String
    /// The hash of the record before; zero before the first.
    public let previous: Digest

    /// Puts a record together; texts that are too long are cut.
    public init(_ entry: AuditEntry, sequence: UInt64, time: Timestamp, previous: Digest) {
        self.sequence = sequence
        self.time = time
        self.previous = previous
        action = entry.action
        organisation = entry.organisation
        actor = Self.cut(entry.actor)
        subject = Self.cut(entry.subject)
        detail = Self.cut(entry.detail)
        source = Self.cut(entry.source)
    }

    /// The record's own hash, which the next one carries.
    public var hash: Digest {
        var encoder = CanonicalEncoder()
        encoder.encode(previous)
        encoder.encode(sequence)
        encoder.encode(time.milliseconds)
        encoder.encode(action.rawValue)
        encoder.encode(fixed: organisation.bytes)
        encoder.encode(actor)
        encoder.encode(subject)
        encoder.encode(detail)
        encoder.encode(source)
        return Digest(.auditRecord, encoder.bytes)
    }

    private static func cut(_ text: String) -> String {
        guard text.utf8.count > textBytesMax else { return text }
        var kept = ""
        for character in text {
            guard kept.utf8.count + character.utf8.count <= textBytesMax else { break }
            kept.append(character)
        }
        return kept
    }
}

/// What is to be logged, before it has a place in the log.
public struct AuditEntry: Hashable, Sendable {
    /// What was done.
    public let action: AuditAction
    /// In which organisation.
    public let organisation: OrganisationID
    /// Who did it.
    public let actor: String
    /// To what it was done.
    public let subject: String
    /// What else there is to know; never a secret.
    public let detail: String
    /// The address that the request came from.
    public let source: String

    /// Describes what was done.
    public init(
        _ action: AuditAction,
        in organisation: OrganisationID,
        by actor: String,
        subject: String,
        detail: String = "",
        source: String
    ) {
        self.action = action
        self.organisation = organisation
        self.actor = actor
        self.subject = subject
        self.detail = detail
        self.source = source
    }
}

/// What is wrong with an audit log.
public enum AuditFault: Error, Hashable, Sendable {
    /// A record is missing before this one.
    case gap(at: UInt64)
    /// The record does not carry the hash of the one before it.
    case broken(at: UInt64)
    /// The record's stored hash is not that of its fields.
    case altered(at: UInt64)
    /// The log ends before a record that was seen earlier.
    case cut(at: UInt64)
}

/// Walks over an audit log, record by record.
public struct AuditWalk: Hashable, Sendable {
    /// How many records were right so far.
    public private(set) var count: UInt64 = 0
    /// The hash of the last one; zero before the first.
    public private(set) var head = Digest.zero

    /// Starts before the first record.
    public init() {}

    /// Looks at the next record.
    ///
    /// - Throws: ``AuditFault``.
    public mutating func step(_ record: AuditRecord, storedHash: Digest) throws(AuditFault) {
        guard record.sequence == count + 1 else { throw .gap(at: record.sequence) }
        guard record.previous == head else { throw .broken(at: record.sequence) }
        guard record.hash == storedHash else { throw .altered(at: record.sequence) }
        count += 1
        head = storedHash
    }
}
