import Dispatch
import Glibc
import LedgerClient

/// Says what is on its way if a signal ends the command while it waits for an outcome.
final class Interruption {
    private var sources: [(number: Int32, before: sigaction, source: any DispatchSourceSignal)] = []

    /// Takes the signals that end a command, until ``end()``.
    init(of pending: PendingTransactions) {
        for number in [SIGINT, SIGTERM] {
            var before = sigaction()
            sigaction(number, nil, &before)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                if let sent = pending.unanswered {
                    Ending(CommandFailure(unknown: sent, because: "interrupted")).exitAtOnce()
                }
                // Nothing is on its way: it ends as a shell names such an end.
                _exit(128 + number)
            }
            source.activate()
            sources.append((number, before, source))
        }
    }

    /// Gives the signals back.
    func end() {
        for (number, before, source) in sources {
            source.cancel()
            var before = before
            sigaction(number, &before, nil)
        }
        sources = []
    }
}
