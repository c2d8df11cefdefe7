import MarketTypes
import Testing

@testable import CanonicalCoding

@Suite("Hashing")
struct HashingTests {
    @Test("SHA-256 of the examples of FIPS 180-4")
    func sha256() {
        let examples = [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ]
        for (text, hash) in examples {
            #expect(Digest(sha256: Array(text.utf8)).description == hash)
        }
    }

    @Test("pieces of any length hash as the whole", arguments: UInt64(0)..<20)
    func pieces(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let all = (0..<300).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        var hasher = SHA256Hasher()
        var rest = all[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Int(random.next() % 70))
            hasher.update(Array(piece))
            rest = rest.dropFirst(piece.count)
        }
        #expect(hasher.finalize() == Digest(sha256: all))
    }

    @Test("a copied hasher goes its own way")
    func copies() {
        var first = SHA256Hasher()
        first.update([1, 2])
        var second = first
        first.update(3)
        second.update(4)
        #expect(first.finalize() == Digest(sha256: [1, 2, 3]))
        #expect(second.finalize() == Digest(sha256: [1, 2, 4]))
    }

    @Test("IDN-1: no purpose hashes like another, and the tag cannot run into the bytes")
    func tags() {
        let tags = DomainTag.allCases
        #expect(Set(tags.map(\.rawValue)).count == tags.count)
        #expect(Set(tags.map { Digest($0, []) }).count == tags.count)
        for tag in tags {
            let text = Array(tag.rawValue.utf8)
            #expect(text.count < 256)
            #expect(text.allSatisfy { (0x21...0x7e).contains($0) })
            let whole = [UInt8(text.count)] + text + [7, 8]
            #expect(Digest(tag, [7, 8]) == Digest(sha256: whole))
        }
    }
}

@Suite("Merkle trees")
struct MerkleTreeTests {
    private func leaf(_ index: Int) -> Digest { Digest(sha256: [UInt8(index)]) }

    @Test("CAN-12: the eight leaves of Certificate Transparency have its roots")
    func rfc6962() throws {
        let tree = try Vectors.load(MerkleVectors.self, "canonical/merkle.json").rfc6962
        var frontier = MerkleFrontier()
        #expect(frontier.root.description == tree.roots[0])
        for (text, root) in zip(tree.leaves, tree.roots.dropFirst()) {
            let bytes = try #require(Hex.decode(text))
            frontier.append(leafHash: Digest(sha256: [0] + bytes))
            #expect(frontier.root.description == root)
        }
        #expect(tree.leaves.count == 8)
    }

    @Test("CAN-12: lists of digests have the golden roots")
    func golden() throws {
        for vector in try Vectors.load(MerkleVectors.self, "canonical/merkle.json").digests {
            let leaves = (0..<vector.count).map { leaf($0) }
            #expect(MerkleTree.root(of: leaves).description == vector.root)
        }
    }

    @Test("CAN-12: a root is what the definition says", arguments: 0...40)
    func definition(count: Int) {
        func slow(_ leaves: ArraySlice<Digest>) -> Digest {
            if leaves.isEmpty { return Digest(sha256: []) }
            if leaves.count == 1 { return Digest(sha256: [0] + leaves[leaves.startIndex].bytes) }
            var split = 1
            while split * 2 < leaves.count { split *= 2 }
            let middle = leaves.startIndex + split
            return Digest(
                sha256: [1] + slow(leaves[..<middle]).bytes + slow(leaves[middle...]).bytes
            )
        }
        let leaves = (0..<count).map { leaf($0) }
        #expect(MerkleTree.root(of: leaves) == slow(leaves[...]))
    }

    @Test("a path that was changed, cut, lengthened or moved proves nothing", arguments: 1...20)
    func wrongPaths(count: Int) throws {
        let leaves = (0..<count).map { leaf($0) }
        let root = MerkleTree.root(of: leaves)
        for index in 0..<count {
            let path = try #require(MerkleTree.path(to: index, in: leaves))
            func proves(_ leaf: Digest, _ at: Int, _ of: Int, _ path: [Digest]) -> Bool {
                let found = MerkleTree.root(
                    leaf: leaf,
                    at: UInt64(at),
                    of: UInt64(of),
                    path: path
                )
                return found == root
            }
            #expect(proves(leaves[index], index, count, path))
            #expect(!proves(leaf(200), index, count, path))
            #expect(!proves(leaves[index], index, count, path + [root]))
            #expect(!proves(leaves[index], index, count, Array(path.dropLast())) || path.isEmpty)
            for place in path.indices {
                var wrong = path
                wrong[place] = leaf(201)
                #expect(!proves(leaves[index], index, count, wrong))
            }
            for other in 0..<count where other != index {
                #expect(!proves(leaves[index], other, count, path))
            }
            #expect(!proves(leaves[index], count, count, path), "there is no such leaf")
        }
        #expect(MerkleTree.path(to: count, in: leaves) == nil)
        #expect(MerkleTree.path(to: -1, in: leaves) == nil)
    }
}
