import CanonicalCoding
import MarketTypes
import Testing

@testable import LedgerCore

@Suite("An amount is split up a lineage")
struct LineageSplitTests {
    private static func id(_ index: Int) -> AssetID {
        AssetID(Digest(words: (0, 0, 0, UInt64(index))))
    }

    /// A random lineage: each asset's parents are of lower numbers.
    private static func random(_ random: inout SplitMix64) -> Lineage? {
        var made: [Lineage] = []
        for index in 0..<1 + random.below(20) {
            var left = Int(Lineage.sharesMax)
            var parents: [AssetParent] = []
            for elder in 0..<index where random.once(in: 3) && parents.count < 8 {
                let share = random.once(in: 4) ? 0 : random.below(left + 1)
                left -= share
                parents.append(
                    AssetParent(
                        asset: id(elder),
                        version: 1,
                        shareBasisPoints: UInt16(share),
                        role: .other
                    )
                )
            }
            let above = parents.compactMap { parent in
                made.first { $0.nodes.first?.asset == parent.asset }
            }
            guard above.count == parents.count,
                let lineage = try? Lineage(of: id(index), from: parents, with: above)
            else { continue }
            made.append(lineage)
        }
        return made.last
    }

    @Test("LIN-31: into parts that add up, none far from its exact share", arguments: Soak.seeds)
    func adds(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<20 {
            let lineage = try #require(Self.random(&random))
            let bits = random.below(129)
            let amount =
                bits == 0
                ? 0 : (UInt128(random.next()) << 64 | UInt128(random.next())) >> (128 - bits)
            let parts = lineage.split(amount)
            #expect(parts.count == lineage.nodes.count)
            #expect(parts.reduce(0, +) == amount)
            #expect(parts == Self.expected(lineage, amount))
            for (index, node) in lineage.nodes.enumerated() {
                let later = Set(lineage.nodes[(index + 1)...].map(\.asset))
                #expect(node.parents.allSatisfy { later.contains($0.parent) })
            }
            #expect(try Lineage(canonicalBytes: lineage.canonicalBytes) == lineage)
        }
    }

    @Test("LIN-31: what is claimed a little at a time pays royalties all the same")
    func little() {
        func node(_ shares: UInt16...) -> Lineage.Node {
            let parents = shares.enumerated().map {
                Lineage.Edge(parent: Self.id($0.offset), shareBasisPoints: $0.element)
            }
            return Lineage.Node(asset: Self.id(9), depth: 1, parents: parents)
        }
        let one = node(1000).split(4)
        #expect(one.royalties == [1] && one.kept == 3)
        let many = node(0, 1000, 1500, 1500).split(4)
        #expect(many.royalties == [0, 0, 1, 1] && many.kept == 2, "the largest remainders first")
        let even = node(2500, 0).split(4)
        #expect(even.royalties == [1, 0] && even.kept == 3, "nothing is left over")
        let alone = node().split(4)
        #expect(alone.royalties.isEmpty && alone.kept == 4)
    }

    /// The same by another way: from what each parent's children give, asked for recursively, and
    /// from remainders handed out one at a time.
    private static func expected(_ lineage: Lineage, _ amount: UInt128) -> [UInt128] {
        var known: [AssetID: UInt128] = [:]
        func reached(_ asset: AssetID) -> UInt128 {
            if let already = known[asset] { return already }
            var sum = asset == lineage.nodes[0].asset ? amount : 0
            for child in lineage.nodes {
                for edge in child.parents where edge.parent == asset {
                    sum += given(child)[edge.parent] ?? 0
                }
            }
            known[asset] = sum
            return sum
        }
        func given(_ node: Lineage.Node) -> [AssetID: UInt128] {
            let total = reached(node.asset)
            let own = 10_000 - node.parents.reduce(0) { $0 + Int($1.shareBasisPoints) }
            let parties =
                node.parents.map { ($0.parent, UInt128($0.shareBasisPoints)) }
                + [(node.asset, UInt128(own))]
            var shares: [AssetID: UInt128] = [:]
            // Those of the parents alone: the asset itself bears the rounding.
            var remainders: [(AssetID, UInt128)] = []
            for (party, rate) in parties {
                let exact = UInt128(10_000).dividingFullWidth(total.multipliedFullWidth(by: rate))
                shares[party] = exact.quotient
                if party != node.asset { remainders.append((party, exact.remainder)) }
            }
            var left = total - shares.values.reduce(0, +)
            while left > 0 {
                var best = 0
                for index in remainders.indices where remainders[index].1 > remainders[best].1 {
                    best = index
                }
                shares[remainders[best].0, default: 0] += 1
                remainders.remove(at: best)
                left -= 1
            }
            return shares
        }
        return lineage.nodes.map { given($0)[$0.asset] ?? 0 }
    }
}
