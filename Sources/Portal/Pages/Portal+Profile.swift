import AccessCore
import AccessStore
import Hummingbird
import LedgerClient
import LedgerCore
import MarketTypes
import WebServing

extension Portal {
    /// Who somebody is, how they sign in, and what was done in their organisation.
    func addProfile(_ access: PortalAccess, to router: Router<WebContext>) {
        let page = PersonalPage(path: PortalPaths.profile) { read, visitor in
            try await profile(read, visitor, access)
        }
        add(page, to: router)
        add(form: "/account/sign-out-everywhere", of: page, to: router) { sent in
            try await access.door.database.endSessions(
                of: sent.visitor.caller.user,
                source: sent.read.context.source,
                at: now()
            )
            return .moved(PortalPaths.signIn)
        }
        add(form: "/account/passkeys/:credential/remove", of: page, to: router) { sent in
            try await remove(sent, access)
            return .moved(PortalPaths.profile + "?done=removed")
        }
        add(form: "/account/programs/:client/withdraw", of: page, to: router) { sent in
            try await access.door.database.withdraw(
                program: sent.read.context.parameters.get("client") ?? "",
                by: sent.visitor.caller,
                source: sent.read.context.source,
                at: now()
            )
            return .moved(PortalPaths.profile + "?done=withdrawn")
        }
        add(form: "/account/clients/:client/end", of: page, to: router) { sent in
            try sent.visitor.require(.writeKeys, to: "end programs")
            do {
                try await access.door.database.revokeClient(
                    sent.read.context.parameters.get("client") ?? "",
                    by: sent.visitor.caller,
                    source: sent.read.context.source,
                    at: now()
                )
            } catch OAuthRefusal.invalidClient {
                throw Problem.unknownClient
            }
            return .moved(PortalPaths.profile + "?done=ended")
        }
    }

    private func remove(_ sent: PersonalPage.Sent, _ access: PortalAccess) async throws {
        let name = sent.read.context.parameters.get("credential") ?? ""
        let listing = sent.visitor.passkeys.first {
            URLBase64.encode($0.passkey.credential) == name
        }
        guard let listing else { throw PasskeyRefusal.unknownPasskey }
        try await refuseUnlessEmpty(listing.passkey.account, sent.read.source)
        try await access.door.database.removePasskey(
            listing.passkey.credential,
            of: sent.visitor.caller.user,
            in: sent.visitor.session,
            source: sent.read.context.source,
            at: now()
        )
    }

    /// Nobody else can ever sign for that account; what is left of fees does not hold it up.
    private func refuseUnlessEmpty(_ account: AccountID, _ source: PageSource) async throws {
        let page = try await AccountPage.load(account, source)
        let left = page.state.balance
        let rest: String? =
            if left > Self.leftMax {
                MoneyText.stoa(left)
            } else if page.balances.contains(where: { !$0.amount.isZero }) {
                "issued units or shares"
            } else if page.paysFrom.contains(where: { $0.channel.status != .closed }) {
                "a channel that it pays from"
            } else if !page.bond.active.isZero || !page.bond.unbonding.isEmpty {
                "a seller's bond"
            } else if let voter = page.voter, !voter.own.isZero || !voter.unlockings.isEmpty {
                "votes that are locked"
            } else {
                nil
            }
        guard let rest else { return }
        throw Problem(
            .conflict,
            "passkey_conflict",
            "Its account has \(rest), which only this passkey can move.",
            hint: "Move that to another account first, from the wallet or with the command line."
        )
    }

    private func profile(
        _ read: PageRead,
        _ visitor: Visitor,
        _ access: PortalAccess
    ) async throws -> Sheet {
        let now = read.source.now
        var fill = Fill()
        fill.put("name", visitor.name)
        fill.put("token", visitor.crossSiteToken)
        fill.put("party", visitor.party)
        fill.put("next", PortalPaths.profile)
        fill.put("mayAdd", visitor.passkeys.count < Passkey.perUserMax)
        fill.put("nameBytesMax", Passkey.labelBytesMax)
        fill.put(
            "passkeys",
            visitor.passkeys.map { listing in
                var fill = Fill(["label": listing.label])
                fill.put("account", NameText.fill(listing.passkey.account))
                fill.put("created", TimeText.fill(listing.created, now: now))
                fill.put("used", TimeText.fill(listing.used, now: now))
                fill.put("credential", URLBase64.encode(listing.passkey.credential))
                return fill
            }
        )
        fill.put("mayRemove", visitor.passkeys.count > 1)
        fill.put("programs", try await programs(visitor, access, at: now))
        if visitor.may(.writeKeys) {
            let clients = try await access.door.database.clients(of: visitor.caller.organisation)
            fill.put("clients", clients.map { Self.client($0) })
        }
        fill.put(
            "done",
            Self.done[read["done"] ?? ""]
        )
        let mayRead = visitor.may(.readAudit)
        fill.put("mayReadAudit", mayRead)
        fill.put("organisationName", visitor.isAlone ? nil : visitor.organisation?.name)
        if mayRead {
            let audit = try await AuditList.load(
                visitor,
                before: read["cursor"].flatMap { UInt64($0) },
                access.door.database
            )
            fill.put("records", audit.fills(at: now))
            fill.put("pages", read.links(PortalPaths.profile, [], next: audit.next))
        }
        return Sheet(
            template: "profile-page",
            title: "Account",
            section: .none,
            fill: fill,
            scripts: ["passkey.js"]
        )
    }

    /// The most that a passkey's account may have when it is removed: 0.01 STOA.
    private static let leftMax = Amount(obol: 10_000_000)

    private static let done = [
        "ended": "The program is over, and so is everything that it was given.",
        "withdrawn": "The program may do nothing in your name any more.",
        "removed": "The passkey signs in no more, and every other session has ended.",
    ]

    private func programs(
        _ visitor: Visitor,
        _ access: PortalAccess,
        at now: Timestamp
    ) async throws -> [Fill] {
        let programs = try await access.door.database.programs(of: visitor.caller, at: now)
        return programs.map { program in
            var fill = Fill(["programName": program.name, "programID": program.client])
            fill.put("allowed", TimeText.fill(program.allowed, now: now))
            fill.put("ends", TimeText.full(program.ends))
            fill.put(
                "scopes",
                program.scopes.scopes.map { Fill(["scopeText": ScopeText.short($0)]) }
            )
            return fill
        }
    }

    /// A program that somebody of the organisation registered.
    private static func client(_ client: OAuthClient) -> Fill {
        var fill = Fill(["clientName": client.name, "clientID": client.id])
        fill.put("isConfidential", client.secret != nil)
        fill.put(
            "scopes",
            client.scopes.scopes.map { Fill(["scopeText": ScopeText.short($0)]) }
        )
        return fill
    }
}
