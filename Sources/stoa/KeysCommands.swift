import AccessCore
import AccessStore
import ArgumentParser
import MarketTypes

struct KeysGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "make and end API keys of this machine's market",
        discussion: """
            Keys let programs call `stoa serve`. They belong to the operator, whoever can write \
            the access database; people make their own on the market's pages. A key is shown once.

            EXAMPLES
              stoa keys create build --scope calls:write --scope usage:read --day-budget 2.5
              stoa keys list
              stoa keys rotate 4fGh2KqLmN8p --overlap-hours 24
              stoa keys revoke 4fGh2KqLmN8p
              stoa keys account alice
            """,
        subcommands: [
            KeysCreate.self, KeysList.self, KeysRotate.self, KeysRevoke.self, KeysAccount.self,
            KeysTier.self, KeysRetireSigners.self,
        ]
    )
}

/// Which database, and how to print.
struct AccessCommandOptions: ParsableArguments {
    @OptionGroup var access: AccessOptions
    @OptionGroup var home: HomeOptions
    @OptionGroup var output: OutputOptions

    /// Asks the database as the operator, and explains its refusals.
    func ask<Output>(
        _ body: (AccessDatabase, Caller) async throws -> Output
    ) async throws -> Output {
        let database = try access.open(home)
        do {
            return try await body(database, try await database.localOperator(at: wallClock()))
        } catch let refusal as KeyRefusal {
            throw CommandFailure(
                "the key was refused: \(refusal); nothing was changed",
                hint: "code \(refusal.code): see docs/spec/access.md, ACC-13"
            )
        } catch is OrganisationRefusal {
            throw CommandFailure("there is no such organisation; nothing was changed")
        } catch let error as AccessStoreError {
            throw CommandFailure("\(error)", hint: "check \(database.path)")
        }
    }
}

/// What is printed of a key.
private struct KeyDocument: Encodable {
    let id, label, mode, scopes, state: String
    let created, expires: UInt64
    let used: UInt64?
    /// None if it may spend all that its organisation lets the market spend.
    let budgets: [BudgetDocument]
    let spent: [SpentDocument]
    let key: String?

    init(
        _ key: APIKey,
        used: Timestamp? = nil,
        spending: [SpendingLine] = [],
        text: APIKeyText? = nil
    ) {
        let now = wallClock()
        id = key.id.text
        label = key.label
        mode = key.mode.rawValue
        scopes = key.scopes.description
        created = key.created.milliseconds
        expires = key.expires.milliseconds
        self.used = used?.milliseconds
        budgets = key.budgets.rules.map { BudgetDocument($0, spending, at: now) }
        spent = spending.compactMap { SpentDocument($0) }
        self.key = text?.text
        state =
            switch key.state {
            case .active: key.expires > wallClock() ? "active" : "expired"
            case .replaced(let successor, let until):
                until > wallClock() ? "replaced by \(successor)" : "replaced"
            case .revoked: "revoked"
            }
    }
}

struct KeysCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "make a key, and show it this once",
        discussion: """
            Budgets are in STOA: --budget for all the key's life, --day-budget for each day of \
            UTC, --model-budget and --model-day-budget for one model.

            EXAMPLE
              stoa keys create agent --scope calls:write --budget 100 --model-day-budget llama=0.5
            """
    )

    @Argument(help: "what it is called in lists")
    var label: String
    @Option(help: "what it may do; may be repeated (\(ScopeSet.all))")
    var scope: [String] = [Scope.callModels.rawValue]
    @Flag(help: "make a key that gets the same test answer to each chat or embedding, for nothing")
    var test = false
    @Option(help: "after how many days it ends, 366 at most")
    var days: UInt64 = 90
    @Option(help: "the most it may spend in all, in STOA")
    var budget: String?
    @Option(help: "the most it may spend in a day, in STOA")
    var dayBudget: String?
    @Option(help: ArgumentHelp("the most for one model in all", valueName: "model=STOA"))
    var modelBudget: [String] = []
    @Option(help: ArgumentHelp("the most for one model in a day", valueName: "model=STOA"))
    var modelDayBudget: [String] = []
    @OptionGroup var options: AccessCommandOptions

    func run() async throws {
        guard let scopes = ScopeSet(text: scope.joined(separator: " ")) else {
            throw CommandFailure(
                "“\(scope.joined(separator: " "))” are no scopes",
                hint: "there are: \(ScopeSet.all)"
            )
        }
        guard days <= APIKey.lifeDaysMax else { throw CommandFailure("a key ends within 366 days") }
        let budgets = try budgets()
        warn(scopes, budgets)
        let made = try await options.ask { database, caller in
            try await database.createKey(
                APIKeyRequest(
                    label: label,
                    mode: test ? .test : .live,
                    scopes: scopes,
                    budgets: budgets,
                    expires: wallClock().adding(milliseconds: days * 86_400_000)
                ),
                by: caller,
                source: "local",
                at: wallClock()
            )
        }
        try await show(made, options)
    }

    /// Says what the key will be able to spend, if that is everything or nothing.
    private func warn(_ scopes: ScopeSet, _ budgets: BudgetRules) {
        guard !test, scopes.contains(.callModels) else { return }
        if budgets.rules.isEmpty {
            note(
                "no budget: the key may spend all that the market may spend for its account; "
                    + "--budget or --day-budget bounds it"
            )
        } else if budgets.rules.contains(where: { $0.model == nil && $0.limit.isZero }) {
            note("a budget of 0: the key can call nothing but what is free")
        }
    }

    private func budgets() throws -> BudgetRules {
        var rules: [BudgetRule] = []
        func add(_ window: BudgetRule.Window, _ model: String?, _ text: String) throws {
            guard let amount = try? Amount(stoa: text),
                let rule = BudgetRule(
                    window: window,
                    model: model,
                    limit: amount,
                    denomination: .native
                )
            else { throw CommandFailure("“\(text)” is no budget", hint: "it looks like 2.5") }
            rules.append(rule)
        }
        if let budget { try add(.total, nil, budget) }
        if let dayBudget { try add(.day, nil, dayBudget) }
        for (window, texts) in [
            (BudgetRule.Window.total, modelBudget), (.day, modelDayBudget),
        ] {
            for text in texts {
                let parts = text.split(separator: "=", maxSplits: 1)
                guard parts.count == 2 else {
                    throw CommandFailure("“\(text)” is no budget", hint: "it looks like llama=0.5")
                }
                try add(window, String(parts[0]), String(parts[1]))
            }
        }
        guard let budgets = BudgetRules(rules) else {
            throw CommandFailure("there are two budgets for one thing, or too many")
        }
        return budgets
    }
}

/// Shows a key; one that could not be shown is ended, for nobody has it.
private func show(_ made: CreatedKey, _ options: AccessCommandOptions) async throws {
    do {
        try options.output.printSecret(KeyDocument(made.key, text: made.text), made.text.text)
    } catch let failure as OutputFailure {
        try await options.ask { database, caller in
            try await database.revokeKey(made.key.id, by: caller, source: "local", at: wallClock())
        }
        note(
            """
            Error: \(failure)
            hint: the key \(made.key.id) was made but could not be shown, so it was ended again
            """
        )
        throw OutputFailure.status
    }
    if !options.output.json { note("keep it now: it is not shown again") }
}

struct KeysList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "the operator's keys, without their secrets, and what they spent",
        discussion: """
            What calls that run may yet cost counts as spent until their receipts come.

            EXAMPLE
              stoa keys list
            """
    )

    @OptionGroup var options: AccessCommandOptions
    @OptionGroup var counting: SpendingOptions

    func run() async throws {
        let now = wallClock()
        let found = try await options.ask { database, caller in
            let keys = try await database.keys(of: caller.organisation, at: now)
            let lines = try await counting.spending(of: keys.map(\.key.id), in: database, at: now)
            return keys.map { (listing: $0, spending: lines[$0.key.id] ?? []) }
        }
        let documents = found.map {
            KeyDocument($0.listing.key, used: $0.listing.used, spending: $0.spending)
        }
        let rows = zip(found, documents).map { entry, document in
            [
                "\(document.mode) \(document.id)", document.label, document.state,
                entry.listing.key.endText, document.scopes,
                entry.listing.key.budgetText(entry.spending, at: now),
            ]
        }
        try options.output.print(
            documents,
            table(["KEY", "NAME", "STATE", "UNTIL (UTC)", "SCOPES", "SPENT"], rows)
        )
    }
}

struct KeysRotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "make a key that takes another's place",
        discussion: """
            Both work until the overlap ends, so that programs can be moved one by one. Keys \
            that the old one made end with it.

            EXAMPLE
              stoa keys rotate 4fGh2KqLmN8p --overlap-hours 24
            """
    )

    @Argument(help: "the key's name: the twelve characters after its mode")
    var key: String
    @Option(help: "for how many hours the old key works, 168 at most")
    var overlapHours: UInt64 = 24
    @OptionGroup var options: AccessCommandOptions

    func run() async throws {
        guard overlapHours <= 168 else { throw CommandFailure("an overlap ends within 168 hours") }
        let id = try keyID(key)
        let made = try await options.ask { database, caller in
            try await database.replaceKey(
                id,
                overlapMilliseconds: overlapHours * 3_600_000,
                by: caller,
                source: "local",
                at: wallClock()
            )
        }
        try await show(made, options)
    }
}

struct KeysRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "end a key at once, and every key that it made",
        discussion: "EXAMPLE\n  stoa keys revoke 4fGh2KqLmN8p"
    )

    @Argument(help: "the key's name: the twelve characters after its mode")
    var key: String
    @OptionGroup var options: AccessCommandOptions

    func run() async throws {
        let id = try keyID(key)
        try await options.ask { database, caller in
            try await database.revokeKey(id, by: caller, source: "local", at: wallClock())
        }
        try options.output.print(["revoked": id.text], "\(id) is over")
    }
}

private func keyID(_ text: String) throws -> APIKeyID {
    let name = text.split(separator: "_").first { $0.utf8.count == APIKeyID.charactersCount }
    guard let id = APIKeyID(text: name.map(String.init) ?? text) else {
        throw CommandFailure("“\(text)” names no key", hint: "see `stoa keys list`")
    }
    return id
}
