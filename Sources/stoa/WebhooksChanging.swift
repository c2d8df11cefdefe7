import ArgumentParser
import Webhooks

struct WebhooksPause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "send nothing to a webhook until it is resumed",
        discussion: "EXAMPLE\n  stoa webhooks pause whk_5f2c90ab…"
    )

    @OptionGroup var named: WebhookArgument

    func run() async throws { try await named.set(active: false) }
}

struct WebhooksResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "send to a webhook again, and what waited first",
        discussion: "EXAMPLE\n  stoa webhooks resume whk_5f2c90ab…"
    )

    @OptionGroup var named: WebhookArgument

    func run() async throws { try await named.set(active: true) }
}

extension WebhookArgument {
    fileprivate func set(active: Bool) async throws {
        let id = try id()
        let changed = try await options.ask { own in
            var change = WebhookChange()
            change.isActive = active
            return try await own.store.change(id, of: own.owner, change)
        }
        try options.index.output.print(
            WebhookDocument(changed),
            "\(id) is \(changed.state.rawValue)"
        )
    }
}

struct WebhooksRotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "make a new secret; messages are signed with the old one too for a while",
        discussion: "EXAMPLE\n  stoa webhooks rotate whk_5f2c90ab… --overlap-hours 24"
    )

    @OptionGroup var named: WebhookArgument
    @Option(help: "for how many hours the old secret is signed with too, 168 at most")
    var overlapHours: UInt64 = 24

    func run() async throws {
        guard overlapHours <= 168 else { throw CommandFailure("an overlap ends within 168 hours") }
        let id = try named.id()
        let made = try await named.options.ask { own in
            try await own.store.rotate(
                id,
                of: own.owner,
                overlapSeconds: overlapHours * 3_600,
                at: wallClock()
            )
        }
        try await show(made, named.options.index.output) {
            "the new secret was made but could not be shown: rotate again before the old one ends"
        }
    }
}

struct WebhooksRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "forget a webhook and what waits for it",
        discussion: "EXAMPLE\n  stoa webhooks remove whk_5f2c90ab…"
    )

    @OptionGroup var named: WebhookArgument

    func run() async throws {
        let id = try named.id()
        try await named.options.ask { own in try await own.store.remove(id, of: own.owner) }
        try named.options.index.output.print(["removed": id.text], "\(id) is gone")
    }
}
