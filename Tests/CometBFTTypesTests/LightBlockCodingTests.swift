import CanonicalCoding
import CometBFTTypes
import MarketTypes
import Testing

@Suite("LGT-2: a light block has one encoding")
struct LightBlockCodingTests {
    @Test("blocks made by another implementation decode, hash alike and encode to the same bytes")
    func vectors() throws {
        let vectors = try LightVectors.load()
        #expect(vectors.blocks.count == 5)
        for vector in vectors.blocks {
            let block = try vector.decoded()
            #expect(Hex.encode(block.bytes) == vector.bytes)
            #expect(String(block.height.rawValue) == vector.height)
            #expect(block.header.hash.description == vector.hash)
            #expect(block.validators.hash.description == vector.validators_hash)
            #expect(block.commit.hash.description == vector.commit_hash)
            let tally = try block.verify(chainName: vectors.chain_id)
            #expect(String(tally.signedPower) == vector.signed_power)
            #expect(String(tally.totalPower) == vector.total_power)
        }
    }

    @Test("results of a block root as another implementation says")
    func results() throws {
        for vector in try LightVectors.load().results {
            let results = try vector.results.map {
                AgreedResult(
                    code: $0.code,
                    data: try #require(Hex.decode($0.data)),
                    gasWanted: 0,
                    gasUsed: 0
                )
            }
            #expect(AgreedResult.root(of: results).description == vector.root)
        }
        let gas = AgreedResult(code: 0, data: [], gasWanted: -1, gasUsed: 3)
        #expect(Hex.encode(gas.leaf) == "28ffffffffffffffffff013003")
    }

    @Test("a flip of any bit in a light block is refused", arguments: 1...5)
    func everyBit(height: Int) throws {
        let vectors = try LightVectors.load()
        let bytes = try #require(Hex.decode(vectors.blocks[height - 1].bytes))
        var fields: [LightField] = []
        for position in bytes.indices {
            for bit in 0..<8 {
                var flipped = bytes
                flipped[position] ^= 1 << UInt8(bit)
                let found = refusal {
                    try LightBlock(bytes: flipped).verify(chainName: vectors.chain_id)
                }
                guard let found else {
                    Issue.record("byte \(position), bit \(bit) went unnoticed")
                    return
                }
                if !fields.contains(found.field) { fields.append(found.field) }
            }
        }
        for field in [
            LightField.chainName, .validatorsHash, .commitBlockID, .commitHeight, .voteSignature,
            .voteAddress, .validatorKey, .validatorAddress, .validatorPower, .header, .commit,
            .version, .time,
        ] {
            #expect(fields.contains(field), "\(field.name) was never named")
        }
    }

    @Test("a light block that is cut off anywhere is refused")
    func everyLength() throws {
        let bytes = try LightVectors.block(2).bytes
        for count in bytes.indices {
            let found = refusal { _ = try LightBlock(bytes: Array(bytes.prefix(count))) }
            guard case .malformed = found else {
                Issue.record("\(count) bytes were taken")
                return
            }
        }
        #expect(refusal { _ = try LightBlock(bytes: bytes + [0]) } == .malformed(.lightBlock))
        let large = [UInt8](repeating: 0, count: LightBlock.bytesMax + 1)
        #expect(refusal { _ = try LightBlock(bytes: large) } == .malformed(.lightBlock))
    }

    @Test("an unknown field, a repeated part and parts out of order are refused")
    func strictness() throws {
        let block = try LightVectors.block(1)
        let signed = Self.field(
            1,
            Self.field(1, block.header.protobuf) + Self.field(2, block.commit.protobuf)
        )
        let set = Self.field(2, block.validators.protobuf)
        #expect(signed + set == block.bytes)
        for bytes in [
            set + signed, signed + signed + set, signed + set + set, signed, set,
            signed + set + Self.field(3, [1]), signed + Self.field(3, [1]),
        ] {
            guard case .malformed = refusal({ _ = try LightBlock(bytes: bytes) }) else {
                Issue.record("\(bytes.count) bytes were taken")
                continue
            }
        }
    }

    private static func field(_ number: UInt8, _ body: [UInt8]) -> [UInt8] {
        var length = body.count
        var out = [number << 3 | 2]
        while length >= 128 {
            out.append(UInt8(length & 127) | 128)
            length >>= 7
        }
        return out + [UInt8(length)] + body
    }

    @Test("a vote's parts must fit its flag, whatever dialect they come in")
    func voteParts() throws {
        let signed = try #require(try LightVectors.block(1).commit.votes[0].signed)
        let whole = VoteParts(
            flag: 2,
            address: signed.validator.bytes,
            time: signed.time,
            signature: signed.signature
        )
        #expect(try whole.vote() == .block(signed))
        let absent = VoteParts(flag: 1, address: [], time: .absent, signature: [])
        #expect(try absent.vote() == .absent)
        func refused(_ base: VoteParts, _ change: (inout VoteParts) -> Void) -> LightRefusal? {
            var parts = base
            change(&parts)
            return refusal { _ = try parts.vote() }
        }
        #expect(refused(absent) { $0.address = signed.validator.bytes } == .malformed(.voteAddress))
        #expect(refused(absent) { $0.time = signed.time } == .malformed(.voteTime))
        #expect(refused(absent) { $0.signature = [0] } == .malformed(.voteSignature))
        #expect(refused(whole) { $0.flag = 0 } == .malformed(.voteFlag))
        #expect(refused(whole) { $0.flag = 4 } == .malformed(.voteFlag))
        #expect(refused(whole) { $0.address.removeLast() } == .malformed(.voteAddress))
        #expect(refused(whole) { $0.signature.append(0) } == .malformed(.voteSignature))
        #expect(refused(whole) { $0.signature = [] } == .malformed(.voteSignature))
    }

    @Test("every refusal has a number and every field a name of its own")
    func codes() {
        let names = LightField.allCases.map(\.name)
        #expect(Set(names).count == names.count)
        let refusals: [LightRefusal] = [
            .trustExpired, .otherChain, .heightNotLater, .timeNotLater, .fromTheFuture,
            .wrongValidators, .wrongCommitHeight, .wrongHeaderHash, .unannouncedValidators,
            .wrongVoteCount, .wrongVoteAddress(3), .repeatedVote(3), .wrongSignature(3),
            .noQuorum(signed: 1, total: 2), .tooLittleOverlap(signed: 1, total: 2),
        ]
        #expect(refusals.map(\.code) == Array(1...15))
        let malformed = LightField.allCases.map { LightRefusal.malformed($0).code }
        #expect(malformed == Array(101...131))
    }
}
