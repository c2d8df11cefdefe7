import AccessCore
import AccessStore
import Hummingbird
import MarketTypes
import WebServing

extension Portal {
    private static let done = [
        "changed": "The role is changed.", "removed": "They are no member any more.",
        "left": "You left. You act for yourself again.", "withdrawn": "The invitation is void.",
        "made": "The organisation is made, and you act for it now.",
        "switched": "You act for it now.", "linked": "That account pays now.",
        "joined": "Welcome: you are a member, and act for it now.",
    ]

    /// Members and roles, invitations, and acting for another organisation.
    func addOrganisation(_ access: PortalAccess, to router: Router<WebContext>) {
        let database = access.door.database
        let path = PortalPaths.organisation
        let page = PersonalPage(path: path) { read, visitor in
            var fill = try await OrganisationPage.load(visitor, database, at: read.source.now)
                .fill(at: read.source.now)
            fill.put("token", visitor.crossSiteToken)
            fill.put("done", read["done"].flatMap { Self.done[$0] })
            return Sheet(
                template: "organisation-page",
                title: "Organisation",
                section: .none,
                fill: fill
            )
        }
        add(page, to: router)
        addMembers(of: page, database, to: router)
        add(form: path + "/new", of: page, to: router) { sent in
            let made = try await database.createOrganisation(
                named: sent["name"] ?? "",
                by: sent.visitor.caller,
                source: sent.read.context.source,
                at: now()
            )
            try await database.switchSession(sent.visitor.session, to: made, at: now())
            return .moved(path + "?done=made")
        }
        add(form: path + "/switch", of: page, to: router) { sent in
            guard let other = OrganisationID(text: sent["organisation"] ?? "") else {
                throw OrganisationRefusal.unknown
            }
            try await database.switchSession(sent.visitor.session, to: other, at: now())
            return .moved(path + "?done=switched")
        }
        add(form: path + "/link", of: page, to: router) { sent in
            guard let credential = URLBase64.decode(sent["passkey"] ?? "", bytesMax: 1_024) else {
                throw OrganisationRefusal.notAllowed
            }
            guard sent["known"] == "yes" else {
                throw Problem.unfit(
                    "Members would see what this account pays, so nothing was linked.",
                    hint: "Say beneath the warning that they may see it, or choose another account."
                )
            }
            try await database.linkAccount(
                ofPasskey: credential,
                to: sent.visitor.caller.organisation,
                by: sent.visitor.caller,
                source: sent.read.context.source,
                at: now()
            )
            return .moved(path + "?done=linked")
        }
        addJoining(database, to: router)
    }

    private func addMembers(
        of page: PersonalPage,
        _ database: AccessDatabase,
        to router: Router<WebContext>
    ) {
        add(form: page.path + "/invite", of: page, to: router) { sent in
            guard let role = Role(name: sent["role"] ?? "") else {
                throw OrganisationRefusal.notAllowed
            }
            let made = try await database.invite(
                to: sent.visitor.caller.organisation,
                as: role,
                label: sent["label"] ?? "",
                by: sent.visitor.caller,
                source: sent.read.context.source,
                at: now()
            )
            var fill = Fill(["label": made.invitation.label, "roleName": role.name])
            fill.put("link", origin(of: sent.read.request) + PortalPaths.join + "/" + made.text)
            fill.put("expires", TimeText.full(made.invitation.expires))
            fill.put("organisationName", sent.visitor.organisation?.name ?? "")
            return .shown(
                Sheet(
                    template: "invitation-page",
                    title: "Invitation",
                    section: .none,
                    fill: fill
                )
            )
        }
        add(form: page.path + "/withdraw", of: page, to: router) { sent in
            try await database.withdrawInvitation(
                sent["invitation"] ?? "",
                to: sent.visitor.caller.organisation,
                by: sent.visitor.caller,
                source: sent.read.context.source,
                at: now()
            )
            return .moved(page.path + "?done=withdrawn")
        }
        add(form: page.path + "/member", of: page, to: router) { sent in
            guard let user = UserID(text: sent["member"] ?? "") else {
                throw OrganisationRefusal.unknownMember
            }
            let role = try sent["role"].map { name -> Role in
                guard let role = Role(name: name) else { throw OrganisationRefusal.notAllowed }
                return role
            }
            guard role != nil || sent["remove"] != nil else {
                throw OrganisationRefusal.unknownMember
            }
            guard sent["remove"] != nil, user == sent.visitor.caller.user else {
                try await change(user, to: sent["remove"] == nil ? role : nil, sent, database)
                let word = sent["remove"] == nil ? "changed" : "removed"
                return .moved(page.path + "?done=" + word)
            }
            // Whoever leaves loses their sessions there: this one goes on for themselves.
            let (session, place) = (sent.visitor.session, sent.visitor.caller.organisation)
            let own = OrganisationID(of: user)
            try await database.switchSession(session, to: own, at: now())
            do {
                try await change(user, to: nil, sent, database)
            } catch {
                try await database.switchSession(session, to: place, at: now())
                throw error
            }
            return .moved(page.path + "?done=left")
        }
    }

    private func change(
        _ user: UserID,
        to role: Role?,
        _ sent: PersonalPage.Sent,
        _ database: AccessDatabase
    ) async throws {
        try await database.changeMember(
            user,
            of: sent.visitor.caller.organisation,
            to: role,
            by: sent.visitor.caller,
            source: sent.read.context.source,
            at: now()
        )
    }

    /// Where an invitation leads: nothing happens before somebody says yes.
    private func addJoining(_ database: AccessDatabase, to router: Router<WebContext>) {
        let page = PersonalPage(path: PortalPaths.join + "/:invitation") { read, visitor in
            let text = read.context.parameters.get("invitation") ?? ""
            guard let invitation = try await database.invitation(text, at: read.source.now) else {
                throw Problem.missing(
                    "There is no such invitation: it was used, taken back, or its time is over.",
                    hint: "Ask whoever sent the link for a new one."
                )
            }
            var fill = Fill(["invitation": text, "visitorName": visitor.name])
            fill.put("organisationName", invitation.organisation)
            fill.put("roleName", invitation.role.name)
            fill.put("roleText", ScopeText.sentence(invitation.role))
            fill.put("token", visitor.crossSiteToken)
            return Sheet(template: "join-page", title: "Join", section: .none, fill: fill)
        }
        add(page, to: router)
        add(form: page.path, of: page, to: router) { sent in
            let joined = try await database.join(
                sent.read.context.parameters.get("invitation") ?? "",
                by: sent.visitor.caller,
                source: sent.read.context.source,
                at: now()
            )
            try await database.switchSession(sent.visitor.session, to: joined, at: now())
            return .moved(PortalPaths.organisation + "?done=joined")
        }
    }
}
