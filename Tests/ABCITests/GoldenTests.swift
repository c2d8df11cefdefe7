import ABCI
import Foundation
import MarketTypes
import Testing

/// Messages against Vectors/abci, which another encoder wrote.
@Suite("Golden bytes of the engine's protocol")
struct GoldenTests {
    private struct Entry: Decodable {
        let name: String
        let message: String
        let frame: String?
    }

    private struct Refused: Decodable {
        let why: String
        let message: String
    }

    private func load<Value: Decodable>(_ file: String) throws -> [Value] {
        var folder = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { folder.deleteLastPathComponent() }
        let url = folder.appendingPathComponent("Vectors/abci/\(file).json")
        return try JSONDecoder().decode([Value].self, from: Data(contentsOf: url))
    }

    @Test("what is no request is refused, and nothing of it is believed")
    func refused() throws {
        let entries: [Refused] = try load("refused")
        #expect(entries.count >= 16)
        for entry in entries {
            let bytes = try #require(Hex.decode(entry.message))
            #expect(throws: FrameError.self, "\(entry.why)") {
                try EngineRequest(wireBytes: bytes[...])
            }
        }
    }

    @Test("every request is the same bytes as in the engine's encoding, both ways")
    func requests() throws {
        let entries: [Entry] = try load("requests")
        #expect(Set(entries.map(\.name)) == Set(Golden.requests.keys))
        for entry in entries {
            let value = try #require(Golden.requests[entry.name])
            let bytes = try #require(Hex.decode(entry.message))
            #expect(Hex.encode(value.wireBytes) == entry.message, "\(entry.name)")
            #expect(try EngineRequest(wireBytes: bytes[...]) == value, "\(entry.name)")
            #expect(Hex.encode(FrameBuffer.frame(value.wireBytes)) == entry.frame)
        }
    }

    @Test("every response is the same bytes as in the engine's encoding, both ways")
    func responses() throws {
        let entries: [Entry] = try load("responses")
        #expect(Set(entries.map(\.name)) == Set(Golden.responses.keys))
        for entry in entries {
            let value = try #require(Golden.responses[entry.name])
            let bytes = try #require(Hex.decode(entry.message))
            #expect(Hex.encode(value.wireBytes) == entry.message, "\(entry.name)")
            #expect(try EngineResponse(wireBytes: bytes[...]) == value, "\(entry.name)")
            #expect(Hex.encode(FrameBuffer.frame(value.wireBytes)) == entry.frame)
        }
    }

    @Test("unknown fields, absent submessages and written zeros change nothing")
    func sameMeaning() throws {
        let entries: [Entry] = try load("same")
        for entry in entries {
            let bytes = try #require(Hex.decode(entry.message))
            #expect(try EngineRequest(wireBytes: bytes[...]) == Golden.requests[entry.name])
        }
    }

    @Test("no cut or flipped byte of any message ends the process")
    func damaged() throws {
        for value in Golden.requests.values {
            let bytes = value.wireBytes
            for end in bytes.indices { _ = try? EngineRequest(wireBytes: bytes[..<end]) }
            for index in bytes.indices {
                for bit in 0..<8 {
                    var damaged = bytes
                    damaged[index] ^= 1 << UInt8(bit)
                    _ = try? EngineRequest(wireBytes: damaged[...])
                }
            }
        }
        for value in Golden.responses.values {
            let bytes = value.wireBytes
            for end in bytes.indices { _ = try? EngineResponse(wireBytes: bytes[..<end]) }
        }
    }

    @Test("a block with more transactions than can be valid is seen as such without keeping them")
    func manyTransactions() throws {
        let count = BlockTransactions.countMax + 1000
        let block: BlockRequest = made { $0.transactions = [[UInt8]](repeating: [], count: count) }
        let decoded = try EngineRequest(
            wireBytes: EngineRequest.processProposal(block).wireBytes[...]
        )
        guard case .processProposal(let kept) = decoded else {
            Issue.record("another kind")
            return
        }
        #expect(kept.transactions.count == BlockTransactions.countMax + 1)
    }
}
