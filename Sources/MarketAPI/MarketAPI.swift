import AccessCore
public import AccessStore
public import HTTPServing
public import Hummingbird
public import LedgerClient
public import LedgerIndex
public import MarketTypes
public import NIOCore
public import WebServing

/// The REST interface over everything that the ledger and the market hold.
///
/// One OpenAPI document says what there is; requests are checked against it before anything else
/// sees them, and an operation without somebody who answers it keeps the program from starting.
public struct MarketAPI: Sendable {
    /// The version that stands in each path.
    public static let prefix = "/api/v1"

    let ledger: any LedgerConnection
    let index: IndexReader
    let answers: AnswerStore
    let feed: EventFeed
    let webhooks: WebhookDoor?
    let access: AccessDatabase?
    let now: @Sendable () -> Timestamp
    let contract: Contract
    let feedContract: FeedContract

    /// Creates the interface.
    ///
    /// - Parameters:
    ///   - ledger: where transactions go and entries with proofs come from.
    ///   - index: answers what is searched, listed and looked back at.
    ///   - answers: what was answered to requests with an idempotency key.
    ///   - feed: tells what happens; whoever makes it runs it.
    ///   - webhooks: keeps webhooks; without it there are none.
    ///   - access: keeps API keys; without it there are none.
    ///   - now: the wall clock.
    /// - Throws: ``ContractError`` if the contract cannot be read.
    public init(
        ledger: any LedgerConnection,
        index: IndexReader,
        answers: AnswerStore,
        feed: EventFeed,
        webhooks: WebhookDoor? = nil,
        access: AccessDatabase? = nil,
        now: @escaping @Sendable () -> Timestamp
    ) throws(ContractError) {
        self.ledger = ledger
        self.index = index
        self.answers = answers
        self.feed = feed
        self.webhooks = webhooks
        self.access = access
        self.now = now
        contract = try Contract.load()
        feedContract = try FeedContract.load()
    }

    /// Adds every route below ``prefix``.
    ///
    /// - Throws: ``ContractError`` if the contract and the code do not agree.
    public func addRoutes(to router: Router<WebContext>) throws(ContractError) {
        let server = try makeServer()
        router.add(middleware: MethodMiddleware(server: server))
        for item in server.table.items {
            for method in Self.methods {
                router.on(RouterPath(Self.prefix + item.path), method: method) { request, context in
                    try await server.respond(request, context)
                }
            }
        }
    }

    /// Tells when a client left; the connections' ``ClientPresenceHandler`` has the same.
    public var presence: ClientPresence { feed.presence }

    /// Lets one connection of the HTTP server become a WebSocket at `/ws`; each needs its own.
    ///
    /// - Parameter rate: counts the requests for one, which pass no middleware; nil for no limit.
    public func makeSocketDoor(rate: AddressRate? = nil) -> any RemovableChannelHandler {
        SocketDoor(path: Self.prefix + "/ws", feed: feed, contract: feedContract) {
            [access, now] asking in
            let seconds = try await rate?.secondsToWait(
                connection: asking.connection,
                forwarded: asking.forwarded
            )
            if let seconds { throw SocketRefusal.tooFast(seconds: seconds) }
            guard let key = asking.key else { return nil }
            guard let access else { throw SocketRefusal.unauthorized }
            do {
                return try await access.admission(try APIKeyText(key), at: now()).caller
            } catch is KeyRefusal {
                throw SocketRefusal.unauthorized
            }
        }
    }

    /// The interface without a router.
    func makeServer() throws(ContractError) -> APIServer {
        APIServer(contract: contract, table: try OperationTable(contract, handlers))
    }

    /// Who answers what.
    var handlers: [String: OperationTable.Handler] {
        let groups = [
            entryHandlers, blockHandlers, accountHandlers, channelHandlers, catalogueHandlers,
            lineageHandlers, passHandlers, unitHandlers, exchangeHandlers, tradeHandlers,
            jobHandlers, governanceHandlers, stakingHandlers, transactionHandlers, feedHandlers,
            webhookHandlers, keyHandlers,
        ]
        return groups.reduce(into: [:]) { all, group in
            // A name twice would hide one of two answers.
            all.merge(group) { _, _ in preconditionFailure("two handlers of one operation") }
        }
    }

    /// Every method that a client may try, so that the answer says what is allowed.
    static let methods: [HTTPRequest.Method] = [
        .get, .head, .options, .post, .put, .patch, .delete, .trace,
    ]
}
