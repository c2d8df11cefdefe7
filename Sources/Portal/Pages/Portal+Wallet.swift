import AccessCore
import AccessStore
import HTTPTypes
import Hummingbird
import Identity
import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes
import WebServing

extension Portal {
    /// What somebody has, and what they can do with it.
    func addWallet(_ access: PortalAccess, to router: Router<WebContext>) {
        let page = PersonalPage(path: PortalPaths.wallet) { read, visitor in
            try await wallet(read, visitor, access)
        }
        add(page, to: router)
        guard let faucet = access.faucet else { return }
        add(form: "/wallet/faucet", of: page, to: router) { sent in
            let account = try await faucet.give(sent, access, at: now())
            let next = LocalPath(sent["next"])
            return .moved(
                PortalPaths.query(
                    PortalPaths.wallet,
                    [
                        ("account", sent.visitor.naming(account)), ("done", "faucet"),
                        ("next", next == .wallet ? nil : next.text),
                    ]
                )
            )
        }
    }

    private func wallet(
        _ read: PageRead,
        _ visitor: Visitor,
        _ access: PortalAccess
    ) async throws -> Sheet {
        guard let passkey = visitor.passkey(of: read["account"].flatMap { AccountID(address: $0) })
        else {
            throw Problem.missing(
                "None of your passkeys has this account.",
                hint: "Your passkeys are under Account."
            )
        }
        let source = read.source
        var fill = try await WalletPage.load(passkey.account, access, source).fill(source)
        let activity = try await AccountActivity.load(
            passkey.account,
            source,
            read.pageRequest(limit: AccountPage.historyMax)
        )
        fill.put("events", try await activity.fill(source))
        let naming = visitor.naming(passkey.account)
        fill.put(
            "pages",
            read.links(PortalPaths.wallet, [("account", naming)], next: activity.next)
        )
        fill.put("giftAccount", naming)
        fill.put("token", visitor.crossSiteToken)
        fill.put("faucetAmount", access.faucet.map { UnitName.native.text($0.amount) })
        fill.put(
            "wallets",
            visitor.passkeys.count < 2
                ? []
                : visitor.passkeys.map { listing in
                    let account = listing.passkey.account
                    var fill = Fill(["walletLabel": listing.label])
                    fill.put("walletShort", NameText.short(account))
                    fill.put(
                        "walletHref",
                        PortalPaths.query(PortalPaths.wallet, [("account", "\(account)")])
                    )
                    fill.put("isHere", account == passkey.account)
                    return fill
                }
        )
        // Where somebody was told to send an amount, it stands in the form already.
        let amount = read["amount"].flatMap { try? Amount(stoa: $0) }
        fill.put("sendAmount", amount.map { MoneyText.typed($0, decimals: 9) } ?? "")
        let next = LocalPath(read["next"])
        fill.put("next", next == .wallet ? nil : next.text)
        fill.put("nextHref", try await asking(read))
        fill.put("nextText", next == .wallet ? "Ask a model" : "Go on where you came from")
        let steps = try await firstSteps(passkey.account, read)
        fill.put("first", steps)
        let gift = access.faucet.map { UnitName.native.text($0.amount) } ?? ""
        let more = steps == nil ? "" : " Next: let the market spend for you."
        fill.put("done", read["done"] == "faucet" ? "\(gift) are in your account.\(more)" : nil)
        let wait = try await access.faucet?.wait(visitor, access, at: source.now)
        fill.put("faucetWait", wait ?? nil)
        return Sheet(
            template: "wallet-page",
            title: "Wallet",
            section: .none,
            fill: fill,
            scripts: SignedActions.scripts,
            signer: passkey
        )
    }
}

extension Faucet {
    /// Once a day for a person.
    static let personPolicy = policy("faucetperson", 1)
    /// A few times a day for an address, which several people can share.
    static let addressPolicy = policy("faucetaddress", 5)
    /// For everybody together, in a day.
    static let everybodyPolicy = policy("faucetall", 1_000)

    private static func policy(_ name: String, _ perDay: UInt64) -> RatePolicy {
        let policy = RatePolicy(
            name,
            tokensPerWindow: perDay,
            windowMilliseconds: RatePolicy.windowMillisecondsMax,
            burst: perDay
        )
        guard let policy else { preconditionFailure("\(name) is written here, within bounds") }
        return policy
    }

    /// How long somebody has to wait for the next gift, for people; nil if it is to be had now.
    func wait(
        _ visitor: Visitor,
        _ access: PortalAccess,
        at now: Timestamp
    ) async throws -> String? {
        // More than there ever is: nothing is taken, and the answer says when there is one again.
        let use = BucketUse(
            Self.bucket(of: visitor),
            Self.personPolicy,
            tokens: Self.personPolicy.burst + 1
        )
        let milliseconds = try await access.door.limits.take([use], at: now).first
            .map(\.retryAfterMilliseconds) ?? 0
        guard milliseconds > 1 else { return nil }
        let minutes = (milliseconds + 59_999) / 60_000
        return minutes < 120
            ? NumberText.count(minutes, "minute", "minutes")
            : NumberText.count((minutes + 59) / 60, "hour", "hours")
    }

    private static func bucket(of visitor: Visitor) -> String {
        "faucet:user:\(visitor.caller.user)"
    }

    /// Pays the account of the visitor's that is named, or their first, unless somebody had enough
    /// today.
    ///
    /// - Returns: the account.
    func give(
        _ sent: PersonalPage.Sent,
        _ access: PortalAccess,
        at now: Timestamp
    ) async throws -> AccountID {
        let named = sent["account"].flatMap { AccountID(address: $0) }
        guard let account = sent.visitor.passkey(of: named)?.account else {
            throw Problem.unfit("You have no passkey that money could be sent to.")
        }
        // An empty faucet takes nobody's turn.
        let own = try await session.ledger.account(session.account)
        guard own.balance > amount else { throw Self.empty }
        let uses = [
            BucketUse(Self.bucket(of: sent.visitor), Self.personPolicy),
            BucketUse("faucet:address:\(sent.read.context.sourceBucket)", Self.addressPolicy),
            BucketUse("faucet:all", Self.everybodyPolicy),
        ]
        let decisions = try await access.door.limits.take(uses, at: now)
        if let last = decisions.last, !last.isAllowed { throw Self.refusal(decisions.count) }
        do throws(LedgerClientError) {
            try await session.execute([
                .transfer(to: account, denomination: .native, amount: amount)
            ])
        } catch {
            throw Self.failure(error)
        }
        return account
    }

    /// What somebody is told who got nothing, or may have got something.
    private static func failure(_ error: LedgerClientError) -> Problem {
        switch error.code {
        case .refused, .badRequest:
            Problem(
                .conflict,
                "faucet_refused",
                "The ledger refused the transfer: you got nothing.",
                hint: "The operator must look at the faucet’s account."
            )
        case .overloaded:
            Problem(
                .conflict,
                "faucet_refused",
                "Too many ask at once: you got nothing.",
                hint: "Your turn of today is used up, though: come back tomorrow."
            )
        case .unreachable, .malformedAnswer:
            Problem(
                .conflict,
                "faucet_unknown",
                "The ledger gave no answer, so it is not known whether the money was sent.",
                hint: "Look at your balance in a minute; today there is no second attempt."
            )
        }
    }

    private static let empty = Problem(
        .conflict,
        "faucet_empty",
        "There is nothing left to give away; you got nothing.",
        hint: "The operator must fill the faucet’s account. Your turn of today is not used up."
    )

    private static func refusal(_ place: Int) -> Problem {
        let (detail, hint) =
            switch place {
            case 1: ("You were given something today already.", "Come back tomorrow.")
            case 2:
                (
                    "Your network address was given enough today.",
                    "Come back tomorrow, or from elsewhere."
                )
            default: ("Everything for today was given away.", "Come back tomorrow.")
            }
        return Problem(.tooManyRequests, "rate_limited", detail, hint: hint)
    }
}
