import Testing

@testable import GRPCDoor

@Suite("GRPC-17: the board of health")
struct HealthBoardTests {
    private let board = HealthBoard(backends: ["node", "provider"], own: ["own"])

    @Test("nothing that nobody has asked serves")
    func begin() {
        #expect(board.standing(of: "") == .notServing)
        #expect(board.standing(of: "node") == .notServing)
        #expect(board.standing(of: "own") == .serving)
        #expect(board.standing(of: "mint") == nil)
    }

    @Test("the whole serves if all do")
    func whole() {
        board.note(["node": true, "provider": false])
        #expect(board.standing(of: "node") == .serving)
        #expect(board.standing(of: "") == .notServing)
        board.note(["node": true, "provider": true])
        #expect(board.standing(of: "") == .serving)
    }

    @Test("a watch tells how it stands, then changes, and of untaken ones the last")
    func watching() async {
        var changes = board.changes(of: "node").makeAsyncIterator()
        #expect(await changes.next() == .notServing)
        board.note(["node": true, "provider": true])
        board.note(["node": true, "provider": true])
        #expect(await changes.next() == .serving)
        board.note(["node": false, "provider": true])
        board.note(["node": true, "provider": true])
        board.note(["node": false, "provider": true])
        #expect(await changes.next() == .notServing)
        var unknown = board.changes(of: "mint").makeAsyncIterator()
        #expect(await unknown.next() == .serviceUnknown)
    }

    @Test("a board that is closed stays closed")
    func closing() {
        board.note(["node": true, "provider": true])
        board.close()
        board.note(["node": true, "provider": true])
        #expect(board.all.allSatisfy { $0.standing == .notServing })
    }
}
