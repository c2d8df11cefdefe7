import FoundationEssentials
import Glibc
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

/// The chain that a home signs for: a node says which chain it is of, and could say anything.
///
/// What names the chain is the genesis that was given; else the genesis in the home or the file
/// `chain`, which the first signature leaves there.
struct HomeChain {
    let home: HomeOptions
    let node: NodeOptions

    private var file: String { home.path("chain") }

    /// Refuses a ledger of another chain.
    func check(_ status: LedgerStatus) throws {
        if let genesis = try node.givenGenesis() {
            guard genesis.chain == status.chain else {
                throw refusal(
                    status,
                    expected: "the genesis that was given is of chain \(genesis.chain.digest)",
                    hint: "leave --genesis and STOA_GENESIS out, or ask a node of that chain"
                )
            }
            return
        }
        let remembered = try remembered()
        let local = try genesisChain()
        let known = [remembered, local].compactMap { $0 }
        guard known.isEmpty || known.contains(status.chain) else {
            let names = known.map { "\($0.digest)" }.joined(separator: " and ")
            // Only the files that are there bind, and only one of them may be removed lightly.
            let binding = [
                remembered.map { _ in "if the old chain is gone for good, remove \(file)" },
                local.map { _ in "\(genesis) is the genesis of this home's own node" },
            ]
            let hints = ["give another --home for that chain, or its genesis with --genesis"]
            throw refusal(
                status,
                expected: "\(home.path) signs for \(names)",
                hint: (hints + binding.compactMap { $0 }).joined(separator: "; ")
            )
        }
    }

    /// Makes the first chain that this home signs for the only one, just before it does.
    func remember(_ status: LedgerStatus) throws {
        guard try node.givenGenesis() == nil, try genesisChain() == nil,
            FileManager.default.fileExists(atPath: home.path), access(file, F_OK) != 0
        else { return }
        do {
            try writePrivateFile("\(status.chain.digest)\n", to: file)
        } catch {
            // Another process may have been faster, with the same chain or with another.
            guard access(file, F_OK) == 0 else { throw error }
            try check(status)
            return
        }
        note("\(home.path) signs for “\(status.name)”, chain \(status.chain.digest), from now on")
    }

    private func refusal(
        _ status: LedgerStatus,
        expected: String,
        hint: String
    ) -> CommandFailure {
        CommandFailure(
            "the ledger at \(node.url) is “\(status.name)”, chain \(status.chain.digest), but "
                + "\(expected); nothing was signed, no money moved",
            hint: hint,
            code: "otherChain",
            moneyMoved: .no
        )
    }

    private var genesis: String { home.path("node", "genesis.stoa") }

    private func genesisChain() throws -> ChainID? {
        guard FileManager.default.fileExists(atPath: genesis) else { return nil }
        return try NodeOptions.genesis(in: genesis).chain
    }

    private func remembered() throws -> ChainID? {
        guard FileManager.default.fileExists(atPath: file) else { return nil }
        guard let word = try readFile(file).split(whereSeparator: \.isWhitespace).first,
            let digest = Digest(hex: String(word))
        else {
            throw CommandFailure(
                "\(file) names no chain; nothing was signed, no money moved",
                hint: "remove it: the next command that signs writes it again"
            )
        }
        return ChainID(digest)
    }
}

/// Keeps what is signed, and before the first of it which chain the home signs for.
struct HomeKeeper: SubmissionKeeping {
    let pending: PendingTransactions
    let chain: HomeChain
    let status: LedgerStatus

    func keep(_ transaction: Signed<Transaction>) throws(LedgerClientError) {
        do {
            try chain.remember(status)
        } catch {
            throw LedgerClientError(.badRequest, "nothing was sent: \(error)")
        }
        try pending.keep(transaction)
    }

    func settle(_ digest: Digest) { pending.settle(digest) }
}
