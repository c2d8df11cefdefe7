import OpenAIWire
import Testing

@Suite("The first place of some bytes in others")
struct ByteSearchTests {
    @Test(
        "At the start, at the end, behind a false start, and nowhere",
        arguments: [
            ("abc", "abc", 0, 0), ("xxabc", "abc", 0, 2), ("ababc", "abc", 0, 2),
            ("aab", "ab", 0, 1), ("abcabc", "abc", 1, 3), ("abab", "ab", 4, nil),
            ("ab", "abc", 0, nil), ("", "a", 0, nil), ("abc", "", 0, nil), ("abd", "abc", 0, nil),
        ] as [(String, String, Int, Int?)]
    )
    func places(text: String, pattern: String, start: Int, place: Int?) {
        #expect(Array(text.utf8).firstPlace(of: Array(pattern.utf8), from: start) == place)
    }
}
