import AccessCore
import AccessStore
import Hummingbird
import WebServing

extension Portal {
    /// Signing in, up and out, and everything behind it.
    func addAccount(_ access: PortalAccess, to router: Router<WebContext>) {
        let party = access.door.passkeys.party
        for isNew in [false, true] {
            let path = isNew ? PortalPaths.signUp : PortalPaths.signIn
            router.get(RouterPath(path)) { request, context in
                // Not the lenient reader: a path that was cut would lead somewhere else.
                let asked = LocalPath(FormFields(request.uri.query ?? "")?["next"])
                // Somebody new who came from nowhere in particular sees what comes next.
                let next = isNew && asked.text == "/" ? .wallet : asked
                guard try await visitor(context) == nil else {
                    return Reply.moved(to: next.text)
                }
                let sheet = Self.doorSheet(isNew: isNew, next: next, party: party)
                return try await reply(sheet, request, nil)
            }
        }
        router.post("/sign-out") { request, context in
            if let session = context.session {
                try await access.door.database.endSession(
                    session,
                    source: context.source,
                    at: now()
                )
            }
            return Reply.moved(to: "/", cookie: access.door.configuration.endedCookie)
        }
        addWallet(access, to: router)
        addKeys(access, to: router)
        if let files = access.files { addFilePages(files, to: router) }
        if let webhooks = access.webhooks { addWebhooks(webhooks, to: router) }
        addProfile(access, to: router)
        addOrganisation(access, to: router)
        addUsage(access, to: router)
    }

    private static func doorSheet(isNew: Bool, next: LocalPath, party: RelyingParty) -> Sheet {
        var fill = Fill()
        fill.put("next", next.text)
        fill.put("isInvited", next.text.hasPrefix(PortalPaths.join + "/"))
        fill.put("party", party.id)
        fill.put("otherHref", next.after(isNew ? PortalPaths.signIn : PortalPaths.signUp))
        fill.put("nameBytesMax", Passkey.labelBytesMax)
        return Sheet(
            template: isNew ? "sign-up-page" : "sign-in-page",
            title: isNew ? "Make an account" : "Sign in",
            section: .none,
            fill: fill,
            scripts: ["passkey.js"],
            isPersonal: true,
            isDoor: true
        )
    }
}
