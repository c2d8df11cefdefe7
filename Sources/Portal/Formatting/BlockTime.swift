import MarketTypes

/// Spans of blocks for people: blocks come about once a second, and waits are counted in them.
enum BlockTime {
    /// Such as `about 10 min`; nothing shorter than a second is said.
    static func about(_ blocks: UInt64) -> String {
        switch blocks {
        case 0..<90: "about \(max(1, blocks)) s"
        case 90..<5_400: "about \((blocks + 30) / 60) min"
        case 5_400..<172_800: "about \((blocks + 1_800) / 3_600) h"
        default: "about \(NumberText.grouped((blocks - 43_200) / 86_400 + 1)) days"
        }
    }

    /// Such as `600 blocks, about 10 min`.
    static func span(_ blocks: UInt64) -> String {
        NumberText.count(blocks, "block", "blocks") + (blocks == 0 ? "" : ", \(about(blocks))")
    }

    /// Such as `in about 10 min`, for a height that is to come; nil for one that is past.
    static func ahead(_ height: BlockHeight, from now: BlockHeight) -> String? {
        height > now ? "in " + about(height.rawValue - now.rawValue) : nil
    }
}
