import Hummingbird
import NIOCore
import Synchronization

/// A request's body that can be asked for any number of times, and is read by whoever asks first.
///
/// The server's own body ends the process when it is asked for twice, so nothing that a client
/// sends may lead there.
final class OnceBody: AsyncSequence, Sendable {
    private let body: RequestBody
    private let isTaken = Atomic<Bool>(false)

    init(_ body: RequestBody) {
        self.body = body
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var pieces: RequestBody.AsyncIterator?

        @concurrent mutating func next() async throws -> ByteBuffer? {
            try await pieces?.next()
        }
    }

    /// The pieces; none for everybody but the first.
    func makeAsyncIterator() -> AsyncIterator {
        let wasTaken = isTaken.exchange(true, ordering: .acquiringAndReleasing)
        return AsyncIterator(pieces: wasTaken ? nil : body.makeAsyncIterator())
    }
}
