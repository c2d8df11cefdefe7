import ArgumentParser
import CanonicalCoding
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

struct StakeList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "the validators, by the stake behind them",
        discussion: "EXAMPLE\n  stoa stake list"
    )

    @OptionGroup var home: HomeOptions
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    struct Document: Encodable {
        let validator, address, stakeObol, status: String
        let power: UInt64
        let commissionBasisPoints, commissionBasisPointsMax: UInt16
    }

    func run() async throws {
        let documents = try await node.ask { ledger in
            let set = try await ledger.read(ValidatorTable.self, .validatorSet) ?? .empty
            return try await ledger.validators(limit: 4096).map { id, validator in
                Document(
                    validator: id.description,
                    address: Hex.encode(validator.address.bytes),
                    stakeObol: "\(validator.stake.obol)",
                    status: validator.statusText(power: set[validator.address]),
                    power: set[validator.address],
                    commissionBasisPoints: validator.commission.basisPoints,
                    commissionBasisPointsMax: validator.commission.basisPointsMax
                )
            }
        }
        let rows = documents.map {
            [
                "\($0.power)", stoa($0.stakeObol), percent($0.commissionBasisPoints), $0.status,
                $0.validator,
            ]
        }
        let heading = ["POWER", "STAKE", "COMMISSION", "STATUS", "VALIDATOR"]
        try output.print(documents, table(heading, rows))
    }
}

struct StakeStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "what an account has at stake, has earned, and gets back",
        discussion: "EXAMPLE\n  stoa stake status alice"
    )

    @Argument(help: "a wallet's name or an address")
    var account = "default"
    @OptionGroup var home: HomeOptions
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    struct Part: Encodable {
        let amountObol: String
        let releasedAtHeight: UInt64
    }
    struct Document: Encodable {
        let validator, stakeObol, rewardsObol, status: String
        let unbonding: [Part]
    }

    func run() async throws {
        let id = try Wallets(home: home).resolve(account)
        let documents = try await node.ask { ledger in
            let set = try await ledger.read(ValidatorTable.self, .validatorSet) ?? .empty
            let parameters =
                try await ledger.read(StakingParameters.self, .stakingParameters) ?? .standard
            return try await ledger.delegations(of: id, limit: 4096).map { validator, delegation in
                let entry = validator.entry
                let commission = validator.id == id ? entry.commissionEarned : .zero
                return Document(
                    validator: validator.id.description,
                    stakeObol: "\(entry.value(of: delegation.shares).obol)",
                    rewardsObol: "\(entry.rewards(of: delegation).obol + commission.obol)",
                    status: entry.statusText(power: set[entry.address]),
                    unbonding: delegation.unbonding.map { part in
                        Part(
                            amountObol: "\(part.amountLeft(after: entry.slashes, parameters).obol)",
                            releasedAtHeight: part.releasedAt.rawValue
                        )
                    }
                )
            }
        }
        let rows = documents.map { document in
            let parts = document.unbonding.map {
                "\(stoa($0.amountObol)) at block \($0.releasedAtHeight)"
            }
            return [
                stoa(document.stakeObol), stoa(document.rewardsObol),
                parts.isEmpty ? "-" : parts.joined(separator: ", "), document.status,
                document.validator,
            ]
        }
        let heading = ["STAKE", "REWARDS", "COMING BACK", "STATUS", "VALIDATOR"]
        try output.print(documents, table(heading, rows))
    }
}

extension LedgerCore.Validator {
    /// Where the validator stands, in a few words.
    fileprivate func statusText(power: UInt64) -> String {
        if isTombstoned { return "out for ever" }
        if let jailedUntil { return "in jail until block \(jailedUntil.rawValue)" }
        return power > 0 ? "active" : "waiting"
    }
}

extension LedgerConnection {
    /// The validators, most stake first; at most `limit`.
    fileprivate func validators(
        limit: Int
    ) async throws -> [(id: AccountID, entry: LedgerCore.Validator)] {
        let found = try await list(.validators, limit: limit).map { key, value in
            (id: key, entry: try LedgerCore.Validator(canonicalBytes: value))
        }
        return found.sorted { one, other in
            one.entry.stake == other.entry.stake
                ? one.id < other.id : one.entry.stake > other.entry.stake
        }
    }

    /// An account's delegations with their validators; at most `limit`.
    fileprivate func delegations(
        of account: AccountID,
        limit: Int
    ) async throws -> [(validator: (id: AccountID, entry: LedgerCore.Validator), Delegation)] {
        var found: [(validator: (id: AccountID, entry: LedgerCore.Validator), Delegation)] = []
        for (id, value) in try await list(.delegations(of: account), limit: limit) {
            guard let entry = try await read(LedgerCore.Validator.self, .validator(id)) else {
                throw CommandFailure("the node knows stake in a validator that it does not know")
            }
            found.append(((id, entry), try Delegation(canonicalBytes: value)))
        }
        return found
    }

    /// Entries whose keys end with an account, page by page.
    private func list(
        _ prefix: StateKey,
        limit: Int
    ) async throws -> [(id: AccountID, value: [UInt8])] {
        var found: [(id: AccountID, value: [UInt8])] = []
        var after: StateKey?
        while found.count < limit {
            let page = try await entries(prefix: prefix, after: after, limit: 256)
            for listing in page {
                guard listing.key.bytes.starts(with: prefix.bytes),
                    after.map({ $0 < listing.key }) ?? true,
                    let digest = Digest(bytes: listing.key.bytes.suffix(Digest.byteCount))
                else { throw CommandFailure("the node's list is out of order") }
                found.append((AccountID(digest), listing.value))
                after = listing.key
            }
            if page.isEmpty { break }
        }
        return found
    }
}
