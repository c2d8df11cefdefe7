import AccessCore
import AccessStore
import HTTPTypes
import LedgerIndex
import MarketTypes
import WebServing

extension MarketAPI {
    /// API keys of the caller's organisation (docs/spec/access.md, ACC-10 to ACC-16).
    var keyHandlers: [String: OperationTable.Handler] {
        [
            "listKeys": { try await listKeys($0) },
            "createKey": { request in
                let (access, caller) = try keyDoor(request)
                let made = try await access.createKey(
                    try draft(request),
                    by: caller,
                    source: request.source,
                    at: now()
                )
                return .one(document(made.key, secret: made.text), at: nil, .personal)
            },
            "rotateKey": { request in
                let (access, caller) = try keyDoor(request)
                let overlap = request.body?["overlapSeconds"]?.integer ?? 86_400
                let made = try await access.replaceKey(
                    try Self.keyID(request),
                    overlapMilliseconds: overlap * 1_000,
                    by: caller,
                    source: request.source,
                    at: now()
                )
                return .one(document(made.key, secret: made.text), at: nil, .personal)
            },
            "revokeKey": { request in
                let (access, caller) = try keyDoor(request)
                let id = try Self.keyID(request)
                try await access.revokeKey(id, by: caller, source: request.source, at: now())
                let ended = JSON.object("key", [("id", .text(id.text)), ("revoked", .flag(true))])
                return .one(ended, at: nil, .personal)
            },
        ]
    }

    private func keyDoor(
        _ request: APIRequest
    ) throws(Problem) -> (AccessDatabase, Caller) {
        // The contract lets nobody through who is not known.
        guard let caller = request.caller else {
            throw Problem(.unauthorized, "authentication_required", "This needs a key.")
        }
        guard let access else {
            throw Problem(
                .serviceUnavailable,
                "keys_unavailable",
                "This market keeps no keys.",
                hint: "Its operator would have to start it with an access database."
            )
        }
        return (access, caller)
    }

    private func listKeys(_ request: APIRequest) async throws -> APIAnswer {
        let (access, caller) = try keyDoor(request)
        var all = try await access.keys(of: caller.organisation, at: now())[...]
        if let after = request.text("cursor") {
            guard let place = all.firstIndex(where: { $0.key.id.text == after }) else {
                throw Problem.badRequest("is of another question", at: "?cursor")
            }
            all = all[(place + 1)...]
        }
        let items = all.prefix(request.limit)
        var answer = APIAnswer.list(
            items.map { document($0.key, used: $0.used) },
            next: items.count < all.count ? items.last?.key.id.text : nil,
            at: try await index.place().height
        )
        answer.freshness = .personal
        return answer
    }

    private static func keyID(_ request: APIRequest) throws(Problem) -> APIKeyID {
        guard let id = APIKeyID(text: request.name("key")) else { throw .notFound("key") }
        return id
    }

    private func draft(_ request: APIRequest) throws -> APIKeyRequest {
        let body = request.body
        let names = (body?["scopes"]?.elements ?? []).compactMap(\.string)
        guard let scopes = ScopeSet(text: names.joined(separator: " ")) else {
            throw Problem.badRequest("names a scope twice", at: "#/scopes")
        }
        var rules: [BudgetRule] = []
        for (place, entry) in (body?["budgets"]?.elements ?? []).enumerated() {
            let pointer = "#/budgets/\(place)"
            let money = MessageFields(members: entry["limit"] ?? .null, pointer: pointer + "/limit")
            let rule = BudgetRule(
                window: entry["window"]?.string == "day" ? .day : .total,
                model: entry["model"]?.string,
                limit: try money.amount("amount"),
                denomination: try money.denomination("denomination")
            )
            guard let rule else { throw Problem.badRequest("is no model's name", at: pointer) }
            rules.append(rule)
        }
        guard let budgets = BudgetRules(rules) else {
            throw Problem.badRequest("has two budgets for one thing", at: "#/budgets")
        }
        let days = body?["days"]?.integer ?? 90
        return APIKeyRequest(
            label: body?["label"]?.string ?? "",
            mode: body?["mode"]?.string == "test" ? .test : .live,
            scopes: scopes,
            budgets: budgets,
            expires: now().adding(milliseconds: days * 86_400_000)
        )
    }

    private func document(
        _ key: APIKey,
        used: Timestamp? = nil,
        secret: APIKeyText? = nil
    ) -> JSON {
        let (state, successor): (String, APIKeyID?) =
            switch key.state {
            case .revoked: ("revoked", nil)
            case .replaced(let next, let until): (until > now() ? "active" : "replaced", next)
            case .active: (key.expires > now() ? "active" : "expired", nil)
            }
        var members: [(name: String, value: JSON)] = [
            ("id", .text(key.id.text)), ("label", .text(key.label)),
            ("mode", .text(key.mode.rawValue)),
            ("scopes", .list(key.scopes.scopes) { .text($0.rawValue) }), ("state", .text(state)),
            ("successor", .optional(successor?.text)), ("createdAt", .time(key.created)),
            ("expiresAt", .time(key.expires)), ("usedAt", used.map { .time($0) } ?? .null),
            ("budgets", .list(key.budgets.rules) { Self.document($0) }),
        ]
        if let secret { members.append(("secret", .text(secret.text))) }
        return .object("key", members)
    }

    private static func document(_ rule: BudgetRule) -> JSON {
        var members: [(name: String, value: JSON)] = [
            ("window", .text(rule.window == .day ? "day" : "total"))
        ]
        if let model = rule.model { members.append(("model", .text(model))) }
        members.append(("limit", .money(rule.limit, rule.denomination)))
        return .object(members)
    }
}
