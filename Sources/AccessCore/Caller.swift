public import MarketTypes

/// Who makes a request, once it has been proven.
public struct Caller: Hashable, Sendable {
    /// How it was proven.
    public enum Proof: Hashable, Sendable {
        /// A browser's session, which began with a passkey.
        case session
        /// An API key.
        case key(APIKeyID)
        /// A token that this market issued.
        case token(client: String)
    }

    /// What a session or a token comes from, by which its end is found. A key is its own.
    public enum Origin: Hashable, Sendable {
        /// The digest of a browser session's token.
        case session(Digest)
        /// The grant that a token was issued under.
        case family(TokenFamilyID)
    }

    /// Who acts; a machine's token acts for the user who registered it.
    public let user: UserID
    /// On whose behalf, and at whose cost.
    public let organisation: OrganisationID
    /// The account on the ledger that pays; nil before one is linked.
    public let account: AccountID?
    /// What the request may do.
    public let scopes: ScopeSet
    /// How it was proven.
    public let proof: Proof
    /// Where the proof comes from; nil for keys, and for the program itself.
    public let origin: Origin?

    /// Puts a caller together; whoever does has checked the proof.
    public init(
        user: UserID,
        organisation: OrganisationID,
        account: AccountID?,
        scopes: ScopeSet,
        proof: Proof,
        origin: Origin? = nil
    ) {
        self.user = user
        self.organisation = organisation
        self.account = account
        self.scopes = scopes
        self.proof = proof
        self.origin = origin
    }
}

extension CallBuyer {
    /// Whoever acts, as the buyer of a call.
    public init?(_ caller: Caller) {
        var name: String?
        if case .key(let key) = caller.proof { name = key.text }
        self.init(
            organisation: caller.organisation.bytes,
            user: caller.user.bytes,
            key: name
        )
    }
}

extension Caller {
    /// What they may see of the calls that their organisation's account paid for.
    public var purchases: PurchaseView {
        PurchaseView(
            organisation: organisation.bytes,
            isAlone: organisation == OrganisationID(of: user)
        )
    }
}
