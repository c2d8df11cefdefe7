/// Runs a check that says what is wrong, or nil, and does not wait for it for ever.
///
/// - Returns: what is wrong; "no answer in time" if the check took longer than `timeout`. It is
///   cancelled then, and must heed that.
public func fault(
    within timeout: Duration,
    _ check: @escaping @Sendable () async -> String?
) async -> String? {
    await withTaskGroup(of: String?.self) { group in
        group.addTask { await check() }
        group.addTask {
            do {
                try await Task.sleep(for: timeout)
                return "no answer in time"
            } catch {
                return nil
            }
        }
        let first = await group.next() ?? nil
        group.cancelAll()
        return first
    }
}
