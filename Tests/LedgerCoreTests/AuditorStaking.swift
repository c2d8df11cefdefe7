import LedgerCore

struct AuditorStaking {
    init(_ genesis: Genesis) {}
    var entries: [[UInt8]: [UInt8]] { [:] }
}
extension AuditorLedger {
    mutating func perform(_ message: StakingMessage) throws(AuditorRefusal) {}
}
