import ArgumentParser
import CanonicalCoding
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

/// What `stoa prove` can prove, by the names that people use.
enum ProofSubject: String, ExpressibleByArgument, CaseIterable {
    case account, balance, asset, terms, royalties, shares, dividends, unit, offer, channel, claim
    case bond, plan, pass, market, pool, reserve, liquidity, sale, order, escrow, dispute
    case proposal, votes, ballot, validator, delegation, session, entry, receipt

    /// Whether it is named by two names.
    var takesTwoNames: Bool {
        switch self {
        case .balance, .royalties, .shares, .dividends, .reserve, .liquidity, .delegation,
            .session, .ballot, .market:
            true
        default: false
        }
    }
}

/// Finds the entry of the state that somebody means.
struct ProofNaming {
    let home: HomeOptions
    let wallet: String

    /// The entry's key.
    func key(
        _ subject: ProofSubject,
        _ name: String,
        _ second: String?,
        _ ledger: any LedgerConnection
    ) async throws -> StateKey {
        guard subject.takesTwoNames == (second != nil) || subject == .pass || subject == .market
        else {
            throw ValidationError(
                subject.takesTwoNames
                    ? "\(subject.rawValue) takes two names: see `stoa prove --help`"
                    : "\(subject.rawValue) takes one name, not “\(second ?? "")” too"
            )
        }
        if let key = try key(subject, name) { return key }
        switch subject {
        case .unit, .plan, .pool, .reserve, .sale, .order, .escrow, .dispute, .proposal:
            return try await found(subject, name, second, ledger)
        default: return try await joined(subject, name, second ?? "", ledger)
        }
    }

    /// The key of what can be named without asking the ledger; nil for the rest.
    private func key(_ subject: ProofSubject, _ name: String) throws -> StateKey? {
        switch subject {
        case .account: return .account(try account(name))
        case .bond: return .bond(try account(name))
        case .votes: return .voter(try account(name))
        case .validator: return .validator(try account(name))
        case .asset: return .asset(try asset(name))
        case .terms: return .assetTerms(try asset(name))
        case .channel: return .channel(ChannelID(try digest(name)))
        case .offer: return .offer(OfferID(try digest(name)))
        case .claim:
            let parts = name.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 2, let number = UInt32(parts[1]) else {
                throw ValidationError("“\(name)” is not CHANNEL/NUMBER")
            }
            return .claim(ChannelID(try digest(String(parts[0]))), number)
        case .entry:
            guard let bytes = Hex.decode(name), (1...StateKey.bytesMax).contains(bytes.count)
            else { throw ValidationError("“\(name)” is not a state key in hex") }
            return StateKey(bytes: bytes)
        case .receipt: throw ValidationError("a receipt is no entry of the state")
        default: return nil
        }
    }

    /// The key of what the ledger must be asked for, by name or the first digits of it.
    private func found(
        _ subject: ProofSubject,
        _ name: String,
        _ second: String?,
        _ ledger: any LedgerConnection
    ) async throws -> StateKey {
        switch subject {
        case .unit: return .unit(try await unit(name, ledger).unit)
        case .plan:
            guard let plan = PlanName(argument: name) else { throw noObject(name) }
            return .plan(try await plan.find(ledger).id)
        case .pool: return .pool(try await ledger.pool(name).pool.id)
        case .reserve:
            let pool = try await ledger.pool(name).pool.id
            let known = try await unit(second ?? "", ledger)
            return .pot(.pool(pool, known.denomination))
        case .proposal:
            guard let proposal = ProposalName(argument: name) else { throw noObject(name) }
            return .proposal(try await proposal.find(ledger).id)
        case .escrow:
            guard let job = ObjectName(argument: name) else { throw noObject(name) }
            return .escrow(try await job.escrow(ledger).id)
        case .dispute:
            guard let dispute = ObjectName(argument: name) else { throw noObject(name) }
            return .dispute(try await dispute.dispute(ledger).id)
        case .sale: return .sale(SaleID(try digest(name)))
        default: return .order(OrderID(try digest(name)))
        }
    }

    /// The key of what two names make.
    private func joined(
        _ subject: ProofSubject,
        _ name: String,
        _ second: String,
        _ ledger: any LedgerConnection
    ) async throws -> StateKey {
        switch subject {
        case .balance:
            let holder = try account(second)
            let known = try await unit(name, ledger)
            guard known.denomination != .native else { return .account(holder) }
            return .issuedBalance(holder, known.unit)
        case .royalties:
            return .earnings(of: try asset(name), in: .native, from: try asset(second))
        case .shares:
            return .issuedBalance(try account(second), ShareUnit.unit(of: try asset(name)))
        case .dividends:
            return .shareHolding(ShareUnit.unit(of: try asset(name)), try account(second))
        case .pass:
            guard !second.isEmpty else { return .pass(PassID(try digest(name))) }
            guard let plan = PlanName(argument: name) else { throw noObject(name) }
            let id = try await plan.find(ledger).id
            let holder = try account(second)
            guard let pass = try await ledger.pass(of: holder, id) else {
                throw CommandFailure(
                    "\(holder) has no pass of that plan",
                    hint: "see `stoa pass list`; `stoa prove entry` proves an absence"
                )
            }
            return .pass(pass.id)
        case .market:
            let one = try await unit(name, ledger)
            let other = try await unit(second.isEmpty ? "STOA" : second, ledger)
            return .market(try KnownMarket(one, other).market.id)
        case .liquidity:
            return .liquidity(of: try account(second), in: try await ledger.pool(name).pool.id)
        case .delegation:
            return .delegation(try account(second), to: try account(name))
        case .session: return .session(try account(name), try account(second))
        default:
            guard let proposal = ProposalName(argument: name) else { throw noObject(name) }
            return .ballot(try await proposal.find(ledger).id, try account(second))
        }
    }

    private func account(_ text: String) throws -> AccountID {
        try Wallets(home: home).resolve(text)
    }

    private func asset(_ text: String) throws -> AssetID {
        try AssetName(text: text).resolve(home: home, wallet: wallet)
    }

    private func unit(_ text: String, _ ledger: any LedgerConnection) async throws -> KnownUnit {
        try await UnitName(text).find(ledger, home: home, wallet: wallet)
    }

    private func digest(_ text: String) throws -> Digest {
        guard let digest = Digest(hex: text) else {
            throw ValidationError("“\(text)” is not an id of 64 hex digits")
        }
        return digest
    }

    private func noObject(_ text: String) -> ValidationError {
        ValidationError("“\(text)” is too short to name anything")
    }
}
