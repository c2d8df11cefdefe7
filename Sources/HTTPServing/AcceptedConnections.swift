import HummingbirdCore
import NIOCore

/// Hands accepted connections from the event loops to the task that serves them.
///
/// One that is accepted while the server ends is closed, and lives until it is: the writer of a
/// connection must not go away before its channel knows.
struct AcceptedConnections<Value: ServerChildChannelValue>: Sendable {
    let sequence: AsyncStream<Value>
    private let continuation: AsyncStream<Value>.Continuation

    init() {
        // As many as may be open at once: the gate counts them.
        (sequence, continuation) = AsyncStream.makeStream(bufferingPolicy: .unbounded)
    }

    func add(_ value: Value) {
        guard case .terminated = continuation.yield(value) else { return }
        value.channel.closeFuture.whenComplete { _ in withExtendedLifetime(value) {} }
        value.channel.close(promise: nil)
    }

    func finish() { continuation.finish() }
}
