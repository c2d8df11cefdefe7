import MarketTypes
import WebServing
import Webhooks

/// The webhooks of an organisation, and what came of what was sent to them.
enum WebhookPages {
    /// How many messages a page has.
    static let messagesMax = 25

    /// A webhook as lists and its own page show it.
    ///
    /// - Parameter latest: what was sent to it last.
    static func fill(
        _ webhook: Webhook,
        latest: WebhookDelivery?,
        own account: AccountID?,
        at now: Timestamp
    ) -> Fill {
        var fill = Fill(["hookID": webhook.id.text, "hookURL": webhook.url])
        fill.put("hookHost", host(webhook.url))
        fill.put("hookNote", webhook.note.isEmpty ? nil : webhook.note)
        fill.put("hookHref", "\(PortalPaths.webhooks)/\(webhook.id)")
        let state = state(webhook)
        fill.put("state", state.text)
        fill.put("tone", state.tone)
        fill.put("trouble", trouble(webhook, at: now))
        fill.put("isActive", webhook.state == .active)
        fill.put("isDisabled", webhook.state == .disabled)
        fill.put("waiting", webhook.pendingCount)
        fill.put("created", TimeText.fill(webhook.created, now: now))
        fill.put("signing", webhook.signing == .ed25519 ? "Ed25519" : "HMAC-SHA-256")
        fill.put("publicKey", webhook.publicKey)
        fill.put("overlap", webhook.overlapUntil.flatMap { $0 > now ? TimeText.full($0) : nil })
        fill.put("topics", webhook.topics.map { topic($0, own: account) })
        fill.put("latest", latest.map { self.fill($0, isSent: webhook.state == .active, at: now) })
        return fill
    }

    /// A message as tables show it.
    ///
    /// - Parameter isSent: whether anything is sent to its webhook now.
    static func fill(_ delivery: WebhookDelivery, isSent: Bool, at now: Timestamp) -> Fill {
        var fill = Fill(["number": "\(delivery.number)", "message": delivery.message])
        fill.put("type", delivery.type)
        let outcome = outcome(delivery, isSent: isSent, at: now)
        fill.put("outcome", outcome.text)
        fill.put("tone", outcome.tone)
        fill.put("outcomeNote", outcome.note)
        fill.put("when", TimeText.fill(delivery.sent ?? delivery.created, now: now))
        fill.put("isOver", delivery.state != .pending)
        return fill
    }

    /// What an address leads to, without what is the same for all.
    static func host(_ url: String) -> String {
        let rest = url.split(separator: "/", omittingEmptySubsequences: true).dropFirst()
        return rest.first.map(String.init) ?? url
    }

    private static func state(_ webhook: Webhook) -> (text: String, tone: String) {
        switch webhook.state {
        case .active:
            webhook.failingSince == nil ? ("Active", "good") : ("Failing", "active")
        case .paused: ("Paused", "quiet")
        case .disabled: ("Switched off", "bad")
        }
    }

    private static func trouble(_ webhook: Webhook, at now: Timestamp) -> String? {
        switch webhook.state {
        case .disabled:
            return "It was switched off: everything failed for five days, or the receiver said "
                + "that it is gone. Mend it and switch it on; what waited is sent then."
        case .paused:
            return "Nothing is sent. What happens meanwhile is sent when it is switched on again."
        case .active:
            guard let since = webhook.failingSince else { return nil }
            return "Nothing has arrived since \(TimeText.full(since)). After five days of that it "
                + "is switched off."
        }
    }

    /// A topic in words, with the account that it names.
    private static func topic(_ text: String, own account: AccountID?) -> Fill {
        var fill = Fill(["topicName": text])
        fill.put("topicText", topicText(text, own: account).capitalizedFirst)
        return fill
    }

    private static func topicText(_ text: String, own account: AccountID?) -> String {
        switch WebhookTopic(text: text) {
        case .receipts: "receipts of your calls"
        case .trades: "trades"
        case .offers: "offers"
        case .account(let named) where named == account: "your account"
        case .account(let named): "account \(NameText.short(named))"
        case nil: text
        }
    }

    private static func outcome(
        _ delivery: WebhookDelivery,
        isSent: Bool,
        at now: Timestamp
    ) -> (text: String, tone: String, note: String?) {
        let status = delivery.status.map { "\($0)" }
        let took = delivery.milliseconds.map { "\(NumberText.grouped(max(0, $0))) ms" }
        let why = [status, delivery.fault].compactMap(\.self).joined(separator: ", ")
        switch delivery.state {
        case .delivered:
            let attempt = delivery.attempts > 1 ? "attempt \(delivery.attempts)" : nil
            let note = [status, took, attempt].compactMap(\.self).joined(separator: " · ")
            return ("Delivered", "good", note.isEmpty ? nil : note)
        case .failed:
            let count = NumberText.count(delivery.attempts, "attempt", "attempts")
            return ("Failed", "bad", "\(why) · after \(count)")
        case .pending:
            guard delivery.attempts > 0 else { return ("Waiting", "quiet", nil) }
            let next = delivery.due.map { "again \(TimeText.ahead($0, now: now))" }
            let parts = [why, isSent ? next : nil].compactMap(\.self)
            let text = isSent ? "Retrying" : "Held back"
            return (text, "active", parts.joined(separator: " · "))
        }
    }
}

/// What somebody typed to make a webhook, or to change it.
struct WebhookForm {
    /// How many other accounts a form takes.
    static let accountsMax = 8
    static let noteBytesMax = 256

    /// Reads a form's field; nil if it is not there or empty.
    let read: (String) -> String?

    /// The form's fields as they were typed, or as the webhook has them, or as a new form does.
    func fill(
        _ webhook: Webhook?,
        isTyped: Bool,
        own account: AccountID?,
        mayReceipts: Bool
    ) -> Fill {
        var fill = Fill()
        fill.put("urlText", read("url") ?? (isTyped ? "" : webhook?.url ?? ""))
        fill.put("noteText", read("note") ?? (isTyped ? "" : webhook?.note ?? ""))
        let had = webhook?.topics ?? (mayReceipts ? ["receipts"] : [])
        let own = account.map { WebhookTopic.account($0).text }
        func isTicked(_ name: String, _ topic: String?) -> Bool {
            isTyped ? read("topic.\(name)") != nil : topic.map { had.contains($0) } ?? false
        }
        var choices: [Fill] = []
        for (name, topic, title, note) in [
            ("receipts", "receipts", "Receipts of your calls", "Each call that was paid for."),
            (
                "own", own, "Your account",
                "Money in and out, orders, passes, votes: all that names it."
            ),
            ("trades", "trades", "Trades", "Of every market of the exchange."),
            ("offers", "offers", "Offers", "As they are published, changed and withdrawn."),
        ] where (name != "receipts" || mayReceipts) && (name != "own" || own != nil) {
            var choice = Fill(["choiceName": name, "choiceTitle": title, "choiceNote": note])
            choice.put("ticked", isTicked(name, topic))
            choices.append(choice)
        }
        fill.put("choices", choices)
        let others = had.filter { $0.hasPrefix("account:") && $0 != own }
            .map { String($0.dropFirst("account:".count)) }
        let accounts = read("accounts") ?? (isTyped ? "" : others.joined(separator: "\n"))
        fill.put("accountsText", accounts)
        fill.put("accountsAny", !accounts.isEmpty)
        fill.put("isEd25519", read("signing") == WebhookSecret.Kind.ed25519.rawValue)
        fill.put("isNew", webhook == nil)
        fill.put("noteBytesMax", Self.noteBytesMax)
        return fill
    }

    /// What the fields ask for.
    func draft(own account: AccountID?, allowsLoopback: Bool) throws -> WebhookDraft {
        let url: WebhookURL
        do throws(WebhookRefusal) {
            url = try WebhookURL(read("url") ?? "", allowsLoopback: allowsLoopback)
        } catch {
            throw Problem(error)
        }
        var topics: [WebhookTopic] = []
        if read("topic.receipts") != nil { topics.append(.receipts) }
        if read("topic.own") != nil, let account { topics.append(.account(account)) }
        if read("topic.trades") != nil { topics.append(.trades) }
        if read("topic.offers") != nil { topics.append(.offers) }
        let others = (read("accounts") ?? "").split { $0.isWhitespace || $0 == "," }
        guard others.count <= Self.accountsMax else {
            throw Problem.unfit(
                "A webhook hears of \(Self.accountsMax) other accounts at most.",
                hint: "Make a second one for the rest."
            )
        }
        for text in others {
            guard let topic = WebhookTopic(text: "account:\(text)") else {
                throw Problem.unfit(
                    "“\(text.prefix(80))” is no address.",
                    hint: "An address begins with stoa1; a digit is wrong or missing."
                )
            }
            if !topics.contains(topic) { topics.append(topic) }
        }
        guard !topics.isEmpty else {
            throw Problem.unfit(
                "It would hear of nothing.",
                hint: "Tick at least one thing that it is told."
            )
        }
        let note = read("note") ?? ""
        guard note.utf8.count <= Self.noteBytesMax else {
            throw Problem.unfit("The note is too long.")
        }
        return WebhookDraft(
            url: url.text,
            topics: topics.map(\.text),
            note: note,
            signing: WebhookSecret.Kind(rawValue: read("signing") ?? "") ?? .hmac
        )
    }
}
