import Foundation
import LedgerCore
import LedgerIndex
import MarketTypes
import SettlementCore

/// Questions to an index through its reader, from a file of them; one JSON line of each class.
struct Search {
    struct Questions: Decodable {
        let name: String
        let texts: [String]
        var sort: String?
        var kind: String?
        var maxPerMillion: UInt64?
        /// Whether the cursors are followed, to the end or for ``deepSecondsMax``.
        var deep: Bool?
    }

    private static let deepSecondsMax = 10.0
    let index: String
    let questions: String

    func run() async throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: questions))
        let classes = try JSONDecoder().decode([Questions].self, from: data)
        let reader = IndexReader(try IndexDatabase(reading: index))
        for questions in classes {
            // Once unmeasured, so that each is answered from memory.
            if questions.deep != true { _ = try await ask(questions, reader) }
            let cpu = cpuSeconds()
            let (waits, items) = try await ask(questions, reader)
            let used = (cpuSeconds() - cpu) / Double(waits.count)
            report(questions.name, waits, used, items)
        }
    }

    private func ask(
        _ questions: Questions,
        _ reader: IndexReader
    ) async throws -> ([Double], Int) {
        var waits: [Double] = []
        var items = 0
        let clock = ContinuousClock()
        let end = clock.now + .seconds(Self.deepSecondsMax)
        for text in questions.texts {
            let search = self.search(questions, text)
            var cursor: String?
            repeat {
                let start = clock.now
                let page = try await reader.search(search, PageRequest(limit: 50, after: cursor))
                waits.append(seconds(clock.now - start))
                items += page.items.count
                cursor = page.next
            } while questions.deep == true && cursor != nil && clock.now < end
        }
        return (waits, items)
    }

    private func search(_ questions: Questions, _ text: String) -> OfferSearch {
        var search = OfferSearch()
        search.text = text
        search.kind = AssetKind.allCases.first { $0.name == questions.kind }
        search.order = questions.sort == "price" ? .price(.outputToken) : .relevance
        search.priceLimit = questions.maxPerMillion.map {
            .init(.outputToken, perMillion: Amount(obol: UInt128($0)))
        }
        return search
    }

    private func report(_ name: String, _ waits: [Double], _ cpu: Double, _ items: Int) {
        let sorted = waits.sorted()
        func micro(_ seconds: Double) -> Int { Int(seconds * 1e6) }
        print(
            """
            {"name": "\(name)", "questions": \(waits.count), "items": \(items), \
            "p50": \(micro(sorted[sorted.count / 2])), \
            "p99": \(micro(sorted[sorted.count * 99 / 100])), \
            "max": \(micro(sorted.last ?? 0)), "cpu": \(micro(cpu))}
            """
        )
    }
}
