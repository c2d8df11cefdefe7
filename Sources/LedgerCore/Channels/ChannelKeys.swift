import CanonicalCoding
public import MarketTypes

extension StateKey {
    /// Where a channel stands.
    public static func channel(_ channel: ChannelID) -> StateKey {
        StateKey(.channel) { $0.encode(channel.digest) }
    }

    /// What the keys of all channels begin with.
    public static let channels = StateKey(.channel)

    /// Where one lane's settlement stands.
    public static func lane(_ channel: ChannelID, _ lane: LaneID) -> StateKey {
        StateKey(.lane) {
            $0.encode(channel.digest)
            $0.encode(lane.rawValue)
        }
    }

    /// Where one claim's anchor stands; claims count from 0.
    public static func claim(_ channel: ChannelID, _ index: UInt32) -> StateKey {
        StateKey(.claim) {
            $0.encode(channel.digest)
            $0.encode(index)
        }
    }

    /// The entry that lists a channel among its payer's; it goes when the channel closes.
    static func channelOfPayer(_ payer: AccountID, _ channel: ChannelID) -> StateKey {
        StateKey(.channelOfPayer) {
            $0.encode(payer.digest)
            $0.encode(channel.digest)
        }
    }

    /// The entry that lists a channel among its payee's; it goes when the channel closes.
    static func channelOfPayee(_ payee: AccountID, _ channel: ChannelID) -> StateKey {
        StateKey(.channelOfPayee) {
            $0.encode(payee.digest)
            $0.encode(channel.digest)
        }
    }

    /// What the keys of a payer's channels begin with; the rest is the channel's digest.
    public static func channels(ofPayer payer: AccountID) -> StateKey {
        StateKey(.channelOfPayer) { $0.encode(payer.digest) }
    }

    /// What the keys of a payee's channels begin with; the rest is the channel's digest.
    public static func channels(ofPayee payee: AccountID) -> StateKey {
        StateKey(.channelOfPayee) { $0.encode(payee.digest) }
    }
}
