import CanonicalCoding
import Identity
public import LedgerCore
public import MarketTypes

/// Whose numbers the codes are: LED-11's.
let ledgerCodespace = "stoa"

extension ExecutionResult {
    /// What became of a transaction in a block.
    public init(_ result: TransactionResult) {
        self.init()
        code = result.code
        codespace = ledgerCodespace
        if let refusal = result.refusal {
            log = refusal.name
            data = [result.messageIndex]
        }
        events = result.events.map { EngineEvent($0) }
    }

    /// A transaction that may wait for a block.
    public static var accepted: ExecutionResult {
        var result = ExecutionResult()
        result.codespace = ledgerCodespace
        return result
    }

    /// A transaction that may not.
    public init(refusal: TransactionRefusal) {
        self.init(TransactionResult(refusal: refusal))
    }
}

extension EngineEvent {
    /// The type of every event of the ledger.
    public static let ledgerType = "stoa"
    /// The name of its one attribute.
    public static let ledgerKey = "event"

    /// An event of the ledger: its canonical bytes in hex, which engines carry as text.
    public init(_ event: Event) {
        self.init()
        var attribute = EngineEventAttribute()
        attribute.key = Self.ledgerKey
        attribute.value = Hex.encode(event.canonicalBytes)
        type = Self.ledgerType
        attributes = [attribute]
    }
}

extension EngineValidatorUpdate {
    /// A change of the set.
    ///
    /// - Throws: ``EngineViolation/powerTooLarge``.
    public init(_ update: ValidatorUpdate) throws(EngineViolation) {
        guard let power = Int64(exactly: update.power) else { throw .powerTooLarge }
        self.init(key: EnginePublicKey(.ed25519, update.key.bytes), power: power)
    }

    static func list(
        _ updates: [ValidatorUpdate]
    ) throws(EngineViolation) -> [EngineValidatorUpdate] {
        var list: [EngineValidatorUpdate] = []
        for update in updates { list.append(try EngineValidatorUpdate(update)) }
        return list
    }
}

extension Timestamp {
    /// The millisecond in which an engine's time lies; nil before 1970 or if it is no time.
    public init?(_ time: EngineTime) {
        guard let seconds = UInt64(exactly: time.seconds),
            (0..<1_000_000_000).contains(time.nanos)
        else { return nil }
        let (milliseconds, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        let (sum, carry) = milliseconds.addingReportingOverflow(UInt64(time.nanos) / 1_000_000)
        guard !overflow, !carry else { return nil }
        self.init(milliseconds: sum)
    }
}

extension EngineReport {
    /// What a decided block says about votes and evidence.
    ///
    /// A vote counts as signed only if it was for the block.
    ///
    /// - Throws: ``EngineViolation/wrongReport`` if an address, a power, a height or a kind is not
    ///   one.
    public init(_ block: BlockRequest) throws(EngineViolation) {
        var votes: [Vote] = []
        for vote in block.lastCommit.votes {
            votes.append(
                Vote(
                    validator: try Self.address(vote.validator.address),
                    power: try Self.number(vote.validator.power),
                    signed: vote.flag == .commit
                )
            )
        }
        var misbehavior: [Misbehavior] = []
        for fault in block.misbehavior { misbehavior.append(try Misbehavior(fault)) }
        self.init(
            proposer: block.proposerAddress.isEmpty
                ? nil : try Self.address(block.proposerAddress),
            votes: votes,
            misbehavior: misbehavior
        )
    }

    fileprivate static func address(
        _ bytes: [UInt8]
    ) throws(EngineViolation) -> ValidatorAddress {
        guard let address = ValidatorAddress(bytes: bytes) else { throw .wrongReport }
        return address
    }

    fileprivate static func number(_ value: Int64) throws(EngineViolation) -> UInt64 {
        guard let number = UInt64(exactly: value) else { throw .wrongReport }
        return number
    }
}

extension EngineReport.Misbehavior {
    fileprivate init(_ fault: MisbehaviorInfo) throws(EngineViolation) {
        let kind: EngineReport.MisbehaviorKind
        switch fault.type {
        case .duplicateVote: kind = .duplicateVote
        case .lightClientAttack: kind = .lightClientAttack
        case .unknown: throw .wrongReport
        }
        guard let time = Timestamp(fault.time) else { throw .wrongReport }
        self.init(
            kind: kind,
            validator: try EngineReport.address(fault.validator.address),
            height: BlockHeight(try EngineReport.number(fault.height)),
            time: time,
            totalPower: try EngineReport.number(fault.totalPower)
        )
    }
}
