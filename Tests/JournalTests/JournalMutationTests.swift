import Testing

@testable import Journal

@Suite("Journal under mutation", .timeLimit(.minutes(2)))
struct JournalMutationTests {
    @Test("however a segment is damaged, opening refuses or replays a beginning of the records")
    func mutations() async throws {
        let workspace = try Workspace()
        let payloads = (0..<40).map { index in
            bytes("record \(index) " + String(repeating: "y", count: index * 7))
        }
        try await workspace.append(payloads)
        let numbers = try workspace.segmentNumbers()
        #expect(numbers.count == 4)
        let images = try numbers.map { try workspace.contents(segment: $0) }
        var refused = 0
        var shortened = 0
        for seed in UInt64(0)..<1500 {
            var random = SplitMix64(state: seed)
            let index = Int.random(in: 0..<numbers.count, using: &random)
            let image = mutated(images[index], using: &random)
            try workspace.replace(segment: numbers[index], with: image)
            _ = try? workspace.readPayloads()
            do {
                let replayed = try workspace.reopenedPayloads()
                #expect(replayed.elementsEqual(payloads.prefix(replayed.count)), "seed \(seed)")
                if replayed.count < payloads.count { shortened += 1 }
                if index < numbers.count - 1 { #expect(replayed.count == payloads.count) }
            } catch is JournalError {
                refused += 1
            }
            try workspace.replace(segment: numbers[index], with: images[index])
        }
        #expect(try workspace.reopenedPayloads() == payloads)
        #expect(refused > 300 && shortened > 20)
    }

    @Test("headers with valid checksums and absurd fields are refused")
    func absurdHeaders() async throws {
        let workspace = try Workspace()
        try await workspace.append([[1]])
        for previousEnd in [0, 1, 39, 41, 57, UInt64(Int64.max), .max - 1, .max] {
            let header = SegmentHeader(number: 2, previousEnd: previousEnd, salt: 1)
            try workspace.replace(segment: 2, with: header.encoded)
            if previousEnd == 57 {
                #expect(try workspace.reopenedPayloads() == [[1]])
            } else {
                #expect(throws: JournalError.self) { try workspace.reopenedPayloads() }
            }
        }
        workspace.remove(segment: 2)
        for number in [UInt64.max, UInt64(Int64.max) + 1] {
            try workspace.replace(segment: number, with: [1])
        }
        #expect(try workspace.reopenedPayloads() == [[1]])
    }

    private func mutated(_ image: [UInt8], using random: inout SplitMix64) -> [UInt8] {
        var image = image
        for _ in 0..<Int.random(in: 1...3, using: &random) where !image.isEmpty {
            let start = Int.random(in: 0..<image.count, using: &random)
            let end = min(image.count, start + Int.random(in: 1...200, using: &random))
            let block = Array(image[start..<end])
            let place = Int.random(in: 0...image.count, using: &random)
            switch random.next() % 6 {
            case 0: image[start] ^= 1 << UInt8(random.next() % 8)
            case 1: image.removeSubrange(start...)
            case 2: image.removeSubrange(start..<end)
            case 3: image.insert(contentsOf: block, at: place)
            case 4:
                image.replaceSubrange(place..<min(image.count, place + block.count), with: block)
            default: for at in start..<end { image[at] = UInt8.random(in: 0...255, using: &random) }
            }
        }
        return image
    }
}
