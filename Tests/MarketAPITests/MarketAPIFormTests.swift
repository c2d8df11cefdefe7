import MarketAPI
import Testing

@Suite("MarketAPI: names that leave the process")
struct MarketAPIFormTests {
    @Test("they are what they were")
    func names() {
        #expect(MarketAPI.prefix == "/api/v1")
    }
}
