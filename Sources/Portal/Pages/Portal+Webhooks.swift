import AccessCore
import AccessStore
import HTTPTypes
import Hummingbird
import LedgerIndex
import MarketTypes
import Receipts
import WebServing
import Webhooks

extension Portal {
    /// Webhooks: the list, and making, watching, changing and ending them.
    func addWebhooks(_ door: PortalWebhooks, to router: Router<WebContext>) {
        let list = PersonalPage(path: PortalPaths.webhooks) { read, visitor in
            try await webhooks(read, visitor, door)
        }
        let making = PersonalPage(path: PortalPaths.webhooks + "/new") { read, visitor in
            try visitor.require(.writeWebhooks, to: "make webhooks")
            return form(read, visitor, nil)
        }
        let one = PersonalPage(path: PortalPaths.webhooks + "/:webhook") { read, visitor in
            try await webhook(read, visitor, door)
        }
        let changing = PersonalPage(path: one.path + "/change") { read, visitor in
            let (id, owner) = try Self.named(read, visitor)
            let webhook = try await explained { try await door.store.webhook(id, of: owner) }
            return form(read, visitor, webhook)
        }
        for page in [list, making, one, changing] { add(page, to: router) }
        add(form: making.path, of: making, to: router) { try await make($0, door) }
        add(form: changing.path, of: changing, to: router) { try await change($0, door) }
        addActs(door, of: one, to: router)
    }

    /// What a webhook's own page does.
    private func addActs(
        _ door: PortalWebhooks,
        of page: PersonalPage,
        to router: Router<WebContext>
    ) {
        let path = page.path
        let store = door.store
        for (name, isActive) in [("pause", false), ("resume", true)] {
            add(form: "\(path)/\(name)", of: page, to: router) { sent in
                let (id, owner) = try Self.named(sent.read, sent.visitor)
                var change = WebhookChange()
                change.isActive = isActive
                try await explained { _ = try await store.change(id, of: owner, change) }
                return .moved(PortalPaths.webhooks + "/\(id)?done=\(name)")
            }
        }
        add(form: path + "/test", of: page, to: router) { sent in
            let (id, owner) = try Self.named(sent.read, sent.visitor)
            let time = now()
            try await explained {
                _ = try await store.sendTest(to: id, of: owner, at: time) {
                    door.testMessage($0, time)
                }
            }
            return .moved(PortalPaths.webhooks + "/\(id)?done=test")
        }
        add(form: path + "/again", of: page, to: router) { sent in
            let (id, owner) = try Self.named(sent.read, sent.visitor)
            let number = sent["message"].flatMap { Int64($0) } ?? 0
            let time = now()
            try await explained { _ = try await store.replay(number, of: id, owner, at: time) }
            return .moved(PortalPaths.webhooks + "/\(id)?done=again")
        }
        add(form: path + "/rotate", of: page, to: router) { sent in
            let (id, owner) = try Self.named(sent.read, sent.visitor)
            let hours = UInt64(sent["hours"] ?? "").map { min($0, 168) } ?? 24
            let time = now()
            let rotated = try await explained {
                try await store.rotate(id, of: owner, overlapSeconds: hours * 3_600, at: time)
            }
            return .shown(made(sent, rotated.webhook, rotated.secret, overlapHours: hours))
        }
        add(form: path + "/remove", of: page, to: router) { sent in
            let (id, owner) = try Self.named(sent.read, sent.visitor)
            try await explained { try await store.remove(id, of: owner) }
            return .moved(PortalPaths.webhooks + "?done=removed")
        }
    }

    private func webhooks(
        _ read: PageRead,
        _ visitor: Visitor,
        _ door: PortalWebhooks
    ) async throws -> Sheet {
        try visitor.require(.writeWebhooks, to: "see its webhooks")
        let owner = visitor.caller.organisation
        let all = try await door.store.webhooks(of: owner)
        let latest = try await read.source.each(all) { webhook in
            try await door.store.deliveries(of: webhook.id, owner, before: nil, limit: 1).first
        }
        let fills = zip(all, latest).map { webhook, latest in
            WebhookPages.fill(
                webhook,
                latest: latest,
                own: visitor.caller.account,
                at: read.source.now
            )
        }
        var fill = Fill()
        fill.put("hooks", fills)
        fill.put("isFull", all.count >= door.store.limits.perOrganisationMax)
        fill.put("hooksMax", door.store.limits.perOrganisationMax)
        fill.put("organisationName", visitor.isAlone ? nil : visitor.organisation?.name)
        fill.put(
            "done",
            read["done"] == "removed"
                ? "The webhook is gone, with what waited for it: nothing is sent there any more."
                : nil
        )
        return Sheet(template: "webhooks-page", title: "Webhooks", section: .none, fill: fill)
    }

    private func webhook(
        _ read: PageRead,
        _ visitor: Visitor,
        _ door: PortalWebhooks
    ) async throws -> Sheet {
        let (id, owner) = try Self.named(read, visitor)
        let before = read["cursor"].flatMap { Int64($0) }
        let (webhook, found) = try await explained {
            (
                try await door.store.webhook(id, of: owner),
                try await door.store.deliveries(
                    of: id,
                    owner,
                    before: before,
                    limit: WebhookPages.messagesMax + 1
                )
            )
        }
        let shown = found.prefix(WebhookPages.messagesMax)
        let now = read.source.now
        var fill = WebhookPages.fill(
            webhook,
            latest: before == nil ? found.first : nil,
            own: visitor.caller.account,
            at: now
        )
        let isSent = webhook.state == .active
        fill.put("messages", shown.map { WebhookPages.fill($0, isSent: isSent, at: now) })
        let next = found.count > shown.count ? shown.last.map { "\($0.number)" } : nil
        fill.put("pages", read.links("\(PortalPaths.webhooks)/\(id)", [], next: next))
        fill.put("token", visitor.crossSiteToken)
        fill.put("done", read["done"].flatMap { Self.done[$0] })
        return Sheet(
            template: "webhook-page",
            title: WebhookPages.host(webhook.url),
            section: .none,
            fill: fill
        )
    }

    private static let done = [
        "resume": "It is on: what waited is being sent.",
        "test": "A test message is on its way. Look again in a moment.",
        "again": "The message is sent once more, under the name that it had.",
        "changed": "The changes are kept.",
    ]

    private func form(_ read: PageRead, _ visitor: Visitor, _ webhook: Webhook?) -> Sheet {
        let typed = read.typed
        let form = WebhookForm { name in typed?[name].flatMap { $0.isEmpty ? nil : $0 } }
        var fill = form.fill(
            webhook,
            isTyped: typed != nil,
            own: visitor.caller.account,
            mayReceipts: visitor.may(.readUsage) && visitor.caller.account != nil
        )
        fill.put("token", visitor.crossSiteToken)
        fill.put("hookHost", webhook.map { WebhookPages.host($0.url) })
        let home = webhook.map { "\(PortalPaths.webhooks)/\($0.id)" }
        fill.put("backHref", home ?? PortalPaths.webhooks)
        fill.put("action", home.map { $0 + "/change" } ?? PortalPaths.webhooks + "/new")
        return Sheet(
            template: "webhook-new-page",
            title: webhook == nil ? "Add a webhook" : "Change a webhook",
            section: .none,
            fill: fill
        )
    }

    private func make(
        _ sent: PersonalPage.Sent,
        _ door: PortalWebhooks
    ) async throws -> FormOutcome {
        try sent.visitor.require(.writeWebhooks, to: "make webhooks")
        let draft = try self.draft(sent, door)
        let caller = sent.visitor.caller
        // What there is by now is not news.
        let place = WebhookPlace.end(of: try await index.place().height.rawValue)
        let receipts = try await lastReceipt(caller.account, door)
        let time = now()
        let made = try await explained {
            try await door.store.create(
                draft,
                for: caller.organisation,
                behind: place,
                receipts: receipts,
                at: time
            )
        }
        return .shown(self.made(sent, made.webhook, made.secret, overlapHours: nil))
    }

    private func change(
        _ sent: PersonalPage.Sent,
        _ door: PortalWebhooks
    ) async throws -> FormOutcome {
        let (id, owner) = try Self.named(sent.read, sent.visitor)
        let draft = try self.draft(sent, door)
        let receipts = try await lastReceipt(sent.visitor.caller.account, door)
        var change = WebhookChange()
        change.url = draft.url
        change.topics = draft.topics
        change.note = draft.note
        let asked = change
        try await explained {
            _ = try await door.store.change(id, of: owner, asked, receipts: receipts)
        }
        return .moved(PortalPaths.webhooks + "/\(id)?done=changed")
    }

    private func draft(
        _ sent: PersonalPage.Sent,
        _ door: PortalWebhooks
    ) throws -> WebhookDraft {
        let draft = try WebhookForm { sent[$0] }.draft(
            own: sent.visitor.caller.account,
            allowsLoopback: door.allowsLoopback
        )
        if draft.topics.contains(WebhookTopic.receipts.text) {
            try sent.visitor.require(.readUsage, to: "see its receipts")
        }
        return draft
    }

    private func lastReceipt(
        _ account: AccountID?,
        _ door: PortalWebhooks
    ) async throws -> (account: AccountID, number: UInt64)? {
        guard let account else { return nil }
        return (account, try await door.receipts.last(of: account))
    }

    /// The page that shows a secret, this once.
    private func made(
        _ sent: PersonalPage.Sent,
        _ webhook: Webhook,
        _ secret: String,
        overlapHours: UInt64?
    ) -> Sheet {
        var fill = Fill(["secretText": secret, "hookHost": WebhookPages.host(webhook.url)])
        fill.put("hookHref", "\(PortalPaths.webhooks)/\(webhook.id)")
        fill.put("isPublic", webhook.signing == .ed25519)
        fill.put("isReplacement", overlapHours != nil)
        fill.put(
            "overlap",
            overlapHours.flatMap { $0 == 0 ? nil : NumberText.count($0, "hour", "hours") }
        )
        let texts = WebhookSnippets(secret: secret, isPublic: webhook.signing == .ed25519).all
        fill.put(
            "snippets",
            texts.map { language, title, text in
                var fill = Fill(["language": language, "languageTitle": title, "code": text])
                fill.put("isFirst", language == texts.first?.language)
                return fill
            }
        )
        return Sheet(
            template: "webhook-made-page",
            title: webhook.signing == .ed25519 ? "The webhook’s key" : "The webhook’s secret",
            section: .none,
            fill: fill
        )
    }

    /// The webhook that the path names, of the organisation that the visitor acts for.
    private static func named(
        _ read: PageRead,
        _ visitor: Visitor
    ) throws -> (WebhookID, OrganisationID) {
        try visitor.require(.writeWebhooks, to: "see its webhooks")
        guard let id = WebhookID(text: read.context.parameters.get("webhook") ?? "") else {
            throw Problem(WebhookRefusal.unknown)
        }
        return (id, visitor.caller.organisation)
    }

    private func explained<Output>(_ body: () async throws -> Output) async throws -> Output {
        do {
            return try await body()
        } catch let refusal as WebhookRefusal {
            throw Problem(refusal)
        }
    }
}

extension Problem {
    /// Why something about a webhook was not done, for people.
    init(_ refusal: WebhookRefusal) {
        switch refusal {
        case .badAddress(let why):
            self = .unfit(
                "That address cannot be used: \(why).",
                hint: "It is https, of a host on the internet."
            )
        case .tooLong(let field): self = .unfit("The \(field) is too long.")
        case .unknown:
            self = .missing(
                "There is no such webhook here.",
                hint: "It may be removed, or another organisation’s."
            )
        case .tooMany:
            self = .unfit("There are as many webhooks as may be.", hint: "Remove one first.")
        case .tooManyWait:
            self = .unfit(
                "As many messages wait for it as may.",
                hint: "Mend its receiver first, or remove it."
            )
        }
    }
}
