import AccessCore
import AccessStore
import LedgerClient
import LedgerCore
import MarketTypes

/// How far somebody is on the way to a first answer that the market pays for them: money, a
/// permission, a call. Until then pages say what comes next.
struct FirstSteps: Hashable, Sendable {
    let hasMoney: Bool
    let isAllowed: Bool
    let hasAsked: Bool

    init(hasMoney: Bool, isAllowed: Bool, hasAsked: Bool) {
        self.hasMoney = hasMoney
        self.isAllowed = isAllowed
        self.hasAsked = hasAsked
    }

    /// By what the ledger says of an account that lets a key of this market spend, or not.
    static func load(
        _ account: AccountID,
        delegate: AccountID,
        _ ledger: any LedgerConnection
    ) async throws -> FirstSteps {
        let height = try await ledger.status().height
        let permission = try await SpendingPermission.load(
            account,
            delegate: delegate,
            at: height,
            ledger
        )
        let channels = try await ledger.channels(ofPayer: account, limit: 1)
        let spent = permission.session?.spent.contains { !$0.isZero } ?? false
        return FirstSteps(
            hasMoney: try await !ledger.account(account).balance.isZero,
            isAllowed: permission.isLive(at: height),
            hasAsked: spent || !channels.isEmpty
        )
    }

    /// The steps for the template `first-steps`; nil once they are all behind somebody.
    ///
    /// - Parameters:
    ///   - faucet: what a sandbox gives; nil if nothing does.
    ///   - asking: where a model is asked.
    ///   - account: whose wallet it is; nil for somebody's first.
    func fill(faucet: String?, asking: String, account: String? = nil) -> Fill? {
        guard !hasAsked else { return nil }
        let wallet = PortalPaths.query(PortalPaths.wallet, [("account", account)])
        let steps: [(name: String, href: String, isDone: Bool)] = [
            (faucet.map { "Take \($0)" } ?? "Put STOA in", wallet, hasMoney || isAllowed),
            (
                "Let the market spend for you",
                PortalPaths.query(PortalPaths.wallet, [("account", account), ("next", asking)])
                    + "#permission",
                isAllowed
            ),
            ("Ask a model", asking, false),
            ("Make a key for your programs", PortalPaths.keys + "/new", false),
        ]
        let next = steps.firstIndex { !$0.isDone }
        var fill = Fill()
        fill.put(
            "firstSteps",
            steps.enumerated().map { place, step in
                var fill = Fill(["firstName": step.name])
                fill.put("firstHref", step.isDone ? nil : step.href)
                fill.put("isDone", step.isDone)
                fill.put("isNow", place == next)
                return fill
            }
        )
        return fill
    }
}

extension SpendingPermission {
    /// Whether the market may spend in the block after `height`.
    func isLive(at height: BlockHeight) -> Bool {
        let next = height.advanced(byBlocks: 1) ?? height
        return session?.isLive(at: next, authority: authority) ?? false
    }
}

/// What is missing before an offer can be tried, and whose it is to do.
struct TrialSetup: Hashable, Sendable {
    let text: String
    /// Where it is done; nil if whoever looks cannot.
    let href: String?
    let button: String

    init(_ text: String, href: String? = nil, button: String = "") {
        self.text = text
        self.href = href
        self.button = button
    }

    /// Nil if nothing is.
    ///
    /// - Parameter path: the offer's, to come back to.
    static func load(
        _ visitor: Visitor,
        _ access: PortalAccess,
        _ ledger: any LedgerConnection,
        path: String
    ) async throws -> TrialSetup? {
        guard let delegate = access.delegate else { return nil }
        let name = visitor.organisation?.name ?? "this organisation"
        guard let account = visitor.caller.account else {
            guard visitor.organisation?.role == .owner else {
                return TrialSetup(
                    "No account pays for \(name) yet. One of its owners has to choose one."
                )
            }
            return TrialSetup(
                "No account pays for \(name) yet.",
                href: PortalPaths.organisation,
                button: "Choose who pays"
            )
        }
        guard let key = delegate.sessionKey(of: account) else { return nil }
        let steps = try await FirstSteps.load(account, delegate: key, ledger)
        if steps.isAllowed { return nil }
        guard visitor.passkey(of: account) != nil else {
            return TrialSetup(
                "The account that pays for \(name) does not let this market spend now. Whoever it "
                    + "belongs to can allow it in their wallet."
            )
        }
        let wallet = PortalPaths.query(
            PortalPaths.wallet,
            [("account", visitor.naming(account)), ("next", path + "#try")]
        )
        guard steps.hasMoney else {
            let faucet = access.faucet.map { UnitName.native.text($0.amount) }
            let what =
                faucet == nil
                ? "Put some STOA in, then come back."
                : "This is a sandbox: take something to try it with."
            return TrialSetup(
                "Your account is empty. \(what)",
                href: wallet,
                button: faucet.map { "Take \($0)" } ?? "Open your wallet"
            )
        }
        return TrialSetup(
            "One step is missing: let the market spend for you, up to a limit that the ledger "
                + "holds.",
            href: wallet + "#permission",
            button: "Let the market spend"
        )
    }

    func fill() -> Fill {
        var fill = Fill(["setupText": text, "setupButton": button])
        fill.put("setupHref", href)
        return fill
    }
}
