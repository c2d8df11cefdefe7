public import Hummingbird
public import LedgerClient
public import LedgerIndex
public import MarketTypes
public import WebServing

/// The REST interface over everything that the ledger and the market hold.
public struct MarketAPI: Sendable {
    /// The version that stands in each path.
    public static let prefix = "/api/v1"

    let ledger: any LedgerConnection
    let index: IndexReader
    let now: @Sendable () -> Timestamp

    /// Creates the interface.
    ///
    /// - Parameters:
    ///   - ledger: where transactions go and entries with proofs come from.
    ///   - index: answers what is searched, listed and looked back at.
    ///   - now: the wall clock.
    public init(
        ledger: any LedgerConnection,
        index: IndexReader,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.ledger = ledger
        self.index = index
        self.now = now
    }

    /// Adds every route below ``prefix``.
    public func addRoutes(to router: Router<WebContext>) {
        router.get("\(Self.prefix)/status") { _, _ in
            try await index.status().document.line
        }
    }
}
