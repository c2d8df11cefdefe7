public import MarketTypes
import SettlementCore

/// An event as its name and fields, for whoever shows or indexes events without knowing each kind.
public struct EventRecord: Hashable, Sendable {
    /// One field: a name and what it holds.
    public struct Field: Hashable, Sendable {
        /// The field's name in JSON, such as `payer`.
        public let name: String
        /// What it holds.
        public let value: Value

        /// Creates a field.
        public init(_ name: String, _ value: Value) {
            self.name = name
            self.value = value
        }
    }

    /// What a field holds; names of things let an index find the event by them.
    public enum Value: Hashable, Sendable {
        case account(AccountID)
        case asset(AssetID)
        case offer(OfferID)
        case channel(ChannelID)
        /// Anything else that has a digest for a name: its kind, such as `escrow`, and the digest.
        case object(String, Digest)
        case denomination(Denomination)
        case amount(Amount, Denomination)
        case number(UInt64)
        case height(BlockHeight)
        case digest(Digest)
        case text(String)
        case flag(Bool)
    }

    /// The event's name: component and case, such as `channels.claimed`.
    public let name: String
    /// Its fields, in the order of its encoding.
    public let fields: [Field]

    /// Creates a record.
    public init(_ name: String, _ fields: [Field] = []) {
        self.name = name
        self.fields = fields
    }
}

extension Event {
    /// The event's name and fields.
    public var record: EventRecord {
        switch self {
        case .transferred, .assetPublished, .offerPublished, .offerWithdrawn, .bondChanged,
            .bondSlashed:
            basicRecord
        case .channelOpened, .channelToppedUp, .channelClaimed, .channelClosing, .channelClosed:
            channelRecord
        case .staking(let event): event.record
        case .lineage(let event): event.record
        case .shares(let event): event.record
        case .units(let event): event.record
        case .passes(let event): event.record
        case .exchange(let event): event.record
        case .escrows(let event): event.record
        case .disputes(let event): event.record
        case .governance(let event): event.record
        case .authorization(let event): event.record
        }
    }

    private var basicRecord: EventRecord {
        switch self {
        case .transferred(let transfer):
            EventRecord(
                "accounts.transferred",
                [
                    .init("from", .account(transfer.from)), .init("to", .account(transfer.to)),
                    .init("amount", .amount(transfer.amount, transfer.denomination)),
                ]
            )
        case .assetPublished(let asset, let version):
            EventRecord(
                "assets.published",
                [.init("asset", .asset(asset)), .init("version", .number(UInt64(version)))]
            )
        case .offerPublished(let offer):
            EventRecord("offers.published", [.init("offer", .offer(offer))])
        case .offerWithdrawn(let offer):
            EventRecord("offers.withdrawn", [.init("offer", .offer(offer))])
        case .bondChanged(let account, let active):
            EventRecord(
                "bonds.changed",
                [.init("account", .account(account)), .init("active", .amount(active, .native))]
            )
        case .bondSlashed(let account, let amount, let subject):
            EventRecord(
                "bonds.slashed",
                [
                    .init("account", .account(account)),
                    .init("amount", .amount(amount, .native)),
                    .init("channel", .channel(subject.channel)),
                    .init("lane", .number(UInt64(subject.lane.rawValue))),
                    .init("sequence", .number(subject.sequence)),
                ]
            )
        default: EventRecord("unknown")
        }
    }

    /// Amounts here count what the channel counts, which the event does not say: so they are bare.
    private var channelRecord: EventRecord {
        switch self {
        case .channelOpened(let channel, let payer, let payee):
            EventRecord(
                "channels.opened",
                [
                    .init("channel", .channel(channel)), .init("payer", .account(payer)),
                    .init("payee", .account(payee)),
                ]
            )
        case .channelToppedUp(let channel, let deposit):
            EventRecord(
                "channels.toppedUp",
                [.init("channel", .channel(channel)), .init("deposit", .text("\(deposit.obol)"))]
            )
        case .channelClaimed(let channel, let paid):
            EventRecord(
                "channels.claimed",
                [.init("channel", .channel(channel)), .init("paid", .text("\(paid.obol)"))]
            )
        case .channelClosing(let channel, let height):
            EventRecord(
                "channels.closing",
                [.init("channel", .channel(channel)), .init("closesAt", .height(height))]
            )
        case .channelClosed(let channel, let refunded):
            EventRecord(
                "channels.closed",
                [.init("channel", .channel(channel)), .init("refunded", .text("\(refunded.obol)"))]
            )
        default: EventRecord("unknown")
        }
    }
}

extension StakingEvent {
    /// The event's name and fields.
    public var record: EventRecord {
        let validator = EventRecord.Field("validator", .account(validator))
        switch self {
        case .registered(_, let address):
            return EventRecord(
                "staking.registered",
                [validator, .init("address", .text(Hex.encode(address.bytes)))]
            )
        case .delegationChanged(_, let delegator, let shares):
            return EventRecord(
                "staking.delegationChanged",
                [
                    validator, .init("delegator", .account(delegator)),
                    .init("shares", .text("\(shares)")),
                ]
            )
        case .stakeWithdrawn(_, let delegator, let amount):
            return EventRecord(
                "staking.stakeWithdrawn",
                [
                    validator, .init("delegator", .account(delegator)),
                    .init("amount", .amount(amount, .native)),
                ]
            )
        case .rewardsPaid(_, let account, let amount):
            return EventRecord(
                "staking.rewardsPaid",
                [
                    validator, .init("to", .account(account)),
                    .init("amount", .amount(amount, .native)),
                ]
            )
        case .rewardEarned(_, let amount):
            return EventRecord(
                "staking.rewardEarned",
                [validator, .init("amount", .amount(amount, .native))]
            )
        case .commissionChanged(_, let basisPoints):
            return EventRecord(
                "staking.commissionChanged",
                [validator, .init("basisPoints", .number(UInt64(basisPoints)))]
            )
        case .jailed(_, let height):
            return EventRecord("staking.jailed", [validator, .init("until", .height(height))])
        case .unjailed: return EventRecord("staking.unjailed", [validator])
        case .slashed(_, let amount, let height):
            return EventRecord(
                "staking.slashed",
                [
                    validator, .init("amount", .amount(amount, .native)),
                    .init("infraction", .height(height)),
                ]
            )
        }
    }
}
