import CLMDB

/// The LMDB files of one directory, open in this process alone.
///
/// Every write transaction ends with LMDB's own two syncs (data, then the page that makes it the
/// newest), so a commit that returned survives power loss; no flag that weakens this is set.
final class Environment: @unchecked Sendable {  // LMDB lets any thread use an environment
    private let pointer: OpaquePointer
    let tables: Tables
    private let lock: DirectoryLock

    /// Opens the files, or creates them.
    init(_ configuration: LedgerStoreConfiguration, readersMax: Int) throws(StoreError) {
        lock = try DirectoryLock(configuration.directory)
        var created: OpaquePointer?
        try check(mdb_env_create(&created))
        guard let created else { throw .failed(code: MDB_PANIC) }
        do throws(StoreError) {
            try check(mdb_env_set_mapsize(created, configuration.mapBytesMax))
            try check(mdb_env_set_maxdbs(created, Tables.count))
            try check(mdb_env_set_maxreaders(created, UInt32(readersMax)))
            // Readers belong to whoever holds them, because Swift's tasks change threads.
            let flags = UInt32(MDB_NOTLS)
            try check(mdb_env_open(created, configuration.directory, flags, 0o600))
            tables = try Self.write(created) { transaction throws(StoreError) in
                try Tables(openedIn: transaction)
            }
            try DirectoryLock.sync(configuration.directory)
            try DirectoryLock.sync(configuration.directory + "/..")
        } catch {
            mdb_env_close(created)
            throw error
        }
        pointer = created
    }

    deinit { mdb_env_close(pointer) }

    /// Runs `body` in a write transaction: all of it is durable on return, or nothing happened.
    func write<Value>(
        _ body: (StoreTransaction) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        let tables = self.tables
        return try Self.write(pointer) { transaction throws(StoreError) in
            try body(StoreTransaction(pointer: transaction, tables: tables))
        }
    }

    private static func write<Value>(
        _ environment: OpaquePointer,
        _ body: (OpaquePointer) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        var begun: OpaquePointer?
        try check(mdb_txn_begin(environment, nil, 0, &begun))
        guard let begun else { throw .failed(code: MDB_PANIC) }
        let value: Value
        do throws(StoreError) {
            value = try body(begun)
        } catch {
            mdb_txn_abort(begun)
            throw error
        }
        try check(mdb_txn_commit(begun))  // frees the transaction even when it fails
        return value
    }

    /// Begins a reader that sees the last committed state.
    func beginReading() throws(StoreError) -> Reader {
        var begun: OpaquePointer?
        try check(mdb_txn_begin(pointer, nil, UInt32(MDB_RDONLY), &begun))
        guard let begun else { throw .failed(code: MDB_PANIC) }
        return Reader(environment: self, pointer: begun)
    }
}

/// A read transaction that is used again and again, so that reading costs no system call.
///
/// While it is not paused it pins a version of the data: pages freed since cannot be reused.
final class Reader: @unchecked Sendable {  // one user at a time; MDB_NOTLS unties it from threads
    private let environment: Environment
    private let pointer: OpaquePointer

    init(environment: Environment, pointer: OpaquePointer) {
        self.environment = environment
        self.pointer = pointer
    }

    deinit { mdb_txn_abort(pointer) }

    /// What it sees.
    var transaction: StoreTransaction {
        StoreTransaction(pointer: pointer, tables: environment.tables)
    }

    /// Lets go of the version it sees.
    func pause() { mdb_txn_reset(pointer) }

    /// Sees the last committed state from now on.
    func resume() throws(StoreError) { try check(mdb_txn_renew(pointer)) }
}
