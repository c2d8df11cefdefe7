import AccessCore
import MarketTypes
import Testing

@Suite("ACC-60 to ACC-62: roles")
struct OrganisationTests {
    private func member(_ role: Role, _ seed: UInt8 = 1) throws -> Member {
        Member(user: try #require(UserID(bytes: bytes(16, seed: seed))), role: role)
    }

    @Test("ACC-61: nobody makes another more than they may, and an owner stays")
    func changes() throws {
        for actor in Role.allCases {
            for target in Role.allCases {
                for next in Role.allCases.map(Optional.init) + [nil] {
                    let allowed =
                        actor == .owner
                        || (actor == .admin && target != .owner && next != .owner)
                    let (one, other) = (try member(actor, 1), try member(target, 2))
                    let outcome = Result { () throws(OrganisationRefusal) in
                        try MembershipRules.checkChange(
                            of: other,
                            to: next,
                            by: one,
                            owners: 2
                        )
                    }
                    #expect(((try? outcome.get()) != nil) == allowed)
                }
            }
        }
        #expect(throws: OrganisationRefusal.lastOwner) {
            try MembershipRules.checkChange(
                of: try member(.owner),
                to: .admin,
                by: try member(.owner),
                owners: 1
            )
        }
        // Anybody may leave, but for the last owner.
        try MembershipRules.checkChange(
            of: try member(.viewer),
            to: nil,
            by: try member(.viewer),
            owners: 1
        )
        #expect(throws: OrganisationRefusal.lastOwner) {
            try MembershipRules.checkChange(
                of: try member(.owner),
                to: nil,
                by: try member(.owner),
                owners: 1
            )
        }
    }

    @Test("ACC-60: a lower role never may what a higher one may not; numbers stay")
    func scopes() {
        #expect(Role.allCases.map(\.rawValue) == [1, 2, 3, 4, 5])
        for role in Role.allCases {
            #expect(role.scopes.isSubset(of: Role.owner.scopes))
            #expect(Role(name: role.name) == role)
        }
        #expect(!Role.viewer.scopes.contains(.callModels))
        #expect(!Role.billing.scopes.contains(.writeKeys))
        #expect(!Role.developer.scopes.contains(.writeOrganisation))
    }
}
