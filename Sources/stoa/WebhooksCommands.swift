import AccessCore
import AccessStore
import ArgumentParser
import Identity
import LedgerIndex
import MarketAPI
import MarketTypes
import Receipts
import Webhooks

struct WebhooksGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhooks",
        abstract: "let this machine's market tell programs what happens",
        discussion: """
            `stoa serve` sends messages, signed by Standard Webhooks, to addresses of the \
            operator's, whoever can write the files of its home directory; people add their own on \
            the market's pages, and programs by /api/v1/webhooks. A secret is shown once.

            EXAMPLES
              stoa webhooks add https://hooks.example.com/stoa --topic receipts
              stoa webhooks list
              stoa webhooks test whk_5f2c90ab…
              stoa webhooks messages whk_5f2c90ab…
              stoa webhooks remove whk_5f2c90ab…
            """,
        subcommands: [
            WebhooksAdd.self, WebhooksList.self, WebhooksMessages.self, WebhooksTest.self,
            WebhooksAgain.self, WebhooksPause.self, WebhooksResume.self, WebhooksRotate.self,
            WebhooksRemove.self,
        ]
    )
}

/// Which files, and how to print.
struct WebhookCommandOptions: ParsableArguments {
    @OptionGroup var access: AccessOptions
    @OptionGroup var index: IndexOptions

    /// Whose webhooks are meant, and where they are kept.
    struct Place {
        let store: WebhookStore
        let owner: OrganisationID
        let account: AccountID?
    }

    /// Asks the file as the operator, and explains its refusals.
    func ask<Output>(_ body: (Place) async throws -> Output) async throws -> Output {
        let database = try access.open(index.home)
        let path = index.path + ".webhooks"
        do {
            let store = try WebhookStore(path: path, sealing: try access.sealingKey(database))
            let owner = try await database.localOperator(at: wallClock()).organisation
            let account = try await database.account(of: owner)
            return try await body(Place(store: store, owner: owner, account: account))
        } catch let refusal as WebhookRefusal {
            throw CommandFailure(Self.text(refusal), hint: Self.hint(refusal))
        } catch let error as WebhookStoreError {
            throw CommandFailure("\(error)", hint: "check \(path), or give another --database")
        } catch let error as AccessStoreError {
            throw CommandFailure("\(error)", hint: "check \(database.path)")
        }
    }

    private static func text(_ refusal: WebhookRefusal) -> String {
        switch refusal {
        case .badAddress(let why): "that address cannot be used: \(why)"
        case .tooMany: "there are as many webhooks as may be; nothing was changed"
        case .unknown: "there is no such webhook or message of the operator's"
        case .tooLong(let field): "the \(field) is too long; nothing was changed"
        case .tooManyWait: "as many messages wait for it as may; nothing was sent"
        }
    }

    private static func hint(_ refusal: WebhookRefusal) -> String {
        switch refusal {
        case .badAddress: "it is https, of a host on the internet (docs/spec/webhooks.md, WHK-3)"
        case .tooMany: "remove one first"
        case .unknown: "see `stoa webhooks list` and `stoa webhooks messages`"
        case .tooLong: "see docs/spec/webhooks.md, WHK-11"
        case .tooManyWait: "mend its receiver, or remove it"
        }
    }
}

/// Which webhook.
struct WebhookArgument: ParsableArguments {
    @Argument(help: "the webhook's name, as `stoa webhooks list` shows it")
    var webhook: String
    @OptionGroup var options: WebhookCommandOptions

    func id() throws -> WebhookID {
        guard let id = WebhookID(text: webhook) else {
            throw CommandFailure("“\(webhook)” names no webhook", hint: "see `stoa webhooks list`")
        }
        return id
    }
}

/// What is printed of a webhook.
struct WebhookDocument: Encodable {
    let id, url, note, signing, state: String
    let topics: [String]
    let created: UInt64
    let waiting: Int
    let failingSince: UInt64?
    let secret: String?

    init(_ webhook: Webhook, secret: String? = nil) {
        id = webhook.id.text
        url = webhook.url
        note = webhook.note
        signing = webhook.signing.rawValue
        state = webhook.state.rawValue
        topics = webhook.topics
        created = webhook.created.milliseconds
        waiting = webhook.pendingCount
        failingSince = webhook.failingSince?.milliseconds
        self.secret = secret
    }
}

/// What is printed of a message.
private struct MessageDocument: Encodable {
    let number: Int64
    let message, type, state: String
    let attempts: Int
    let created: UInt64
    let sent, due: UInt64?
    let status, milliseconds: Int?
    let fault: String?

    init(_ delivery: WebhookDelivery) {
        number = delivery.number
        message = delivery.message
        type = delivery.type
        state = delivery.state.rawValue
        attempts = delivery.attempts
        created = delivery.created.milliseconds
        sent = delivery.sent?.milliseconds
        due = delivery.due?.milliseconds
        status = delivery.status
        milliseconds = delivery.milliseconds
        fault = delivery.fault
    }

    var outcome: String {
        let what = [status.map { "\($0)" }, fault].compactMap(\.self).joined(separator: ", ")
        return what.isEmpty ? state : "\(state) (\(what))"
    }
}

/// Shows a secret this once; if nobody got it, `undo` says what was done about that.
func show(
    _ made: (webhook: Webhook, secret: String),
    _ output: OutputOptions,
    undo: () async throws -> String
) async throws {
    do {
        try output.printSecret(
            WebhookDocument(made.webhook, secret: made.secret),
            "\(made.webhook.id)\n\(made.secret)"
        )
    } catch let failure as OutputFailure {
        note("Error: \(failure)\nhint: \(try await undo())")
        throw OutputFailure.status
    }
    if !output.json, made.webhook.signing == .hmac {
        note("keep the secret now: it is not shown again")
    }
}

struct WebhooksAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "add an address that hears what happens, and show its secret this once",
        discussion: """
            Topics are receipts (of calls that the operator's account paid for), trades, offers \
            and account:NAME, an address or a wallet's name. What happened before is not sent.

            EXAMPLE
              stoa webhooks add https://hooks.example.com/stoa --topic receipts --topic trades
            """
    )

    @Argument(help: "where messages go: https, on the internet")
    var url: String
    @Option(help: "what it hears of; may be repeated")
    var topic: [String] = ["receipts"]
    @Option(help: "a note for lists")
    var note = ""
    @Option(help: "how messages are signed: hmac, or ed25519 with a key of the market's")
    var signing = "hmac"
    @Flag(help: "let it be on this machine, over http; for a market with --webhooks-to-loopback")
    var toLoopback = false
    @OptionGroup var options: WebhookCommandOptions

    func run() async throws {
        guard let signing = WebhookSecret.Kind(rawValue: signing) else {
            throw CommandFailure("“\(signing)” signs nothing here", hint: "use hmac or ed25519")
        }
        let topics = try topic.map { try topic($0).text }
        let place = try await options.index.ask { try await $0.place().height.rawValue }
        let made = try await options.ask { own in
            let url = try WebhookURL(self.url, allowsLoopback: toLoopback).text
            var receipts: (account: AccountID, number: UInt64)?
            if let account = own.account {
                let log = try ReceiptLog(path: options.index.path + ".receipts")
                receipts = (account, try await log.last(of: account))
            }
            return try await own.store.create(
                WebhookDraft(url: url, topics: topics, note: note, signing: signing),
                for: own.owner,
                behind: .end(of: place),
                receipts: receipts,
                at: wallClock()
            )
        }
        try await show(made, options.index.output) {
            try await options.ask { own in
                try await own.store.remove(made.webhook.id, of: own.owner)
            }
            return "its secret could not be shown, so the webhook was removed again"
        }
    }

    private func topic(_ text: String) throws -> WebhookTopic {
        let prefix = "account:"
        if text.hasPrefix(prefix) {
            let name = String(text.dropFirst(prefix.count))
            return .account(try Wallets(home: options.index.home).resolve(name))
        }
        guard let topic = WebhookTopic(text: text) else {
            throw CommandFailure(
                "“\(text)” is no topic",
                hint: "there are receipts, trades, offers and account:NAME"
            )
        }
        return topic
    }
}

struct WebhooksList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "the operator's webhooks, without their secrets",
        discussion: "EXAMPLE\n  stoa webhooks list"
    )

    @OptionGroup var options: WebhookCommandOptions

    func run() async throws {
        let documents = try await options.ask { own in
            try await own.store.webhooks(of: own.owner).map { WebhookDocument($0) }
        }
        try options.index.output.print(
            documents,
            table(
                ["WEBHOOK", "STATE", "WAITING", "TOPICS", "ADDRESS"],
                documents.map {
                    [
                        $0.id, $0.failingSince == nil ? $0.state : "failing", "\($0.waiting)",
                        $0.topics.joined(separator: " "), $0.url,
                    ]
                }
            )
        )
    }
}

struct WebhooksMessages: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "messages",
        abstract: "what was sent to a webhook and what waits, the newest first",
        discussion: "EXAMPLE\n  stoa webhooks messages whk_5f2c90ab…"
    )

    @OptionGroup var named: WebhookArgument
    @Option(help: "how many, 200 at most")
    var limit = 20

    func run() async throws {
        let id = try named.id()
        let documents = try await named.options.ask { own in
            try await own.store.deliveries(of: id, own.owner, before: nil, limit: limit)
                .map { MessageDocument($0) }
        }
        try named.options.index.output.print(
            documents,
            table(
                ["NUMBER", "EVENT", "ATTEMPTS", "OUTCOME"],
                documents.map { ["\($0.number)", $0.type, "\($0.attempts)", $0.outcome] }
            )
        )
    }
}

struct WebhooksTest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "send a message that says nothing but that it arrived",
        discussion: """
            A running `stoa serve` sends it within a second; `stoa webhooks messages` shows what \
            came of it.

            EXAMPLE
              stoa webhooks test whk_5f2c90ab…
            """
    )

    @OptionGroup var named: WebhookArgument

    func run() async throws {
        let id = try named.id()
        let time = wallClock()
        let sent = try await named.options.ask { own in
            try await own.store.sendTest(to: id, of: own.owner, at: time) {
                $0.testMessage(at: time)
            }
        }
        try named.options.index.output.print(
            MessageDocument(sent),
            "message \(sent.number) waits to be sent"
        )
    }
}

struct WebhooksAgain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "again",
        abstract: "send a message once more, under the name that it had",
        discussion: "EXAMPLE\n  stoa webhooks again whk_5f2c90ab… 42"
    )

    @OptionGroup var named: WebhookArgument
    @Argument(help: "the message's number, as `stoa webhooks messages` shows it")
    var number: Int64

    func run() async throws {
        let id = try named.id()
        let sent = try await named.options.ask { own in
            try await own.store.replay(number, of: id, own.owner, at: wallClock())
        }
        try named.options.index.output.print(
            MessageDocument(sent),
            "message \(sent.number) waits to be sent again"
        )
    }
}
