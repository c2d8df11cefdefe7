import MarketTypes
import NIOCore
import Synchronization

/// Answers of this wallet's own deterministic calls, for a client that allows them to be told again
/// (DOOR-4). Nothing is asked or paid for one that is.
final class AnswerCache: Sendable {
    private struct Entry {
        let answer: PaidAnswer
        let keptAt: NIODeadline
    }

    private struct State {
        var entries: [Digest: Entry] = [:]
        /// In the order in which they came; the first goes first.
        var order: [Digest] = []
        var bytes = 0
    }

    /// The most answers.
    static let entriesMax = 256
    /// The most bytes of all answers together.
    static let bytesMax = 8 << 20
    /// The largest answer that is kept, in bytes.
    static let answerBytesMax = 256 << 10

    private let state = Mutex(State())

    /// The answer to the same request, if it is younger than that.
    func answer(to request: Digest, youngerThanSeconds seconds: UInt32) -> PaidAnswer? {
        state.withLock { state in
            guard let entry = state.entries[request],
                NIODeadline.now() - entry.keptAt < .seconds(Int64(seconds))
            else { return nil }
            return entry.answer
        }
    }

    /// Keeps an answer, in the place of an older one to the same request.
    func keep(_ answer: PaidAnswer, to request: Digest) {
        guard answer.body.count <= Self.answerBytesMax else { return }
        state.withLock { state in
            if let old = state.entries[request] {
                state.bytes -= old.answer.body.count
            } else {
                state.order.append(request)
            }
            state.entries[request] = Entry(answer: answer, keptAt: .now())
            state.bytes += answer.body.count
            while state.order.count > Self.entriesMax || state.bytes > Self.bytesMax,
                let first = state.order.first
            {
                state.order.removeFirst()
                state.bytes -= state.entries.removeValue(forKey: first)?.answer.body.count ?? 0
            }
        }
    }
}
