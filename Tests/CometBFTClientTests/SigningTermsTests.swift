import CanonicalCoding
import Identity
import LedgerClient
import LedgerCore
import MarketTypes
import Synchronization
import Testing

@Suite("What holds before an account's session signs, and what is kept until the outcome is known")
struct SigningTermsTests {
    private let market: Market
    private let messages: [Message]

    init() throws {
        market = try Market()
        messages = [
            .transfer(to: market.key.accountID, denomination: .native, amount: Amount(obol: 1))
        ]
    }

    private func session(_ ledger: OneAnswerLedger, _ terms: SigningTerms) -> AccountSession {
        AccountSession(key: market.key, ledger: ledger, terms: terms)
    }

    private func ledger(_ answer: LedgerClientError.Code) -> OneAnswerLedger {
        OneAnswerLedger(chain: market.genesis.chain, code: answer)
    }

    @Test("a ledger of another chain gets no signature")
    func otherChain() async throws {
        let (ledger, keeper) = (ledger(.unreachable), Keeper())
        let terms = SigningTerms(chain: ChainID(Digest(sha256: [1])), keeper: keeper)
        let found = await ledgerError { try await session(ledger, terms).execute(messages) }
        #expect(found?.declined == .otherChain && found?.isOutcomeUnknown == false)
        #expect(ledger.submitted.isEmpty && keeper.kept.isEmpty)
    }

    @Test("a fee above what is allowed is not signed, and one below is")
    func fee() async throws {
        let (ledger, keeper) = (ledger(.overloaded), Keeper())
        var terms = SigningTerms(feeMax: Amount(obol: 1_000), keeper: keeper)
        let found = await ledgerError { try await session(ledger, terms).execute(messages) }
        #expect(found?.declined == .feeTooHigh && found?.isOutcomeUnknown == false)
        #expect(ledger.submitted.isEmpty && keeper.kept.isEmpty)
        terms.feeMax = Amount(obol: 100_000)
        let later = await ledgerError { try await session(ledger, terms).execute(messages) }
        #expect(later?.code == .overloaded && ledger.submitted.count == 1)
    }

    @Test("what is only prepared holds to the same terms, and is neither kept nor sent")
    func prepared() async throws {
        let (ledger, keeper) = (ledger(.malformedAnswer), Keeper())
        let terms = SigningTerms(feeMax: Amount(obol: 1_000), keeper: keeper)
        let found = await ledgerError { _ = try await session(ledger, terms).prepare(messages) }
        #expect(found?.declined == .feeTooHigh)
        let willing = session(ledger, SigningTerms(keeper: keeper))
        let signed = try await willing.prepare(messages)
        #expect(ledger.submitted.isEmpty && keeper.kept.isEmpty)
        _ = await ledgerError { try await willing.execute(messages) }
        #expect(ledger.submitted == [signed.canonicalBytes])
    }

    @Test("the very bytes are kept before they are sent, and stay if the outcome is not known")
    func unknown() async throws {
        let (ledger, keeper) = (ledger(.malformedAnswer), Keeper())
        let terms = SigningTerms(chain: market.genesis.chain, keeper: keeper)
        let found = await ledgerError { try await session(ledger, terms).execute(messages) }
        #expect(found?.isOutcomeUnknown == true)
        #expect(keeper.kept.map(\.canonicalBytes) == ledger.submitted && keeper.settled.isEmpty)
        let kept = try #require(keeper.kept.first?.document)
        #expect(found?.transaction == TransactionReference(kept, isKept: true))
        #expect(found?.transaction?.sequence == 1)
    }

    @Test("what the ledger did not take is settled")
    func settled() async throws {
        let (ledger, keeper) = (ledger(.overloaded), Keeper())
        let found = await ledgerError {
            try await session(ledger, SigningTerms(keeper: keeper)).execute(messages)
        }
        #expect(found?.isOutcomeUnknown == false)
        #expect(keeper.settled == keeper.kept.map(\.document.signingDigest))
    }

    @Test("what cannot be kept is not sent")
    func notKept() async throws {
        let (ledger, keeper) = (ledger(.overloaded), Keeper(isFull: true))
        let found = await ledgerError {
            try await session(ledger, SigningTerms(keeper: keeper)).execute(messages)
        }
        #expect(found?.code == .badRequest && ledger.submitted.isEmpty)
    }
}

/// Remembers what it was to keep.
private final class Keeper: SubmissionKeeping {
    private struct State {
        var kept: [Signed<Transaction>] = []
        var settled: [Digest] = []
    }

    private let state = Mutex(State())
    private let isFull: Bool

    init(isFull: Bool = false) {
        self.isFull = isFull
    }

    var kept: [Signed<Transaction>] { state.withLock { $0.kept } }
    var settled: [Digest] { state.withLock { $0.settled } }

    func keep(_ transaction: Signed<Transaction>) throws(LedgerClientError) {
        guard !isFull else { throw LedgerClientError(.badRequest, "full") }
        state.withLock { $0.kept.append(transaction) }
    }

    func settle(_ digest: Digest) {
        state.withLock { $0.settled.append(digest) }
    }
}

/// A ledger on which nothing has happened, and which answers every submission alike.
private final class OneAnswerLedger: LedgerConnection {
    private let chain: ChainID
    private let code: LedgerClientError.Code
    private let state = Mutex<[[UInt8]]>([])

    init(chain: ChainID, code: LedgerClientError.Code) {
        self.chain = chain
        self.code = code
    }

    var submitted: [[UInt8]] { state.withLock { $0 } }

    func status() async throws(LedgerClientError) -> LedgerStatus {
        LedgerStatus(
            chain: chain,
            name: "stoa-test",
            height: BlockHeight(1),
            time: Timestamp(milliseconds: 1),
            stateRoot: .zero,
            parameters: .standard
        )
    }

    func submit(_ transaction: [UInt8]) async throws(LedgerClientError) -> TransactionOutcome {
        state.withLock { $0.append(transaction) }
        throw LedgerClientError(code, "no")
    }

    func entry(_ key: StateKey, proven: Bool) async throws(LedgerClientError) -> StateEntry {
        StateEntry(value: nil, height: BlockHeight(1), proof: nil, header: nil)
    }

    func entries(
        prefix: StateKey,
        after: StateKey?,
        limit: Int
    ) async throws(LedgerClientError) -> [StateListing] { [] }

    func blocks(from height: BlockHeight) -> AsyncThrowingStream<BlockSummary, any Error> {
        AsyncThrowingStream { $0.finish() }
    }
}
