import AccessStore
import Testing

@Suite("AccessStore: names that leave the process")
struct AccessStoreFormTests {
    @Test("they are what they were")
    func names() {
        #expect(AccessStoreFormat.number == 3)
    }
}
