/// Spans of blocks for people: blocks come about once a second.
enum BlockText {
    /// Such as `about 28 hours`; a span is rounded to what says enough.
    static func span(_ blocks: UInt64) -> String {
        switch blocks {
        case 0..<120: "about \(NumberText.count(blocks, "second", "seconds"))"
        case 120..<7_200: "about \(NumberText.count((blocks + 30) / 60, "minute", "minutes"))"
        case 7_200..<172_800: "about \(NumberText.count((blocks + 1_800) / 3_600, "hour", "hours"))"
        default: "about \(NumberText.count(blocks / 86_400, "day", "days"))"
        }
    }
}
