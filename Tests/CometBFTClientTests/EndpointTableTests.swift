import Testing

@testable import CometBFTClient

@Suite("LGT-7: the order in which nodes are asked")
struct EndpointTableTests {
    private func table(_ count: Int) -> EndpointTable {
        EndpointTable(urls: (0..<count).map { "http://\($0)" }, limits: .init())
    }

    @Test("a lie lasts its ten minutes, however well the liar answers")
    func lie() {
        var table = table(2)
        table.lied(0, atSeconds: 0)
        table.probed(10, at: 0)
        table.probed(10, at: 1)
        #expect(table.order(atSeconds: 5) == [1, 0])
        #expect(table.awake(atSeconds: 5) == [1])
        #expect(table.order(atSeconds: 599) == [1, 0])
        #expect(table.order(atSeconds: 600) == [0, 1])
        #expect(table.awake(atSeconds: 600) == [0, 1])
    }

    @Test("a liar's height makes nobody look as if he stood still")
    func height() {
        var table = table(3)
        table.probed(10, at: 1)
        table.probed(20, at: 2)
        table.lied(0, atSeconds: 0)
        table.probed(1 << 62, at: 0)
        #expect(table.order(atSeconds: 5) == [2, 1, 0])
        // With nobody left to believe, there is still an order.
        table.lied(1, atSeconds: 5)
        table.lied(2, atSeconds: 5)
        table.probed(10, at: 1)
        #expect(table.order(atSeconds: 6) == [0, 1, 2])
        #expect(table.awake(atSeconds: 6).isEmpty)
    }

    @Test("a node that failed rests until it says where it stands")
    func failure() {
        var table = table(2)
        table.failed(0, atSeconds: 0)
        #expect(table.order(atSeconds: 3) == [1, 0])
        #expect(table.order(atSeconds: 4) == [0, 1])
        table.failed(0, atSeconds: 4)
        #expect(table.order(atSeconds: 11) == [1, 0])
        table.probed(1, at: 0)
        #expect(table.order(atSeconds: 11) == [0, 1])
    }
}
