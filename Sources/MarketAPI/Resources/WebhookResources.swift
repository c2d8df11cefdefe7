import AccessCore
import HTTPTypes
import LedgerIndex
public import MarketTypes
import Receipts
import WebServing
public import Webhooks

extension MarketAPI {
    /// Being told what happens, at an address of one's own.
    var webhookHandlers: [String: OperationTable.Handler] {
        [
            "listWebhooks": { try await listWebhooks($0) },
            "createWebhook": { try await createWebhook($0) },
            "getWebhook": { request in
                try await webhook(request) { store, id, owner in
                    try await store.webhook(id, of: owner).apiDocument
                }
            },
            "changeWebhook": { request in
                let change = try change(request)
                let receipts = try await receiptsPlace(request, change.topics)
                return try await webhook(request, mayMoveReceipts: true) { store, id, owner in
                    try await store.change(id, of: owner, change, receipts: receipts).apiDocument
                }
            },
            "deleteWebhook": { request in
                try await webhook(request) { store, id, owner in
                    try await store.remove(id, of: owner)
                    return .object("webhook", [("id", .text(id.text)), ("deleted", .flag(true))])
                }
            },
            "rotateWebhook": { request in
                let overlap = request.body?["overlapSeconds"]?.integer ?? 86_400
                return try await webhook(request, mayMoveReceipts: true) { store, id, owner in
                    let rotated = try await store.rotate(
                        id,
                        of: owner,
                        overlapSeconds: overlap,
                        at: now()
                    )
                    return rotated.webhook.apiDocument(secret: rotated.secret)
                }
            },
            "replayWebhook": { request in
                let place = try place(request, request.body?["cursor"]?.string ?? "")
                return try await webhook(request, mayMoveReceipts: true) { store, id, owner in
                    try await store.rewind(
                        id,
                        of: owner,
                        to: place.ledger,
                        receipts: place.receipts
                    ).apiDocument
                }
            },
            "listWebhookDeliveries": { try await listDeliveries($0) },
            "testWebhook": { request in
                let time = now()
                return try await webhook(request) { store, id, owner in
                    try await store.sendTest(to: id, of: owner, at: time) { webhook in
                        webhook.testMessage(at: time)
                    }.apiDocument
                }
            },
            "replayWebhookDelivery": { request in
                let number = Int64(request.name("delivery")) ?? 0
                return try await webhook(request, mayMoveReceipts: true) { store, id, owner in
                    try await store.replay(number, of: id, owner, at: now()).apiDocument
                }
            },
        ]
    }

    private func listWebhooks(_ request: APIRequest) async throws -> APIAnswer {
        let (store, owner) = try webhookStore(request)
        var all = try await store.webhooks(of: owner)[...]
        if let after = request.text("cursor") {
            guard let place = all.firstIndex(where: { $0.id.text == after }) else {
                throw Problem.badRequest("is of another question", at: "?cursor")
            }
            all = all[(place + 1)...]
        }
        let items = all.prefix(request.limit)
        let next = items.count < all.count ? items.last?.id.text : nil
        return try await personal(items.map(\.apiDocument), next: next)
    }

    private func listDeliveries(_ request: APIRequest) async throws -> APIAnswer {
        let (store, owner) = try webhookStore(request)
        let before = try request.text("cursor").map { text throws(Problem) in
            guard let number = Int64(text), number > 0 else {
                throw Problem.badRequest("is of another question", at: "?cursor")
            }
            return number
        }
        do {
            let found = try await store.deliveries(
                of: try Self.webhookID(request),
                owner,
                before: before,
                limit: request.limit
            )
            let next = found.count == request.limit ? found.last.map { "\($0.number)" } : nil
            return try await personal(found.map(\.apiDocument), next: next)
        } catch let refusal as WebhookRefusal {
            throw Problem(refusal)
        }
    }

    private func personal(_ items: [JSON], next: String?) async throws -> APIAnswer {
        var answer = APIAnswer.list(items, next: next, at: try await index.place().height)
        answer.freshness = .personal
        return answer
    }

    private func createWebhook(_ request: APIRequest) async throws -> APIAnswer {
        let (store, owner) = try webhookStore(request)
        let body = request.body
        let draft = WebhookDraft(
            url: try address(body?["url"]?.string ?? ""),
            topics: try topics(body?["topics"]),
            note: body?["description"]?.string ?? "",
            signing: body?["signing"]?.string == "ed25519" ? .ed25519 : .hmac
        )
        // Without a cursor, what the index has by now is not news.
        let behind: WebhookPlace
        var receipts = try await receiptsPlace(request, draft.topics)
        if let text = body?["cursor"]?.string {
            let place = try place(request, text)
            behind = place.ledger
            if let last = receipts, let own = place.receipts {
                receipts = (last.account, min(own, last.number))
            }
        } else {
            behind = .end(of: try await index.place().height.rawValue)
        }
        do {
            let made = try await store.create(
                draft,
                for: owner,
                behind: behind,
                receipts: receipts,
                at: now()
            )
            return .one(made.webhook.apiDocument(secret: made.secret), at: nil, .personal)
        } catch let refusal as WebhookRefusal {
            throw Problem(refusal)
        }
    }

    /// Whose receipts a webhook with these topics hears of, and the last there is by now.
    ///
    /// - Throws: a problem for whoever may not see them.
    private func receiptsPlace(
        _ request: APIRequest,
        _ topics: [String]?
    ) async throws -> (account: AccountID, number: UInt64)? {
        guard topics?.contains(WebhookReceipt.topic) == true else { return nil }
        guard let source = feed.receipts else { throw Problem.noReceipts }
        let reader = try source.reader(request.caller)
        return (reader.account, try await source.door.log.last(of: reader.account))
    }

    private func change(_ request: APIRequest) throws -> WebhookChange {
        var change = WebhookChange()
        change.url = try request.body?["url"]?.string.map { try address($0) }
        change.topics = try request.body?["topics"].map { try topics($0) }
        change.note = request.body?["description"]?.string
        change.isActive = request.body?["active"]?.bool
        return change
    }

    /// - Parameter mayMoveReceipts: whether receipts may go where they did not go before, which
    ///   only those decide who may see them.
    private func webhook(
        _ request: APIRequest,
        mayMoveReceipts: Bool = false,
        _ body: (WebhookStore, WebhookID, OrganisationID) async throws -> JSON
    ) async throws -> APIAnswer {
        let (store, owner) = try webhookStore(request)
        do {
            if mayMoveReceipts, request.caller?.scopes.contains(.readUsage) != true {
                let known = try await store.webhook(try Self.webhookID(request), of: owner)
                guard !known.topics.contains(WebhookReceipt.topic) else {
                    throw Problem.missingForReceipts
                }
            }
            let document = try await body(store, try Self.webhookID(request), owner)
            return .one(document, at: nil, .personal)
        } catch let refusal as WebhookRefusal {
            throw Problem(refusal)
        }
    }

    private func webhookStore(
        _ request: APIRequest
    ) throws(Problem) -> (WebhookStore, OrganisationID) {
        // The contract lets nobody through who is not known.
        guard let owner = request.caller?.organisation else {
            throw Problem(.unauthorized, "authentication_required", "This needs a key.")
        }
        guard let door = webhooks else {
            throw Problem(
                .serviceUnavailable,
                "webhooks_unavailable",
                "This market sends no webhooks.",
                hint: "Its operator would have to start it with them."
            )
        }
        return (door.store, owner)
    }

    private static func webhookID(_ request: APIRequest) throws(WebhookRefusal) -> WebhookID {
        guard let id = WebhookID(text: request.name("webhook")) else { throw .unknown }
        return id
    }

    private func address(_ text: String) throws(Problem) -> String {
        do {
            return try WebhookURL(text, allowsLoopback: webhooks?.allowsLoopback ?? false).text
        } catch {
            throw Problem(error)
        }
    }

    private func topics(_ value: JSON?) throws(Problem) -> [String] {
        var topics: [String] = []
        for (place, text) in (value?.elements ?? []).enumerated() {
            guard let topic = WebhookTopic(text: text.string ?? "") else {
                throw .badRequest("is no topic", at: "#/topics/\(place)")
            }
            if !topics.contains(topic.text) { topics.append(topic.text) }
        }
        return topics
    }

    private func place(
        _ request: APIRequest,
        _ text: String
    ) throws(Problem) -> (ledger: WebhookPlace, receipts: UInt64?) {
        guard let cursor = FeedPosition(text: text) else {
            throw .badRequest("is no place", at: "#/cursor")
        }
        let ledger = cursor.ledger
        return (WebhookPlace(height: ledger.height, index: ledger.index), cursor.receipts)
    }
}

/// What the interface needs to keep webhooks.
public struct WebhookDoor: Sendable {
    /// Keeps them.
    public let store: WebhookStore
    /// Whether they may go to this machine, for development.
    public let allowsLoopback: Bool

    /// Puts it together.
    public init(store: WebhookStore, allowsLoopback: Bool) {
        self.store = store
        self.allowsLoopback = allowsLoopback
    }
}

extension Problem {
    /// Why something about a webhook was not done.
    init(_ refusal: WebhookRefusal) {
        switch refusal {
        case .badAddress(let why): self = .badRequest(why, at: "#/url")
        case .tooLong(let field): self = .badRequest("is too long", at: "#/\(field)")
        case .unknown: self = .notFound("webhook")
        case .tooManyWait:
            self.init(
                .conflict,
                "too_many_messages",
                "As many messages wait for the webhook as may.",
                hint: "Mend its receiver, or delete it."
            )
        case .tooMany:
            self.init(
                .conflict,
                "too_many_webhooks",
                "The organisation has as many webhooks as it may.",
                hint: "Delete one that is not needed."
            )
        }
    }
}

extension Webhook {
    /// The body of a message that says nothing but that it arrived.
    public func testMessage(at now: Timestamp) -> String {
        JSON.object([
            ("type", .text(WebhookStore.testType)), ("timestamp", .time(now)),
            ("data", .object("webhook", [("id", .text(id.text)), ("url", .text(url))])),
        ]).line
    }

    fileprivate var apiDocument: JSON { .object("webhook", members) }

    fileprivate func apiDocument(secret: String) -> JSON {
        .object("webhook", members + [("secret", .text(secret))])
    }

    private var members: [(name: String, value: JSON)] {
        [
            ("id", .text(id.text)), ("url", .text(url)), ("topics", .list(topics) { .text($0) }),
            ("description", .text(note)), ("signing", .text(signing.rawValue)),
            ("publicKey", .optional(publicKey)), ("state", .text(state.rawValue)),
            ("createdAt", .time(created)), ("cursor", .text(place.text(receiptsPlace))),
            ("pending", .number(UInt64(pendingCount))),
            ("failingSince", failingSince.map { .time($0) } ?? .null),
            ("overlapUntil", overlapUntil.map { .time($0) } ?? .null),
        ]
    }
}

extension WebhookDelivery {
    fileprivate var apiDocument: JSON {
        .object(
            "webhook_delivery",
            [
                ("id", .text("\(number)")), ("message", .text(message)), ("type", .text(type)),
                ("cursor", .text(place.text(receipt))), ("state", .text(state.rawValue)),
                ("attempts", .number(UInt64(attempts))), ("createdAt", .time(created)),
                ("dueAt", due.map { .time($0) } ?? .null),
                ("sentAt", sent.map { .time($0) } ?? .null),
                ("status", status.map { .number(UInt64($0)) } ?? .null),
                ("fault", .optional(fault)),
                ("milliseconds", milliseconds.map { .number(UInt64(max(0, $0))) } ?? .null),
            ]
        )
    }
}

extension WebhookPlace {
    /// The place as feeds write it, with a receipt's number if it is one of those too.
    fileprivate func text(_ receipt: UInt64?) -> String {
        receipt.map { "\(text).\($0)" } ?? text
    }
}
