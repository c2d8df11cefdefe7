import CLMDB
public import MarketTypes

/// Why the store refused or failed; whatever is thrown, nothing was changed.
public enum StoreError: Error, Hashable, Sendable {
    /// A field of ``LedgerStoreConfiguration`` is outside its documented range.
    case invalidConfiguration(field: String)
    /// Another process, or another store in this one, holds the directory's lock.
    case inUse
    /// The files were written in a format that this version does not know.
    case unknownFormat(found: UInt32)
    /// The store holds no chain yet.
    case notInitialized
    /// The store holds a chain already.
    case alreadyInitialized
    /// A block must follow the last one directly.
    case wrongHeight(expected: BlockHeight, given: BlockHeight)
    /// The changes were staged on another state than the last committed one.
    case staleStage
    /// A value, block or list exceeds its limit.
    case tooLarge(bytes: Int, bytesMax: Int)
    /// The data reached ``LedgerStoreConfiguration/mapBytesMax``.
    case full
    /// ``LedgerStoreConfiguration/readersMax`` snapshots are open.
    case tooManySnapshots
    /// What is stored contradicts itself: the disk or another program damaged it.
    case corrupt(Defect)
    /// A snapshot that was offered for import is not what it claims to be.
    case importRefused(ImportDefect)
    /// LMDB (negative, lmdb.h) or the system (positive, `errno`) failed.
    case failed(code: Int32)

    /// What is damaged.
    public enum Defect: Hashable, Sendable {
        case head
        case stateRecord
        case stateIndex
        case treePage
        case blockRecord
        case transactionRecord
    }

    /// What is wrong with a snapshot.
    public enum ImportDefect: Hashable, Sendable {
        case malformedChunk
        case entriesOutOfOrder
        case wrongRoot
    }

    /// The number by which logs and scripts know the error.
    ///
    /// Append-only: a number is never reused.
    public var code: UInt32 {
        switch self {
        case .invalidConfiguration: 1
        case .inUse: 2
        case .unknownFormat: 3
        case .notInitialized: 4
        case .alreadyInitialized: 5
        case .wrongHeight: 6
        case .staleStage: 7
        case .tooLarge: 8
        case .full: 9
        case .tooManySnapshots: 10
        case .corrupt: 11
        case .importRefused: 12
        case .failed: 13
        }
    }
}

extension StoreError: CustomStringConvertible {
    /// A sentence for logs.
    public var description: String {
        switch self {
        case .invalidConfiguration(let field): "the setting \(field) is out of range"
        case .inUse: "another process has this store open"
        case .unknownFormat(let found): "the files have format \(found), which is not known here"
        case .notInitialized: "the store holds no chain yet"
        case .alreadyInitialized: "the store holds a chain already"
        case .wrongHeight(let expected, let given):
            "block \(given.rawValue) was offered where \(expected.rawValue) is next"
        case .staleStage: "the changes were staged on another state than the last"
        case .tooLarge(let bytes, let bytesMax): "\(bytes) bytes, and the limit is \(bytesMax)"
        case .full: "the store has reached the size it is limited to"
        case .tooManySnapshots: "too many snapshots are open"
        case .corrupt(let defect): "the store is damaged: \(defect)"
        case .importRefused(let defect): "the snapshot was refused: \(defect)"
        case .failed(let code): "\(String(cString: mdb_strerror(code))) (code \(code))"
        }
    }
}

/// Throws what an LMDB return code means.
func check(_ status: Int32) throws(StoreError) {
    switch status {
    case MDB_SUCCESS: return
    case MDB_MAP_FULL: throw .full
    default: throw .failed(code: status)
    }
}

/// Ends the process because the ledger's state cannot be read.
func stopProcess(_ error: StoreError) -> Never {
    // Reading state cannot throw: a node that went on with a guess would fork from the others.
    fatalError("the ledger's state cannot be read: \(error)")
}
