import CanonicalCoding
import Identity
public import MarketTypes
import SettlementCore

extension Ledger {
    /// Locks a deposit towards one payee (LED-40).
    mutating func openChannel(
        _ opening: ChannelOpening,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        guard !opening.deposit.isZero else { throw .channels(.zeroDeposit) }
        guard (1...ChannelTerms.lanesMax).contains(opening.lanes) else {
            throw .channels(.invalidLanes)
        }
        guard opening.voucherKey.scheme == .ed25519 else { throw .channels(.unsupportedKey) }
        guard opening.payee != origin.sender else { throw .channels(.sameParty) }
        guard state.exists(opening.denomination) else {
            throw .channels(.unknownDenomination)
        }
        try state.debit(origin.sender, opening.deposit, opening.denomination)
        let id = Channel.id(from: origin)
        let channel = Channel(
            payer: origin.sender,
            payee: opening.payee,
            denomination: opening.denomination,
            deposit: opening.deposit,
            paid: .zero,
            voucherKey: opening.voucherKey,
            lanes: opening.lanes,
            claims: 0,
            status: .open,
            closingDelayBlocks: parameters.closingDelayBlocks
        )
        state.write(channel, .channel(id))
        state.write(Presence(), .channelOfPayer(channel.payer, id))
        state.write(Presence(), .channelOfPayee(channel.payee, id))
        state.put(opening.deposit, opening.denomination)
        return [.channelOpened(id, payer: channel.payer, payee: channel.payee)]
    }

    /// Adds to an open channel's deposit (LED-41).
    mutating func topUpChannel(
        _ id: ChannelID,
        by amount: Amount,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        guard !amount.isZero else { throw .channels(.zeroDeposit) }
        var channel = try channel(id)
        guard channel.payer == origin.sender else { throw .channels(.notParty) }
        guard channel.status == .open else { throw .channels(.notOpen) }
        let (deposit, overflow) = channel.deposit.obol.addingReportingOverflow(amount.obol)
        guard !overflow else { throw .channels(.depositOverflow) }
        try state.debit(origin.sender, amount, channel.denomination)
        channel.deposit = Amount(obol: deposit)
        state.write(channel, .channel(id))
        state.put(amount, channel.denomination)
        return [.channelToppedUp(id, deposit: channel.deposit)]
    }

    /// Pays the payee what many lanes owe, anchors the receipts, and closes the channel if the
    /// payee releases it (LED-42; SET-10).
    mutating func claimChannel(
        _ claim: ChannelClaim,
        calls: [SettledCall],
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        var channel = try channel(claim.channel)
        guard channel.payee == origin.sender else { throw .channels(.notParty) }
        switch channel.status {
        case .open: break
        case .closing(let height):
            guard origin.height < height else { throw .channels(.tooLate) }
        case .closed: throw .channels(.closed)
        }
        guard !calls.isEmpty || claim.release else { throw .channels(.invalidClaim) }
        let order = calls.map(\.voucher.document.lane)
        guard zip(order, order.dropFirst()).allSatisfy({ $0 < $1 }) else {
            throw .channels(.lanesNotAscending)
        }
        let income = try settle(calls, of: claim.channel, channel)
        let payment = Amount(obol: income.entries.reduce(0) { $0 + $1.value.obol })
        channel.paid = Amount(obol: channel.paid.obol + payment.obol)
        state.take(payment, channel.denomination)
        var events = [Event.channelClaimed(claim.channel, paid: payment)]
        for (asset, amount) in income.entries {
            events += try payIncome(amount, channel.denomination, of: asset, to: channel.payee)
        }
        if !calls.isEmpty {
            guard channel.claims < .max else { throw .channels(.tooManyClaims) }
            let record = ClaimRecord(
                receiptsRoot: claim.receiptsRoot,
                receiptsCount: claim.receiptsCount,
                paid: payment,
                height: origin.height
            )
            state.write(record, .claim(claim.channel, channel.claims))
            channel.claims += 1
        }
        if claim.release {
            events.append(try finish(&channel, claim.channel))
        }
        state.write(channel, .channel(claim.channel))
        return events
    }

    /// Checks each lane and writes its settlement; the sum must fit what is locked.
    ///
    /// Returns what each asset earned, however many calls and lanes that was.
    private mutating func settle(
        _ calls: [SettledCall],
        of id: ChannelID,
        _ channel: Channel
    ) throws(Refusal) -> SortedMap<AssetID, Amount> {
        let terms = channel.terms(id: id, chain: chain)
        var payment: UInt128 = 0
        var income = SortedMap<AssetID, Amount>()
        for call in calls {
            let receipt = call.receipt.document
            guard let offer = state.read(OfferRecord.self, .offer(receipt.offer))?.offer else {
                throw .settlement(.wrongOffer)
            }
            let key = StateKey.lane(id, receipt.lane)
            let settled = state.read(LaneSettlement.self, key) ?? .none
            let due: Amount
            do {
                due = try ClaimRules.payment(for: call, under: offer, in: terms, after: settled)
            } catch {
                throw .settlement(error)
            }
            guard due.obol <= channel.locked.obol - payment else {
                throw .settlement(.insufficientDeposit)
            }
            payment += due.obol
            income[offer.asset] = Amount(obol: (income[offer.asset]?.obol ?? 0) + due.obol)
            state.write(
                LaneSettlement(sequence: receipt.sequence, total: receipt.total),
                key
            )
        }
        return income
    }

    /// Starts the closing delay (LED-43).
    mutating func closeChannel(
        _ id: ChannelID,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        var channel = try channel(id)
        guard channel.payer == origin.sender else { throw .channels(.notParty) }
        guard channel.status == .open else { throw .channels(.notOpen) }
        let height = origin.height.advanced(byBlocks: channel.closingDelayBlocks)
        let closesAt = height ?? BlockHeight(.max)
        channel.status = .closing(at: closesAt)
        state.write(channel, .channel(id))
        state.awaitHeight(closesAt)
        return [.channelClosing(id, closesAt: closesAt)]
    }

    /// Returns the rest to the payer once the delay has passed; anybody may ask (LED-44).
    mutating func withdrawChannel(
        _ id: ChannelID,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        var channel = try channel(id)
        switch channel.status {
        case .open: throw .channels(.tooEarly)
        case .closing(let height):
            guard origin.height >= height else { throw .channels(.tooEarly) }
        case .closed: throw .channels(.closed)
        }
        let event = try finish(&channel, id)
        state.write(channel, .channel(id))
        return [event]
    }

    private mutating func finish(
        _ channel: inout Channel,
        _ id: ChannelID
    ) throws(Refusal) -> Event {
        let rest = channel.locked
        state.take(rest, channel.denomination)
        try state.credit(channel.payer, rest, channel.denomination)
        channel.status = .closed
        state.write(Presence?.none, .channelOfPayer(channel.payer, id))
        state.write(Presence?.none, .channelOfPayee(channel.payee, id))
        return .channelClosed(id, refunded: rest)
    }

    func channel(_ id: ChannelID) throws(Refusal) -> Channel {
        guard let channel = state.read(Channel.self, .channel(id)) else {
            throw .channels(.unknownChannel)
        }
        return channel
    }
}

extension Channel {
    /// The name of the channel that the message at `origin` opens.
    static func id(from origin: MessageOrigin) -> ChannelID {
        id(payer: origin.sender, sequence: origin.sequence, messageIndex: origin.messageIndex)
    }

    /// The name of the channel that a transaction's message opens; a payer can compute it before
    /// the transaction is in a block.
    public static func id(payer: AccountID, sequence: UInt64, messageIndex: UInt8) -> ChannelID {
        var encoder = CanonicalEncoder()
        encoder.encode(payer.digest)
        encoder.encode(sequence)
        encoder.encode(messageIndex)
        return ChannelID(Digest(.channel, encoder.bytes))
    }
}
