import AccessCore

/// The pages behind sign-in, as the menu and the row under the header list them.
enum AccountPages {
    /// What a page needs somebody to be allowed; nil if nothing.
    private static let all: [(title: String, path: String, scope: Scope?)] = [
        ("Wallet", PortalPaths.wallet, nil), ("Keys", PortalPaths.keys, .readKeys),
        ("Usage", PortalPaths.usage, .readUsage), ("Receipts", PortalPaths.receipts, .readUsage),
        ("Statements", PortalPaths.invoices, .readAccount),
        ("Files", PortalPaths.files, .callModels),
        ("Webhooks", PortalPaths.webhooks, .writeWebhooks),
        ("Organisation", PortalPaths.organisation, nil), ("Account", PortalPaths.profile, nil),
    ]

    /// Those that the visitor may see; the one that `path` is of is marked.
    static func fills(at path: String, for visitor: Visitor) -> [Fill] {
        let here = place(of: path)
        return all.filter { page in page.scope.map(visitor.may) ?? true }.map { page in
            var fill = Fill(["pageTitle": page.title, "pageHref": page.path])
            fill.put("pageHere", page.path == here)
            return fill
        }
    }

    /// The page that a path is of, or below; nil for pages that everybody sees.
    static func place(of path: String) -> String? {
        let above = all.map(\.path).filter { path == $0 || path.hasPrefix($0 + "/") }
        return above.max { $0.utf8.count < $1.utf8.count }
    }
}

extension PageWriter.Surroundings {
    /// Adds the way between the visitor's own pages; `path` is the one that is shown.
    mutating func add(_ visitor: Visitor, at path: String) {
        accountPages = AccountPages.fills(at: path, for: visitor)
        isAccount = AccountPages.place(of: path) != nil
    }
}
