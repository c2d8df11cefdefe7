import FoundationEssentials
import GRDB
import Identity
public import MarketTypes

/// One payment of which an asset earned a part, or what was left after royalties.
public struct IncomeEntry: Hashable, Sendable {
    /// What somebody paid for.
    public enum Source: String, Hashable, Sendable {
        /// Calls, whose seller claimed what a channel owed.
        case calls
        /// A period of a pass.
        case pass
        /// A job that ended with pay.
        case job
    }

    /// The block.
    public let height: BlockHeight
    /// The event's place among the block's, from 0.
    public let index: UInt64
    /// What was paid for.
    public let source: Source
    /// Who paid.
    public let payer: AccountID
    /// The asset that was sold.
    public let sold: AssetID
    /// Who the ledger paid for the asset: its owner or seller, also where shareholders share it.
    public let account: AccountID
    /// Among how many shares it was divided; nil if the account got all of it.
    public let shares: UInt64?
    /// What the amount counts.
    public let denomination: Denomination
    /// What the asset earned.
    public let amount: Amount
}

extension IndexReader {
    /// Whose payments an asset earned of, the latest first: its own sales and royalties.
    ///
    /// The ledger tells of a payment first, and then of each part of it: so a part belongs to the
    /// last payment before it in its block.
    ///
    /// - Throws: ``IndexError/badQuestion(_:)``, or a `DatabaseError`.
    public func income(of asset: AssetID, _ page: PageRequest) async throws -> Page<IncomeEntry> {
        let question = "income \(asset.digest)"
        let key = try PageCursor.key(page, of: question, bytes: 8)
        let before = key.map { Int64(keyBytes: $0) } ?? .max
        return try await read { db, place in
            let rows = try Row.fetchAll(
                db,
                sql: Self.incomeQuery,
                arguments: ["asset", asset.digest.blob, before, "\(asset.digest)", page.limit + 1]
            )
            let found = try rows.map { try Self.entry($0, db) }
            return Page(found, page, question, place.height) { entry in
                Int64(entry.height.rawValue << Ordinal.bits | entry.index).keyBytes
            }
        }
    }

    private static let incomeQuery = """
        SELECT e.id, e.json, (
            SELECT s.id FROM events AS s
            WHERE s.id < e.id AND s.id >= (e.id >> \(Ordinal.bits)) << \(Ordinal.bits)
                AND s.name IN (
                    'channels.claimed', 'passes.bought', 'passes.renewed', 'escrows.ended'
                )
            ORDER BY s.id DESC LIMIT 1
        ) AS payment
        FROM mentions AS m CROSS JOIN events AS e ON e.id = m.event
        WHERE m.subject = (SELECT id FROM subjects WHERE kind = ? AND name = ?) AND m.event < ?
            AND e.name IN ('lineage.royaltyPaid', 'lineage.incomeKept')
            AND json_extract(e.json, '$.earner') = ?
        ORDER BY m.event DESC LIMIT ?
        """

    private static func entry(_ row: Row, _ db: Database) throws -> IncomeEntry {
        let ordinal = Ordinal(rawValue: row["id"])
        let part = try EventFields(row["json"])
        let (source, payer) = try payment(row["payment"], db)
        let next = try Row.fetchOne(
            db,
            sql: "SELECT json FROM events WHERE id = ? AND name = 'shares.incomeShared'",
            arguments: [ordinal.rawValue + 1]
        )
        return IncomeEntry(
            height: ordinal.height,
            index: ordinal.index,
            source: source,
            payer: payer,
            sold: AssetID(try part.digest("sold")),
            account: try part.account("account"),
            shares: try next.map { try EventFields($0["json"]).number("circulating") },
            denomination: try part.denomination("amountUnit"),
            amount: try part.amount("amount")
        )
    }

    /// What a payment was for, and whose it was.
    private static func payment(
        _ id: Int64?,
        _ db: Database
    ) throws -> (IncomeEntry.Source, AccountID) {
        guard let id,
            let row = try Row.fetchOne(
                db,
                sql: "SELECT name, json FROM events WHERE id = ?",
                arguments: [id]
            )
        else { throw EventFields.damaged("an income without a payment") }
        let name: String = row["name"]
        let fields = try EventFields(row["json"])
        switch name {
        case "channels.claimed":
            let channel = try fields.digest("channel")
            let opened = try first("channels.opened", naming: "channel", channel, db)
            return (.calls, try opened.account("payer"))
        case "escrows.ended":
            let escrow = try fields.digest("escrow")
            let locked = try first("escrows.locked", naming: "escrow", escrow, db)
            return (.job, try locked.account("buyer"))
        default: return (.pass, try fields.account("holder"))
        }
    }

    private static func first(
        _ event: String,
        naming kind: String,
        _ name: Digest,
        _ db: Database
    ) throws -> EventFields {
        let row = try Row.fetchOne(
            db,
            sql: """
                SELECT e.json FROM mentions AS m CROSS JOIN events AS e ON e.id = m.event
                WHERE m.subject = (SELECT id FROM subjects WHERE kind = ? AND name = ?)
                    AND e.name = ? ORDER BY m.event LIMIT 1
                """,
            arguments: [kind, name.blob, event]
        )
        guard let row else { throw EventFields.damaged("\(kind) \(name)") }
        return try EventFields(row["json"])
    }
}

/// The fields of a stored event, as ``EventRecord`` wrote them.
struct EventFields {
    private let fields: [String: String]

    init(_ json: String) throws {
        let object = try JSONDecoder().decode([String: Field].self, from: Data(json.utf8))
        fields = object.mapValues(\.text)
    }

    /// Texts are texts, small numbers numbers.
    private struct Field: Decodable {
        let text: String

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(UInt64.self) {
                text = "\(number)"
            } else if let flag = try? container.decode(Bool.self) {
                text = "\(flag)"
            } else {
                text = try container.decode(String.self)
            }
        }
    }

    func digest(_ name: String) throws -> Digest {
        guard let text = fields[name], let digest = Digest(hex: text) else {
            throw Self.damaged(name)
        }
        return digest
    }

    func account(_ name: String) throws -> AccountID {
        guard let text = fields[name], let account = AccountID(address: text) else {
            throw Self.damaged(name)
        }
        return account
    }

    func amount(_ name: String) throws -> Amount {
        guard let text = fields[name], let amount = try? Amount(obolText: text) else {
            throw Self.damaged(name)
        }
        return amount
    }

    func number(_ name: String) throws -> UInt64 {
        guard let text = fields[name], let number = UInt64(text) else { throw Self.damaged(name) }
        return number
    }

    /// The unit beside an amount; absent for the native one.
    func denomination(_ name: String) throws -> Denomination {
        fields[name] == nil ? .native : .issued(try digest(name))
    }

    static func damaged(_ what: String) -> DatabaseError {
        DatabaseError(resultCode: .SQLITE_CORRUPT, message: "\(what) is damaged")
    }
}
