import AccessCore
import AccessStore
import FoundationEssentials
import HTTPTypes
import Identity
import LedgerClient
import LedgerCore
import LedgerIndex
import Logging
import MarketTypes
import SettlementCore
import WebServing
import Webhooks

@testable import MarketAPI

/// A ledger that has one of nearly everything, its index, and the interface over both.
final class MarketFixture: Sendable {
    let ledger = MemoryLedger()
    let directory: String
    let database: IndexDatabase
    let api: MarketAPI
    let server: APIServer
    let names: MarketNames

    static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    static let time = Timestamp(milliseconds: 1_700_000_500_000)

    init() async throws {
        directory = "/tmp/stoa-api-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(
            atPath: directory,
            withIntermediateDirectories: false
        )
        names = try MarketNames(ledger)
        database = try IndexDatabase(
            writing: directory + "/index.sqlite",
            chain: ledger.genesis.chain
        )
        api = try MarketAPI(
            ledger: ledger,
            index: IndexReader(database),
            answers: AnswerStore(path: directory + "/answers.sqlite"),
            feed: EventFeed(index: IndexReader(database), logger: Self.silent),
            webhooks: WebhookDoor(
                store: WebhookStore(
                    path: directory + "/webhooks.sqlite",
                    sealing: SealingKey(path: directory + "/webhooks.key")
                ),
                allowsLoopback: false
            ),
            now: { Self.time }
        )
        server = try api.makeServer()
        try await follow()
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    /// Brings the index up to the ledger.
    func follow() async throws {
        let indexer = Indexer(
            database: database,
            ledger: ledger,
            logger: Self.silent
        )
        try await indexer.follow(to: BlockHeight(ledger.height))
    }

    /// Asks as a client does, by method, path and query.
    func ask(
        _ target: String,
        method: HTTPRequest.Method = .get,
        headers: HTTPFields = [:],
        body: String? = nil,
        caller: Caller? = nil
    ) async throws -> APIAnswer {
        let parts = target.split(separator: "?", maxSplits: 1)
        guard let (item, values) = server.table.find(parts[0]),
            let operation = item.operations.first(where: { $0.method == method })
        else { throw Problem.notFound("operation") }
        return try await server.answer(
            operation,
            path: values,
            query: parts.count > 1 ? String(parts[1]) : nil,
            headers: headers,
            body: body.map { Array($0.utf8) },
            caller: caller,
            source: "192.0.2.7",
            channel: nil
        )
    }

    /// The problem that a question is refused with; nil if it is answered.
    func problem(
        _ target: String,
        method: HTTPRequest.Method = .get,
        headers: HTTPFields = [:],
        body: String? = nil
    ) async throws -> Problem? {
        do {
            _ = try await ask(target, method: method, headers: headers, body: body)
            return nil
        } catch let problem as Problem {
            return problem
        }
    }
}

/// What the fixture's things are called.
struct MarketNames: Sendable {
    let corpus = Asset.id(owner: Person.alice.id, name: "corpus")
    let tune = Asset.id(owner: Person.bob.id, name: "tune")
    let unit = UnitRecord.unit(issuer: Person.alice.id, ticker: "EURC")
    let offer: OfferID
    let market: Market
    let pool: PoolID
    /// By the names that the contract has for what stands in a path.
    private(set) var paths: [String: String]

    init(_ ledger: MemoryLedger) throws {
        guard let market = Market(.issued(unit), .native) else {
            preconditionFailure("two different units")
        }
        self.market = market
        pool = PoolID(market, feeBasisPoints: 30)
        let offer = MarketScript.offer(of: tune)
        self.offer = offer.id
        paths = [
            "address": "\(Person.alice.id)", "asset": "\(tune.digest)",
            "offer": "\(offer.id.digest)", "unit": "\(unit)", "market": "\(market.id)",
            "pool": "\(pool.digest)", "height": "1", "stateKey": "05" + "\(Digest.zero)",
        ]
        let (events, transaction) = try MarketScript(self).run(on: ledger, offer)
        paths["digest"] = "\(transaction)"
        for event in events {
            for field in event.record.fields {
                switch field.value {
                case .object(let kind, let name): paths[kind] = paths[kind] ?? "\(name)"
                case .channel(let channel): paths["channel"] = "\(channel.digest)"
                default: break
                }
            }
        }
    }
}
