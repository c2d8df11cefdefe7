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

    /// Refuses a ledger of another chain, and remembers the first one.
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
        if known.isEmpty {
            try remember(status)
        } else if !known.contains(status.chain) {
            let names = known.map { "\($0.digest)" }.joined(separator: " and ")
            throw refusal(
                status,
                expected: "\(home.path) signs for \(names)",
                hint: "give another --home for that chain, or its genesis with --genesis; "
                    + "if the old chain is gone for good, remove \(file)"
            )
        }
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

    private func genesisChain() throws -> ChainID? {
        let genesis = home.path("node", "genesis.stoa")
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

    private func remember(_ status: LedgerStatus) throws {
        guard FileManager.default.fileExists(atPath: home.path) else { return }
        // Another process may be faster, with the same chain or to be refused the next time.
        guard access(file, F_OK) != 0 else { return }
        try writePrivateFile("\(status.chain.digest)\n", to: file)
        note("\(home.path) signs for “\(status.name)”, chain \(status.chain.digest), from now on")
    }
}
