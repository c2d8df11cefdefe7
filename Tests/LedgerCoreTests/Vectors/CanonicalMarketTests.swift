import CanonicalCoding
import Foundation
import Identity
import MarketTypes
import SettlementCore
import Testing

@testable import LedgerCore

/// A document of the market as `canonical/market` gives it: made from the specification alone.
private struct MarketVector: CustomTestStringConvertible, Sendable {
    let name, type, bytes, digest: String
    /// The fields as a JSON object.
    let fields: Data

    var testDescription: String { name }

    static func load(_ file: String) throws -> [MarketVector] {
        let data = try Vectors.data("canonical/market/\(file).json")
        let list = try JSONSerialization.jsonObject(with: data) as? [[String: Any]] ?? []
        return try list.map { object in
            func text(_ key: String) -> String { object[key] as? String ?? "" }
            return MarketVector(
                name: text("name"),
                type: text("type"),
                bytes: text("bytes"),
                digest: text("digest"),
                fields: try JSONSerialization.data(withJSONObject: object["fields"] ?? [:])
            )
        }
    }
}

private struct RefusedBytes: Decodable {
    let name, type, bytes, error: String
}

/// A kind of document, its type forgotten.
private struct MarketDocument: Sendable {
    let read: @Sendable ([UInt8]) throws(CanonicalError) -> (value: Any, bytes: [UInt8])

    init<Document: CanonicalCodable>(_ type: Document.Type) {
        read = { bytes throws(CanonicalError) in
            let document = try Document(canonicalBytes: bytes)
            return (document, document.canonicalBytes)
        }
    }

    static let all: [String: MarketDocument] = [
        "Message": .init(Message.self), "Event": .init(Event.self),
        "StoredAmount": .init(StoredAmount.self), "StoredNumber": .init(StoredNumber.self),
        "StoredDigest": .init(StoredDigest.self), "Presence": .init(Presence.self),
        "Deadline": .init(Deadline.self), "DueCount": .init(DueCount.self),
        "AssetTerms": .init(AssetTerms.self), "Lineage": .init(Lineage.self),
        "AssetStanding": .init(AssetStanding.self), "ShareRecord": .init(ShareRecord.self),
        "ShareHolding": .init(ShareHolding.self), "UnitRecord": .init(UnitRecord.self),
        "Redemption": .init(Redemption.self), "Plan": .init(Plan.self), "Pass": .init(Pass.self),
        "MarketRecord": .init(MarketRecord.self), "Pool": .init(Pool.self),
        "LiquidityPosition": .init(LiquidityPosition.self), "Sale": .init(Sale.self),
        "Order": .init(Order.self), "OrderBook": .init(OrderBook.self),
        "TouchedMarkets": .init(TouchedMarkets.self), "Escrow": .init(Escrow.self),
        "JurorTable": .init(JurorTable.self), "JurorExit": .init(JurorExit.self),
        "KeptJurors": .init(KeptJurors.self), "HeldClaims": .init(HeldClaims.self),
        "Dispute": .init(Dispute.self), "Voter": .init(Voter.self),
        "VotingCheckpoint": .init(VotingCheckpoint.self), "VotingTotal": .init(VotingTotal.self),
        "TotalCheckpoint": .init(TotalCheckpoint.self), "Proposal": .init(Proposal.self),
        "Ballot": .init(Ballot.self), "Session": .init(Session.self),
        "KeyAuthority": .init(KeyAuthority.self),
    ]
}

@Suite("Golden vectors: the market's documents")
struct CanonicalMarketTests {
    private static let files = ["messages", "events", "entries"]

    @Test("each is read, has its fields, and is written the same", arguments: files)
    func documents(_ file: String) throws {
        for vector in try MarketVector.load(file) {
            let document = try #require(MarketDocument.all[vector.type], "\(vector.type)")
            let bytes = try #require(Hex.decode(vector.bytes))
            let (value, again) = try document.read(bytes)
            #expect(again == bytes, "\(vector.name)")
            #expect(Digest(sha256: bytes).description == vector.digest)
            let mine = LeafValues(of: value)
            let fields = try JSONSerialization.jsonObject(with: vector.fields)
            let theirs = LeafValues(fields: fields)
            #expect(mine.texts == theirs.texts, "\(vector.name)")
            for field in mine.fields where theirs.fields.contains(field) && !field.isEmpty {
                let (one, other) = (mine.values(of: field), theirs.values(of: field))
                if one.count == other.count { #expect(one == other, "\(vector.name): \(field)") }
            }
        }
    }

    @Test("CAN-10: bytes that break a rule are refused for it")
    func refused() throws {
        let vectors = try Vectors.load([RefusedBytes].self, "canonical/market/refused.json")
        #expect(vectors.count > 200)
        for vector in vectors {
            let document = try #require(MarketDocument.all[vector.type])
            let bytes = try #require(Hex.decode(vector.bytes))
            do throws(CanonicalError) {
                _ = try document.read(bytes)
                Issue.record("\(vector.name) was read")
            } catch {
                #expect("\(error)" == vector.error, "\(vector.name)")
            }
        }
    }

    @Test("CAN-1: nothing less and nothing more is read", arguments: files)
    func edges(_ file: String) throws {
        for vector in try MarketVector.load(file) {
            let document = try #require(MarketDocument.all[vector.type])
            let bytes = try #require(Hex.decode(vector.bytes))
            // What stands at the end of some may be missing: then they are whole without it.
            var shorter = 0
            for count in bytes.indices {
                let prefix = Array(bytes.prefix(count))
                do throws(CanonicalError) {
                    #expect(try document.read(prefix).bytes == prefix, "\(vector.name)")
                    shorter += 1
                } catch {
                    #expect(error == .truncated, "\(vector.name), \(count) bytes")
                }
            }
            let hasTail = Self.tailed.contains(vector.type)
            #expect(shorter <= (hasTail ? 1 : 0), "\(vector.name)")
            let isWhole = !hasTail || shorter == 1
            do throws(CanonicalError) {
                _ = try document.read(bytes + [0])
                Issue.record("\(vector.name) was read with a byte more")
            } catch {
                #expect(error == .trailingBytes || !isWhole, "\(vector.name)")
            }
        }
    }

    /// The documents that may have something more at their end.
    private static let tailed = ["Dispute", "Voter"]

    /// The tags of the market that a decoder knows.
    private func tags(of type: String) throws -> [UInt8] {
        let document = try #require(MarketDocument.all[type])
        return (UInt8(30)...255).filter { tag in
            do throws(CanonicalError) {
                _ = try document.read([1, tag])
                return true
            } catch {
                return error != .unknownTag
            }
        }
    }

    @Test("every message and event that there is has a vector")
    func complete() throws {
        for (file, type) in [("messages", "Message"), ("events", "Event")] {
            let found = Set(try MarketVector.load(file).compactMap { Hex.decode($0.bytes)?[1] })
            #expect(found.sorted() == (try tags(of: type)), "\(file)")
        }
        let entries = Set(try MarketVector.load("entries").map(\.type))
        let kinds = Set(MarketDocument.all.keys).subtracting(["Message", "Event"])
        #expect(entries == kinds)
    }
}
