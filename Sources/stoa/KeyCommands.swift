import ArgumentParser
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

struct KeyGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "replace the key that signs for an account, or see which one does",
        discussion: """
            An account keeps its address for ever; its key can be replaced. The new key signs \
            after a delay, in which the old one can take it back: whoever follows the ledger sees \
            the alarm. Afterwards, use the new wallet with --account.

            EXAMPLE
              stoa wallet new alice-2
              stoa key rotate --wallet alice alice-2
              stoa key show alice
              stoa wallet send --from alice-2 --account alice bob 5
            """,
        subcommands: [KeyRotate.self, KeyCancel.self, KeyShow.self]
    )
}

struct KeyRotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "ask that another key sign for an account, after a delay",
        discussion: """
            The ledger cannot know whether anybody holds the new key: check with a transaction of \
            its own first. It can be a policy's or a passkey's, by its address.

            EXAMPLE
              stoa key rotate --wallet alice alice-2
            """
    )

    @OptionGroup var sender: AuthorizationSender
    @Argument(help: "whose key will sign: a wallet's name or an address")
    var next: String

    func run() async throws {
        let account = try Wallets(home: sender.home).resolve(next)
        try await sender.execute { _ in .rotateKey(to: account) }
    }
}

struct KeyCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "take back what `key rotate` asked for, before it takes effect",
        discussion: "EXAMPLE\n  stoa key cancel --wallet alice"
    )

    @OptionGroup var sender: AuthorizationSender

    func run() async throws {
        try await sender.execute { _ in .cancelRotation }
    }
}

struct KeyShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "whose key signs for an account, and what is to change",
        discussion: """
            A key's text, such as 3:02…, shows the account that it controls. With --public, a \
            wallet's own key is shown too, for which its passphrase is needed.

            EXAMPLE
              stoa key show alice
            """
    )

    @Argument(help: "a wallet's name, an address, or a key's text")
    var account = "default"
    @Flag(name: .customLong("public"), help: "the public key in this wallet")
    var showsPublicKey = false
    @OptionGroup var home: HomeOptions
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    struct Document: Encodable {
        let address, signer: String
        let publicKey, next: String?
        let effectiveAt: UInt64?
    }

    func run() async throws {
        let wallets = Wallets(home: home)
        let named = PublicKey(text: account)
        let id = try named?.accountID ?? wallets.resolve(account)
        let shown =
            showsPublicKey
            ? try named
                ?? wallets.open(account, passphrase: try home.passphrase(of: account)).publicKey
            : named
        let document = try await node.ask { ledger in
            let height = try await ledger.status().height
            let entry = try await ledger.read(KeyAuthority.self, .keyAuthority(id))
            let pending = entry?.pending(at: height)
            return Document(
                address: id.description,
                signer: (entry?.signer(at: height) ?? id).description,
                publicKey: shown?.description,
                next: pending?.next.description,
                effectiveAt: pending?.effectiveAt.rawValue
            )
        }
        try output.print(document, text(document))
    }

    private func text(_ document: Document) -> String {
        var lines = [document.address]
        if let key = document.publicKey { lines.append("public key \(key)") }
        lines.append(
            document.signer == document.address
                ? "signed for by its own key" : "signed for by the key of \(document.signer)"
        )
        if let next = document.next, let height = document.effectiveAt {
            lines.append("from block \(height) on by the key of \(next)")
        }
        return lines.joined(separator: "\n")
    }
}
