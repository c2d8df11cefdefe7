import LedgerCore

/// How often an answer that was lost is asked for.
private let submissionsMax = 5

extension LedgerConnection {
    /// Submits a signed transaction's canonical bytes, and asks again for an answer that was lost.
    ///
    /// - Throws: ``LedgerClientError``, which says whether the transaction may yet take effect.
    public func submitRepeatedly(
        _ bytes: [UInt8]
    ) async throws(LedgerClientError) -> TransactionOutcome {
        var attempt = 0
        var wasLost = false
        while true {
            attempt += 1
            do throws(LedgerClientError) {
                return try await submit(bytes)
            } catch {
                wasLost = wasLost || error.code == .unreachable || error.code == .malformedAnswer
                guard error.code == .unreachable, attempt < submissionsMax else {
                    var failure = error
                    failure.isOutcomeUnknown = wasLost && !error.holdsForEver
                    throw failure
                }
                try? await Task.sleep(for: .milliseconds(100 << attempt))
            }
        }
    }
}

extension LedgerClientError {
    /// Whether it is a refusal of the bytes as such, by whichever node at whatever time. That a
    /// number was used may be the transaction's own doing, and of a fee or a limit another node
    /// may know other things.
    fileprivate var holdsForEver: Bool {
        guard code == .refused, case .transaction(let refusal) = refusal else { return false }
        return [.malformed, .tooLarge, .wrongChain, .invalidSignature].contains(refusal)
    }
}
