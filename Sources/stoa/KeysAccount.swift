import AccessCore
import AccessStore
import ArgumentParser
import Identity
import MarketTypes

struct KeysAccount: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "account",
        abstract: "choose the account that pays for calls with the operator's keys",
        discussion: """
            It pays once it has granted the market's key a session; the command for that is \
            printed. The market's key is made from the file beside the access database, and is \
            another for each account.

            EXAMPLE
              stoa keys account alice
              stoa session grant --wallet alice stoa1… --limit 20
            """
    )

    @Argument(help: "who pays: a wallet's name or an address")
    var payer: String
    @OptionGroup var options: AccessCommandOptions

    private struct Document: Encodable {
        let account: String
        let session: String
    }

    func run() async throws {
        let account = try Wallets(home: options.home).resolve(payer)
        let session = try await options.ask { database, _ in
            let sealing = try options.access.sealingKey(database)
            guard let key = sealing.actingKey(of: account)?.accountID else {
                throw CommandFailure("there is no secure memory left")
            }
            try await database.linkOperatorAccount(account, at: wallClock())
            return key
        }
        let wallet = AccountID(address: payer) == nil ? payer : "NAME"
        try options.output.print(
            Document(account: "\(account)", session: "\(session)"),
            """
            \(account) pays for calls with the operator's keys, once it has granted a session:
              stoa session grant --wallet \(wallet) \(session) --limit 20
            """
        )
    }
}

struct KeysTier: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tier",
        abstract: "choose how fast an organisation's keys may call, and how many it may have",
        discussion: """
            There are \(Tier.allCases.map(\.name).joined(separator: ", ")). Without --organisation \
            it is the operator's own.

            EXAMPLE
              stoa keys tier business --organisation 5f2c90ab…
            """
    )

    @Argument(help: "the tier")
    var tier: String
    @Option(help: "the organisation's 32 hex digits, as `stoa audit export` has them")
    var organisation: String?
    @OptionGroup var options: AccessCommandOptions

    func run() async throws {
        guard let tier = Tier(name: tier) else {
            throw CommandFailure("there is no tier “\(tier)”", hint: "see stoa keys tier --help")
        }
        let changed = try await options.ask { database, caller in
            let id = try organisation.map { text in
                guard let id = OrganisationID(text: text) else {
                    throw CommandFailure("“\(text)” names no organisation")
                }
                return id
            }
            let named = id ?? caller.organisation
            try await database.setTier(tier, of: named, source: "local", at: wallClock())
            return named
        }
        try options.output.print(
            ["organisation": "\(changed)", "tier": tier.name],
            "\(changed) is in the tier \(tier.name)"
        )
    }
}
