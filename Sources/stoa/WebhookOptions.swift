import AccessStore
import ArgumentParser
import LedgerIndex
import Logging
import MarketAPI
import MarketTypes
import Telemetry
import WebServing
import Webhooks

/// How webhooks are sent.
struct WebhookOptions: ParsableArguments {
    @Flag(help: "send webhooks to this machine too, over http; for development")
    var webhooksToLoopback = false

    /// What keeps webhooks, beside the index; their secrets are sealed as the tokens' keys are.
    func door(_ index: String, _ sealing: SealingKey) throws -> WebhookDoor {
        let path = index + ".webhooks"
        do {
            return WebhookDoor(
                store: try WebhookStore(path: path, sealing: sealing),
                allowsLoopback: webhooksToLoopback
            )
        } catch let error as WebhookStoreError {
            throw CommandFailure("\(error)", hint: "check \(path), or move it away")
        }
    }

    /// What sends them.
    func dispatcher(
        _ webhooks: WebhookDoor,
        _ index: IndexReader,
        _ door: AccessDoor,
        _ logger: Logger
    ) -> WebhookDispatcher {
        WebhookDispatcher(
            store: webhooks.store,
            source: FeedWebhooks(index: index),
            sender: WebhookSender(
                resolver: SystemResolver(),
                allowsLoopback: webhooks.allowsLoopback
            ),
            telemetry: door.telemetry,
            logger: logger,
            now: wallClock
        )
    }
}
