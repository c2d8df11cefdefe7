import AccessCore
import AccessStore
import Foundation
import MarketTypes
import Testing

/// A process that reserves and settles as fast as it can.
final class HammerProcess {
    private let process = Process()
    private let output = Pipe()

    init(
        _ store: String,
        _ key: APIKeyID,
        budget: Int,
        amount: Int,
        calls: Int,
        lanes: Int,
        tokens: Int = 0
    ) throws {
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") }
        process.executableURL = URL(fileURLWithPath: bundle ?? CommandLine.arguments[0])
            .deletingLastPathComponent().appendingPathComponent("limit-hammer")
        process.arguments =
            [store, key.text] + [budget, amount, calls, lanes, tokens].map { "\($0)" }
        process.standardOutput = output
        try process.run()
    }

    /// Reads until so many lines came, and kills it as a power cut would.
    func kill(afterLines count: Int) -> [Substring] {
        var data = Data()
        while data.filter({ $0 == 10 }).count < count {
            let piece = output.fileHandleForReading.availableData
            guard !piece.isEmpty else { break }
            data.append(piece)
        }
        Foundation.kill(process.processIdentifier, SIGKILL)
        return finish(data)
    }

    /// Waits for its end.
    func lines() -> [Substring] { finish(Data()) }

    private func finish(_ start: Data) -> [Substring] {
        let rest = (try? output.fileHandleForReading.readToEnd()) ?? nil
        process.waitUntilExit()
        return String(decoding: start + (rest ?? Data()), as: UTF8.self).split(separator: "\n")
    }
}

/// What the lines say was charged.
func charged(_ lines: [Substring]) -> UInt128 {
    lines.filter { $0.hasPrefix("settled ") }
        .reduce(0) { $0 + (UInt128($1.dropFirst("settled ".count)) ?? 0) }
}

extension BudgetStore {
    /// The counter of everything that a key spent.
    func total(of key: APIKeyID) async throws -> BudgetCounter {
        try await spending(of: key, at: .start)
            .first { $0.slot == CounterSlot(model: nil, day: nil) }?.counter ?? .zero
    }
}

@Suite("ACC-45: kill -9 in the middle of a reservation", .timeLimit(.minutes(3)))
struct HammerTests {
    @Test(
        "what was settled stays settled, what was open is listed, nothing is counted twice",
        arguments: LimitPlace.chosen
    )
    func killed(_ place: LimitPlace) async throws {
        let scratch = try Scratch()
        let database = try scratch.open()
        let key = try await database.key().key.id
        let stores = try LimitStores(place, scratch)
        let limits = try stores.open()
        var said: UInt128 = 0
        for round in 1...5 {
            let hammer = try HammerProcess(
                stores.argument,
                key,
                budget: 1_000_000,
                amount: 100,
                calls: 100_000,
                lanes: 16
            )
            let lines = hammer.kill(afterLines: 150 * round)
            // What was on its way to another machine arrives after its sender's end.
            if place == .postgres { try await Task.sleep(for: .milliseconds(500)) }
            #expect(!lines.contains { $0.hasPrefix("failed") || $0 == "done" })
            let isClean = try await isConsistent(limits, key)
            #expect(isClean)
            let open = try await limits.openReservations(limit: 100)
            // Each of 16 lanes may have been between two of its steps.
            #expect(open.count <= 16)
            let before = try await limits.total(of: key).settled.obol
            // What it said it settled, it did; of each lane one more may have gone unsaid.
            said += charged(lines)
            #expect(before >= said && before <= said + 16 * 100)
            for reservation in open {
                let charge: UInt128 = reservation.voucher == nil ? 0 : 50
                try await limits.settle(
                    Settlement(reservation.id, charge: Amount(obol: charge))
                )
            }
            let after = try await limits.total(of: key)
            #expect(after.reserved.isZero)
            let bound = UInt128(open.filter { $0.voucher != nil }.count)
            #expect(after.settled.obol == before + bound * 50)
            said = after.settled.obol
        }
    }

    /// Whether what is reserved is what is open, in every counter.
    private func isConsistent(_ limits: any LimitStore, _ key: APIKeyID) async throws -> Bool {
        let open = try await limits.openReservations(limit: 100)
        let sum = open.reduce(UInt128(0)) { $0 + $1.request.amount.obol }
        let now = Timestamp(milliseconds: UInt64(Date().timeIntervalSince1970 * 1000))
        let lines = try await limits.spending(of: key, at: now)
        let models = lines.filter { $0.slot.model != nil && $0.slot.day == nil }
        let total = lines.first { $0.slot == CounterSlot(model: nil, day: nil) }?.counter
        return total?.reserved.obol == sum
            && models.reduce(UInt128(0)) { $0 + $1.counter.settled.obol } == total?.settled.obol
    }
}
