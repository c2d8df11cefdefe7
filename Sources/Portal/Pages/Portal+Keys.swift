import AccessCore
import AccessStore
import HTTPTypes
import Hummingbird
import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes
import SettlementCore
import WebServing

extension Portal {
    /// API keys: the list, and making, replacing and ending them.
    func addKeys(_ access: PortalAccess, to router: Router<WebContext>) {
        let list = PersonalPage(path: PortalPaths.keys) { read, visitor in
            try await keys(read, visitor, access)
        }
        let making = PersonalPage(path: PortalPaths.keys + "/new") { read, visitor in
            try visitor.require(.writeKeys, to: "make keys")
            let typed = read.typed
            let form = KeyForm { name in typed?[name].flatMap { $0.isEmpty ? nil : $0 } }
            var fill = form.fill(visitor.caller.scopes, isTyped: typed != nil)
            if typed == nil {
                let limit = await dailyLimit(of: visitor, access, read.source)
                fill.put("dayText", limit.map { MoneyText.typed($0, decimals: 9) } ?? "")
            }
            fill.put("token", visitor.crossSiteToken)
            fill.put("labelBytesMax", APIKey.labelBytesMax)
            return Sheet(
                template: "key-new-page",
                title: "Make a key",
                section: .none,
                fill: fill
            )
        }
        add(list, to: router)
        add(making, to: router)
        add(form: making.path, of: making, to: router) { sent in
            try sent.visitor.require(.writeKeys, to: "make keys")
            let made = try await access.door.database.createKey(
                try KeyForm { sent[$0] }.request(at: now()),
                by: sent.visitor.caller,
                source: sent.read.context.source,
                at: now()
            )
            return await .shown(made: made, replaced: nil, sent, self)
        }
        add(form: PortalPaths.keys + "/:key/revoke", of: list, to: router) { sent in
            try await access.door.database.revokeKey(
                try sent.read.key(),
                by: sent.visitor.caller,
                source: sent.read.context.source,
                at: now()
            )
            return .moved(PortalPaths.keys + "?done=revoked")
        }
        add(form: PortalPaths.keys + "/:key/rotate", of: list, to: router) { sent in
            let hours = UInt64(sent["hours"] ?? "").map { min($0, 168) } ?? 24
            let id = try sent.read.key()
            let made = try await access.door.database.replaceKey(
                id,
                overlapMilliseconds: hours * 3_600_000,
                by: sent.visitor.caller,
                source: sent.read.context.source,
                at: now()
            )
            return await .shown(made: made, replaced: (id, hours), sent, self)
        }
    }

    /// What the market may spend a day from the account that pays, which a new key's budget begins
    /// with: nobody means a key to spend more. Nil if nothing is allowed by the day, or the
    /// ledger does not say now.
    private func dailyLimit(
        of visitor: Visitor,
        _ access: PortalAccess,
        _ source: PageSource
    ) async -> Amount? {
        guard let account = visitor.caller.account,
            let delegate = access.delegate?.sessionKey(of: account),
            let session = try? await source.ledger.read(Session.self, .session(account, delegate)),
            session.grant.periodBlocks == SpendingPermission.dayBlocks
        else { return nil }
        return session.grant.limits.first { $0.denomination == .native }?.amount
    }

    private func keys(
        _ read: PageRead,
        _ visitor: Visitor,
        _ access: PortalAccess
    ) async throws -> Sheet {
        try visitor.require(.readKeys, to: "see its keys")
        var fill = try await KeysPage.load(visitor, access, read.source).fill(at: read.source.now)
        fill.put("token", visitor.crossSiteToken)
        fill.put("organisationName", visitor.isAlone ? nil : visitor.organisation?.name)
        fill.put("isUnpaid", !visitor.isAlone && visitor.organisation?.account == nil)
        fill.put("isOwner", visitor.organisation?.role == .owner)
        fill.put(
            "done",
            read["done"] == "revoked"
                ? "The key is revoked: whoever sends it, or a key that it made, is refused from "
                    + "now on." : nil
        )
        return Sheet(template: "keys-page", title: "Keys", section: .none, fill: fill)
    }
}

extension FormOutcome {
    /// The page that shows a new key, this once.
    fileprivate static func shown(
        made: CreatedKey,
        replaced: (id: APIKeyID, hours: UInt64)?,
        _ sent: PersonalPage.Sent,
        _ portal: Portal
    ) async -> FormOutcome {
        var fill = Fill(["keyText": made.text.text, "label": made.key.label])
        fill.put("expires", TimeText.full(made.key.expires))
        let visitor = sent.visitor
        fill.put("organisationName", visitor.isAlone ? nil : visitor.organisation?.name)
        fill.put("replacedID", replaced.map { "\($0.id)" })
        fill.put(
            "overlap",
            replaced.map { $0.hours == 0 ? nil : NumberText.count($0.hours, "hour", "hours") }
                ?? nil
        )
        fill.put("isReplacement", replaced != nil)
        let origin = portal.origin(of: sent.read.request)
        var texts = [
            (
                "curl", "curl",
                """
                curl \(origin)/auth/session \\
                  -H 'authorization: Bearer \(made.text.text)'
                """
            ),
            (
                "python", "Python",
                """
                import json, urllib.request

                request = urllib.request.Request(
                    "\(origin)/auth/session",
                    headers={"authorization": "Bearer \(made.text.text)"},
                )
                print(json.load(urllib.request.urlopen(request)))
                """
            ),
        ]
        let callsModels = made.key.scopes.contains(.callModels)
        if callsModels {
            // A key is shown this once: it is, even if the index cannot be asked for an offer.
            let found = try? await portal.example(sent.read)
            var snippets = Snippets(
                model: found?.snippets.model ?? "my-model",
                interface: .chat,
                gateway: origin
            )
            snippets.apiKey = made.text.text
            texts = snippets.all.filter { ["curl", "python"].contains($0.language) }
            fill.put("model", found?.offer?.record.offer.model)
            fill.put("modelHref", found?.offer.map { PortalPaths.offer($0.id) })
        }
        fill.put("callsModels", callsModels)
        fill.put(
            "snippets",
            texts.map { language, title, text in
                var fill = Fill(["language": language, "languageTitle": title, "code": text])
                fill.put("isFirst", language == "curl")
                return fill
            }
        )
        return .shown(
            Sheet(template: "key-made-page", title: "Your new key", section: .none, fill: fill)
        )
    }
}

extension PageRead {
    /// The key that the path names.
    fileprivate func key() throws -> APIKeyID {
        guard let id = APIKeyID(text: context.parameters.get("key") ?? "") else {
            throw KeyRefusal.unknown
        }
        return id
    }
}

extension Portal {
    /// Where programs reach this market: as its operator says, or as the browser does.
    func origin(of request: Request) -> String {
        if let origin = access?.door.configuration.party.origins.first { return origin }
        let scheme = access?.door.configuration.isTLS == true ? "https://" : "http://"
        return scheme + (request.head.authority ?? "localhost")
    }
}
