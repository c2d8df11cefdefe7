import CometBFTTypes
import MarketTypes
import Testing

@Suite("LGT-3: the engine's times")
struct BlockTimeTests {
    @Test(
        "text and seconds agree",
        arguments: [
            ("0001-01-01T00:00:00Z", -62_135_596_800, 0),
            ("1969-12-31T23:59:59.999999999Z", -1, 999_999_999),
            ("1970-01-01T00:00:00Z", 0, 0),
            ("2000-02-29T12:30:15.5Z", 951_827_415, 500_000_000),
            ("2019-10-13T16:14:44Z", 1_570_983_284, 0),
            ("2023-05-17T14:12:53.088875124Z", 1_684_332_773, 88_875_124),
            ("2100-03-01T00:00:00.000000001Z", 4_107_542_400, 1),
            ("9999-12-31T23:59:59Z", 253_402_300_799, 0),
        ] as [(String, Int64, UInt32)]
    )
    func text(_ text: String, _ seconds: Int64, _ nanoseconds: UInt32) throws {
        let time = try #require(BlockTime(text: text))
        #expect(time.seconds == seconds && time.nanoseconds == nanoseconds)
        #expect(time.text == text)
    }

    @Test("every day of four centuries survives the way to text and back")
    func everyDay() throws {
        for day: Int64 in stride(from: -719_162, to: 2_932_896, by: 37) {
            let time = try #require(BlockTime(seconds: day * 86_400 + 1, nanoseconds: 0))
            #expect(BlockTime(text: time.text) == time)
        }
    }

    @Test(
        "what is not the engine's own way to write a time is refused",
        arguments: [
            "", "2019-10-13T16:14:44", "2019-10-13 16:14:44Z", "2019-10-13T16:14:44+00:00",
            "2019-13-13T16:14:44Z", "2019-02-29T16:14:44Z", "2019-10-00T16:14:44Z",
            "2019-10-13T24:14:44Z", "2019-10-13T16:60:44Z", "2019-10-13T16:14:60Z",
            "2019-10-13T16:14:44.Z", "2019-10-13T16:14:44.50Z", "2019-10-13T16:14:44.1234567891Z",
            "0000-10-13T16:14:44Z", "+019-10-13T16:14:44Z", "2019-10-13T16:14:44,5Z",
            "2019-10-13T16:14:44.5z", "2100-02-29T00:00:00Z",
        ]
    )
    func refused(_ text: String) {
        #expect(BlockTime(text: text) == nil)
    }

    @Test("times outside the years 1 to 9999 do not exist")
    func range() {
        #expect(BlockTime(seconds: BlockTime.secondsMin - 1, nanoseconds: 0) == nil)
        #expect(BlockTime(seconds: BlockTime.secondsMax + 1, nanoseconds: 0) == nil)
        #expect(BlockTime(seconds: 0, nanoseconds: 1_000_000_000) == nil)
        let last = BlockTime(Timestamp(milliseconds: .max))
        #expect(last.seconds == BlockTime.secondsMax)
        #expect(last.advanced(bySeconds: .max).seconds == BlockTime.secondsMax)
        #expect(BlockTime.absent.timestamp == nil)
        #expect(BlockTime(Timestamp(milliseconds: 1_234)).timestamp?.milliseconds == 1_234)
    }
}
