import AccessCore
import AccessStore
import HTTPTypes
import MarketTypes
import WebServing

/// Somebody who is signed in, as pages need them.
struct Visitor: Sendable {
    let caller: Caller
    let session: SessionToken
    let name: String
    let passkeys: [PasskeyListing]
    let organisations: [Organisation]
    /// The site that the passkeys are made for.
    let party: String

    /// Who makes a request, if a person does in a browser's session.
    static func load(_ context: WebContext, _ access: PortalAccess) async throws -> Visitor? {
        guard let caller = context.caller, caller.proof == .session,
            let session = context.session
        else { return nil }
        let database = access.door.database
        guard let user = try await database.user(caller.user) else { return nil }
        return Visitor(
            caller: caller,
            session: session,
            name: user.name,
            passkeys: try await database.passkeys(of: caller.user),
            organisations: try await database.organisations(of: caller.user),
            party: access.door.passkeys.party.id
        )
    }

    /// The organisation that the session acts for.
    var organisation: Organisation? { organisations.first { $0.id == caller.organisation } }

    /// Whether the session acts for the person alone.
    var isAlone: Bool { caller.organisation == OrganisationID(of: caller.user) }

    /// What a form of theirs carries: it is of this session, and of the organisation that the
    /// session acts for.
    var crossSiteToken: String { session.crossSiteToken(for: caller.organisation) }

    /// Refuses a form that this session did not show, or showed while it acted for another
    /// organisation.
    func check(crossSiteToken text: String) throws {
        guard !session.matches(crossSiteToken: text, for: caller.organisation) else { return }
        let before = organisations.first {
            session.matches(crossSiteToken: text, for: $0.id)
        }
        guard let before, let organisation else { throw Problem.staleForm }
        throw Problem.form(of: before.name, sentFor: organisation.name)
    }

    /// The passkey whose account is the person's wallet: the first one, unless another is named.
    func passkey(of account: AccountID? = nil) -> Passkey? {
        guard let account else { return passkeys.first?.passkey }
        return passkeys.first { $0.passkey.account == account }?.passkey
    }

    /// The account of the person's wallet.
    var account: AccountID? { passkey()?.account }

    /// What names one of their accounts in links to the wallet; nil for the first.
    func naming(_ account: AccountID) -> String? {
        account == self.account ? nil : "\(account)"
    }

    /// What stands around every page that they see; `signer` is the passkey that signs on it.
    func fill(signer: Passkey?) -> Fill {
        var fill = Fill()
        fill.put("visitorName", name)
        fill.put("initial", name.first.map { $0.uppercased() } ?? "·")
        fill.put("organisationName", isAlone ? nil : organisation?.name)
        fill.put("crossSiteToken", crossSiteToken)
        fill.put("signer", signer.map { signerFill($0) })
        return fill
    }

    private func signerFill(_ passkey: Passkey) -> Fill {
        Fill([
            "signerKey": "\(passkey.key)",
            "signerCredential": URLBase64.encode(passkey.credential),
            "signerAccount": "\(passkey.account)",
            "signerParty": party,
        ])
    }

    /// Whether they may do that in the organisation that they act for.
    func may(_ scope: Scope) -> Bool { caller.scopes.contains(scope) }

    /// Refuses whoever may not.
    func require(_ scope: Scope, to act: String) throws {
        guard may(scope) else {
            throw Problem(
                .forbidden,
                "missing_scope",
                "Your role in \(organisation?.name ?? "this organisation") does not let you "
                    + "\(act).",
                hint: "An owner or admin can change your role, or do it for you."
            )
        }
    }
}
