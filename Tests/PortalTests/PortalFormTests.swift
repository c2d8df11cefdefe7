import Portal
import Testing

@Suite("Portal: names that leave the process")
struct PortalFormTests {
    @Test("they are what they were")
    func names() {
        #expect(PortalPaths.assets == "/assets")
    }
}
