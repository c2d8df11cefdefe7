extension LineageEvent {
    /// The event's name and fields.
    public var record: EventRecord {
        switch self {
        case .termsPublished(let asset, let terms):
            EventRecord(
                "lineage.termsPublished",
                [.init("asset", .asset(asset)), .init("terms", .digest(terms))]
            )
        case .parentNamed(let asset, let parent):
            EventRecord(
                "lineage.parentNamed",
                [
                    .init("asset", .asset(asset)), .init("parent", .asset(parent.asset)),
                    .init("version", .number(UInt64(parent.version))),
                    .init("shareBasisPoints", .number(UInt64(parent.shareBasisPoints))),
                    .init("role", .text(parent.role.name)),
                ]
            )
        case .metadataSet(let asset, let version, let metadata):
            EventRecord(
                "lineage.metadataSet",
                [
                    .init("asset", .asset(asset)), .init("version", .number(UInt64(version))),
                    .init("metadata", .digest(metadata)),
                ]
            )
        case .assetOffered(let asset, let account):
            EventRecord(
                "lineage.assetOffered",
                [.init("asset", .asset(asset)), .init("to", .account(account))]
            )
        case .assetOfferEnded(let asset):
            EventRecord("lineage.assetOfferEnded", [.init("asset", .asset(asset))])
        case .assetTransferred(let asset, let from, let to):
            EventRecord(
                "lineage.assetTransferred",
                [
                    .init("asset", .asset(asset)), .init("from", .account(from)),
                    .init("to", .account(to)),
                ]
            )
        case .assetRetired(let asset):
            EventRecord("lineage.assetRetired", [.init("asset", .asset(asset))])
        case .royaltyPaid(let part): EventRecord("lineage.royaltyPaid", part.fields)
        case .incomeKept(let part): EventRecord("lineage.incomeKept", part.fields)
        }
    }
}

extension IncomePart {
    fileprivate var fields: [EventRecord.Field] {
        [
            .init("sold", .asset(sold)), .init("earner", .asset(earner)),
            .init("account", .account(account)), .init("amount", .amount(amount, denomination)),
        ]
    }
}
