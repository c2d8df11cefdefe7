import AccessCore
import AccessStore
import MarketTypes

/// An organisation's audit log, in sentences.
struct AuditList: Sendable {
    static let pageMax = 25

    let records: [AuditRecord]
    let hasMore: Bool
    /// What people are called, those that are still known.
    let names: [UserID: String]

    static func load(
        _ visitor: Visitor,
        before sequence: UInt64?,
        _ database: AccessDatabase
    ) async throws -> AuditList {
        let found = try await database.latestAuditRecords(
            of: visitor.caller.organisation,
            before: sequence,
            limit: pageMax + 1
        )
        let records = Array(found.prefix(pageMax))
        var names: [UserID: String] = [visitor.caller.user: "You"]
        for text in records.flatMap({ [Substring($0.actor)] + $0.subject.split(separator: " ") }) {
            guard let id = user(String(text)), names[id] == nil else { continue }
            names[id] = try await database.user(id)?.name
        }
        return AuditList(records: records, hasMore: found.count > pageMax, names: names)
    }

    /// Where the next page begins.
    var next: String? { hasMore ? records.last.map { "\($0.sequence)" } : nil }

    func fills(at now: Timestamp) -> [Fill] {
        records.map { record in
            var fill = TimeText.fill(record.time, now: now)
            fill.put("who", who(record.actor))
            fill.put("act", Self.act(record.action))
            fill.put("subject", subject(record))
            fill.put("detail", record.detail.isEmpty ? nil : record.detail)
            fill.put("source", record.source)
            fill.put("number", record.sequence)
            fill.put("isAlarm", record.action == .signInRefused)
            return fill
        }
    }

    private static func user(_ text: String) -> UserID? {
        text.hasPrefix("user:") ? UserID(text: String(text.dropFirst(5))) : nil
    }

    private func who(_ text: String) -> String {
        if let user = Self.user(text) { return names[user] ?? "Somebody who left" }
        return text.replacing("key:", with: "Key ").replacing("client:", with: "Program ")
            .capitalizedFirst
    }

    /// What it was done to, where the sentence does not say it.
    private func subject(_ record: AuditRecord) -> String? {
        switch record.action {
        case .userRegistered, .sessionStarted, .sessionEnded, .organisationCreated,
            .organisationChanged, .memberJoined, .memberInvited, .invitationWithdrawn:
            record.subject == "every session" ? "everywhere" : nil
        case .keyUnusual: unusual(record.subject)
        default:
            if let user = Self.user(record.subject) {
                names[user] ?? "somebody who left"
            } else {
                record.subject.split(separator: ":", maxSplits: 1).last.map(String.init)
            }
        }
    }

    /// A key, or a session or program with the person whom it acts for.
    private func unusual(_ subject: String) -> String {
        let parts = subject.split(separator: " ").map(String.init)
        guard parts.count > 1 else { return "the key \(subject)" }
        return parts.map { part in
            Self.user(part).map { "of \(names[$0] ?? "somebody who left")" } ?? part
        }.joined(separator: " ")
    }

    private static func act(_ action: AuditAction) -> String {
        switch action {
        case .userRegistered: "made an account here"
        case .passkeyAdded: "added the passkey of"
        case .passkeyRemoved: "removed the passkey of"
        case .sessionStarted: "signed in"
        case .sessionEnded: "signed out"
        case .signInRefused: "was refused to sign in with"
        case .keyCreated: "made the key"
        case .keyReplaced: "replaced the key"
        case .keyRevoked: "revoked the key"
        case .organisationCreated: "made the organisation"
        case .organisationChanged: "changed the organisation"
        case .memberInvited: "invited somebody"
        case .memberJoined: "joined"
        case .memberChanged: "changed the role of"
        case .memberRemoved: "removed"
        case .clientRegistered: "registered the program"
        case .clientRevoked: "ended the program"
        case .codeIssued: "let a program act"
        case .tokensIssued: "was given tokens for"
        case .tokensRevoked: "lost the tokens of"
        case .programWithdrawn: "took back what was allowed to"
        case .signingKeyMade: "made the signing key"
        case .signingKeyRetired: "retired signing keys:"
        case .accountLinked: "let an account pay:"
        case .accountUnlinked: "ended that an account pays:"
        case .invitationWithdrawn: "took an invitation back"
        case .keyUnusual: "saw unusual use of"
        }
    }
}
