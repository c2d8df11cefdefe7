public import AccessCore
import FoundationEssentials
import GRDB
public import MarketTypes

extension AccessDatabase {
    /// The account that pays for an organisation; nil if none does, or there is no organisation.
    public func account(of organisation: OrganisationID) async throws -> AccountID? {
        try await read { db in
            try db.row(
                "SELECT account FROM organisations WHERE id = ?",
                arguments: [organisation.blob]
            )?.digestIfPresent("account").map { AccountID($0) }
        }
    }

    /// What an organisation may see of the calls that its account paid for.
    public func purchases(of organisation: OrganisationID) async throws -> PurchaseView {
        var isAlone = false
        if let person = UserID(bytes: organisation.bytes) {
            isAlone = try await user(person) != nil
        }
        return PurchaseView(organisation: organisation.bytes, isAlone: isAlone)
    }

    /// What somebody may do by now who was let in a while ago, for answers without an end; nil once
    /// their key, session or grant is over, or they are no member any more.
    ///
    /// That a token itself expired is not seen here.
    public func renewed(_ caller: Caller, at now: Timestamp) async throws -> Caller? {
        try await read { db in
            var scopes = caller.scopes
            if case .key(let id) = caller.proof {
                guard let key = try db.key(id), (try? key.checkUsable(at: now)) != nil,
                    key.user == caller.user, key.organisation == caller.organisation
                else { return nil }
                scopes = key.scopes
            }
            guard try db.stands(caller.origin, at: now),
                let place = try db.membership(caller.user, in: caller.organisation)
            else { return nil }
            return Caller(
                user: caller.user,
                organisation: caller.organisation,
                account: place.account,
                scopes: scopes.intersection(place.role.scopes),
                proof: caller.proof,
                origin: caller.origin
            )
        }
    }
}

extension Database {
    /// Whether what a proof comes from was not ended.
    fileprivate func stands(_ origin: Caller.Origin?, at now: Timestamp) throws -> Bool {
        switch origin {
        case .session(let digest):
            try row("SELECT 1 FROM sessions WHERE token = ?", arguments: [digest.blob]) != nil
        case .family(let family):
            try row(
                "SELECT 1 FROM families WHERE id = ? AND revoked IS NULL AND expires > ?",
                arguments: [Data(family.bytes), now.stored]
            ) != nil
        case nil: true
        }
    }
}
