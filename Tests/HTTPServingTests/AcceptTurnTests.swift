import Foundation
import Glibc
import Testing

@testable import HTTPServing

@Suite("One process at a time takes connections from a shared socket (SUP-9)")
struct AcceptTurnTests {
    private let path = FileManager.default.temporaryDirectory
        .appendingPathComponent("stoa-turn-\(UUID())").path

    @Test("The second waits for the first, and has it soon after")
    func inOrder() async throws {
        defer { unlink(path) }
        let (first, second) = (AcceptTurn(path), AcceptTurn(path))
        await first.take(within: .seconds(1)) { true }
        #expect(first.isMine)
        await second.take(within: .milliseconds(20)) { true }
        #expect(!second.isMine)
        async let taken: Void = second.take(within: .seconds(20)) { true }
        try await Task.sleep(for: .milliseconds(20))
        first.pass()
        await taken
        #expect(second.isMine)
    }

    @Test("Nobody waits who was told to end, nor for a file that cannot be, nor without one")
    func withoutWaiting() async {
        defer { unlink(path) }
        let first = AcceptTurn(path)
        await first.take(within: .seconds(1)) { true }
        for path in [path, "/nowhere/turn", nil] {
            let second = AcceptTurn(path)
            await second.take(within: .seconds(60)) { false }
            #expect(!second.isMine)
        }
        let gone = AcceptTurn(path + "-2")
        defer { unlink(path + "-2") }
        await gone.take(within: .seconds(60)) { false }
        #expect(!gone.isMine)
    }
}
