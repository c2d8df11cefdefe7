import Identity
import LedgerClient
import LedgerCore
import MarketTypes
import SettlementCore

/// Something that the index shows, as JSON: numbers that may exceed 2^53 are texts.
public protocol IndexDocument: Sendable {
    /// The document.
    var document: JSONValue { get }
}

extension JSONValue {
    static func amount(_ amount: Amount) -> JSONValue { .text(String(amount.obol)) }
    static func name(_ digest: Digest?) -> JSONValue { digest.map { .text("\($0)") } ?? .null }
    static func height(_ height: BlockHeight?) -> JSONValue {
        height.map { .number($0.rawValue) } ?? .null
    }
}

extension Page where Item: IndexDocument {
    /// The page as JSON.
    public var document: JSONValue {
        .object([
            ("height", .height(height)), ("items", .array(items.map(\.document))),
            ("next", next.map { .text($0) } ?? .null),
        ])
    }
}

extension OfferEntry: IndexDocument {
    public var document: JSONValue {
        let offer = record.offer
        return .object([
            ("offer", .name(id.digest)), ("model", .text(offer.model)),
            ("standing", .text(record.standing.name)), ("title", .text(label.title)),
            ("kind", .text(label.kind.name)), ("licence", .text(label.licence)),
            ("interface", .text(offer.interface.name)), ("seller", .text("\(offer.seller)")),
            ("asset", .name(offer.asset.digest)),
            ("assetVersion", .number(UInt64(offer.assetVersion))),
            ("endpoint", .text(offer.endpoint)), ("denomination", .text(offer.denomination.text)),
            ("prices", .object(offer.prices.prices.entries.map { ($0.name, $1.document) })),
            ("bond", .amount(offer.bond)), ("version", .number(UInt64(offer.version))),
            ("supersedes", .name(offer.supersedes?.digest)),
            ("publishedAt", .height(record.publishedAt)),
            ("expiresAtMilliseconds", .number(offer.expiresAt.milliseconds)),
        ])
    }
}

extension Price {
    fileprivate var document: JSONValue {
        .object([
            ("amount", .amount(amount)), ("perUnits", .text("\(perUnits)")),
            ("perMillion", .amount(perMillion)),
        ])
    }
}

extension AssetEntry: IndexDocument {
    public var document: JSONValue {
        .object([
            ("asset", .name(id.digest)), ("title", .text(asset.name)),
            ("kind", .text(asset.kind.name)), ("licence", .text(asset.licence)),
            ("owner", .text("\(asset.owner)")), ("version", .number(UInt64(asset.latestVersion))),
            ("content", .name(latest.content)), ("metadataLink", .text(latest.metadataLink)),
            ("retiredAt", .height(retiredAt)),
            ("offeredTo", offeredTo.map { .text("\($0)") } ?? .null),
        ])
    }
}

extension EventEntry: IndexDocument {
    public var document: JSONValue {
        .object([
            ("height", .height(height)), ("index", .number(index)),
            ("timeMilliseconds", .number(time.milliseconds)),
            ("transaction", transaction.map { .number($0) } ?? .null), ("name", .text(name)),
            ("fields", .written(json)),
        ])
    }
}

extension TransactionEntry: IndexDocument {
    public var document: JSONValue {
        .object([
            ("height", .height(height)), ("index", .number(index)),
            ("timeMilliseconds", .number(time.milliseconds)),
            ("transaction", .name(transaction.digest)), ("sender", .text("\(transaction.sender)")),
            ("sequence", .text("\(transaction.sequence)")), ("fee", .amount(transaction.fee)),
            ("messages", .number(UInt64(transaction.messages))),
            ("code", .number(UInt64(transaction.code))),
            ("refusal", Refusal(code: transaction.code).map { .text($0.name) } ?? .null),
            ("refusedMessage", refusedMessage), ("events", .number(UInt64(transaction.events))),
        ])
    }

    private var refusedMessage: JSONValue {
        transaction.code == 0 ? .null : .number(UInt64(transaction.messageIndex))
    }
}

extension BlockEntry: IndexDocument {
    public var document: JSONValue {
        .object([
            ("height", .height(height)), ("timeMilliseconds", .number(time.milliseconds)),
            ("transactions", .number(transactions)), ("events", .number(events)),
        ])
    }
}

extension SubjectEntry: IndexDocument {
    public var document: JSONValue {
        .object([
            ("kind", .text(subject.kind)), ("name", .text(subject.text)),
            ("events", .number(events)), ("transactions", .number(transactions)),
            ("refused", .number(refused)), ("first", .height(first)), ("last", .height(last)),
        ])
    }
}

extension Market {
    fileprivate var fields: [(name: String, value: JSONValue)] {
        [("market", .name(id)), ("base", .text(base.text)), ("quote", .text(quote.text))]
    }
}

extension MarketEntry: IndexDocument {
    public var document: JSONValue { .object(market.fields + [("trades", .number(trades))]) }
}

extension TradeEntry: IndexDocument {
    public var document: JSONValue {
        .object(
            [
                ("height", .height(height)), ("index", .number(index)),
                ("timeMilliseconds", .number(time.milliseconds)),
            ] + trade.market.fields + [
                ("venue", .text(trade.venue)), ("place", .name(trade.place)),
                ("baseAmount", .amount(trade.base)),
                ("quoteAmount", .amount(trade.quote)),
                ("price", trade.price.map { .amount($0) } ?? .null),
                ("taker", .text("\(trade.taker)")),
                ("side", .text(trade.side)),
            ]
        )
    }
}

extension Candle: IndexDocument {
    public var document: JSONValue {
        .object([
            ("start", .number(start)), ("open", .amount(open)), ("high", .amount(high)),
            ("low", .amount(low)), ("close", .amount(close)), ("baseVolume", .amount(base)),
            ("quoteVolume", .amount(quote)), ("trades", .number(trades)),
        ])
    }
}

extension IndexStatus: IndexDocument {
    public var document: JSONValue {
        .object([
            ("chain", .name(place.chain.digest)), ("height", .height(place.height)),
            ("timeMilliseconds", .number(place.time.milliseconds)),
            ("catalogueHeight", .height(place.catalogueHeight)),
            ("transactions", .number(transactions)), ("events", .number(events)),
            ("subjects", .number(subjects)), ("assets", .number(assets)),
            ("offers", .number(offers)), ("trades", .number(trades)),
        ])
    }
}

extension IndexReport: IndexDocument {
    public var document: JSONValue {
        .object([
            ("equal", .flag(isEqual)), ("full", .flag(isFull)), ("height", .height(height)),
            ("blocks", .number(blocks)), ("events", .number(events)),
            ("assets", .number(assets)), ("offers", .number(offers)),
            ("differenceCount", .number(differenceCount)),
            ("differences", .array(differences.map(\.document))),
        ])
    }
}

extension IndexDifference: IndexDocument {
    public var document: JSONValue {
        .object([
            ("place", .text(place)), ("expected", expected.map { .text($0) } ?? .null),
            ("found", found.map { .text($0) } ?? .null),
        ])
    }
}
