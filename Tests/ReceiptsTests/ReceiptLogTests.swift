import Foundation
import GRDB
import MarketTypes
import SettlementCore
import Synchronization
import Testing

@testable import Receipts

@Suite("The log of receipts")
struct ReceiptLogTests {
    private let now = Timestamp(milliseconds: 1_700_000_000_000)

    private func path() -> String {
        NSTemporaryDirectory() + "/receipts-\(UInt64.random(in: 0 ... .max)).sqlite"
    }

    private func account(_ byte: UInt8) -> AccountID { AccountID(Digest(sha256Like: byte)) }

    /// Somebody who is alone, and sees what nobody's name is on too.
    private let alone = PurchaseView(organisation: [7], isAlone: true)

    private func receipt(
        _ byte: UInt8,
        of account: UInt8 = 1,
        finished: UInt64 = 1_700_000_000_000,
        buyer: CallBuyer? = nil
    ) -> MadeReceipt {
        MadeReceipt(
            digest: Digest(sha256Like: byte),
            account: self.account(account),
            seller: self.account(99),
            model: "small",
            status: .delivered,
            charge: Amount(obol: UInt128(byte)),
            denomination: .native,
            finished: Timestamp(milliseconds: finished),
            buyer: buyer
        )
    }

    @Test("FEED-7: nobody's receipts are another's, and each account's are counted without a gap")
    func own() async throws {
        let log = try ReceiptLog(path: path())
        try await log.add([receipt(1), receipt(2, of: 2), receipt(3)], at: now)
        let one = try await log.receipts(of: account(1), in: alone, behind: 0)
        #expect(one.map(\.number) == [1, 2])
        #expect(one.map(\.receipt) == [receipt(1), receipt(3)])
        #expect(try await log.receipts(of: account(2), in: alone, behind: 0).map(\.number) == [1])
        #expect(try await log.receipts(of: account(3), in: alone, behind: 0).isEmpty)
        #expect(try await log.last(of: account(1)) == 2)
        let earlier = try await log.receipts(of: account(1), in: alone, before: 2, limit: 9)
        #expect(earlier.map(\.number) == [1])
    }

    @Test("FEED-7: what another organisation bought from the same account is not seen")
    func organisations() async throws {
        let path = path()
        let log = try ReceiptLog(path: path)
        let own = CallBuyer(organisation: [7], user: [7], key: "key")
        let shared = CallBuyer(organisation: [8], user: [7])
        let all = [receipt(1), receipt(2, buyer: own), receipt(3, buyer: shared)]
        try await log.add(all, at: now)
        let member = PurchaseView(organisation: [8], isAlone: false)
        let again = try ReceiptLog(path: path)
        let seen = try await again.receipts(of: account(1), in: member, behind: 0)
        #expect(seen.map(\.receipt) == [all[2]])
        // Numbers are the account's: those of others are missing.
        #expect(seen.map(\.number) == [3])
        let newest = try await again.receipts(of: account(1), in: alone, before: 9, limit: 9)
        #expect(newest.map(\.receipt) == [all[1], all[0]])
        for receipt in all {
            let (own, theirs) = try await (
                log.receipt(of: account(1), in: alone, digest: receipt.digest),
                log.receipt(of: account(1), in: member, digest: receipt.digest)
            )
            #expect((own == receipt) == (receipt != all[2]))
            #expect((theirs == receipt) == (receipt == all[2]))
        }
        #expect(try await log.receipt(of: account(2), in: alone, digest: all[0].digest) == nil)
        let nobody = PurchaseView(organisation: [9], isAlone: false)
        #expect(try await log.receipts(of: account(1), in: nobody, behind: 0).isEmpty)
        #expect(member.shows(shared) && !member.shows(own) && !member.shows(nil))
        #expect(alone.shows(own) && alone.shows(nil) && !alone.shows(shared))
    }

    /// What an earlier build made of the receipts' table.
    private func age(_ path: String, _ sql: String) async throws {
        let log = try ReceiptLog(path: path)
        try await log.pool.write { try $0.execute(sql: sql) }
        try log.pool.close()
    }

    @Test("FEED-7: a log without buyers is read on: what it has is the account holder's alone")
    func older() async throws {
        let path = path()
        try await ReceiptLog(path: path).add([receipt(1)], at: now)
        try await age(path, "DROP TRIGGER receipts_deleted; DROP TABLE buyers;")
        let log = try ReceiptLog(path: path)
        let shared = CallBuyer(organisation: [8], user: [7])
        try await log.add([receipt(2, buyer: shared)], at: now)
        let seen = try await log.receipts(of: account(1), in: alone, behind: 0)
        #expect(seen.map(\.receipt) == [receipt(1)])
        let member = PurchaseView(organisation: [8], isAlone: false)
        let theirs = try await log.receipts(of: account(1), in: member, behind: 0)
        #expect(theirs.map(\.receipt) == [receipt(2, buyer: shared)])
    }

    @Test("FEED-7: buyers that stood beside their receipts are kept")
    func beside() async throws {
        let path = path()
        try await ReceiptLog(path: path).add([receipt(1), receipt(2)], at: now)
        try await age(
            path,
            """
            DROP TRIGGER receipts_deleted;
            DROP TABLE buyers;
            ALTER TABLE receipts ADD COLUMN organisation BLOB;
            ALTER TABLE receipts ADD COLUMN user BLOB;
            ALTER TABLE receipts ADD COLUMN key TEXT;
            UPDATE receipts SET organisation = x'08', user = x'07', key = 'k' WHERE number = 2;
            UPDATE format SET number = 2;
            """
        )
        let log = try ReceiptLog(path: path)
        let shared = CallBuyer(organisation: [8], user: [7], key: "k")
        let member = PurchaseView(organisation: [8], isAlone: false)
        let theirs = try await log.receipts(of: account(1), in: member, behind: 0)
        #expect(theirs.map(\.receipt) == [receipt(2, buyer: shared)])
        let own = try await log.receipts(of: account(1), in: alone, behind: 0)
        #expect(own.map(\.receipt) == [receipt(1)])
    }

    @Test("FEED-8: a process that knows no buyers goes on writing beside one that does")
    func predecessor() async throws {
        let log = try ReceiptLog(path: path())
        let buyer = CallBuyer(organisation: [7], user: [7])
        try await log.add([receipt(1, buyer: buyer)], at: now)
        try await log.pool.write { db in
            try db.execute(
                sql: """
                    INSERT INTO receipts SELECT account, 2, zeroblob(32), seller, model, status,
                        charge, denomination, finished FROM receipts;
                    DELETE FROM receipts WHERE number = 1;
                    """
            )
            // What told of a receipt goes with it.
            #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM buyers") == 0)
        }
        let seen = try await log.receipts(of: account(1), in: alone, behind: 0)
        #expect(seen.map(\.receipt.buyer) == [nil])
        #expect(seen.map(\.number) == [2])
    }

    @Test("FEED-8: a number is on the disk before it is told, whatever becomes of the power")
    func durable() async throws {
        let log = try ReceiptLog(path: path())
        let level = try await log.pool.writeWithoutTransaction { db in
            try Int.fetchOne(db, sql: "PRAGMA synchronous")
        }
        #expect(level == 2)
    }

    @Test("FEED-7: a receipt that is told again is there once, also after a restart")
    func once() async throws {
        let path = path()
        try await ReceiptLog(path: path).add([receipt(1), receipt(2)], at: now)
        let log = try ReceiptLog(path: path)
        let told = Told()
        log.onChange { told.add($0) }
        try await log.add([receipt(1), receipt(2)], at: now)
        #expect(told.all == [])
        try await log.add([receipt(2), receipt(3)], at: now)
        #expect(told.all == [[account(1)]])
        #expect(log.changeCount == 1)
        let newest = try await log.receipts(of: account(1), in: alone, behind: 2)
        #expect(newest.map(\.receipt) == [receipt(3)])
    }

    @Test("P9: so many are kept for an account, and for so long; numbers are not used again")
    func bounded() async throws {
        var limits = ReceiptLogLimits()
        limits.perAccountMax = 3
        limits.pageMax = 2
        let path = path()
        let log = try ReceiptLog(path: path, limits: limits)
        try await log.add((1...5).map { receipt($0) }, at: now)
        let kept = try await log.receipts(of: account(1), in: alone, behind: 0)
        #expect(kept.map(\.number) == [3, 4])
        let old = now.milliseconds - limits.keptMilliseconds - 1
        try await log.add([receipt(6, finished: old)], at: now)
        #expect(try await log.last(of: account(1)) == 5)
        let later = Timestamp(
            milliseconds: now.milliseconds + limits.keptMilliseconds + 3_600_001
        )
        try await log.add([], at: later)
        #expect(try await log.receipts(of: account(1), in: alone, behind: 0).isEmpty)
        try await log.add([receipt(7, finished: later.milliseconds)], at: later)
        let last = try await log.receipts(of: account(1), in: alone, behind: 0)
        #expect(last.map(\.number) == [6])
    }

    @Test("the file is its owner's alone, and another format is not opened")
    func file() throws {
        let path = path()
        _ = try ReceiptLog(path: path)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        #expect(throws: ReceiptLogError.unreadable(path: "/nowhere/x")) {
            try ReceiptLog(path: "/nowhere/x")
        }
    }
}

/// What a listener heard.
private final class Told: Sendable {
    private let sets = Mutex<[Set<AccountID>]>([])

    var all: [Set<AccountID>] { sets.withLock { $0 } }

    func add(_ accounts: Set<AccountID>) { sets.withLock { $0.append(accounts) } }
}

extension Digest {
    fileprivate init(sha256Like byte: UInt8) {
        self = Digest(bytes: [UInt8](repeating: byte, count: 32)) ?? .zero
    }
}
