import CanonicalCoding
import Identity
import MarketTypes
import Testing

@testable import Gateway
@testable import LedgerCore

/// HST-2, HST-7: what the ledger would not let a session do, its hosted wallet does not begin.
@Suite("What a hosted wallet may spend")
struct HostedAllowanceTests {
    private let account = AccountID(Digest(sha256: [1]))
    private let successor = AccountID(Digest(sha256: [2]))
    private let key = AccountID(Digest(sha256: [3]))

    private func allowance(
        isRevoked: Bool = false,
        signer: AccountID? = nil,
        at height: UInt64 = 50
    ) -> HostedAllowance {
        let grant = SessionGrant(
            session: key,
            scope: SessionScope(messages: HostedConfiguration.messageTags),
            limits: [SessionLimit(.native, Amount(obol: 100))],
            periodBlocks: 10,
            validUntil: BlockHeight(100)
        )
        var session = Session(grant, by: account, at: BlockHeight(1))
        session.isRevoked = isRevoked
        return HostedAllowance(
            session: key,
            granted: session,
            signer: signer ?? account,
            height: BlockHeight(height)
        )
    }

    @Test("one that was granted, until its last block")
    func live() {
        #expect(allowance().isLive)
        #expect(allowance(at: 99).isLive)
        // The next transaction is in the block after the last one.
        #expect(!allowance(at: 100).isLive)
    }

    @Test("none that was revoked, was granted by a key that was replaced since, or never was")
    func over() {
        #expect(!allowance(isRevoked: true).isLive)
        #expect(!allowance(signer: successor).isLive, "the new key granted nothing")
        let none = HostedAllowance(
            session: key,
            granted: nil,
            signer: account,
            height: BlockHeight(1)
        )
        #expect(!none.isLive)
    }
}
