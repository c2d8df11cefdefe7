public import MarketTypes
import ProtobufWire

/// A moment as CometBFT writes it: seconds and nanoseconds since 1970-01-01T00:00:00Z.
///
/// Follows `google.protobuf.Timestamp`: from year 1 to year 9999, nanoseconds count upwards.
public struct BlockTime: Hashable, Comparable, Sendable {
    /// The seconds of the first moment, which stands where there is no time.
    public static let secondsMin: Int64 = -62_135_596_800
    /// The seconds of the last moment.
    public static let secondsMax: Int64 = 253_402_300_799

    /// Whole seconds; negative before 1970.
    public let seconds: Int64
    /// From 0 to 999,999,999.
    public let nanoseconds: UInt32

    /// Names a moment, or returns nil outside the years 1 to 9999.
    public init?(seconds: Int64, nanoseconds: UInt32) {
        guard (Self.secondsMin...Self.secondsMax).contains(seconds), nanoseconds < 1_000_000_000
        else { return nil }
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    private init(checkedSeconds seconds: Int64, nanoseconds: UInt32) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// Year 1, which stands for no time: in the vote of a validator that is absent.
    public static let absent = BlockTime(checkedSeconds: secondsMin, nanoseconds: 0)

    /// The moment of a timestamp; later ones than year 9999 become its last second.
    public init(_ timestamp: Timestamp) {
        let seconds = Int64(timestamp.milliseconds / 1000)
        guard seconds <= Self.secondsMax else {
            self.init(checkedSeconds: Self.secondsMax, nanoseconds: 999_999_999)
            return
        }
        let nanoseconds = UInt32(timestamp.milliseconds % 1000) * 1_000_000
        self.init(checkedSeconds: seconds, nanoseconds: nanoseconds)
    }

    /// The moment in whole milliseconds, or nil before 1970.
    public var timestamp: Timestamp? {
        guard seconds >= 0 else { return nil }
        let milliseconds = UInt64(seconds) * 1000 + UInt64(nanoseconds / 1_000_000)
        return Timestamp(milliseconds: milliseconds)
    }

    /// The moment `later` seconds after this one, or the last moment there is.
    public func advanced(bySeconds later: UInt32) -> BlockTime {
        let sum = min(seconds + Int64(later), Self.secondsMax)
        return BlockTime(checkedSeconds: sum, nanoseconds: nanoseconds)
    }

    public static func < (lhs: BlockTime, rhs: BlockTime) -> Bool {
        (lhs.seconds, lhs.nanoseconds) < (rhs.seconds, rhs.nanoseconds)
    }
}

extension BlockTime {
    /// Writes the fields of `google.protobuf.Timestamp`.
    func write(into writer: inout ProtobufWriter) {
        writer.write(seconds, field: 1)
        writer.write(UInt64(nanoseconds), field: 2)
    }

    /// The bytes of `google.protobuf.Timestamp`.
    var protobuf: [UInt8] {
        var writer = ProtobufWriter()
        write(into: &writer)
        return writer.bytes
    }

    init(protobuf slice: ArraySlice<UInt8>, as name: LightField) throws(LightRefusal) {
        var reader = StrictReader(slice, as: name)
        var seconds: Int64 = 0
        var nanoseconds: UInt64 = 0
        while let field = try reader.next() {
            switch field.number {
            case 1: seconds = try field.int64(as: name)
            case 2: nanoseconds = try field.uint64(as: name)
            default: throw .malformed(name)
            }
        }
        guard let small = UInt32(exactly: nanoseconds),
            let time = BlockTime(seconds: seconds, nanoseconds: small)
        else { throw .malformed(name) }
        self = time
    }
}
