import AccessCore
public import AccessStore
import HTTPTypes
import LedgerIndex
public import MarketTypes
public import Receipts
import SettlementCore
import Synchronization
import WebServing

/// What feeds of receipts stand on: the log of them, and who may read whose.
public struct ReceiptDoor: Sendable {
    /// The receipts.
    public let log: ReceiptLog
    let access: AccessDatabase
    let now: @Sendable () -> Timestamp

    /// Puts it together.
    public init(
        _ log: ReceiptLog,
        access: AccessDatabase,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.log = log
        self.access = access
        self.now = now
    }
}

/// Somebody who follows the receipts of their own organisation.
struct ReceiptReader: Sendable {
    let caller: Caller
    /// Whose receipts they hear.
    let account: AccountID
    /// When they must come again with a fresh proof; nil if their key is looked at each time.
    let until: Timestamp?
    /// Which of the account's they hear: their organisation's, not what others bought from it.
    var view: PurchaseView { caller.purchases }
}

/// A part of an account's receipts.
struct ReceiptPage: Sendable {
    let entries: [NumberedReceipt]
    /// Behind which number the next part is.
    let place: UInt64
    let hasMore: Bool
}

/// Wakes those who follow receipts, and reads for them what they have not heard yet.
///
/// Nothing is kept for a reader: it reads the log behind its own place, when it can take more.
final class ReceiptFeed: Sendable {
    /// A question of a reader that must not wait for the answer.
    struct Question: Sendable {
        let reader: ReceiptReader
        /// Behind which number; nil for what is made from now on.
        let place: UInt64?
        /// Takes a part; nil if the reader may hear no more.
        let deliver: @Sendable (ReceiptPage?) -> Void
        /// Hears that nothing can be read now.
        let fail: @Sendable () -> Void
    }

    private struct State {
        var listeners: [AccountID: [UInt64: any FeedListener]] = [:]
        var next: UInt64 = 0
    }

    /// How long somebody reads who has no key that can be looked at again: as long as a token.
    static let unkeyedMilliseconds: UInt64 = 10 * 60_000
    /// The most questions that wait.
    private static let questionsMax = 16_384

    let door: ReceiptDoor
    private let state = Mutex(State())
    private let questions: AsyncStream<Question>
    private let asked: AsyncStream<Question>.Continuation

    init(_ door: ReceiptDoor) {
        self.door = door
        (questions, asked) = AsyncStream.makeStream(
            bufferingPolicy: .bufferingOldest(Self.questionsMax)
        )
        door.log.onChange { [weak self] accounts in self?.tell(accounts) }
    }

    private func tell(_ accounts: Set<AccountID>) {
        let woken = state.withLock { state in
            accounts.flatMap { state.listeners[$0].map { Array($0.values) } ?? [] }
        }
        for listener in woken { listener.receiptsWait() }
    }

    /// Wakes a listener whenever there are new receipts of an account.
    ///
    /// - Returns: the number to ``leave(_:_:)`` by.
    func join(_ listener: any FeedListener, _ account: AccountID) -> UInt64 {
        state.withLock { state in
            state.next += 1
            state.listeners[account, default: [:]][state.next] = listener
            return state.next
        }
    }

    /// Forgets a listener.
    func leave(_ number: UInt64, _ account: AccountID) {
        state.withLock { state in
            state.listeners[account]?[number] = nil
            if state.listeners[account]?.isEmpty == true { state.listeners[account] = nil }
        }
    }

    /// Lets a caller read, if they may.
    ///
    /// - Throws: ``Problem`` for whoever is not known, may not, or has no account.
    func reader(_ caller: Caller?) throws(Problem) -> ReceiptReader {
        guard let caller else { throw .receiptsNeedKey }
        guard caller.scopes.contains(.readUsage) else { throw .missingForReceipts }
        guard let account = caller.account else {
            throw Problem(
                .forbidden,
                "account_missing",
                "The organisation has no account that pays, so it has no receipts.",
                hint: "Use a key of an organisation whose owner linked an account."
            )
        }
        var until: Timestamp?
        if case .key = caller.proof {} else {
            until = door.now().adding(milliseconds: Self.unkeyedMilliseconds)
        }
        return ReceiptReader(caller: caller, account: account, until: until)
    }

    /// A part of what a reader has not heard; nil if they may hear no more.
    func page(for reader: ReceiptReader, behind place: UInt64?) async throws -> ReceiptPage? {
        let now = door.now()
        guard reader.until.map({ now < $0 }) ?? true,
            let caller = try await door.access.renewed(reader.caller, at: now),
            caller.account == reader.account, caller.scopes.contains(.readUsage)
        else { return nil }
        let last = try await door.log.last(of: reader.account)
        // A place ahead of all is one of another log: what comes now is news.
        guard let place, place < last else {
            return ReceiptPage(entries: [], place: last, hasMore: false)
        }
        let entries = try await door.log.receipts(
            of: reader.account,
            in: reader.view,
            behind: place
        )
        let end = entries.last?.number ?? last
        return ReceiptPage(entries: entries, place: end, hasMore: end < last)
    }

    /// Has a question answered; false if too many wait.
    func ask(_ question: Question) -> Bool {
        if case .enqueued = asked.yield(question) { return true }
        return false
    }

    /// Answers questions until it is cancelled.
    func answer() async {
        for await question in questions {
            do {
                question.deliver(try await page(for: question.reader, behind: question.place))
            } catch {
                question.fail()
            }
        }
    }
}

extension Problem {
    static let receiptsNeedKey = Problem(
        .unauthorized,
        "authentication_required",
        "Receipts are their buyer's own; this needs a key.",
        hint: "Send a key with the scope usage:read as 'Authorization: Bearer'.",
        headers: [.wwwAuthenticate: "Bearer"]
    )

    static let missingForReceipts = Problem(
        .forbidden,
        "scope_missing",
        "The key may not see receipts.",
        hint: "It needs: usage:read."
    )

    static let noReceipts = Problem(
        .serviceUnavailable,
        "receipts_unavailable",
        "This market keeps no receipts.",
        hint: "Its operator would have to start it with a log of them."
    )
}

extension NumberedReceipt {
    /// The receipt as feeds and lists show it.
    var apiDocument: JSON {
        .object(
            "receipt",
            [
                ("id", .digest(receipt.digest)), ("number", .number(number)),
                ("model", .text(receipt.model)), ("account", .account(receipt.account)),
                ("seller", .account(receipt.seller)), ("status", .text(receipt.status.name)),
                ("cost", .money(receipt.charge, receipt.denomination)),
                ("finishedAt", .time(receipt.finished)),
            ]
        )
    }
}
