import GRDB

extension IndexReader {
    /// Where the index stands.
    public func place() async throws -> IndexPlace { try await read { _, place in place } }

    /// How often an index is looked at that another process writes, in milliseconds.
    private static let lookMilliseconds = 100

    /// Tells where the index stands, now and after each commit, until cancelled.
    ///
    /// A place may be left out while `body` runs; the latest never is.
    public func follow(_ body: (IndexPlace) async throws -> Void) async throws {
        guard database.isForWriting else { return try await lookAndTell(body) }
        let places = ValueObservation.tracking { try IndexPlace($0) }.removeDuplicates()
        let latest = places.values(in: database.pool, bufferingPolicy: .bufferingNewest(1))
        for try await place in latest { try await body(place) }
    }

    /// Commits that were not made through this database are not observed: they are looked for.
    private func lookAndTell(_ body: (IndexPlace) async throws -> Void) async throws {
        var last: IndexPlace?
        while true {
            let place = try await place()
            if place != last { try await body(place) }
            last = place
            try await Task.sleep(for: .milliseconds(Self.lookMilliseconds))
        }
    }
}
