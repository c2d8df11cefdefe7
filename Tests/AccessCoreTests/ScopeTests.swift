import AccessCore
import Testing

@Suite("Scopes")
struct ScopeTests {
    @Test("an unknown or doubled name is refused")
    func refused() {
        #expect(ScopeSet(text: "calls:write money:all") == nil)
        #expect(ScopeSet(text: "calls:write calls:write") == nil)
    }

    @Test("text and set say the same")
    func sameText() {
        for scope in Scope.allCases {
            #expect(ScopeSet(text: scope.rawValue)?.scopes == [scope])
        }
        #expect(ScopeSet(text: ScopeSet.all.description) == .all)
        #expect(ScopeSet([.callModels]).isSubset(of: .all))
        #expect(!ScopeSet.all.isSubset(of: ScopeSet([.callModels])))
    }
}
