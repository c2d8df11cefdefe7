import ArgumentParser
import Identity
import LedgerClient
import MarketTypes
import Portal

/// What `stoa serve` does with keys of the home directory for people who sign in.
struct SandboxOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "a wallet that gives people who sign in something to try the market with, once a day",
            valueName: "wallet"
        )
    )
    var faucet: String?
    @Option(help: "how much it gives each time, in STOA", transform: Amount.init(argument:))
    var faucetAmount = Amount(obol: 5 * Amount.obolPerStoa)

    /// The faucet, if one was asked for.
    func faucet(_ home: HomeOptions, _ ledger: any LedgerConnection) throws -> Faucet? {
        guard let faucet else { return nil }
        guard !faucetAmount.isZero else {
            throw CommandFailure("--faucet-amount is more than nothing")
        }
        let key = try Wallets(home: home).open(faucet, passphrase: try home.passphrase(of: faucet))
        return Faucet(AccountSession(key: key, ledger: ledger), amount: faucetAmount)
    }
}
