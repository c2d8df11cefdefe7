import ABCI
import Testing

@Suite("Frames")
struct FrameTests {
    @Test("a length that is too long, or no length, is refused before anything is set aside")
    func refused() {
        for bytes: [UInt8] in [
            [0x81, 0x08], [0xff, 0xff, 0xff, 0xff, 0x0f],
            [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
        ] {
            var frames = FrameBuffer()
            frames.append(bytes)
            #expect(throws: FrameError.self) { try frames.nextFrame(bytesMax: 1024) }
        }
        var frames = FrameBuffer()
        frames.append([UInt8](repeating: 0x80, count: 10))
        #expect(throws: FrameError.invalidLength) { try frames.nextFrame(bytesMax: .max) }
    }

    @Test("a frame of the longest length is taken, and of one byte more is not")
    func limit() throws {
        var frames = FrameBuffer()
        frames.append(FrameBuffer.frame([UInt8](repeating: 7, count: 300)))
        #expect(throws: FrameError.tooLong(bytes: 300, bytesMax: 299)) {
            try frames.nextFrame(bytesMax: 299)
        }
        #expect(try frames.nextFrame(bytesMax: 300)?.count == 300)
    }

    @Test("frames come out whole whatever the pieces they arrive in", arguments: 1...9)
    func pieces(_ size: Int) throws {
        let messages: [[UInt8]] =
            [[], [1], [UInt8](repeating: 2, count: 127), [3, 3], []]
            + [[UInt8](repeating: 4, count: 128), [UInt8](repeating: 5, count: 20_000)]
        let stream = messages.flatMap { FrameBuffer.frame($0) }
        var frames = FrameBuffer()
        var found: [[UInt8]] = []
        var rest = stream[...]
        while !rest.isEmpty {
            frames.append(rest.prefix(size))
            rest = rest.dropFirst(size)
            while let frame = try frames.nextFrame(bytesMax: 1 << 20) { found.append(Array(frame)) }
        }
        #expect(found == messages)
        #expect(frames.byteCount == 0)
    }

    @Test("addresses are read as the engine's proxy_app has them, and nothing else is")
    func addresses() {
        #expect(ListenAddress("tcp://127.0.0.1:26658") == .tcp(host: "127.0.0.1", port: 26658))
        #expect(ListenAddress("127.0.0.1:0") == .tcp(host: "127.0.0.1", port: 0))
        #expect(ListenAddress("tcp://[::1]:5") == .tcp(host: "::1", port: 5))
        #expect(ListenAddress("unix:///run/stoa.sock") == .unix(path: "/run/stoa.sock"))
        for text in ["", "tcp://", "tcp://x", "tcp://:1", "tcp://x:65536", "unix://run", "x:-1"] {
            #expect(ListenAddress(text) == nil, "\(text)")
        }
        #expect(ListenAddress("http://x:1") == nil)
    }
}
