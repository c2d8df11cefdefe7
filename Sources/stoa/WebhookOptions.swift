import AccessStore
import ArgumentParser
import CallDoor
import LedgerIndex
import Logging
import MarketAPI
import MarketTypes
import Portal
import Receipts
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

    /// What keeps the receipts of calls, for feeds and webhooks, beside the index.
    func receipts(_ index: String, _ access: AccessDatabase) throws -> ReceiptDoor {
        let path = index + ".receipts"
        do {
            return ReceiptDoor(try ReceiptLog(path: path), access: access, now: wallClock)
        } catch let error as ReceiptLogError {
            throw CommandFailure("\(error)", hint: "check \(path), or move it away")
        }
    }

    /// What sends messages.
    func dispatcher(
        _ webhooks: WebhookDoor,
        _ receipts: ReceiptDoor,
        _ index: IndexReader,
        _ door: AccessDoor,
        _ logger: Logger
    ) -> WebhookDispatcher {
        WebhookDispatcher(
            store: webhooks.store,
            source: FeedWebhooks(index: index),
            receipts: ReceiptWebhooks(receipts),
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

extension WebhookDoor {
    /// What the pages of webhooks stand on.
    func pages(_ receipts: ReceiptDoor) -> PortalWebhooks {
        PortalWebhooks(
            store: store,
            receipts: receipts.log,
            allowsLoopback: allowsLoopback,
            testMessage: { $0.testMessage(at: $1) }
        )
    }
}

extension ReceiptDoor {
    /// What hears how the calls of all wallets end.
    func endings(_ door: AccessDoor, _ logger: Logger) -> BudgetEndings {
        BudgetEndings(door.limits, receipts: log, logger: logger, now: wallClock)
    }
}
