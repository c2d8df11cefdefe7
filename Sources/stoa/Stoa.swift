import ArgumentParser
import FoundationEssentials
import NIOCore
import NIOPosix

@main
struct Stoa: AsyncParsableCommand {
    /// Runs the command, its tasks on the threads that wait for the network.
    ///
    /// Otherwise each step of a call would hop between two thread pools, which on few cores costs
    /// more than the step itself (docs/benchmarks.md).
    ///
    /// `STOA_THREADS` sets how many threads there are. Unless set, a ledger gets one for each core,
    /// because it checks signatures on all of them; a gateway, provider or market half, because it
    /// shares its machine with its client or its model, and hops between threads cost it most.
    static func main() async {
        holdStandardStreams()
        let process = ProcessInfo.processInfo
        let shares = ["connect", "sell", "provider", "serve"].contains(
            CommandLine.arguments.dropFirst().first
        )
        let cores = process.activeProcessorCount
        let wanted = process.environment["STOA_THREADS"].flatMap { Int($0) }
        NIOSingletons.groupLoopCountSuggestion = max(1, wanted ?? (shares ? cores / 2 : cores))
        NIOSingletons.unsafeTryInstallSingletonPosixEventLoopGroupAsConcurrencyGlobalExecutor()
        await perform()
    }

    /// Runs the command that the arguments name, and ends the process if it fails.
    private static func perform() async {
        var running: (any ParsableCommand.Type)?
        do {
            var command = try await asyncParseAsRoot()
            running = type(of: command)
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            guard let ending = Ending(error, in: running) else { exit(withError: error) }
            ending.exit()
        }
    }

    static let configuration = CommandConfiguration(
        commandName: "stoa",
        abstract: "buy and sell AI on a ledger that nobody owns",
        discussion: """
            A seller offers a model with `stoa sell`; a buyer runs `stoa connect` and points any \
            OpenAI client at it. `stoa up` starts a whole market on this machine.

            Data goes to standard output, everything else to standard error. `--json` makes the \
            data machine-readable, and of a failure one document on standard error.

            EXIT STATUS
              0   done
              1   refused or failed
              64  wrong usage, amounts included; nothing was sent
              69  a service gave no answer or is too busy; nothing was sent
              74  the output could not be written
              75  something was sent, and what became of it is not known yet

            EXAMPLES
              stoa up                                a market on this machine
              stoa wallet new alice                  a key, sealed with a passphrase
              stoa offers                            what is for sale
              stoa call smollm2-135m "Why is the sky blue?"
              stoa --generate-completion-script bash     completion: bash, zsh or fish
            """,
        version: "0.1.0",
        subcommands: [
            Up.self, WalletGroup.self, Sell.self, Offers.self, BondGroup.self, Connect.self,
            Call.self,
            ChannelGroup.self, ReceiptGroup.self, NodeGroup.self, ProviderCommand.self,
            Status.self, IndexGroup.self, Serve.self, KeysGroup.self, WebhooksGroup.self,
            AuditGroup.self, Blocks.self, Supply.self, Prove.self, Verify.self,
            Testnet.self, Validator.self, StakeGroup.self, SessionGroup.self, KeyGroup.self,
            MultisigGroup.self, AssetGroup.self, PassGroup.self, UnitGroup.self,
            ShareGroup.self, ExchangeGroup.self, GovernGroup.self, EscrowGroup.self,
            DisputeGroup.self, JuryGroup.self, Fraud.self, Simulate.self,
            Top.self, Supervise.self,
        ]
    )
}
