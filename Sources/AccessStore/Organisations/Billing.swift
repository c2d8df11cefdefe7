public import AccessCore
import GRDB
public import MarketTypes

/// Whose name stands on an organisation's statements.
public struct BillingDetails: Hashable, Sendable {
    /// The longest line in bytes.
    public static let lineBytesMax = 96
    /// The most lines of an address.
    public static let linesMax = 6
    /// The longest VAT number in characters.
    public static let vatCharactersMax = 20

    /// Who pays.
    public let name: String
    /// Where, one line each.
    public let address: [String]
    /// The number under which they pay value added tax; empty if they have none.
    public let vat: String

    /// Takes what somebody typed, without empty lines.
    ///
    /// Nil if a part is too long or has characters that do not belong on paper.
    public init?(name: String, address: String, vat: String) {
        // A browser's line ends with two characters, which Swift takes for one.
        let lines = address.split(whereSeparator: \.isNewline).map(Self.trimmed)
            .filter { !$0.isEmpty }
        let number = vat.filter { $0 != " " }.uppercased()
        guard isFitLabel(Self.trimmed(name[...]), bytesMax: Self.lineBytesMax),
            lines.count <= Self.linesMax,
            lines.allSatisfy({ isFitLabel($0, bytesMax: Self.lineBytesMax) }),
            number.utf8.count <= Self.vatCharactersMax,
            number.utf8.allSatisfy({
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || "-./".utf8.contains($0)
            })
        else { return nil }
        self.name = Self.trimmed(name[...])
        self.address = lines
        self.vat = number
    }

    private static func trimmed(_ text: Substring) -> String {
        let start = text.drop { $0.isWhitespace }
        guard let end = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...end])
    }
}

extension AccessDatabase {
    /// What stands on an organisation's statements; nil if nobody said.
    public func billing(of organisation: OrganisationID) async throws -> BillingDetails? {
        try await read { db in
            try Row.fetchOne(
                db,
                sql: "SELECT * FROM billing WHERE organisation = ?",
                arguments: [organisation.blob]
            ).flatMap { BillingDetails(name: $0["name"], address: $0["address"], vat: $0["vat"]) }
        }
    }

    /// Says what stands on the statements of the caller's organisation.
    ///
    /// - Throws: ``OrganisationRefusal``.
    public func setBilling(
        _ details: BillingDetails,
        by caller: Caller,
        source: String,
        at now: Timestamp
    ) async throws {
        try await write { db in
            let organisation = caller.organisation
            let actor = try db.actor(caller, in: organisation)
            guard actor.role.mayGrant(.viewer) else { throw OrganisationRefusal.notAllowed }
            try db.execute(
                sql: """
                    INSERT INTO billing VALUES (?, ?, ?, ?) ON CONFLICT (organisation) DO UPDATE
                    SET name = excluded.name, address = excluded.address, vat = excluded.vat
                    """,
                arguments: [
                    organisation.blob, details.name, details.address.joined(separator: "\n"),
                    details.vat,
                ]
            )
            try db.audit(
                .organisationChanged,
                in: organisation,
                by: caller,
                subject: "organisation:\(organisation)",
                detail: "billing details",
                source: source,
                at: now
            )
        }
    }
}
