import AccessCore
import Testing

@Suite("ACC-26: a form is of one session, and of one organisation")
struct WebSessionTests {
    @Test("it does nothing for another session, or for another organisation")
    func tokens() throws {
        let one = try #require(SessionToken(bytes: bytes(32, seed: 1)))
        let other = try #require(SessionToken(bytes: bytes(32, seed: 2)))
        let home = try #require(OrganisationID(bytes: bytes(16, seed: 3)))
        let team = try #require(OrganisationID(bytes: bytes(16, seed: 4)))
        let text = one.crossSiteToken(for: home)
        #expect(one.matches(crossSiteToken: text, for: home))
        #expect(!one.matches(crossSiteToken: text, for: team))
        #expect(!other.matches(crossSiteToken: text, for: home))
        #expect(!one.matches(crossSiteToken: "", for: home))
        #expect(!one.matches(crossSiteToken: one.text, for: home))
    }
}
