import Consensus
import LedgerCore
import MarketTypes

/// A block that more than two thirds voted for.
struct DecidedBlock {
    let height: UInt64
    let time: UInt64
    /// The root after the block before.
    let root: Digest
    let transactions: [[UInt8]]
    let report: EngineReport
    /// What the auditor expects of the transactions.
    let expected: [ExpectedResult]
    /// The nodes whose votes decided it.
    let voters: [Int]

    var context: BlockContext {
        BlockContext(height: BlockHeight(height), time: Timestamp(milliseconds: time))
    }
}

/// What a proposer sends to the others.
struct Proposal {
    let height: UInt64
    let round: Int
    let proposer: Int
    let time: UInt64
    let root: Digest
    let transactions: [[UInt8]]
    let report: EngineReport
    let name: Digest
}

/// What a node's engine keeps on its own, reliable disk.
struct EngineRecord {
    /// The last block that the engine has.
    var stored: UInt64 = 0
    /// The answer to the last FinalizeBlock that was saved.
    var answer: (height: UInt64, root: Digest)?
    /// The last block that engine and application agree to have done, and the root after it.
    var state: UInt64 = 0
    var root = Digest.zero
}

/// A transaction that waits at a node.
struct WaitingTransaction {
    let name: Digest
    let bytes: [UInt8]
    let transaction: Transaction
}

/// One of the machines that keep the ledger: an application, its store, and its engine's record.
final class Node {
    /// The most transactions that wait at one node.
    static let waitingMax = 64
    /// The most bytes of transactions in a block of a run.
    static let blockBytesMax = 1 << 16

    let index: Int
    let name: String
    /// Whether its engine lies about the state; its application is sound all the same.
    let isLiar: Bool
    var disk: SimulatedDisk
    var application: LedgerApplication?
    var store: SimulatedStore?
    var engine = EngineRecord()
    var waiting: [WaitingTransaction] = []
    /// The round in which it last voted.
    var voted: (height: UInt64, round: Int) = (0, 0)
    /// Whether a lying disk lost something that it had said was durable.
    var expectsLoss = false

    init(index: Int, isLiar: Bool, disk: SimulatedDisk) {
        self.index = index
        self.isLiar = isLiar
        self.disk = disk
        name = "node\(index)"
    }

    var isUp: Bool { application != nil }
}
