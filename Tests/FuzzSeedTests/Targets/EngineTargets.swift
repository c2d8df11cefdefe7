import ABCI
import CanonicalCoding
import LedgerCore
import MarketTypes
import ProtobufWire

extension FuzzTarget {
    /// Messages between an engine and the application: decoding is stable under encoding.
    static let engineMessages = FuzzTarget(
        "engine-messages",
        seeds: {
            try ["requests", "responses", "same", "refused"].flatMap { name in
                try GoldenInputs.strings("message", in: "abci/\(name).json")
                    .compactMap { Hex.decode($0) }
            }
        }
    ) { bytes in
        var isAccepted = false
        if let request = try? EngineRequest(wireBytes: bytes[...]) {
            isAccepted = true
            let again = try? EngineRequest(wireBytes: request.wireBytes[...])
            try require(again == request, "\(request.name) changes when it is encoded")
            try require(request.wireBytes.count <= 16 * bytes.count + 256, "an encoding that grows")
        }
        if let response = try? EngineResponse(wireBytes: bytes[...]) {
            isAccepted = true
            let again = try? EngineResponse(wireBytes: response.wireBytes[...])
            try require(again == response, "a response changes when it is encoded")
        }
        return isAccepted
    }

    /// Frames: however the bytes arrive, the same frames come out, or the same refusal.
    static let engineFrames = FuzzTarget(
        "engine-frames",
        seeds: {
            let frames = try ["requests", "responses"].flatMap { name in
                try GoldenInputs.strings("frame", in: "abci/\(name).json")
                    .compactMap { Hex.decode($0) }
            }
            return frames + [frames.flatMap { $0 }]
        }
    ) { bytes in
        let whole = FrameReading(bytes, pieceBytes: bytes.count + 1)
        for pieceBytes in [1, 7] {
            let torn = FrameReading(bytes, pieceBytes: pieceBytes)
            try require(torn == whole, "frames depend on how they were torn")
        }
        let content = whole.frames.reduce(0) { $0 + $1.count }
        try require(content <= bytes.count, "frames hold more than what arrived")
        return whole.error == nil && !whole.frames.isEmpty
    }

    /// The genesis as an engine's file carries it.
    static let engineGenesis = FuzzTarget(
        "engine-genesis",
        seeds: {
            let genesis = try RecordedChain.staked.genesis
            let text = Array(GenesisState.json(genesis).utf8)
            return [text, [0x20, 0x0a] + text + [0x0a], Array(#"{"stoa_genesis":""}"#.utf8)]
        }
    ) { bytes in
        guard let found = GenesisState.genesisBytes(in: bytes) else { return false }
        try require(found.count * 2 < bytes.count, "more than what was there")
        guard let genesis = try? Genesis(canonicalBytes: found) else { return false }
        try require(genesis.canonicalBytes == found, "a genesis has two encodings")
        _ = genesis.chain
        _ = genesis.validatorUpdates
        return true
    }

    /// The wire format itself, read as every type of every field.
    static let protobuf = FuzzTarget("protobuf", seeds: { GoldenInputs.bytes }) { bytes in
        var fieldCount = 0
        let isRead = walk(ProtobufReader(bytes), depth: 0, &fieldCount)
        try require(fieldCount <= bytes.count * 9 + 1, "more fields than bytes")
        return isRead
    }

    private static func walk(_ reader: ProtobufReader, depth: Int, _ count: inout Int) -> Bool {
        var reader = reader
        do throws(ProtobufError) {
            while let field = try reader.nextField() {
                count += 1
                _ = try? field.uint32()
                _ = try? field.int32()
                _ = try? field.bool()
                _ = try? field.sfixed64()
                _ = try? field.string()
                _ = try? field.integers(countMax: 64)
                if depth < 8, let inner = try? field.message() {
                    _ = walk(inner, depth: depth + 1, &count)
                }
            }
            return count > 0
        } catch {
            return false
        }
    }
}

/// What a frame buffer makes of bytes that arrive in pieces.
private struct FrameReading: Equatable {
    var frames: [[UInt8]] = []
    var error: FrameError?

    init(_ bytes: [UInt8], pieceBytes: Int) {
        var buffer = FrameBuffer()
        var rest = bytes[...]
        do throws(FrameError) {
            while !rest.isEmpty {
                buffer.append(rest.prefix(pieceBytes))
                rest = rest.dropFirst(pieceBytes)
                while let frame = try buffer.nextFrame(bytesMax: 4096) {
                    frames.append(Array(frame))
                }
            }
        } catch {
            self.error = error
        }
    }
}
