import AsyncHTTPClient
import CanonicalCoding
import CometBFTClient
import CometBFTTypes
import Identity
import LedgerClient
import LedgerCore
import MarketTypes
import Testing

/// A ledger's genesis and one account on it, for tests of ``NetworkLedger``.
struct Market: Sendable {
    let genesis: Genesis
    let key: SigningKey

    init() throws {
        key = try #require(SigningKey(seed: [UInt8](repeating: 7, count: 32)))
        let genesis = Genesis(
            name: "stoa-test",
            time: Timestamp(milliseconds: 1_600_000_000_000),
            sequencer: key.publicKey,
            parameters: .standard,
            allocations: [
                Genesis.Allocation(account: key.accountID, amount: Amount(obol: 1_000_000))
            ]
        )
        self.genesis = try #require(genesis)
    }

    var account: StateKey { .account(key.accountID) }

    /// The account's entry after its transaction number `sequence`.
    func entry(_ sequence: UInt64) -> [UInt8] {
        Account(sequence: sequence, balance: Amount(obol: 1_000_000 - UInt128(sequence)))
            .canonicalBytes
    }

    func transaction(_ sequence: UInt64, validUntil: UInt64 = 1000, fee: UInt128 = 1) -> [UInt8] {
        key.sign(
            Transaction(
                chain: genesis.chain,
                sender: key.accountID,
                sequence: sequence,
                fee: Amount(obol: fee),
                validUntil: BlockHeight(validUntil),
                messages: [
                    .transfer(to: key.accountID, denomination: .native, amount: Amount(obol: 1))
                ]
            )
        ).signed.canonicalBytes
    }

    /// A chain of `count` blocks on which nothing has happened.
    func chain(_ count: Int) throws -> TestChain {
        var state = TestState()
        state[account] = entry(0)
        for number: UInt8 in 1...5 {
            state[.account(AccountID(Digest(sha256: [number])))] = entry(UInt64(number))
        }
        var chain = TestChain(name: EngineChainName(genesis.chain).text, state: state)
        try chain.grow(count)
        return chain
    }

    /// Puts a transaction into the next block, which uses the account's sequence, and makes the
    /// block after it.
    func include(
        _ bytes: [UInt8],
        sequence: UInt64,
        refusal: Refusal? = nil,
        in chain: inout TestChain
    ) throws {
        var plan = TestChain.Plan()
        var executed = Executed(bytes: bytes)
        if let refusal {
            executed.result = AgreedResult(code: refusal.code, data: [0], gasWanted: 0, gasUsed: 0)
        } else {
            executed.events = [.bondChanged(key.accountID, active: Amount(obol: sequence.wide))]
        }
        let other = Executed(bytes: [1, 2, 3])
        plan.executed = [other, executed, other]
        let after = entry(sequence)
        plan.change = { $0[self.account] = after }
        try chain.append(plan)
        try chain.grow(1)
    }

    func run(
        _ chains: [TestChain],
        settings: NetworkLedger.Settings? = nil,
        limits: CometBFTRPC.Limits? = nil,
        _ body: (NetworkLedger, TestNetwork) async throws -> Void
    ) async throws {
        var quick = NetworkLedger.Settings()
        quick.pollMilliseconds = 20
        quick.confirmSecondsMax = 2
        quick.offerMilliseconds = 500
        quick.proofSecondsMax = 1
        try await TestNetwork.run(chains, limits: limits) { network in
            network.clock.set(network.clock.now.advanced(bySeconds: 600))
            let ledger = NetworkLedger(
                genesis: genesis,
                rpc: network.rpc,
                light: network.light,
                settings: settings ?? quick
            )
            try await body(ledger, network)
        }
    }
}

extension UInt64 {
    var wide: UInt128 { UInt128(self) }
}

/// The error that `body` ends with, or nil.
func ledgerError(_ body: () async throws -> Void) async -> LedgerClientError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? LedgerClientError
    }
}
