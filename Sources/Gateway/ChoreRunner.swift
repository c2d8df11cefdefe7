import Identity
import LedgerCore
import Logging
import MarketTypes
import NIOCore
import ServiceLifecycle
import SettlementCore

/// Does the chores, a few at a time, until the gateway shuts down.
struct ChoreRunner: Service {
    private static let workers = 4
    /// The longest that a seller may take to say how a lane stands.
    private static let answerTimeout = TimeAmount.seconds(10)

    let parts: GatewayParts

    func run() async {
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await withDiscardingTaskGroup { group in
                    for _ in 0..<Self.workers {
                        group.addTask {
                            while let chore = await parts.chores.next() { await perform(chore) }
                        }
                    }
                }
            } onGracefulShutdown: {
                parts.chores.finish()
            }
        } onCancel: {
            parts.chores.finish()
        }
    }

    private func perform(_ chore: Chore) async {
        switch chore.subject {
        case .lookUp: await lookUp(chore)
        case .adopt(let channel): await adopt(channel, chore)
        case .topUp(let channel): await topUp(channel, chore)
        }
    }

    private func again(_ chore: Chore, denials: Int = 0, contests: Int = 0) {
        var next = chore
        next.attempts += 1
        next.denials = denials
        next.contests = contests
        parts.chores.add(next, after: next.delay)
    }

    /// Finds out how a call ended: its receipt, or that the seller never had it (CALL-11).
    private func lookUp(_ chore: Chore) async {
        guard let engagement = chore.engagement else { return }
        let (isOpen, isStruckOff) = parts.wallet.withLock { wallet in
            (wallet.openCall(engagement.name) != nil, wallet.isStruckOff(engagement.seller))
        }
        guard isOpen else { return }
        guard !isStruckOff else { return await parts.book.writeOff(engagement) }
        let endpoint = parts.board.endpoint(of: engagement.seller) ?? engagement.offer.endpoint
        guard let answer = await ask(endpoint, engagement.name) else {
            parts.health.failed(engagement.seller)
            return again(chore)
        }
        switch LaneVerdict(answer, on: engagement.voucher) {
        case .answered(let receipt):
            do {
                _ = try await parts.book.settle(receipt, for: engagement, response: nil)
            } catch .journal {
                again(chore)
            } catch {}  // the seller is struck off, which the book has said and written
        case .serving: again(chore)
        case .neverHad where chore.denials + 1 < chore.denialsNeeded:
            // Its request may still be on its way; asked again, the seller has it or never will.
            again(chore, denials: chore.denials + 1)
        case .neverHad:
            if await !parts.book.withdraw(engagement) { again(chore) }
        // Something between may have answered in its place.
        case .contested where chore.contests == 0: again(chore, contests: 1)
        case .contested:
            parts.logger.warning(
                "the seller's account of a lane contradicts this journal; the lane stays unused",
                metadata: [
                    "seller": "\(engagement.seller)",
                    "channel": "\(engagement.name.channel.digest)",
                    "lane": "\(engagement.name.lane.rawValue)",
                ]
            )
            // Nothing more will be heard of it, and a budget must not wait for that.
            await parts.book.writeOff(engagement)
        }
    }

    private func ask(_ endpoint: String, _ name: VoucherName) async -> LaneAnswer? {
        guard let request = SellerRequests.lane(endpoint, name) else { return nil }
        let exchange = SellerExchange.begin(
            request,
            with: parts.client,
            bytesMax: SellerRequests.laneAnswerBytesMax,
            deadline: .now() + Self.answerTimeout
        )
        guard case .whole(let answer) = await exchange.next() else {
            exchange.cancel()
            return nil
        }
        switch answer.status {
        case 200: return LaneAnswer(answer.body, about: name)
        case 404: return .unknown
        default: return nil
        }
    }

    /// Uses a channel that this payer opened but the journal does not know, if it is unused.
    ///
    /// The lowest idle lane is always taken first, so a channel whose lane 0 saw no call saw none.
    private func adopt(_ id: ChannelID, _ chore: Chore) async {
        let (channel, isKnown, isBeingFunded) = parts.wallet.withLock { wallet in
            let channel = wallet.onLedger[id]
            return (
                channel, wallet.channels[id] != nil,
                channel.map { channel in
                    let unit = channel.denomination
                    return wallet.isFunding(Purse(seller: channel.payee, denomination: unit))
                } ?? false
            )
        }
        guard let channel, !isKnown else { return }
        guard !isBeingFunded, let endpoint = parts.board.endpoint(of: channel.payee),
            let answer = await ask(endpoint, VoucherName(channel: id, lane: LaneID(0), sequence: 1))
        else { return again(chore) }
        guard answer == .unknown else {
            parts.logger.warning(
                "a channel was used with another journal; it stays unused here",
                metadata: ["channel": "\(id.digest)"]
            )
            return
        }
        let terms = LedgerChannel(channel: channel, chain: parts.chain)
        do { try await parts.book.write(id, terms, isUsable: true) } catch { again(chore) }
    }

    private func topUp(_ id: ChannelID, _ chore: Chore) async {
        guard let funding = parts.wallet.withLock({ $0.planTopUp(of: id) }) else { return }
        do {
            try await parts.funder.fund(funding)
        } catch {
            parts.logger.warning(
                "a channel could not be topped up",
                metadata: ["reason": "\(error)"]
            )
            again(chore)
        }
    }
}

/// What a seller's answer about a lane means for the voucher that is open there.
enum LaneVerdict: Hashable, Sendable {
    case answered(Signed<Receipt>)
    case serving
    case neverHad
    /// The answer cannot be true if this journal is.
    case contested

    init(_ answer: LaneAnswer, on voucher: Verified<Voucher>) {
        let sequence = voucher.document.sequence
        if answer.sequence == sequence, let receipt = answer.receipt,
            receipt.document.voucher == voucher.digest
        {
            self = .answered(receipt)
        } else if answer.sequence == sequence - 1 {
            switch answer.open {
            case nil: self = .neverHad
            case sequence?: self = .serving
            default: self = .contested
            }
        } else {
            self = .contested
        }
    }
}
