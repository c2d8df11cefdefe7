import CLMDB
import MarketTypes

/// One LMDB transaction: what it finds stays valid until it ends, or until its next write.
struct StoreTransaction {
    let pointer: OpaquePointer
    let tables: Tables

    /// The bytes under `key`, or nil.
    func find(
        _ key: some StoredKey,
        in table: MDB_dbi
    ) throws(StoreError) -> UnsafeRawBufferPointer? {
        var found = MDB_val()
        let status = key.withStoredBytes { raw in
            var key = MDB_val(raw)
            return mdb_get(pointer, table, &key, &found)
        }
        guard status != MDB_NOTFOUND else { return nil }
        try check(status)
        return UnsafeRawBufferPointer(found)
    }

    /// Stores `value` under `key`.
    func put(
        _ key: some StoredKey,
        _ value: [UInt8],
        in table: MDB_dbi,
        flags: Int32 = 0
    ) throws(StoreError) {
        let status = key.withStoredBytes { raw in
            value.withUnsafeBytes { bytes in
                var key = MDB_val(raw)
                var value = MDB_val(bytes)
                return mdb_put(pointer, table, &key, &value, UInt32(flags))
            }
        }
        try check(status)
    }

    /// Stores `value` under `key` unless something is there.
    func putFirst(
        _ key: some StoredKey,
        _ value: [UInt8],
        in table: MDB_dbi
    ) throws(StoreError) {
        do {
            try put(key, value, in: table, flags: MDB_NOOVERWRITE)
        } catch .failed(code: MDB_KEYEXIST) {
            return
        }
    }

    /// Removes what is under `key`, which must be there.
    func remove(_ key: some StoredKey, in table: MDB_dbi) throws(StoreError) {
        let status = key.withStoredBytes { raw in
            var key = MDB_val(raw)
            return mdb_del(pointer, table, &key, nil)
        }
        try check(status)
    }
}

/// A place in a table that moves through it in the order of its keys.
///
/// It must be gone before its transaction ends.
struct Cursor: ~Copyable {
    private let pointer: OpaquePointer

    init(_ transaction: StoreTransaction, _ table: MDB_dbi) throws(StoreError) {
        var opened: OpaquePointer?
        try check(mdb_cursor_open(transaction.pointer, table, &opened))
        guard let opened else { throw .failed(code: MDB_PANIC) }
        pointer = opened
    }

    deinit { mdb_cursor_close(pointer) }

    /// A key and what is stored under it.
    typealias Entry = (key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)

    /// Moves to the first key that is not below `key`; nil if there is none.
    func seek(_ key: some StoredKey) throws(StoreError) -> Entry? {
        var value = MDB_val()
        var found = MDB_val()
        let status = key.withStoredBytes { raw in
            found = MDB_val(raw)
            return mdb_cursor_get(pointer, &found, &value, MDB_SET_RANGE)
        }
        return try entry(status, found, value)
    }

    /// Moves on; nil at the end.
    func next() throws(StoreError) -> Entry? {
        var value = MDB_val()
        var found = MDB_val()
        let status = mdb_cursor_get(pointer, &found, &value, MDB_NEXT)
        return try entry(status, found, value)
    }

    /// Stores `value` under `key`; cheap where the cursor already is.
    func put(_ key: some StoredKey, _ value: [UInt8]) throws(StoreError) {
        let status = key.withStoredBytes { raw in
            value.withUnsafeBytes { bytes in
                var key = MDB_val(raw)
                var value = MDB_val(bytes)
                return mdb_cursor_put(pointer, &key, &value, 0)
            }
        }
        try check(status)
    }

    private func entry(
        _ status: Int32,
        _ key: MDB_val,
        _ value: MDB_val
    ) throws(StoreError) -> Entry? {
        guard status != MDB_NOTFOUND else { return nil }
        try check(status)
        return (UnsafeRawBufferPointer(key), UnsafeRawBufferPointer(value))
    }
}

/// What names a record of a table.
protocol StoredKey {
    /// Calls `body` with the bytes that LMDB sorts by.
    func withStoredBytes<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value
}

extension [UInt8]: StoredKey {
    func withStoredBytes<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        withUnsafeBytes { body($0) }
    }
}

extension Digest: StoredKey {
    func withStoredBytes<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        let words = words
        let raw = (
            words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian
        )
        return withUnsafeBytes(of: raw) { body($0) }
    }
}

extension BlockHeight: StoredKey {
    func withStoredBytes<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        withUnsafeBytes(of: rawValue.bigEndian) { body($0) }
    }
}

extension MDB_val {
    fileprivate init(_ raw: UnsafeRawBufferPointer) {
        // LMDB takes keys and values through pointers it calls mutable and never writes through.
        self.init(mv_size: raw.count, mv_data: UnsafeMutableRawPointer(mutating: raw.baseAddress))
    }
}

extension UnsafeRawBufferPointer {
    fileprivate init(_ value: MDB_val) {
        self.init(start: value.mv_data, count: value.mv_size)
    }
}
