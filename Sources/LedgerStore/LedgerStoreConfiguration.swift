/// Where a store keeps its files, and its limits.
public struct LedgerStoreConfiguration: Hashable, Sendable {
    /// The smallest map that holds an empty store.
    public static let mapBytesMin = 1 << 20

    /// The directory of the files; created if it is missing.
    public var directory: String
    /// The most the data file may grow to, in bytes; a multiple of 4,096.
    ///
    /// It is address space, not disk: the file is as large as what is in it.
    public var mapBytesMax: Int
    /// The most snapshots that may be open at a time.
    public var readersMax: Int

    /// Creates a configuration; the defaults suit a node.
    public init(directory: String, mapBytesMax: Int = 64 << 30, readersMax: Int = 64) {
        self.directory = directory
        self.mapBytesMax = mapBytesMax
        self.readersMax = readersMax
    }

    func validate() throws(StoreError) {
        guard !directory.isEmpty else { throw .invalidConfiguration(field: "directory") }
        guard mapBytesMax >= Self.mapBytesMin, mapBytesMax % 4096 == 0 else {
            throw .invalidConfiguration(field: "mapBytesMax")
        }
        guard (1...1024).contains(readersMax) else {
            throw .invalidConfiguration(field: "readersMax")
        }
    }
}
