public import CanonicalCoding
import MarketTypes

extension ProposalRules: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(quorum)
        encoder.encode(votesMin)
        encoder.encode(threshold)
        encoder.encode(veto)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        quorum = try decoder.decodeUInt64()
        votesMin = try decoder.decodeAmount()
        threshold = try decoder.decodeUInt64()
        veto = try decoder.decodeUInt64()
    }
}

extension VoteTally: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        for choice in VoteChoice.allCases { encoder.encode(self[choice]) }
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        self.init()
        var cast: UInt128 = 0
        for choice in VoteChoice.allCases {
            let amount = try decoder.decodeAmount()
            let (sum, overflow) = cast.addingReportingOverflow(amount.obol)
            guard !overflow else { throw .invalidValue }
            (self[choice], cast) = (amount, sum)
        }
    }
}

extension ProposalStatus: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        switch self {
        case .open: encoder.encode(UInt8(1))
        case .waiting: encoder.encode(UInt8(2))
        case .ended(let outcome):
            encoder.encode(UInt8(3))
            encoder.encode(outcome.rawValue)
        case .executed: encoder.encode(UInt8(4))
        case .failed(let code):
            encoder.encode(UInt8(5))
            encoder.encode(code)
        }
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        switch try decoder.decodeUInt8() {
        case 1: self = .open
        case 2: self = .waiting
        case 3:
            guard let outcome = ProposalOutcome(rawValue: try decoder.decodeUInt8()) else {
                throw .unknownTag
            }
            self = .ended(outcome)
        case 4: self = .executed
        case 5: self = .failed(code: try decoder.decodeUInt32())
        default: throw .unknownTag
        }
    }
}

extension Proposal: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(proposer.digest)
        encoder.encode(content)
        encoder.encode(deposit)
        encoder.encode(opensAt.rawValue)
        encoder.encode(endsAt.rawValue)
        encoder.encode(executesAt.rawValue)
        encoder.encode(rules)
        encoder.encode(total != nil)
        if let total { encoder.encode(total) }
        encoder.encode(tally)
        encoder.encode(status)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        proposer = AccountID(try decoder.decodeDigest())
        content = try ProposalContent(from: &decoder)
        deposit = try decoder.decodeAmount()
        opensAt = BlockHeight(try decoder.decodeUInt64())
        endsAt = BlockHeight(try decoder.decodeUInt64())
        executesAt = BlockHeight(try decoder.decodeUInt64())
        rules = try ProposalRules(from: &decoder)
        total = try decoder.decodeBool() ? try decoder.decodeAmount() : nil
        tally = try VoteTally(from: &decoder)
        status = try ProposalStatus(from: &decoder)
    }
}

extension Ballot: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(choice?.rawValue ?? 0)
        encoder.encode(weight)
        encoder.encode(overridden)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        let number = try decoder.decodeUInt8()
        choice = VoteChoice(rawValue: number)
        guard choice != nil || number == 0 else { throw .unknownTag }
        weight = try decoder.decodeAmount()
        overridden = try decoder.decodeAmount()
    }
}
