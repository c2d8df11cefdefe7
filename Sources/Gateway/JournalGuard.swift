import Journal
import ServiceLifecycle

/// Ends the gateway when its journal fails, because it may then promise and pay nothing.
struct JournalGuard: Service {
    let book: CallBook

    /// Waits for shutdown.
    ///
    /// - Throws: ``GatewayError/journal(_:)`` if the journal fails before.
    func run() async throws {
        for await error in book.failures.cancelOnGracefulShutdown() {
            throw GatewayError.journal(error)
        }
    }
}
