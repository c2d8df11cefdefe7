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

    /// Puts a caller together; whoever does has checked the proof.
    public init(
        user: UserID,
        organisation: OrganisationID,
        account: AccountID?,
        scopes: ScopeSet,
        proof: Proof
    ) {
        self.user = user
        self.organisation = organisation
        self.account = account
        self.scopes = scopes
        self.proof = proof
    }
}
