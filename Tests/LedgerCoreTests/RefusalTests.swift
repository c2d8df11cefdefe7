import CanonicalCoding
import Identity
import MarketTypes
import SettlementCore
import Testing

@testable import LedgerCore

@Suite("The ledger refuses")
struct RefusalTests {
    /// That nothing but sequence number and fee changes is checked by the harness.
    @Test("a message that breaks a rule, with its number", arguments: RefusedMessage.all)
    func message(_ refused: RefusedMessage) {
        var town = Town.start
        let message = refused.message(&town)
        let result = town.harness.send(refused.sender, message)
        #expect(result.refusal == refused.refusal)
        #expect(result.messageIndex == 0)
    }

    @Test("LED-6: the whole transaction, and names the message", arguments: RefusedMessage.all)
    func whole(_ refused: RefusedMessage) {
        var town = Town.start
        let message = refused.message(&town)
        let before = town.harness.account(.erin).balance
        let gift = Message.transfer(
            to: Person.erin.id,
            denomination: .native,
            amount: Amount(obol: 7)
        )
        let result = town.harness.send(refused.sender, gift, message, gift)
        #expect(result.refusal == refused.refusal)
        #expect(result.messageIndex == 1)
        #expect(town.harness.account(.erin).balance == before)
    }

    @Test("every refusal that there is stands in a table")
    func covered() {
        let codes = Set(
            RefusedMessage.all.map(\.refusal.code)
                + RefusedTransaction.all.map { Refusal.transaction($0.refusal).code }
        )
        // What a session's key may not do is in tables of its own.
        let sessions: [TransactionRefusal] = [.sessionEnded, .outsideSession, .sessionLimit]
        let transactions = TransactionRefusal.allCases.filter { !sessions.contains($0) }
        let all: [Refusal] =
            transactions.map { .transaction($0) }
            + AccountRefusal.allCases.map { .accounts($0) }
            + AssetRefusal.allCases.map { .assets($0) }
            + OfferRefusal.allCases.map { .offers($0) }
            + ChannelRefusal.allCases.map { .channels($0) }
            + BondRefusal.allCases.map { .bonds($0) }
            + StakingRefusal.allCases.map { .staking($0) }
        let missing = all.filter { !codes.contains($0.code) }
        #expect(missing.isEmpty)
    }

    /// How many refusals each component has, in order of their numbers.
    private static let counts: [Int] = [
        TransactionRefusal.allCases.count, AccountRefusal.allCases.count,
        AssetRefusal.allCases.count, OfferRefusal.allCases.count, ChannelRefusal.allCases.count,
        BondRefusal.allCases.count, 31, StakingRefusal.allCases.count,
        LineageRefusal.allCases.count, SharesRefusal.allCases.count, UnitRefusal.allCases.count,
        PassRefusal.allCases.count, ExchangeRefusal.allCases.count, EscrowRefusal.allCases.count,
        DisputeRefusal.allCases.count, GovernanceRefusal.allCases.count,
        AuthorizationRefusal.allCases.count, DeadlineRefusal.allCases.count,
    ]

    @Test("LED-11: numbers are 100 × component + case, and lead back")
    func numbers() {
        #expect(Refusal.transaction(.malformed).code == 101)
        #expect(Refusal.transaction(.cannotPayFee).code == 110)
        #expect(Refusal.accounts(.balanceOverflow).code == 203)
        #expect(Refusal.assets(.tooManyVersions).code == 306)
        #expect(Refusal.offers(.notCurrent).code == 415)
        #expect(Refusal.channels(.tooManyClaims).code == 515)
        #expect(Refusal.bonds(.bondOverflow).code == 608)
        #expect(Refusal.settlement(.noFreeLane).code == 731)
        #expect(Refusal.staking(.zeroAmount).code == 801)
        #expect(Refusal.staking(.tooEarly).code == 814)
        var known = 0
        for code in UInt32(0)..<3000 {
            guard let refusal = Refusal(code: code) else { continue }
            #expect(refusal.code == code)
            #expect(refusal.feeCharged == (code >= 200))
            known += 1
        }
        #expect(known == Self.counts.reduce(0, +))
    }

    @Test("LED-3, LED-5: a transaction that cannot enter", arguments: RefusedTransaction.all)
    func transaction(_ refused: RefusedTransaction) {
        var town = Town.start
        let before = town.harness.account(.alice)
        let result = town.harness.apply(refused.bytes(&town))
        #expect(result.refusal == .transaction(refused.refusal))
        #expect(town.harness.account(.alice) == before)
        #expect(town.harness.ledger.changes.isEmpty)
    }

    @Test("LED-5: for the first reason in order, if there are two")
    func precedence() {
        let ordered = RefusedTransaction.all.filter { $0.change != nil }
        for (index, first) in ordered.enumerated() {
            for second in ordered[index...].dropFirst() where first.refusal != second.refusal {
                var town = Town.start
                var draft = TransactionDraft(town)
                second.change?(&draft, town)
                first.change?(&draft, town)
                let result = town.harness.apply(draft.bytes)
                #expect(result.refusal == .transaction(first.refusal), "\(second.name)")
            }
        }
    }
}

/// A transfer of Alice's whose every field can be set before it is signed.
struct TransactionDraft {
    var transaction: Transaction
    var signer = Person.alice.key

    init(_ town: Town, _ messages: [Message]? = nil) {
        let gift = Message.transfer(
            to: Person.bob.id,
            denomination: .native,
            amount: Amount(obol: 1)
        )
        transaction = town.harness.transaction(.alice, messages ?? [gift])
    }

    mutating func set(
        chain: ChainID? = nil,
        sender: AccountID? = nil,
        sequence: UInt64? = nil,
        fee: UInt128? = nil,
        validUntil: UInt64? = nil
    ) {
        let old = transaction
        transaction = Transaction(
            chain: chain ?? old.chain,
            sender: sender ?? old.sender,
            sequence: sequence ?? old.sequence,
            fee: fee.map { Amount(obol: $0) } ?? old.fee,
            validUntil: validUntil.map { BlockHeight($0) } ?? old.validUntil,
            messages: old.messages
        )
    }

    var bytes: [UInt8] { signer.sign(transaction).signed.canonicalBytes }
}

/// Bytes that must not enter a block, and why.
struct RefusedTransaction: Sendable, CustomTestStringConvertible {
    let refusal: TransactionRefusal
    let name: String
    /// What is wrong with the draft; nil if the bytes themselves are.
    let change: (@Sendable (inout TransactionDraft, Town) -> Void)?
    private let raw: (@Sendable (inout Town) -> [UInt8])?

    var testDescription: String { "\(refusal): \(name)" }

    init(
        _ refusal: TransactionRefusal,
        _ name: String,
        _ change: @escaping @Sendable (inout TransactionDraft, Town) -> Void
    ) {
        (self.refusal, self.name, self.change) = (refusal, name, change)
        raw = nil
    }

    init(
        bytes refusal: TransactionRefusal,
        _ name: String,
        _ raw: @escaping @Sendable (inout Town) -> [UInt8]
    ) {
        (self.refusal, self.name, self.raw) = (refusal, name, raw)
        change = nil
    }

    func bytes(_ town: inout Town) -> [UInt8] {
        if let raw { return raw(&town) }
        var draft = TransactionDraft(town)
        change?(&draft, town)
        return draft.bytes
    }

    static let all: [RefusedTransaction] = forms + admissions

    private static let forms: [RefusedTransaction] = [
        RefusedTransaction(bytes: .malformed, "no bytes") { _ in [] },
        RefusedTransaction(bytes: .malformed, "a byte too few") {
            Array(TransactionDraft($0).bytes.dropLast())
        },
        RefusedTransaction(bytes: .malformed, "a byte too many") {
            TransactionDraft($0).bytes + [0]
        },
        RefusedTransaction(bytes: .tooLarge, "a byte above the limit") { _ in
            [UInt8](repeating: 1, count: Transaction.bytesMax + 1)
        },
        RefusedTransaction(bytes: .invalidSignature, "a signature with a bit flipped") {
            var bytes = TransactionDraft($0).bytes
            bytes[bytes.count - 1] ^= 1
            return bytes
        },
        RefusedTransaction(bytes: .invalidSignature, "another transaction's signature") {
            var other = TransactionDraft($0)
            other.set(fee: 5000)
            return TransactionDraft($0).bytes.dropLast(64) + other.bytes.suffix(64)
        },
        RefusedTransaction(bytes: .invalidSignature, "a claim with a forged receipt") { town in
            let good = town.call(0, 2).claim
            let forged = LaneClaim(
                voucher: good.voucher,
                receipt: Signed(
                    document: good.receipt.document,
                    key: good.receipt.key,
                    signature: good.voucher.signature
                )
            )
            let claim = ChannelClaim(
                channel: town.open,
                lanes: [forged],
                receiptsRoot: .zero,
                receiptsCount: 1,
                release: false
            )
            return TransactionDraft(town, [.claimChannel(claim)]).bytes
        },
        RefusedTransaction(bytes: .invalidSignature, "a report with a forged receipt") { town in
            let good = town.call(0, 2).claim
            let forged = Signed(
                document: good.receipt.document,
                key: good.receipt.key,
                signature: good.voucher.signature
            )
            let proof = FraudProof.equivocation(good.receipt, forged)
            return TransactionDraft(town, [.reportFraud(proof)]).bytes
        },
        RefusedTransaction(bytes: .invalidSignature, "a consensus key that did not sign") { town in
            var draft = RegistrationDraft(.alice, town.harness.chain)
            draft.proofOf = .carol
            return TransactionDraft(town, [draft.message]).bytes
        },
    ]

    private static let admissions: [RefusedTransaction] = [
        RefusedTransaction(.wrongChain, "another chain") { draft, _ in
            draft.set(chain: ChainID(digest(1)))
        },
        RefusedTransaction(.wrongSigner, "another's account") { draft, _ in
            draft.set(sender: Person.bob.id)
        },
        RefusedTransaction(.wrongSigner, "the voucher key") { draft, _ in
            draft.signer = Person.alice.voucherKey
        },
        RefusedTransaction(.expired, "a block too late") { draft, town in
            draft.set(validUntil: town.harness.context.height.rawValue - 1)
        },
        RefusedTransaction(.staleSequence, "a number that was used") { draft, town in
            draft.set(sequence: town.harness.account(.alice).sequence)
        },
        RefusedTransaction(.staleSequence, "number 0") { draft, _ in draft.set(sequence: 0) },
        RefusedTransaction(.sequenceGap, "a number skipped") { draft, town in
            draft.set(sequence: town.harness.account(.alice).sequence + 2)
        },
        RefusedTransaction(.sequenceGap, "the last number") { draft, _ in
            draft.set(sequence: .max)
        },
        RefusedTransaction(.feeTooLow, "an obol too little") { draft, _ in
            draft.set(fee: 0)
            let least = LedgerHarness.parameters.fee(bytes: draft.bytes.count).obol
            draft.set(fee: least - 1)
        },
        RefusedTransaction(.cannotPayFee, "an obol more than there is") { draft, town in
            draft.set(fee: town.harness.account(.alice).balance.obol + 1)
        },
    ]
}
