import ArgumentParser
import CanonicalCoding
import FoundationEssentials
import Glibc
import Identity
import LedgerCore
import MarketTypes
import ValidatorNode

struct Testnet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "write a whole network of validators: genesis, keys, engine settings, scripts",
        discussion: """
            Every validator gets a home directory of its own. Nothing is started; \
            DIR/start.sh starts all of them on this machine, and network.json says where they \
            answer. COMETBFT_BIN names the ordering engine's program.

            EXAMPLE
              stoa testnet --validators 4 --output ./net --allocate alice=1000000
              COMETBFT_BIN=/opt/cometbft ./net/start.sh
              stoa status --node "$(cat net/ledger)" --genesis net/genesis.stoa
            """
    )

    @Option(help: "how many validators order the blocks")
    var validators = 4
    @Option(help: "how many nodes follow without a vote")
    var followers = 0
    @Option(help: ArgumentHelp("where to write; must not exist yet", valueName: "directory"))
    var output: String
    @Option(
        help: ArgumentHelp(
            "who owns how many STOA at the start; repeat for each",
            valueName: "account=stoa"
        )
    )
    var allocate: [String] = []
    @Option(help: ArgumentHelp("a file of such lines", valueName: "file"))
    var allocations: String?
    @Option(help: "how many STOA each validator owns and stakes")
    var stake = "100000"
    @Option(help: "a name for people")
    var name = "stoa-testnet"
    @Option(help: "the first port; node N uses +10N+6, +7 and +8; 0 looks for free ones")
    var basePort = 26650
    @Option(help: "how long the engine waits between blocks, in milliseconds")
    var blockIntervalMs: UInt64 = 1000
    @Option(help: "blocks between a payer's request to close a channel and its end")
    var closingDelayBlocks = LedgerParameters.standard.closingDelayBlocks
    @Option(help: "blocks that a bond or a stake stays at risk after its owner asked for it back")
    var unbondingDelayBlocks = LedgerParameters.standard.unbondingDelayBlocks
    @Option(
        help: ArgumentHelp(
            "another number of the rules, which a vote could change; repeat for each",
            valueName: "name=value"
        )
    )
    var number: [NumberText] = []
    @OptionGroup var home: HomeOptions
    @OptionGroup var format: OutputOptions

    func validate() throws {
        guard (1...NetworkPlan.nodesMax).contains(validators), followers >= 0,
            validators + followers <= NetworkPlan.nodesMax
        else { throw ValidationError("a testnet has 1 to \(NetworkPlan.nodesMax) nodes") }
        guard basePort == 0 || (1024...60_000).contains(basePort) else {
            throw ValidationError("the base port is not 0 or 1024 to 60000")
        }
        guard (10...60_000).contains(blockIntervalMs) else {
            throw ValidationError("the block interval is not 10 to 60000 milliseconds")
        }
    }

    func run() async throws {
        guard !FileManager.default.fileExists(atPath: output) else {
            throw CommandFailure(
                "\(output) exists already and was left alone",
                hint: "choose another directory"
            )
        }
        let plan = try NetworkPlan(
            directory: output,
            count: validators + followers,
            validators: validators,
            basePort: basePort == 0 ? try NetworkPlan.freeBasePort() : basePort
        )
        let operators = try plan.makeOperators(passphrase: try home.passphrase(isNew: true))
        let genesis = try genesis(plan, operators)
        try plan.write(genesis, blockIntervalMilliseconds: blockIntervalMs)
        try format.print(
            plan.document(genesis),
            """
            chain    \(genesis.chain.digest)
            engine   \(EngineChainName(genesis.chain).text)
            nodes    \(validators) validators, \(followers) followers in \(output)
            start    COMETBFT_BIN=… \(output)/start.sh
            ask      stoa status --node \(plan.ledger) --genesis \(output)/genesis.stoa
            """
        )
    }

    private func genesis(_ plan: NetworkPlan, _ operators: [AccountID]) throws -> Genesis {
        guard let stake = try? Amount(stoa: stake), !stake.isZero else {
            throw ValidationError("“\(stake)” is not an amount of STOA")
        }
        // A validator stakes what it has, and keeps a little for fees.
        let spare = Amount(obol: 100 * Amount.obolPerStoa)
        let lines = try allocations.map { try readFile($0) } ?? ""
        let texts = allocate + lines.split(whereSeparator: \.isNewline).map(String.init)
        var allocations = try texts.map { try Allocation(text: $0, home: home).allocation }
        for account in operators {
            let amount = Amount(obol: stake.obol + spare.obol)
            allocations.append(Genesis.Allocation(account: account, amount: amount))
        }
        let parameters = LedgerParameters(
            feeMinimum: LedgerParameters.standard.feeMinimum,
            feePerByte: LedgerParameters.standard.feePerByte,
            closingDelayBlocks: closingDelayBlocks,
            unbondingDelayBlocks: unbondingDelayBlocks
        )
        guard
            let genesis = Genesis(
                name: name,
                time: wallClock(),
                sequencer: plan.nodes[0].validatorKey.publicKey,
                parameters: parameters,
                allocations: allocations,
                stakingParameters: StakingParameters(
                    unbondingDelayBlocks: unbondingDelayBlocks
                ),
                validators: zip(plan.nodes, operators).map { node, account in
                    Genesis.Validator(
                        operator: account,
                        consensusKey: node.validatorKey.publicKey,
                        selfBond: stake
                    )
                },
                numbers: number.map(\.change)
            )
        else {
            throw CommandFailure(
                "this genesis is not valid",
                hint: "an account may be named once, and a stake is at least one STOA"
            )
        }
        return genesis
    }
}

/// An allocation as the command line gives it, `account=stoa`.
struct Allocation {
    let allocation: Genesis.Allocation

    init(text: String, home: HomeOptions) throws {
        let parts = text.split(separator: "=", omittingEmptySubsequences: false)
        guard parts.count == 2, let amount = try? Amount(stoa: String(parts[1])) else {
            throw ValidationError("“\(text)” is not like alice=1000")
        }
        allocation = Genesis.Allocation(
            account: try Wallets(home: home).resolve(String(parts[0])),
            amount: amount
        )
    }
}
