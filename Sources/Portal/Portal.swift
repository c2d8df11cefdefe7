public import Hummingbird
public import LedgerClient
public import LedgerIndex
public import MarketTypes
public import WebServing

/// The pages that the market shows to people.
public struct Portal: Sendable {
    let ledger: any LedgerConnection
    let index: IndexReader
    let now: @Sendable () -> Timestamp

    /// Creates the pages.
    ///
    /// - Parameters:
    ///   - ledger: shows entries with proofs, and takes transactions.
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

    /// Adds every page.
    public func addRoutes(to router: Router<WebContext>) {
        router.get("/") { _, _ in "Stoa" }
    }
}
