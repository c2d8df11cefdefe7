import GRDB

extension IndexReader {
    /// Where the index stands.
    public func place() async throws -> IndexPlace { try await read { _, place in place } }

    /// Tells where the index stands, now and after each commit of this process, until cancelled.
    ///
    /// A place may be left out while `body` runs; the latest never is.
    public func follow(_ body: (IndexPlace) async throws -> Void) async throws {
        let places = ValueObservation.tracking { try IndexPlace($0) }.removeDuplicates()
        for try await place in places.values(in: pool, bufferingPolicy: .bufferingNewest(1)) {
            try await body(place)
        }
    }
}
