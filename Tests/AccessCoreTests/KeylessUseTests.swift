import MarketTypes
import Testing

@testable import AccessCore

@Suite("HST-14: calls without a key are counted under names of their own")
struct KeylessUseTests {
    private func organisation(_ byte: UInt8) throws -> OrganisationID {
        try #require(OrganisationID(bytes: [UInt8](repeating: byte, count: 16)))
    }

    @Test("each organisation and each kind has another name, always the same")
    func names() throws {
        var names: Set<APIKeyID> = []
        for byte in UInt8(0)..<50 {
            for use in KeylessUse.allCases {
                let name = try #require(use.counter(of: organisation(byte)))
                #expect(use.counter(of: try organisation(byte)) == name)
                names.insert(name)
            }
        }
        #expect(names.count == 50 * KeylessUse.allCases.count)
    }

    @Test("a key is its own")
    func keys() throws {
        let key = try #require(APIKeyID(text: "abcdefghijkl"))
        #expect(KeylessUse(.key(key)) == nil)
        #expect(KeylessUse(.session) == .pages)
        #expect(KeylessUse(.token(client: "client")) == .programs)
    }

    @Test("FEED-7: a caller sees what their organisation bought; what nobody's name is on, alone")
    func purchases() throws {
        let user = try #require(UserID(bytes: [UInt8](repeating: 1, count: 16)))
        func caller(_ organisation: OrganisationID) -> Caller {
            Caller(
                user: user,
                organisation: organisation,
                account: nil,
                scopes: .all,
                proof: .session
            )
        }
        let alone = caller(OrganisationID(of: user))
        let member = caller(try organisation(2))
        let own = CallBuyer(alone)
        let shared = CallBuyer(member)
        #expect(own != nil && shared != nil)
        #expect(alone.purchases.shows(own) && alone.purchases.shows(nil))
        #expect(!alone.purchases.shows(shared))
        #expect(member.purchases.shows(shared))
        #expect(!member.purchases.shows(own) && !member.purchases.shows(nil))
        #expect(own?.view == alone.purchases && shared?.view == member.purchases)
    }
}
