import MarketTypes

extension PassEvent {
    /// The event's name and fields.
    public var record: EventRecord {
        switch self {
        case .planPublished(let plan, let seller, let asset):
            EventRecord(
                "passes.planPublished",
                [
                    .init("plan", .object("plan", plan.digest)),
                    .init("seller", .account(seller)), .init("asset", .asset(asset)),
                ]
            )
        case .planRetired(let plan):
            EventRecord("passes.planRetired", [.init("plan", .object("plan", plan.digest))])
        case .bought(let names, let paid):
            EventRecord("passes.bought", names.fields + paid.fields)
        case .renewed(let names, let paid, let isStanding):
            EventRecord(
                "passes.renewed",
                names.fields + paid.fields + [.init("standing", .flag(isStanding))]
            )
        case .ended(let names): EventRecord("passes.ended", names.fields)
        case .renewalFailed(let names, let code):
            EventRecord(
                "passes.renewalFailed",
                names.fields + [.init("code", .number(UInt64(code)))]
            )
        case .transferred(let names, let account):
            EventRecord("passes.transferred", names.fields + [.init("to", .account(account))])
        case .trialStarted(let names, let period, let bond):
            EventRecord(
                "passes.trialStarted",
                names.fields + [
                    .init("startsAt", .height(period.startsAt)),
                    .init("endsAt", .height(period.endsAt)),
                    .init("bond", .amount(bond, .native)),
                ]
            )
        case .trialEnded(let names, let bond):
            EventRecord(
                "passes.trialEnded",
                names.fields + [.init("bond", .amount(bond, .native))]
            )
        case .renewalAuthorized(let names, let renewal):
            EventRecord(
                "passes.renewalAuthorized",
                names.fields + [
                    .init("priceMax", .text("\(renewal.priceMax.obol)")),
                    .init("renewals", .number(UInt64(renewal.renewals))),
                    .init("until", .height(renewal.until)),
                ]
            )
        case .renewalCancelled(let names):
            EventRecord("passes.renewalCancelled", names.fields)
        }
    }
}
