import NIOCore

/// Asks node and provider again and again whether they serve, and tells the board.
///
/// One question at a time for each, however many clients ask about health.
struct HealthProbe: Sendable {
    /// A service, who answers it, and the path that says so.
    struct Subject: Sendable {
        let service: String
        let backend: Backend
        let path: String
    }

    let subjects: [Subject]
    let board: HealthBoard
    let limits: GRPCDoorConfiguration.Limits

    /// Probes until it is cancelled.
    func run() async throws {
        while true {
            try await Task.sleep(for: .milliseconds(limits.probeMilliseconds))
            await probe()
        }
    }

    /// Asks once, all at the same time.
    func probe() async {
        let serving = await withTaskGroup(of: (String, Bool).self) { group in
            for subject in subjects {
                group.addTask { (subject.service, await serves(subject)) }
            }
            var found: [String: Bool] = [:]
            for await (service, serves) in group { found[service] = serves }
            return found
        }
        guard !Task.isCancelled else { return }
        board.note(serving)
    }

    private func serves(_ subject: Subject) async -> Bool {
        let answer = try? await subject.backend.get(
            subject.path,
            answerBytesMax: 1 << 20,
            deadline: .now() + .seconds(limits.probeSecondsMax)
        )
        return answer?.status == 200
    }
}
