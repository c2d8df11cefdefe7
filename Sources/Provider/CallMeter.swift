import MarketTypes
import OpenAIWire
import SettlementCore

/// Counts what a call used, in the units that its offer prices and never above what was promised.
///
/// An upstream that reports more than the request could have used is not believed: the buyer's cap
/// was computed from the request, and so is this bound.
struct CallMeter: Hashable, Sendable {
    /// The most of each priced unit; units without a price are absent.
    private let unitsMax: UnitCounts
    private var usage: TokenUsage?
    private var contentChunks: UInt64 = 0
    private var bytes: UInt64 = 0
    /// How many units `call` the whole answer is.
    private var calls: UInt64 = 1

    init(unitsMax: UnitCounts) {
        self.unitsMax = unitsMax
    }

    /// Whether the upstream reported every count of tokens that has a price.
    var hasUsage: Bool {
        (unitsMax[.inputToken] == nil || usage?.promptTokens != nil)
            && (unitsMax[.outputToken] == nil || usage?.completionTokens != nil)
    }

    /// Notes the usage that an upstream reported; the last one counts.
    mutating func note(_ usage: TokenUsage?) {
        if let usage { self.usage = usage }
    }

    /// Notes how many units `call` the whole answer is.
    mutating func note(calls: UInt64) { self.calls = calls }

    /// Notes a chunk that was handed to the buyer's connection.
    mutating func noteChunk(bytes count: Int, hasContent: Bool) {
        bytes += UInt64(count)
        if hasContent { contentChunks += 1 }
    }

    /// The units of a call whose whole answer was sent.
    ///
    /// A stream without usage is counted by its chunks, as one that broke off (CALL-8).
    func delivered(milliseconds: UInt64) -> UnitCounts {
        counts(
            input: usage?.promptTokens ?? 0,
            output: usage?.completionTokens ?? contentChunks,
            calls: calls,
            milliseconds: milliseconds
        )
    }

    /// The units of a call that its seller broke off (CALL-8).
    func partial(milliseconds: UInt64) -> UnitCounts {
        counts(
            input: usage?.promptTokens ?? 0,
            output: contentChunks,
            calls: 0,
            milliseconds: milliseconds
        )
    }

    /// The units of a call that its buyer gave up (CALL-8): once it has a piece of the answer, the
    /// prompt was read and the call is one, else whoever leaves early would have both for nothing.
    ///
    /// - Parameter promptTokensLeast: what the prompt counts if no model server reported it.
    func abandoned(milliseconds: UInt64, promptTokensLeast: UInt64) -> UnitCounts {
        guard contentChunks > 0 else { return partial(milliseconds: milliseconds) }
        return counts(
            input: usage?.promptTokens ?? promptTokensLeast,
            output: contentChunks,
            calls: calls,
            milliseconds: milliseconds
        )
    }

    private func counts(
        input: UInt64,
        output: UInt64,
        calls: UInt64,
        milliseconds: UInt64
    ) -> UnitCounts {
        var units = UnitCounts()
        for (unit, limit) in unitsMax.entries {
            let count =
                switch unit {
                case .inputToken: input
                case .outputToken: output
                case .call: calls
                case .second: max(1, (milliseconds + 999) / 1000)
                case .byte: bytes
                }
            if count > 0 { units[unit] = min(count, limit) }
        }
        return units
    }
}
