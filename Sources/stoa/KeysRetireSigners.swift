import AccessStore
import ArgumentParser

struct KeysRetireSigners: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retire-signers",
        abstract: "end every key that signs this market's tokens, at once, and make new ones",
        discussion: """
            For when somebody else may know one: who has the access database and the file beside \
            it can sign whatever they like. Every access token is refused from then on; programs \
            renew theirs by themselves, and nobody need allow them anew.

            EXAMPLE
              stoa keys retire-signers
            """
    )

    @OptionGroup var options: AccessCommandOptions

    func run() async throws {
        try await options.ask { database, _ in
            let sealing = try options.access.sealingKey(database)
            try await options.access.issuer(database, sealing)
                .retireKeys(source: "local", at: wallClock())
        }
        try options.output.print(
            ["retired": "every key"],
            "every key that signed tokens is over, and new ones sign"
        )
    }
}
