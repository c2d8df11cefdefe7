import CometBFTClient
import CometBFTTypes
import Foundation
import MarketTypes
import Testing

@Suite("LGT-8 to LGT-13: the light client", .timeLimit(.minutes(2)))
struct LightClientTests {
    private func chain(_ count: Int) throws -> TestChain {
        var chain = TestChain()
        try chain.grow(count)
        return chain
    }

    /// Validators change one by one, so that nobody of the first set is left at the end.
    private func turning(_ count: Int) throws -> TestChain {
        var chain = TestChain()
        for height in 1...count {
            var plan = TestChain.Plan()
            let first = UInt8(height / 2 + 1)
            plan.nextPowers = Powers((first..<first + 4).map { ($0, 10) })
            try chain.append(plan)
        }
        return chain
    }

    @Test("from the genesis' validators to the latest block, in one step while they stay")
    func skips() async throws {
        let chain = try chain(50)
        try await TestNetwork.run([chain]) { network in
            let latest = try await network.light.latest()
            #expect(latest == chain.block(50).light)
            #expect(network.nodes[0].asked.filter { $0 == "commit" }.count == 2)
            #expect(network.light.latestTrusted == latest)
        }
    }

    @Test("where fewer than a third of the old validators sign, it goes through the middle")
    func bisects() async throws {
        let chain = try turning(40)
        try await TestNetwork.run([chain]) { network in
            let latest = try await network.light.latest()
            #expect(latest == chain.block(40).light)
            let commits = network.nodes[0].asked.filter { $0 == "commit" }.count
            #expect(commits > 8 && commits < 40)
        }
    }

    @Test("without skipping, each block is verified from the one before")
    func sequential() async throws {
        let chain = try turning(12)
        var settings = LightClient.Settings()
        settings.skips = false
        try await TestNetwork.run([chain], settings: settings) { network in
            let latest = try await network.light.latest()
            #expect(latest == chain.block(12).light)
            #expect(network.nodes[0].asked.filter { $0 == "commit" }.count == 12)
        }
        settings.fetchesMax = 5
        try await TestNetwork.run([chain], settings: settings) { network in
            let found = await failure { _ = try await network.light.latest() }
            #expect(found?.code == .unproven)
        }
    }

    @Test("a genesis with other validators is not this network's")
    func otherGenesis() async throws {
        let other = try Powers([(9, 10)]).set()
        try await TestNetwork.run([try chain(3)], anchor: .genesis(other)) { network in
            let found = await failure { _ = try await network.light.latest() }
            #expect(found?.code == .unproven)
            #expect(network.light.latestTrusted == nil)
        }
    }

    @Test("an anchor by height and hash is that block and no other")
    func anchors() async throws {
        let chain = try chain(9)
        let block = chain.block(5).light
        let good = LightClient.Anchor.block(height: block.height, hash: block.header.hash)
        try await TestNetwork.run([chain], anchor: good) { network in
            let seen1 = try await network.light.latest()
            #expect(seen1 == chain.block(9).light)
            // Back to before the anchor, by the hashes that each block has of the one before.
            let seen2 = try await network.light.block(at: BlockHeight(2))
            #expect(seen2 == chain.block(2).light)
        }
        let bad = LightClient.Anchor.block(
            height: block.height,
            hash: chain.block(6).light.header.hash
        )
        try await TestNetwork.run([chain], anchor: bad) { network in
            let found = await failure { _ = try await network.light.latest() }
            #expect(found?.code == .unproven)
        }
    }

    @Test("an earlier block is the one that the trusted block names, not another that is signed")
    func backward() async throws {
        let chain = try chain(9)
        var forged = TestChain(powers: Powers([(20, 10), (21, 10), (22, 10)]))
        try forged.grow(9)
        let block = chain.block(5).light
        let anchor = LightClient.Anchor.block(height: block.height, hash: block.header.hash)
        for height: UInt64 in [2, 4] {
            try await TestNetwork.run([chain], anchor: anchor) { network in
                let latest = try await network.light.latest()
                #expect(latest == chain.block(9).light)
                network.nodes[0].change { $0.chain = forged }
                let found = await failure {
                    _ = try await network.light.block(at: BlockHeight(height))
                }
                #expect(found?.code == .unproven)
            }
        }
    }

    @Test("trust that is too old vouches for nothing")
    func expired() async throws {
        var chain = try chain(3)
        let end = chain.block(3).light.header.time.advanced(bySeconds: 14 * 86_400)
        try await TestNetwork.run([chain]) { network in
            let seen3 = try await network.light.latest()
            #expect(seen3.height == BlockHeight(3))
            try chain.grow(1)
            network.nodes[0].change { $0.chain = chain }
            network.clock.set(end)
            let found = await failure { _ = try await network.light.latest() }
            #expect(found?.code == .trustExpired)
        }
    }

    @Test("a block of the future is refused")
    func future() async throws {
        var chain = try chain(3)
        var plan = TestChain.Plan()
        plan.secondsLater = 3600
        try chain.append(plan)
        try await TestNetwork.run([chain]) { network in
            network.clock.set(chain.block(3).light.header.time)
            let found = await failure { _ = try await network.light.block(at: BlockHeight(4)) }
            #expect(found?.code == .unproven)
            let seen4 = try await network.light.block(at: BlockHeight(3))
            #expect(seen4.height == BlockHeight(3))
        }
    }

    @Test("two thirds of a set that nobody announced prove nothing")
    func strangers() async throws {
        let honest = try chain(3)
        var forged = TestChain(powers: Powers([(20, 10), (21, 10), (22, 10)]))
        try forged.grow(6)
        for height in [4, 6] {
            try await TestNetwork.run([honest]) { network in
                let seen5 = try await network.light.latest()
                #expect(seen5.height == BlockHeight(3))
                network.nodes[0].change { $0.chain = forged }
                network.clock.set(forged.block(6).light.header.time)
                let found = await failure {
                    _ = try await network.light.block(at: BlockHeight(UInt64(height)))
                }
                #expect(found?.code == .unproven)
                #expect(network.light.latestTrusted?.height == BlockHeight(3))
            }
        }
    }

    @Test("half of the validators prove nothing, and an honest node is asked next")
    func tooFew() async throws {
        let honest = try chain(5)
        var weak = honest.prefix(4)
        var plan = TestChain.Plan()
        plan.absent = [1]
        plan.against = [2]
        plan.salt = 1
        try weak.append(plan)
        try await TestNetwork.run([weak, honest]) { network in
            network.clock.set(honest.block(5).light.header.time)
            let block = try await network.light.block(at: BlockHeight(5))
            #expect(block == honest.block(5).light)
        }
    }

    @Test("a validator's wrong signature is no vote, and stops nobody while the others suffice")
    func wrongSignatures() async throws {
        let chain = try chain(9)
        for count in 1...2 {
            try await TestNetwork.run([chain]) { network in
                network.nodes[0].change { state in
                    state.rewrite = { method, result in
                        guard method == "commit" else { return result }
                        let mark = "\"signature\":\""
                        let parts = result.components(separatedBy: mark)
                        return parts.enumerated().map { index, part in
                            guard (1...count).contains(index) else { return part }
                            return (part.hasPrefix("A") ? "B" : "A") + part.dropFirst()
                        }.joined(separator: mark)
                    }
                }
                guard count == 1 else {
                    let found = await failure { _ = try await network.light.latest() }
                    #expect(found?.code == .unproven)
                    return
                }
                let latest = try await network.light.latest()
                let block = chain.block(9).light
                #expect(latest.header == block.header)
                #expect(latest.commit.votes == [.absent] + block.commit.votes.dropFirst())
            }
        }
    }

    @Test("a changed field anywhere in a node's block is refused")
    func mutations() async throws {
        let chain = try chain(4)
        let changes: [(String, String)] = [
            ("\"app_hash\":\"", "\"app_hash\":\"00"), ("\"block\":\"11\"", "\"block\":\"12\""),
            ("\"app\":\"1\"", "\"app\":\"2\""), ("\"total\":1", "\"total\":2"),
            ("\"round\":0", "\"round\":1"), ("\"block_id_flag\":2", "\"block_id_flag\":3"),
            ("\"block_id_flag\":2", "\"block_id_flag\":4"),
            ("\"height\":\"4\"", "\"height\":\"5\""),
            ("\"height\":\"4\"", "\"height\":4"), ("\"height\":\"4\"", "\"height\":\"+4\""),
            ("\"chain_id\":\"stoa", "\"chain_id\":\"stob"), ("Z\"", "1Z\""),
            ("\"signature\":\"", "\"signature\":\"AAAA"), ("\"signature\":\"", "\"signatur\":\""),
            ("\"data_hash\":\"E3", "\"data_hash\":\"E4"),
            ("\"data_hash\":\"E3", "\"data_hash\":\"E"),
            ("\"signatures\":[", "\"signatures\":[],\"others\":["),
        ]
        for (old, new) in changes {
            try await TestNetwork.run([chain]) { network in
                _ = try await network.light.block(at: BlockHeight(1))
                network.nodes[0].change { state in
                    state.rewrite = { method, result in
                        guard method == "commit" else { return result }
                        let changed = result.replacingOccurrences(of: old, with: new)
                        return changed
                    }
                }
                let found = await failure { _ = try await network.light.block(at: BlockHeight(4)) }
                #expect(found != nil, "\(old) became \(new)")
                #expect(network.light.latestTrusted?.height == BlockHeight(1))
            }
        }
    }

    @Test("a witness that shows another signed block ends all trust")
    func conflict() async throws {
        let one = try chain(6)
        var other = one.prefix(5)
        var plan = TestChain.Plan()
        plan.salt = 1
        try other.append(plan)
        try await TestNetwork.run([one, other]) { network in
            let found = await failure { _ = try await network.light.latest() }
            #expect(found?.code == .conflict)
            let again = await failure { _ = try await network.light.block(at: BlockHeight(2)) }
            #expect(again?.code == .conflict)
            #expect(network.light.latestTrusted?.height == BlockHeight(1))
        }
    }

    @Test("a witness that contradicts and cannot prove it is a liar, and is asked last")
    func lyingWitness() async throws {
        let honest = try chain(6)
        var forged = TestChain(powers: Powers([(20, 10), (21, 10), (22, 10)]))
        try forged.grow(6)
        try await TestNetwork.run([honest, forged]) { network in
            let seen6 = try await network.light.latest()
            #expect(seen6 == honest.block(6).light)
            let before = network.nodes[1].asked.count
            let seen7 = try await network.light.block(at: BlockHeight(4))
            #expect(seen7 == honest.block(4).light)
            #expect(network.nodes[1].asked.count == before)
        }
    }

    @Test("a node that stands still is left for one that goes on")
    func stuck() async throws {
        let chain = try chain(30)
        try await TestNetwork.run([chain, chain]) { network in
            network.nodes[0].change { $0.heightMax = 10 }
            let seen8 = try await network.light.latest()
            #expect(seen8.height == BlockHeight(30))
        }
    }

    @Test("a node that claims blocks that it does not have does not stop the others")
    func boaster() async throws {
        let chain = try chain(8)
        try await TestNetwork.run([chain, chain]) { network in
            network.nodes[0].change { state in
                state.rewrite = { method, result in
                    method == "status"
                        ? result.replacingOccurrences(of: "\"8\"", with: "\"900000\"") : result
                }
            }
            let seen9 = try await network.light.latest()
            #expect(seen9.height == BlockHeight(8))
        }
    }

    @Test("silence, garbage, an endless answer and a refusal of service cost one node its turn")
    func badAnswers() async throws {
        let chain = try chain(3)
        var limits = CometBFTRPC.Limits()
        limits.timeoutSeconds = 1
        limits.answerBytesMax = 1 << 20
        for manner in [
            FakeNode.Manner.silent, .endless, .text("{", status: 200), .text("", status: 200),
            .text("[]", status: 200), .text("{\"result\":{}}", status: 200),
            .text("no", status: 503), .text(String(repeating: "[", count: 100_000), status: 200),
        ] {
            try await TestNetwork.run([chain, chain], limits: limits) { network in
                network.nodes[0].change { $0.manner = manner }
                let seen10 = try await network.light.latest()
                #expect(seen10.height == BlockHeight(3))
            }
            try await TestNetwork.run([chain], limits: limits) { network in
                network.nodes[0].change { $0.manner = manner }
                let found = await failure { _ = try await network.light.latest() }
                switch manner {
                case .silent, .text(_, status: 503): #expect(found?.code == .unreachable)
                default: #expect(found?.code == .malformedAnswer)
                }
            }
        }
    }

    @Test("what was trusted is kept in a file and read again, and a damaged file is refused")
    func store() async throws {
        let chain = try chain(7)
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("stoa-light-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = directory.appendingPathComponent("trusted").path
        try await TestNetwork.run([chain], store: FileTrustStore(path: path)) { network in
            _ = try await network.light.latest()
        }
        #expect(try FileTrustStore(path: path).load() == chain.block(7).light)
        // It goes on from the file: the first block is not asked for again.
        try await TestNetwork.run([chain], store: FileTrustStore(path: path)) { network in
            let seen11 = try await network.light.latest()
            #expect(seen11.height == BlockHeight(7))
            #expect(!network.nodes[0].asked.contains("commit"))
        }
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[40] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
        try await TestNetwork.run([chain], store: FileTrustStore(path: path)) { network in
            let found = await failure { _ = try await network.light.latest() }
            #expect(found?.code == .unproven)
        }
    }

    @Test("a set of more than a hundred validators is read page by page")
    func pages() async throws {
        let many = Powers((1...150).map { (UInt8($0), 10) })
        var chain = TestChain()
        var plan = TestChain.Plan()
        plan.nextPowers = many
        try chain.append(plan)
        try chain.grow(2)
        try await TestNetwork.run([chain]) { network in
            let seen12 = try await network.light.block(at: BlockHeight(2))
            #expect(seen12 == chain.block(2).light)
        }
    }
}
