/// Sizes for people, in decimal units.
enum SizeText {
    private static let units = ["kB", "MB", "GB", "TB"]

    /// Such as `312 bytes`, `26.2 MB` or `268 MB`: never more than it is, so that a limit that is
    /// shown can be kept to.
    static func short(_ bytes: Int) -> String {
        guard bytes >= 1_000 else { return NumberText.count(bytes, "byte", "bytes") }
        var (unit, scale) = (0, 1_000)
        while bytes / scale >= 1_000, unit + 1 < units.count {
            unit += 1
            scale *= 1_000
        }
        let tenths = bytes / (scale / 10)
        let isRound = tenths % 10 == 0 || tenths >= 1_000
        let digits = NumberText.grouped(tenths / 10)
        return "\(digits)\(isRound ? "" : ".\(tenths % 10)") \(units[unit])"
    }
}
