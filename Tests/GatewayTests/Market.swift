import AsyncHTTPClient
import CanonicalCoding
import Foundation
import Identity
import LedgerClient
import LedgerCore
import Logging
import MarketTypes
import NIOCore
import NIOHTTP1
import OpenAIWire
import SettlementCore
import Synchronization
import Testing

@testable import Gateway

let quietLogger = Logger(label: "gateway-tests") { _ in SwiftLogNoOpLogHandler() }

/// The time by which everybody in these tests acts; offers and vouchers end long after.
@Sendable func testNow() -> Timestamp {
    Timestamp(milliseconds: UInt64(Date.now.timeIntervalSince1970 * 1000))
}

/// One buyer, a few sellers and a ledger, all in this process; sellers listen on real sockets.
struct Market: Sendable {
    static let buyerObol: UInt64 = 1_000_000

    let ledger: FakeLedger
    let buyer: SigningKey
    let voucherKey: SigningKey
    let sellers: [FakeProvider]
    let client: HTTPClient
    let journalDirectory: String

    /// A gateway's configuration whose budget is small enough to run out.
    func configuration(
        _ change: (inout GatewayConfiguration) -> Void = { _ in }
    ) -> GatewayConfiguration {
        var configuration = GatewayConfiguration()
        configuration.sellers.allowPrivateEndpoints = true  // the fake sellers are here
        configuration.port = 0
        configuration.journalDirectory = journalDirectory
        configuration.budget.totalObol = 600_000
        configuration.budget.channelDepositObol = 100_000
        configuration.budget.topUpBelowObol = 0
        configuration.queueTimeoutMilliseconds = 60_000
        configuration.headerTimeoutSeconds = 10
        configuration.totalTimeoutSeconds = 20
        change(&configuration)
        return configuration
    }

    func service(
        _ configuration: GatewayConfiguration,
        onListening: @escaping @Sendable (Int) -> Void = { _ in }
    ) -> GatewayService {
        GatewayService(
            configuration: configuration,
            account: AccountSession(key: buyer, ledger: ledger),
            voucherKey: voucherKey,
            ledger: ledger,
            httpClient: client,
            logger: quietLogger,
            now: testNow,
            onListening: onListening
        )
    }

    /// Runs a gateway while `body` uses it, and stops it without ceremony.
    func withGateway<Value: Sendable>(
        _ configuration: GatewayConfiguration? = nil,
        _ body: @escaping @Sendable (Buyer) async throws -> Value
    ) async throws -> Value {
        let (ports, listening) = AsyncStream<Int>.makeStream()
        let service = service(configuration ?? self.configuration()) { listening.yield($0) }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { listening.finish() }
                try await service.run()
            }
            var port: Int?
            for await first in ports {
                port = first
                break
            }
            guard let port else {
                try await group.next()
                throw MarketError.gatewayDidNotListen
            }
            let value = try await body(Buyer(client: client, base: "http://127.0.0.1:\(port)"))
            group.cancelAll()
            return value
        }
    }

    /// Publishes an offer of `seller`, at a price per token in obol.
    @discardableResult
    func publish(
        _ seller: FakeProvider,
        port: Int,
        model: String = "stoa-small",
        interface: CallInterface = .chat,
        obolPerToken: UInt64 = 10,
        outputTokensMax: UInt32 = 100,
        index: UInt8 = 0
    ) async throws -> Offer {
        let session = AccountSession(key: seller.account, ledger: ledger)
        let weights = Digest(sha256: Array("\(model)\(interface)".utf8))
        let name = "\(model)-\(interface.name)"
        try await session.execute([
            .publishAsset(
                AssetPublication(
                    name: name,
                    kind: .model,
                    licence: "MIT",
                    version: AssetVersion(content: weights, metadataLink: "")
                )
            )
        ])
        let price = try #require(
            Price(amount: Amount(obol: UInt128(obolPerToken)), perUnits: 1)
        )
        let entries: [(MarketTypes.Unit, Price)] =
            switch interface {
            case .chat: [(.inputToken, price), (.outputToken, price)]
            case .embeddings: [(.inputToken, price)]
            case .json, .images, .speech, .transcription: [(.call, price)]
            }
        let table = try #require(SortedMap(entries))
        let offer = Offer(
            seller: seller.account.accountID,
            receiptKey: seller.receiptKey.publicKey,
            asset: Asset.id(owner: seller.account.accountID, name: name),
            assetVersion: 1,
            weights: weights,
            model: model,
            interface: interface,
            endpoint: "http://127.0.0.1:\(port)",
            denomination: .native,
            prices: PriceTable(table),
            limits: OfferLimits(
                requestBytesMax: 4096,
                inputTokensMax: 500,
                outputTokensMax: outputTokensMax,
                templateTokensMax: 10,
                callMillisecondsMax: 60_000
            ),
            verification: .receipt,
            bond: .zero,
            version: 1,
            supersedes: nil,
            expiresAt: Timestamp(milliseconds: testNow().milliseconds + 3_600_000)
        )
        try await session.execute([.publishOffer(offer)])
        seller.offers.withLock { $0[offer.id] = offer }
        return offer
    }
}

enum MarketError: Error {
    case gatewayDidNotListen
    case never
}

/// Runs sellers and a ledger while `body` uses them.
///
/// Seller *i* sells `stoa-small` at
/// `10 × (i + 1)` obol per token, embeddings as `stoa-embed`, and JSON as `stoa-tool`.
func withMarket(
    sellers count: Int = 1,
    buyerObol: UInt64 = Market.buyerObol,
    connectTimeoutMilliseconds: Int = 10_000,
    _ body: @escaping @Sendable (Market) async throws -> Void
) async throws {
    let buyer = try #require(SigningKey(seed: [UInt8](repeating: 200, count: 32)))
    let voucherKey = try #require(SigningKey(seed: [UInt8](repeating: 201, count: 32)))
    var owners = [(buyer.accountID, buyerObol)]
    for index in 0..<count {
        var seed = [UInt8](repeating: UInt8(10 + index), count: 32)
        seed[0] = 1
        owners.append((try #require(SigningKey(seed: seed)).accountID, 10_000))
    }
    let ledger = try FakeLedger(owners: owners)
    let sellers = try (0..<count).map { try FakeProvider(seed: UInt8(10 + $0), ledger: ledger) }
    var defaults = GatewayConfiguration()
    defaults.connectTimeoutMilliseconds = connectTimeoutMilliseconds
    defaults.concurrentCallsMax = 256
    defaults.sellers.allowPrivateEndpoints = true
    let client = HTTPClient(configuration: GatewayService.clientConfiguration(for: defaults))
    let directory = NSTemporaryDirectory() + "/gateway-\(UInt64.random(in: .min ... .max))"
    let market = Market(
        ledger: ledger,
        buyer: buyer,
        voucherKey: voucherKey,
        sellers: sellers,
        client: client,
        journalDirectory: directory
    )
    let result: Result<Void, any Error>
    do {
        try await serve(market, body)
        result = .success(())
    } catch {
        result = .failure(error)
    }
    try await client.shutdown()
    try? FileManager.default.removeItem(atPath: directory)
    try result.get()
}

private func serve(
    _ market: Market,
    _ body: @escaping @Sendable (Market) async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for (index, seller) in market.sellers.enumerated() {
            let (ports, listening) = AsyncStream<Int>.makeStream()
            group.addTask {
                try await seller.run {
                    listening.yield($0)
                    listening.finish()
                }
            }
            var iterator = ports.makeAsyncIterator()
            let first = await iterator.next()
            let port = try #require(first)
            let price = UInt64(10 * (index + 1))
            try await market.publish(seller, port: port, obolPerToken: price)
            try await market.publish(
                seller,
                port: port,
                model: "stoa-embed",
                interface: .embeddings,
                obolPerToken: price
            )
            try await market.publish(
                seller,
                port: port,
                model: "stoa-tool",
                interface: .json,
                obolPerToken: price
            )
        }
        try await body(market)
        group.cancelAll()
    }
}

/// An answer of the gateway, read to its end.
struct Answer: Sendable {
    let status: Int
    let headers: HTTPHeaders
    let bytes: [UInt8]

    var text: String { String(decoding: bytes, as: UTF8.self) }
    var json: JSONObject { get throws { try JSONObject(bytes) } }
    func header(_ name: String) -> String? { headers.first(name: name) }

    /// A member of the error envelope, as JSON text.
    func error(_ key: String) throws -> String? {
        let error = try #require(try json.object("error"))
        return error.raw(key).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The unnamed events of a stream.
    var events: [String] {
        get throws {
            var parser = EventStreamParser(eventBytesMax: 1 << 20)
            return try parser.feed(bytes).map { String(decoding: $0.data, as: UTF8.self) }
        }
    }
}

/// A client of the gateway.
struct Buyer: Sendable {
    let client: HTTPClient
    let base: String

    static let chat = #"{"model":"stoa-small","messages":[{"role":"user","content":"Hi"}]}"#
    static let stream =
        #"{"model":"stoa-small","messages":[{"role":"user","content":"Hi"}],"stream":true}"#
    static let streamWithUsage =
        #"{"model":"stoa-small","messages":[{"role":"user","content":"Hi"}],"stream":true,"#
        + #""stream_options":{"include_usage":true}}"#

    func post(
        _ path: String,
        _ body: String,
        headers: HTTPHeaders = [:]
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: base + path)
        request.method = .POST
        request.headers = headers
        request.headers.replaceOrAdd(name: "content-type", value: "application/json")
        request.body = .bytes(ByteBuffer(string: body))
        return try await answer(request)
    }

    func get(_ path: String, headers: HTTPHeaders = [:]) async throws -> Answer {
        var request = HTTPClientRequest(url: base + path)
        request.headers = headers
        return try await answer(request)
    }

    func chat(_ body: String = Buyer.chat) async throws -> Answer {
        try await post("/v1/chat/completions", body)
    }

    private func answer(_ request: HTTPClientRequest) async throws -> Answer {
        let response = try await client.execute(request, timeout: .seconds(30))
        let body = try await response.body.collect(upTo: 1 << 24)
        return Answer(
            status: Int(response.status.code),
            headers: response.headers,
            bytes: Array(body.readableBytesView)
        )
    }

    /// Asks for a stream, reads until `events` events came, and hangs up.
    func abortedStream(afterEvents events: Int) async throws {
        var request = HTTPClientRequest(url: base + "/v1/chat/completions")
        request.method = .POST
        request.headers = ["content-type": "application/json"]
        request.body = .bytes(ByteBuffer(string: Buyer.stream))
        let response = try await client.execute(request, timeout: .seconds(30))
        var parser = EventStreamParser(eventBytesMax: 1 << 20)
        var seen = 0
        for try await part in response.body {
            seen += try parser.feed(Array(part.readableBytesView)).count
            if seen >= events { return }
        }
        throw MarketError.never
    }

    func status() async throws -> JSONObject { try await get("/stoa/v1/status").json }

    /// What all receipts charged, in obol.
    func spent() async throws -> UInt64 { try await status().number("spent_obol") }

    /// Asks again and again until the condition holds; fails after ten seconds.
    func eventually(
        _ what: Comment,
        _ condition: (JSONObject) async throws -> Bool
    ) async throws {
        for _ in 0..<500 {
            if try await condition(try await status()) { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        Issue.record(what)
    }
}

extension JSONObject {
    func number(_ path: String...) throws -> UInt64 {
        var object = self
        for key in path.dropLast() { object = try #require(try object.object(key)) }
        let number = try object.unsigned(path.last ?? "")
        return try #require(number)
    }

    func objects(_ key: String) throws -> [JSONObject] {
        let values = try #require(try array(key, countMax: 100))
        return try values.map { try object($0) }
    }
}
