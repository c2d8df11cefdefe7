import CanonicalCoding
import LedgerClient
import LedgerCore
import MarketTypes

/// The place of an event or a transaction in the chain, as one number that grows with it.
struct Ordinal: Hashable, Sendable {
    /// How many events, or transactions, of one block can be told apart.
    static let bits: UInt64 = 24
    /// How many things of the catalogue one event can bring.
    static let slotBits: UInt64 = 4

    let rawValue: Int64

    /// - Throws: ``IndexError/malformed(_:)`` beyond 2^35 blocks or 2^24 events of one.
    init(_ height: BlockHeight, _ index: Int) throws(IndexError) {
        guard height.rawValue < 1 << (63 - Self.bits - Self.slotBits), index < 1 << Self.bits
        else { throw .malformed("more than can be numbered") }
        rawValue = Int64(height.rawValue << Self.bits | UInt64(index))
    }

    init(rawValue: Int64) { self.rawValue = rawValue }

    var height: BlockHeight { BlockHeight(UInt64(rawValue) >> Self.bits) }
    var index: UInt64 { UInt64(rawValue) & (1 << Self.bits - 1) }

    /// The number of what field `slot` of this event brought to the catalogue.
    func catalogueNumber(_ slot: Int) -> Int64 {
        rawValue << Int64(Self.slotBits) | Int64(min(slot, 1 << Self.slotBits - 1))
    }
}

/// Everything that follows from one block alone: a function of the block, and nothing else.
struct BlockRows: Sendable {
    struct EventRow: Hashable, Sendable {
        let id: Int64
        /// The number of the transaction that caused it; nil for what the block itself brought.
        let cause: Int64?
        let name: String
        let json: String
        /// What it names, and who sent the transaction that caused it.
        let subjects: [Subject]
    }

    struct TransactionRow: Hashable, Sendable {
        let id: Int64
        let transaction: BlockTransaction
    }

    struct TradeRow: Hashable, Sendable {
        let id: Int64
        let trade: MarketTrade
    }

    /// An asset or offer that an event names: its row may have changed.
    struct Touch: Hashable, Sendable {
        let subject: Subject
        /// The number its row has if this is the first time that it is named.
        let id: Int64
    }

    let height: BlockHeight
    let time: Timestamp
    let transactions: Int
    let events: [EventRow]
    let included: [TransactionRow]
    var trades: [TradeRow]
    let touched: [Touch]
    /// A hash of the whole block as its followers see it.
    let digest: Digest

    /// - Throws: ``IndexError/malformed(_:)`` if the block has more than can be numbered.
    init(_ block: BlockSummary) throws(IndexError) {
        height = block.height
        time = block.time
        transactions = block.transactions
        var encoder = CanonicalEncoder()
        encoder.encode(block.height.rawValue)
        encoder.encode(block.time.milliseconds)
        encoder.encode(UInt64(clamping: block.transactions))
        let included = try Self.transactions(block)
        var causes = included.flatMap { row in
            [TransactionRow?](repeating: row, count: Int(row.transaction.events))
        }
        guard causes.count <= block.events.count else {
            throw IndexError.malformed("a block whose transactions caused more than it has")
        }
        let own = block.events.count - causes.count
        causes += [TransactionRow?](repeating: nil, count: own)
        var (events, trades, touched): ([EventRow], [TradeRow], [Touch]) = ([], [], [])
        for (index, (event, cause)) in zip(block.events, causes).enumerated() {
            event.encode(into: &encoder)
            let record = event.record
            let place = try Ordinal(block.height, index)
            events.append(
                EventRow(
                    id: place.rawValue,
                    cause: cause?.id,
                    name: record.name,
                    json: record.json,
                    subjects: Self.subjects(record, sender: cause?.transaction.sender)
                )
            )
            if let trade = MarketTrade(event) {
                trades.append(TradeRow(id: place.rawValue, trade: trade))
            }
            touched += Self.touches(record, place)
        }
        for transaction in block.included { transaction.encode(into: &encoder) }
        (self.events, self.trades, self.touched) = (events, trades, touched)
        self.included = included
        digest = Digest(sha256: encoder.bytes)
    }

    private static func transactions(_ block: BlockSummary) throws(IndexError) -> [TransactionRow] {
        var rows: [TransactionRow] = []
        for (index, transaction) in block.included.enumerated() {
            let place = try Ordinal(block.height, index)
            rows.append(TransactionRow(id: place.rawValue, transaction: transaction))
        }
        return rows
    }

    /// Who caused the event and what it names, each once, in order.
    private static func subjects(_ record: EventRecord, sender: AccountID?) -> [Subject] {
        var found = sender.map { [Subject.account($0)] } ?? []
        for field in record.fields {
            if let subject = Subject(field.value), !found.contains(subject) {
                found.append(subject)
            }
        }
        return found
    }

    /// Events that name assets or offers and change nothing about them, and come with each sale.
    private static let quiet: Set<String> = [
        "lineage.royaltyPaid", "lineage.incomeKept", MarketTrade.eventName,
    ]

    private static func touches(_ record: EventRecord, _ place: Ordinal) -> [Touch] {
        guard !quiet.contains(record.name) else { return [] }
        return record.fields.enumerated().compactMap { slot, field in
            switch field.value {
            case .asset(let asset):
                Touch(subject: .asset(asset), id: place.catalogueNumber(slot))
            case .offer(let offer):
                Touch(subject: .offer(offer), id: place.catalogueNumber(slot))
            default: nil
            }
        }
    }
}
