import ArgumentParser
import CanonicalCoding
import Identity
import LedgerClient
import LedgerCore
import MarketTypes
import ValidatorNode

struct StakeGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stake",
        abstract: "put STOA behind the validators that order blocks, and earn their fees",
        discussion: """
            Stake is at risk: a validator that breaks consensus loses a part of all stake behind \
            it. What is asked back arrives after a delay.

            EXAMPLE
              stoa stake list
            """,
        subcommands: [
            StakeList.self, StakeStatus.self, StakeDelegate.self, StakeUndelegate.self,
            StakeWithdraw.self, StakeRewards.self, StakeRegister.self, StakeCommission.self,
            StakeUnjail.self,
        ]
    )
}

/// The options of the commands that send one message about stake.
struct StakeSender: ParsableArguments {
    @OptionGroup var signing: SigningOptions

    var home: HomeOptions { signing.home }
    var node: NodeOptions { signing.node }
    var output: OutputOptions { signing.output }
    /// Whose assets bare names are.
    var wallet: String { signing.actor }

    /// Executes the message that `make` makes for the account that acts, and prints the outcome
    /// and what it brought about.
    func execute(
        _ make: (any LedgerConnection, AccountID) async throws -> StakingMessage
    ) async throws {
        let outcome = try await signing.send { ledger, account in
            [.staking(try await make(ledger, account))]
        }.outcome
        let events = outcome.result.events.map(\.text)
        try output.print(
            Document(
                transaction: outcome.digest.description,
                height: outcome.height.rawValue,
                events: events
            ),
            events.joined(separator: "\n")
        )
    }

    private struct Document: Encodable {
        let transaction: String
        let height: UInt64
        let events: [String]
    }
}

/// The options of the commands about one validator.
struct StakeTarget: ParsableArguments {
    @Argument(help: "the validator: a wallet's name or an address")
    var validator: String
    @OptionGroup var sender: StakeSender

    /// Executes the message that `make` makes for the validator.
    func execute(_ make: (AccountID) -> StakingMessage) async throws {
        let validator = try Wallets(home: sender.home).resolve(validator)
        try await sender.execute { _, _ in make(validator) }
    }
}

struct StakeDelegate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delegate",
        abstract: "put stake behind a validator",
        discussion: "EXAMPLE\n  stoa stake delegate --wallet alice stoa1… 100"
    )

    @OptionGroup var target: StakeTarget
    @Argument(help: "how much, in STOA", transform: Amount.init(argument:))
    var amount: Amount

    func run() async throws {
        try await target.execute { .delegate(validator: $0, amount: amount) }
    }
}

struct StakeUndelegate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "undelegate",
        abstract: "ask for stake back; it stays at risk until it arrives",
        discussion: "EXAMPLE\n  stoa stake undelegate --wallet alice stoa1… 40"
    )

    @OptionGroup var target: StakeTarget
    @Argument(help: "how much, in STOA", transform: Amount.init(argument:))
    var amount: Amount

    func run() async throws {
        try await target.execute { .undelegate(validator: $0, amount: amount) }
    }
}

struct StakeWithdraw: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "withdraw",
        abstract: "take what was asked back, once its delay has passed",
        discussion: "EXAMPLE\n  stoa stake withdraw --wallet alice stoa1…"
    )

    @OptionGroup var target: StakeTarget

    func run() async throws {
        try await target.execute { .withdrawStake(validator: $0) }
    }
}

struct StakeRewards: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rewards",
        abstract: "take the rewards of stake, and a validator its commission",
        discussion: "EXAMPLE\n  stoa stake rewards --wallet alice stoa1…"
    )

    @OptionGroup var target: StakeTarget

    func run() async throws {
        try await target.execute { .withdrawRewards(validator: $0) }
    }
}

struct StakeRegister: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "register",
        abstract: "make the wallet's account a validator, with the home directory's engine key",
        discussion: """
            The engine's key in the home directory becomes this validator's, for ever; the account \
            stays a validator for ever too. Commissions are in hundredths of a percent.

            EXAMPLE
              stoa stake register --home net/node4 --wallet operator 1000
            """
    )

    @Argument(help: "what the validator stakes itself, in STOA", transform: Amount.init(argument:))
    var selfBond: Amount
    @Option(help: "what it keeps of rewards")
    var commission = LedgerCore.Commission.standard.basisPoints
    @Option(help: "the most it will ever keep; cannot be changed")
    var commissionMax = LedgerCore.Commission.standard.basisPointsMax
    @Option(help: "the most one change of it can be; cannot be changed")
    var commissionChangeMax = LedgerCore.Commission.standard.changeMax
    @OptionGroup var sender: StakeSender

    func run() async throws {
        let engineKey = try EngineHome(directory: sender.home.path("engine")).validatorKey()
        try await sender.execute { ledger, account in
            let chain = try await ledger.status().chain
            let proof = ConsensusKeyProof(chain: chain, validator: account)
            return .registerValidator(
                ValidatorRegistration(
                    proof: engineKey.signingKey.sign(proof).signed,
                    commission: Commission(
                        basisPoints: commission,
                        basisPointsMax: commissionMax,
                        changeMax: commissionChangeMax
                    ),
                    selfBond: selfBond
                )
            )
        }
    }
}

struct StakeCommission: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "commission",
        abstract: "change what the wallet's validator keeps of rewards",
        discussion: "EXAMPLE\n  stoa stake commission --wallet operator 700"
    )

    @Argument(help: "the new part, in hundredths of a percent")
    var basisPoints: UInt16
    @OptionGroup var sender: StakeSender

    func run() async throws {
        try await sender.execute { _, _ in .setCommission(basisPoints: basisPoints) }
    }
}

struct StakeUnjail: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unjail",
        abstract: "let the wallet's validator, which failed to sign, back in",
        discussion: "EXAMPLE\n  stoa stake unjail --wallet operator"
    )

    @OptionGroup var sender: StakeSender

    func run() async throws {
        try await sender.execute { _, _ in .unjail }
    }
}

extension StakingEvent {
    /// The event in a few words.
    var text: String {
        switch self {
        case .registered(let validator, let address):
            "validator \(validator) registered with the key \(Hex.encode(address.bytes))"
        case .delegationChanged(let validator, let delegator, let shares):
            "\(delegator) has \(shares) shares of \(validator)"
        case .stakeWithdrawn(let validator, let delegator, let amount):
            "\(amount) STOA of stake came back from \(validator) to \(delegator)"
        case .rewardsPaid(let validator, let account, let amount):
            "\(amount) STOA of rewards of \(validator) paid to \(account)"
        case .rewardEarned(let validator, let amount):
            "validator \(validator) earned \(amount) STOA"
        case .commissionChanged(let validator, let basisPoints):
            "validator \(validator) keeps \(percent(basisPoints)) of rewards"
        case .jailed(let validator, let height):
            "validator \(validator) is in jail until block \(height.rawValue)"
        case .unjailed(let validator): "validator \(validator) is out of jail"
        case .slashed(let validator, let amount, let infraction):
            """
            validator \(validator) lost \(amount) STOA of stake for what it did at block \
            \(infraction.rawValue), and is out for ever
            """
        }
    }
}

/// Hundredths of a percent as text, such as `12.5 %`.
func percent(_ basisPoints: UInt16) -> String {
    let (whole, rest) = basisPoints.quotientAndRemainder(dividingBy: 100)
    let digits = rest < 10 ? "0\(rest)" : "\(rest)"
    return rest == 0 ? "\(whole) %" : "\(whole).\(digits) %"
}
