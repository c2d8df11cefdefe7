import CLMDB
public import LedgerCore
public import MarketTypes

extension LedgerStore {
    /// Starts a chain in a new store: its name and the state before the first block.
    ///
    /// - Throws: ``StoreError/alreadyInitialized``, or a ``StoreError`` if it cannot be written.
    public func initialize(
        chain: ChainID,
        changes: [StateChange],
        time: Timestamp
    ) throws(StoreError) {
        try environment.write { transaction throws(StoreError) in
            try transaction.setChain(chain)
            let staged = try StagedTree(changes, on: .empty, in: transaction)
            try staged.write(in: transaction)
            try transaction.setHead(
                StoredHead(
                    height: BlockHeight(0),
                    node: staged.node,
                    blockHash: .zero,
                    time: time
                )
            )
        }
    }

    /// Computes the state that `changes` make of the last committed one, writing nothing.
    ///
    /// The value for one key is the last one given for it; removing what is not there is no change.
    ///
    /// - Throws: ``StoreError/tooLarge(bytes:bytesMax:)`` for a value above
    ///   ``StagedTree/valueBytesMax``, ``StoreError/tooManySnapshots`` if four others are staging,
    ///   or another ``StoreError`` if the store is damaged.
    public func stage(_ changes: [StateChange]) throws(StoreError) -> StagedTree {
        let reader = try staging.take()
        defer { staging.giveBack(reader) }
        let transaction = reader.transaction
        return try StagedTree(changes, on: transaction.head(), in: transaction)
    }

    /// Makes a block durable: all of it on return, or nothing if this throws.
    ///
    /// Of a transaction that is in several blocks the first place is kept.
    ///
    /// - Throws: ``StoreError/wrongHeight(expected:given:)`` unless the block follows the last one,
    ///   ``StoreError/staleStage`` unless it was staged on the last one's state,
    ///   ``StoreError/full`` or ``StoreError/failed(code:)`` if it cannot be written.
    public func commit(_ commit: BlockCommit) throws(StoreError) {
        for bytes in [commit.block.count, commit.results.count]
        where bytes > BlockCommit.blockBytesMax {
            throw .tooLarge(bytes: bytes, bytesMax: BlockCommit.blockBytesMax)
        }
        try environment.write { transaction throws(StoreError) in
            guard try transaction.chain() != nil else { throw .notInitialized }
            try commit.checkFollows(try transaction.head())
            try commit.staged.write(in: transaction)
            try commit.writeBlock(in: transaction)
            try transaction.setHead(
                StoredHead(
                    height: commit.height,
                    node: commit.staged.node,
                    blockHash: commit.blockHash,
                    time: commit.time
                )
            )
        }
    }
}

extension BlockCommit {
    fileprivate func checkFollows(_ head: StoredHead) throws(StoreError) {
        let expected = head.height.advanced(byBlocks: 1) ?? head.height
        guard height == expected, height != head.height else {
            throw .wrongHeight(expected: expected, given: height)
        }
        guard staged.base == head else { throw .staleStage }
    }

    fileprivate func writeBlock(in transaction: StoreTransaction) throws(StoreError) {
        let tables = transaction.tables
        if !block.isEmpty {
            try transaction.put(height, block, in: tables.blocks, flags: MDB_APPEND)
        }
        try transaction.put(height, results, in: tables.results, flags: MDB_APPEND)
        for (index, digest) in transactions.enumerated() where digest != .zero {
            let position = TransactionPosition(height: height, index: index)
            try transaction.putFirst(digest, position.bytes, in: tables.transactions)
        }
    }
}
