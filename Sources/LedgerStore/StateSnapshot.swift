public import LedgerCore
public import MarketTypes

/// One version of the state, for as long as ``LedgerStore/withSnapshot(_:)`` runs.
public final class StateSnapshot: StateReading {
    /// The most entries that one ``scan(prefix:after:limit:)`` returns.
    public static let scanCountMax = 10_000

    /// The block after which the state is as seen here.
    public let head: StoredHead
    private var open: StoreTransaction?

    init(_ transaction: StoreTransaction) throws(StoreError) {
        open = transaction
        head = try transaction.head()
    }

    /// The height of that block.
    public var height: BlockHeight { head.height }
    /// The root of the state.
    public var root: Digest { head.root }

    var transaction: StoreTransaction {
        guard let open else { preconditionFailure("a snapshot was used after its end") }
        return open
    }

    func end() { open = nil }

    /// The value under `key`; a damaged store ends the process, as in ``LedgerStore/value(for:)``.
    public func value(for key: StateKey) -> [UInt8]? {
        do throws(StoreError) {
            return try transaction.value(for: key)
        } catch {
            stopProcess(error)
        }
    }

    /// Lists entries whose keys start with `prefix`, in ascending order of key.
    ///
    /// - Parameters:
    ///   - prefix: what the keys start with.
    ///   - after: the last key of the page before; entries up to it are left out.
    ///   - limit: the most entries to return; ``scanCountMax`` is the most in any case.
    /// - Returns: the entries; none for a limit below 1.
    /// - Throws: ``StoreError`` if the store is damaged.
    public func scan(
        prefix: StateKey,
        after: StateKey?,
        limit: Int
    ) throws(StoreError) -> [(key: StateKey, value: [UInt8])] {
        let countMax = min(limit, Self.scanCountMax)
        guard countMax > 0 else { return [] }
        let cursor = try Cursor(transaction, transaction.tables.keys)
        var entry = try cursor.seek(max(prefix, after ?? prefix).bytes)
        if let after, let found = entry, found.key.elementsEqual(after.bytes) {
            entry = try cursor.next()
        }
        var entries: [(key: StateKey, value: [UInt8])] = []
        while let found = entry, found.key.starts(with: prefix.bytes), entries.count < countMax {
            guard found.key.count <= StateKey.bytesMax else { throw .corrupt(.stateIndex) }
            let key = StateKey(bytes: Array(found.key))
            guard let value = try transaction.value(for: key) else { throw .corrupt(.stateIndex) }
            entries.append((key, value))
            entry = try cursor.next()
        }
        return entries
    }

    /// Calls `body` with every entry, in the order of the tree: ascending by path.
    ///
    /// - Throws: ``StoreError`` if the store is damaged, or what `body` throws.
    public func forEachEntry(_ body: (StateKey, [UInt8]) throws -> Void) throws {
        let cursor = try Cursor(transaction, transaction.tables.state)
        var entry = try cursor.seek(Digest.zero)
        var count = 0
        while let found = entry {
            guard let path = Digest(bytes: found.key) else {
                throw StoreError.corrupt(.stateRecord)
            }
            let record = try StateRecord(found.value)
            try body(record.key, try record.value(at: path))
            count += 1
            entry = try cursor.next()
        }
        guard count == head.entryCount else { throw StoreError.corrupt(.stateRecord) }
    }
}
