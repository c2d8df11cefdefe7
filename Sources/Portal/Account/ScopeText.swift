import AccessCore

/// What scopes and roles let somebody do, for people.
enum ScopeText {
    /// A scope in a sentence.
    static func sentence(_ scope: Scope) -> String {
        switch scope {
        case .callModels: "Call models and agents, and pay for it."
        case .readUsage: "See calls, receipts and usage."
        case .readAccount: "See the account, its channels, passes and invoices."
        case .submitTransactions: "Submit transactions that were signed elsewhere."
        case .readKeys: "See keys, members and limits."
        case .writeKeys: "Make, change and end keys."
        case .writeOrganisation: "See and change members and roles."
        case .readAudit: "See the audit log."
        case .writeWebhooks: "See and change webhooks."
        case .callModelsSigned: "Call models by signed requests alone."
        }
    }

    /// What kind of thing scopes let somebody do.
    enum Group: CaseIterable {
        case use, read, administer
    }

    static func group(_ scope: Scope) -> Group {
        switch scope {
        case .callModels, .callModelsSigned, .submitTransactions: .use
        case .readUsage, .readAccount, .readKeys, .readAudit: .read
        case .writeKeys, .writeOrganisation, .writeWebhooks: .administer
        }
    }

    static func title(_ group: Group) -> String {
        switch group {
        case .use: "Use"
        case .read: "Read"
        case .administer: "Administer: whoever has the key can change who else may act"
        }
    }

    /// A scope in few words, for lists.
    static func short(_ scope: Scope) -> String {
        switch scope {
        case .callModels: "calls models"
        case .readUsage: "reads usage"
        case .readAccount: "reads the account"
        case .submitTransactions: "submits transactions"
        case .readKeys: "reads keys"
        case .writeKeys: "makes keys"
        case .writeOrganisation: "changes members"
        case .readAudit: "reads the audit log"
        case .writeWebhooks: "changes webhooks"
        case .callModelsSigned: "calls models, signed"
        }
    }

    /// A role in a sentence.
    static func sentence(_ role: Role) -> String {
        switch role {
        case .owner: "May do everything, and make others owners."
        case .admin: "May do everything but change owners."
        case .developer: "May call models, and make keys and webhooks for that."
        case .billing: "May see what was spent, the account and its invoices."
        case .viewer: "May see usage and keys."
        }
    }

    /// Roles as a form's choices, those that `role` may give.
    static func options(grantedBy role: Role, chosen: Role) -> [Fill] {
        Role.allCases.filter { role.mayGrant($0) }.map { choice in
            var fill = Fill(["value": choice.name])
            fill.put("optionTitle", choice.name.capitalizedFirst)
            fill.put("chosen", choice == chosen)
            return fill
        }
    }
}
