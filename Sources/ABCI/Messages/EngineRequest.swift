import ProtobufWire

/// What the engine asks: one of the requests of ABCI 2.0.
public enum EngineRequest: Hashable, Sendable {
    case echo(TextMessage)
    case flush
    case info(InfoRequest)
    case initChain(InitChainRequest)
    case query(QueryRequest)
    case checkTransaction(CheckTransactionRequest)
    case commit
    case listSnapshots
    case offerSnapshot(OfferSnapshotRequest)
    case loadSnapshotChunk(LoadSnapshotChunkRequest)
    case applySnapshotChunk(ApplySnapshotChunkRequest)
    case prepareProposal(PrepareProposalRequest)
    case processProposal(BlockRequest)
    case extendVote(ExtendVoteRequest)
    case verifyVoteExtension(VerifyVoteExtensionRequest)
    case finalizeBlock(BlockRequest)

    /// Decodes a request; exactly one kind must be there.
    ///
    /// - Throws: ``FrameError`` if the bytes are no request, or one that is not known here.
    public init(wireBytes: ArraySlice<UInt8>) throws(FrameError) {
        do {
            var reader = ProtobufReader(wireBytes)
            var found: EngineRequest?
            while let field = try reader.nextField() {
                guard let request = try Self.decode(field) else { continue }
                guard found == nil else { throw FrameError.severalRequests }
                found = request
            }
            guard let found else { throw FrameError.unknownRequest }
            self = found
        } catch let error as FrameError {
            throw error
        } catch {
            throw .malformed
        }
    }

    private static func decode(
        _ field: ProtobufReader.Field
    ) throws(ProtobufError) -> EngineRequest? {
        switch field.number {
        case 1: .echo(try field.decoded())
        case 2: try empty(field, .flush)
        case 3: .info(try field.decoded())
        case 5: .initChain(try field.decoded())
        case 6: .query(try field.decoded())
        case 8: .checkTransaction(try field.decoded())
        case 11: try empty(field, .commit)
        case 12: try empty(field, .listSnapshots)
        case 13: .offerSnapshot(try field.decoded())
        case 14: .loadSnapshotChunk(try field.decoded())
        case 15: .applySnapshotChunk(try field.decoded())
        case 16: .prepareProposal(try field.decoded())
        case 17: .processProposal(try field.decoded())
        case 18: .extendVote(try field.decoded())
        case 19: .verifyVoteExtension(try field.decoded())
        case 20: .finalizeBlock(try field.decoded())
        default: nil
        }
    }

    private static func empty(
        _ field: ProtobufReader.Field,
        _ request: EngineRequest
    ) throws(ProtobufError) -> EngineRequest {
        _ = try field.decoded(EmptyMessage.self)
        return request
    }

    /// The encoded request.
    public var wireBytes: [UInt8] {
        var writer = ProtobufWriter()
        switch self {
        case .echo(let message): writer.write(message, field: 1)
        case .flush: writer.write(EmptyMessage(), field: 2)
        case .info(let message): writer.write(message, field: 3)
        case .initChain(let message): writer.write(message, field: 5)
        case .query(let message): writer.write(message, field: 6)
        case .checkTransaction(let message): writer.write(message, field: 8)
        case .commit: writer.write(EmptyMessage(), field: 11)
        case .listSnapshots: writer.write(EmptyMessage(), field: 12)
        case .offerSnapshot(let message): writer.write(message, field: 13)
        case .loadSnapshotChunk(let message): writer.write(message, field: 14)
        case .applySnapshotChunk(let message): writer.write(message, field: 15)
        case .prepareProposal(let message): writer.write(message, field: 16)
        case .processProposal(let message): writer.write(message, field: 17)
        case .extendVote(let message): writer.write(message, field: 18)
        case .verifyVoteExtension(let message): writer.write(message, field: 19)
        case .finalizeBlock(let message): writer.write(message, field: 20)
        }
        return writer.bytes
    }

    /// The request's name in the engine's protocol, for logs.
    public var name: String {
        switch self {
        case .echo: "Echo"
        case .flush: "Flush"
        case .info: "Info"
        case .initChain: "InitChain"
        case .query: "Query"
        case .checkTransaction: "CheckTx"
        case .commit: "Commit"
        case .listSnapshots: "ListSnapshots"
        case .offerSnapshot: "OfferSnapshot"
        case .loadSnapshotChunk: "LoadSnapshotChunk"
        case .applySnapshotChunk: "ApplySnapshotChunk"
        case .prepareProposal: "PrepareProposal"
        case .processProposal: "ProcessProposal"
        case .extendVote: "ExtendVote"
        case .verifyVoteExtension: "VerifyVoteExtension"
        case .finalizeBlock: "FinalizeBlock"
        }
    }
}
