import ProtobufWire

/// What the application answers; its kind is always the request's, or ``exception(_:)``.
public enum EngineResponse: Hashable, Sendable {
    /// The engine ends its process at this one.
    case exception(TextMessage)
    case echo(TextMessage)
    case flush
    case info(InfoResponse)
    case initChain(InitChainResponse)
    case query(QueryResponse)
    case checkTransaction(ExecutionResult)
    case commit(CommitResponse)
    case listSnapshots(ListSnapshotsResponse)
    case offerSnapshot(OfferSnapshotResponse)
    case loadSnapshotChunk(BytesResponse)
    case applySnapshotChunk(ApplySnapshotChunkResponse)
    case prepareProposal(PrepareProposalResponse)
    case processProposal(VerdictResponse)
    case extendVote(BytesResponse)
    case verifyVoteExtension(VerdictResponse)
    case finalizeBlock(FinalizeBlockResponse)

    /// Decodes a response; exactly one kind must be there.
    ///
    /// - Throws: ``FrameError`` if the bytes are no response, or one that this version does not
    ///   know.
    public init(wireBytes: ArraySlice<UInt8>) throws(FrameError) {
        do {
            var reader = ProtobufReader(wireBytes)
            var found: EngineResponse?
            while let field = try reader.nextField() {
                guard let response = try Self.decode(field) else { continue }
                guard found == nil else { throw FrameError.severalRequests }
                found = response
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
    ) throws(ProtobufError) -> EngineResponse? {
        switch field.number {
        case 1: return .exception(try field.decoded())
        case 2: return .echo(try field.decoded())
        case 3:
            _ = try field.decoded(EmptyMessage.self)
            return .flush
        case 4: return .info(try field.decoded())
        case 6: return .initChain(try field.decoded())
        case 7: return .query(try field.decoded())
        case 9: return .checkTransaction(try field.decoded())
        case 12: return .commit(try field.decoded())
        case 13: return .listSnapshots(try field.decoded())
        case 14: return .offerSnapshot(try field.decoded())
        case 15: return .loadSnapshotChunk(try field.decoded())
        case 16: return .applySnapshotChunk(try field.decoded())
        case 17: return .prepareProposal(try field.decoded())
        case 18: return .processProposal(try field.decoded())
        case 19: return .extendVote(try field.decoded())
        case 20: return .verifyVoteExtension(try field.decoded())
        case 21: return .finalizeBlock(try field.decoded())
        default: return nil
        }
    }

    /// The encoded response.
    public var wireBytes: [UInt8] {
        var writer = ProtobufWriter()
        switch self {
        case .exception(let message): writer.write(message, field: 1)
        case .echo(let message): writer.write(message, field: 2)
        case .flush: writer.write(EmptyMessage(), field: 3)
        case .info(let message): writer.write(message, field: 4)
        case .initChain(let message): writer.write(message, field: 6)
        case .query(let message): writer.write(message, field: 7)
        case .checkTransaction(let message): writer.write(message, field: 9)
        case .commit(let message): writer.write(message, field: 12)
        case .listSnapshots(let message): writer.write(message, field: 13)
        case .offerSnapshot(let message): writer.write(message, field: 14)
        case .loadSnapshotChunk(let message): writer.write(message, field: 15)
        case .applySnapshotChunk(let message): writer.write(message, field: 16)
        case .prepareProposal(let message): writer.write(message, field: 17)
        case .processProposal(let message): writer.write(message, field: 18)
        case .extendVote(let message): writer.write(message, field: 19)
        case .verifyVoteExtension(let message): writer.write(message, field: 20)
        case .finalizeBlock(let message): writer.write(message, field: 21)
        }
        return writer.bytes
    }
}
