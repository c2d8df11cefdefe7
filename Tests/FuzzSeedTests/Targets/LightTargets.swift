import CometBFTTypes
import FoundationEssentials
import LedgerClient
import LedgerCore
import MarketTypes
import ProtobufWire

@testable import CometBFTClient

extension FuzzTarget {
    /// Light blocks: one encoding each, and no mutant of a sealed block is sealed.
    static let lightBlocks = FuzzTarget(
        "light-blocks",
        bytesMax: LightBlock.bytesMax + 1,
        seeds: { try GoldenLight.blocks.map(\.bytes) }
    ) { bytes in
        guard let block = try? LightBlock(bytes: bytes) else { return false }
        try require(block.bytes == bytes, "a light block has two encodings")
        try GoldenLight.checkVerdict(on: block)
        return true
    }

    /// What a node of an engine's network answers over JSON-RPC.
    static let engineAnswers = FuzzTarget(
        "engine-answers",
        seeds: { try GoldenLight.answers() }
    ) { bytes in
        var reader = AnswerReader(bytes)
        reader.take(RPCDocuments.Status.self) { _ in }
        reader.take(RPCDocuments.CommitAnswer.self) { answer in
            let header = try? answer.signed_header.header.header()
            let commit = try? answer.signed_header.commit.commit()
            let set = try? GoldenLight.blocks.first?.validators
            if let header, let commit, let set {
                let block = LightBlock(header: header, commit: commit, validators: set)
                let again = try? LightBlock(bytes: block.bytes)
                try require(again == block, "an answer that cannot be written down")
                try GoldenLight.checkVerdict(on: block)
            }
        }
        reader.take(RPCDocuments.Validators.self) { answer in
            _ = try? ValidatorSet(answer.validators.map { try $0.validator() })
        }
        reader.take(RPCDocuments.Broadcast.self) { _ in }
        reader.take(RPCDocuments.Included.self) { _ in }
        reader.take(RPCDocuments.Block.self) { _ in }
        reader.take(RPCDocuments.Results.self) { answer in
            let agreed = (answer.txs_results ?? []).map(\.agreed)
            _ = AgreedResult.root(of: agreed)
        }
        reader.take(RPCDocuments.Query.self) { _ in }
        if let finding = reader.finding { throw finding }
        return reader.isAccepted
    }

    /// What a node of an embedded ledger answers.
    static let nodeAnswers = FuzzTarget(
        "node-answers",
        seeds: { GoldenLight.nodeAnswers.map { Array($0.utf8) } }
    ) { bytes in
        let data = Data(bytes)
        let decoder = JSONDecoder()
        var isAccepted = false
        func take<Document: Decodable>(_ type: Document.Type) {
            if (try? decoder.decode(type, from: data)) != nil { isAccepted = true }
        }
        take(NodeDocuments.Status.self)
        take(NodeDocuments.Outcome.self)
        take(NodeDocuments.Entry.self)
        take(NodeDocuments.Listing.self)
        take(NodeDocuments.Summary.self)
        take(NodeDocuments.Problem.self)
        return isAccepted
    }
}

/// Tries an answer as one kind after the other.
private struct AnswerReader {
    let data: Data
    var isAccepted = false
    var finding: FuzzFinding?

    init(_ bytes: [UInt8]) { data = Data(bytes) }

    mutating func take<Document: Decodable>(
        _ type: Document.Type,
        _ body: (Document) throws -> Void
    ) {
        let answer = try? JSONDecoder().decode(RPCDocuments.Answer<Document>.self, from: data)
        guard let document = answer?.result else { return }
        isAccepted = true
        do { try body(document) } catch { finding = error as? FuzzFinding ?? finding }
    }
}
