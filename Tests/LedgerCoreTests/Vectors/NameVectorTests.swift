import CanonicalCoding
import Identity
import MarketTypes
import Testing

@testable import LedgerCore

/// What a name is made from; numbers of 64 bits are text.
private struct NameParts: Decodable {
    let terms, issuer, ticker, asset, number, dispute, other, seed, juror, salt: String?
    let market, sender, sequence: String?
    let round, vote, messageIndex: UInt8?
    let seat: UInt32?
    let feeBasisPoints: UInt16?

    func digest(_ text: String?) throws -> Digest {
        try #require(text.flatMap { Digest(hex: $0) })
    }
}

private struct NameVector: Decodable {
    let name, digest: String
    let parts: NameParts
}

@Suite("Golden vectors: names")
struct NameVectorTests {
    @Test("IDN-1: what is hashed under the market's tags")
    func names() throws {
        for vector in try Vectors.load([NameVector].self, "canonical/market/names.json") {
            let found = try name(vector)
            #expect(found.description == vector.digest, "\(vector.name)")
        }
    }

    private func name(_ vector: NameVector) throws -> Digest {
        let parts = vector.parts
        if parts.sender != nil { return try place(vector.name, parts) }
        if let bytes = parts.market.flatMap({ Hex.decode($0) }) {
            let market = try Market(canonicalBytes: [1] + bytes)
            let pool = parts.feeBasisPoints.map { PoolID(market, feeBasisPoints: $0).digest }
            return pool ?? market.id
        }
        switch vector.name {
        case "asset-terms":
            let bytes = try #require(parts.terms.flatMap { Hex.decode($0) })
            return try AssetTerms(canonicalBytes: bytes).digest
        case "unit":
            let issuer = AccountID(try parts.digest(parts.issuer))
            return UnitRecord.unit(issuer: issuer, ticker: try #require(parts.ticker))
        case "share-unit": return ShareUnit.unit(of: AssetID(try parts.digest(parts.asset)))
        default: return try dispute(vector.name, parts)
        }
    }

    private func dispute(_ name: String, _ parts: NameParts) throws -> Digest {
        var encoder = CanonicalEncoder()
        switch name {
        case "commitment": return Dispute.commitment(to: try parts.digest(parts.number))
        case "jury-seed":
            encoder.encode(try parts.digest(parts.dispute))
            encoder.encode(try #require(parts.round))
            encoder.encode(try parts.digest(parts.number))
            encoder.encode(try parts.digest(parts.other))
            return Digest(.disputeSeed, encoder.bytes)
        case "draw":
            encoder.encode(try parts.digest(parts.seed))
            encoder.encode(try #require(parts.seat))
            return Digest(.disputeSeed, encoder.bytes)
        default:
            #expect(name == "sealed-vote")
            return Dispute.sealedVote(
                try #require(parts.vote.flatMap { Verdict(rawValue: $0) }),
                salt: try parts.digest(parts.salt),
                by: AccountID(try parts.digest(parts.juror)),
                in: DisputeID(try parts.digest(parts.dispute)),
                round: try #require(parts.round)
            )
        }
    }

    /// What is named by the place of the message that made it.
    private func place(_ name: String, _ parts: NameParts) throws -> Digest {
        let sender = AccountID(try parts.digest(parts.sender))
        let sequence = try #require(parts.sequence.flatMap { UInt64($0) })
        let index = try #require(parts.messageIndex)
        switch name {
        case "plan":
            return Plan.id(seller: sender, sequence: sequence, messageIndex: index).digest
        case "pass":
            return Pass.id(holder: sender, sequence: sequence, messageIndex: index).digest
        case "redemption":
            return Redemption.id(holder: sender, sequence: sequence, messageIndex: index)
        case "sale": return SaleID(seller: sender, sequence: sequence, messageIndex: index).digest
        case "order": return OrderID(owner: sender, sequence: sequence, messageIndex: index).digest
        case "escrow":
            return EscrowID(buyer: sender, sequence: sequence, messageIndex: index).digest
        case "dispute":
            return DisputeID(opener: sender, sequence: sequence, messageIndex: index).digest
        default:
            #expect(name == "proposal")
            return ProposalID(proposer: sender, sequence: sequence, messageIndex: index).digest
        }
    }
}
