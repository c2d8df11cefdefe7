import CanonicalCoding
import Identity
import LedgerCore
import MarketTypes
import SettlementCore

extension FuzzTarget {
    /// Messages that get past every signature: what they say is hostile, who says it is somebody.
    ///
    /// An input is a transaction. It is signed anew, as are the vouchers and receipts inside, and
    /// applied to a state of a recorded chain; the ledger traps when money is made or lost.
    static let ledger = FuzzTarget(
        "ledger",
        bytesMax: 16 << 10,
        mutantsInTests: 2500,
        seeds: {
            let signed =
                try RecordedChain.plain.transactions + RecordedChain.staked.transactions
                + RecordedChain.market.transactions
            return signed.compactMap {
                (try? Signed<Transaction>(canonicalBytes: $0))?.document.canonicalBytes
            }
        }
    ) { bytes in
        guard let draft = try? Transaction(canonicalBytes: bytes) else { return false }
        let others = [try RecordedChain.staked, try RecordedChain.market]
        let chain = try others.first { $0.chain == draft.chain } ?? RecordedChain.plain
        return try Rehearsal(chain).play(draft)
    }
}

/// One transaction on top of a recorded chain.
private struct Rehearsal {
    let chain: RecordedChain

    init(_ chain: RecordedChain) { self.chain = chain }

    func play(_ draft: Transaction) throws -> Bool {
        let people = chain.people
        let person = people.first { $0.key.accountID == draft.sender } ?? people[0]
        let sender = person.key.accountID
        let moment = chain.moment(before: draft.sequence, of: sender)
        let entry = moment.state.value(for: .account(sender)) ?? []
        let account = try Account(canonicalBytes: entry)
        let transaction = Transaction(
            chain: chain.chain,
            sender: sender,
            sequence: account.sequence + 1,
            fee: Amount(obol: min(draft.fee.obol, 1_000_000) + 100_000),
            validUntil: moment.next.height,
            messages: draft.messages.map(signed)
        )
        let bytes = person.key.sign(transaction).signed.canonicalBytes
        guard let checked = try? CheckedTransaction(canonicalBytes: bytes, chain: chain.chain)
        else { return false }
        var ledger = Ledger(chain: chain.chain, base: moment.state)
        let result = ledger.apply(checked, at: moment.next)
        try checkRefusal(result, sender, ledger.changes)
        let again = try? TransactionResult(canonicalBytes: result.canonicalBytes)
        try FuzzTarget.require(again == result, "a result that does not decode")
        _ = ledger.endBlock(at: moment.next)
        try checkOrder(ledger.changes)
        return result.isAccepted
    }

    /// LED-5 and LED-6: a refusal costs a sequence number and the fee, or nothing.
    private func checkRefusal(
        _ result: TransactionResult,
        _ sender: AccountID,
        _ changes: [StateChange]
    ) throws(FuzzFinding) {
        guard let refusal = result.refusal else { return }
        let allowed: [StateKey] = refusal.feeCharged ? [.account(sender), .feePool] : []
        for change in changes where !allowed.contains(change.key) {
            throw FuzzFinding("\(refusal.name) changed \(Hex.encode(change.key.bytes))")
        }
    }

    private func checkOrder(_ changes: [StateChange]) throws(FuzzFinding) {
        for (change, next) in zip(changes, changes.dropFirst()) {
            try FuzzTarget.require(change.key < next.key, "changes that are out of order")
        }
    }

    /// The message with the signatures inside it made valid, where the recordings know the keys.
    private func signed(_ message: Message) -> Message {
        switch message {
        case .claimChannel(let claim):
            let lanes = claim.lanes.map {
                LaneClaim(voucher: signed($0.voucher), receipt: signed($0.receipt))
            }
            return .claimChannel(
                ChannelClaim(
                    channel: claim.channel,
                    lanes: lanes,
                    receiptsRoot: claim.receiptsRoot,
                    receiptsCount: claim.receiptsCount,
                    release: claim.release
                )
            )
        case .reportFraud(.equivocation(let first, let second)):
            return .reportFraud(.equivocation(signed(first), signed(second)))
        case .reportFraud(.wrongCharge(let receipt)):
            return .reportFraud(.wrongCharge(signed(receipt)))
        case .reportFraud(.overclaim(let claimed, let held)):
            return .reportFraud(.overclaim(claimed: signed(claimed), held: signed(held)))
        default: return message
        }
    }

    private func signed<Document>(_ old: Signed<Document>) -> Signed<Document> {
        for person in chain.people {
            for key in [person.voucherKey, person.receiptKey] where key.publicKey == old.key {
                return key.sign(old.document).signed
            }
        }
        return old
    }
}
