public import LedgerCore
public import MarketTypes

/// Questions about plans and passes.
extension LedgerConnection {
    /// A plan, or nil if there is none.
    public func plan(_ plan: PlanID) async throws(LedgerClientError) -> Plan? {
        try await read(Plan.self, .plan(plan))
    }

    /// The plan whose included units are served under an offer, or nil if the offer is ordinary.
    public func plan(
        including offer: OfferID
    ) async throws(LedgerClientError) -> PlanID? {
        try await read(StoredDigest.self, .plan(including: offer)).map { PlanID($0.digest) }
    }

    /// A pass by its name, or nil if it ended or never was.
    public func pass(_ pass: PassID) async throws(LedgerClientError) -> Pass? {
        try await read(Pass.self, .pass(pass))
    }

    /// The pass that `holder` has of `plan`, or nil.
    public func pass(
        of holder: AccountID,
        _ plan: PlanID
    ) async throws(LedgerClientError) -> (id: PassID, pass: Pass)? {
        guard let name = try await read(StoredDigest.self, .pass(of: holder, plan)) else {
            return nil
        }
        let id = PassID(name.digest)
        return try await pass(id).map { (id, $0) }
    }

    /// The plans for an asset, at most `limit`.
    public func plans(
        of asset: AssetID,
        limit: Int
    ) async throws(LedgerClientError) -> [(id: PlanID, plan: Plan)] {
        try await plans(under: .plans(of: asset), limit: limit)
    }

    /// The plans for all assets, at most `limit`.
    public func plans(
        limit: Int
    ) async throws(LedgerClientError) -> [(id: PlanID, plan: Plan)] {
        try await plans(under: .plans, limit: limit)
    }

    /// The passes that `holder` has, at most `limit`.
    public func passes(
        of holder: AccountID,
        limit: Int
    ) async throws(LedgerClientError) -> [(id: PassID, pass: Pass)] {
        var found: [(id: PassID, pass: Pass)] = []
        for name in try await names(under: .passes(of: holder), limit: limit) {
            if let pass = try await pass(of: holder, PlanID(name)) { found.append(pass) }
        }
        return found
    }

    private func plans(
        under prefix: StateKey,
        limit: Int
    ) async throws(LedgerClientError) -> [(id: PlanID, plan: Plan)] {
        var found: [(id: PlanID, plan: Plan)] = []
        for name in try await names(under: prefix, limit: limit) {
            if let plan = try await plan(PlanID(name)) { found.append((PlanID(name), plan)) }
        }
        return found
    }

    /// The digests that keys under a prefix end with, at most `limit`.
    private func names(
        under prefix: StateKey,
        limit: Int
    ) async throws(LedgerClientError) -> [Digest] {
        var names: [Digest] = []
        var after: StateKey?
        while names.count < limit {
            let size = min(256, limit - names.count)
            let page = try await entries(prefix: prefix, after: after, limit: size)
            for listing in page {
                guard listing.key.bytes.starts(with: prefix.bytes),
                    after.map({ $0 < listing.key }) ?? true,
                    let name = Digest(bytes: listing.key.bytes.suffix(Digest.byteCount))
                else { throw LedgerClientError(.malformedAnswer, "a list is out of order") }
                names.append(name)
                after = listing.key
            }
            if page.isEmpty { break }
        }
        return names
    }
}
