import CanonicalCoding
import LedgerCore
import LedgerStore
import MarketTypes
import Testing

@Suite("State proofs")
struct StateProofTests {
    @Test("a proof is refused for the other claim, before anything is hashed")
    func otherClaim() {
        for terminal in [StateProof.Terminal.empty, .other(path: .zero, valueHash: .zero)] {
            let proof = StateProof(terminal: terminal, siblings: [])
            #expect(throws: StateProofError.otherClaim) {
                try proof.verify(key: key("a"), value: [], root: .zero)
            }
        }
        #expect(throws: StateProofError.otherClaim) {
            try StateProof(terminal: .own, siblings: []).verify(
                key: key("a"),
                value: nil,
                root: .zero
            )
        }
    }

    @Test("another leaf proves absence only where the key's own leaf would be")
    func unrelatedLeaf() {
        let (own, other) = (StateTreeHash.path(of: key("a")), StateTreeHash.path(of: key("c")))
        let depth = (0..<256).first { own.bit($0) != other.bit($0) } ?? 0
        let aside = StateProof(
            terminal: .other(path: other, valueHash: .zero),
            siblings: Array(repeating: .zero, count: depth + 1)
        )
        let itself = StateProof(terminal: .other(path: own, valueHash: .zero), siblings: [])
        for proof in [aside, itself] {
            #expect(throws: StateProofError.unrelatedLeaf) {
                try proof.verify(key: key("a"), value: nil, root: .zero)
            }
        }
    }

    @Test("errors are numbered in the order in which they are checked")
    func codes() {
        let errors: [StateProofError] = [.otherClaim, .unrelatedLeaf, .wrongRoot]
        #expect(errors.map(\.code) == [1, 2, 3])
    }

    @Test(
        "bytes that are not the one encoding of a proof are refused",
        arguments: [
            ([1, 3, 0, 0], .unknownTag),
            ([1, 1, 1, 1], .tooLong),  // 257 siblings
            ([1, 1, 0, 9, 0x80], .truncated),
            ([1, 1, 0, 1, 0x40], .invalidValue),  // a bit after the last sibling
            ([1, 1, 0, 1, 0x80] + [UInt8](repeating: 0, count: 32), .invalidValue),
            ([1, 1, 0, 1, 0x00, 0x00], .trailingBytes),
        ] as [([UInt8], CanonicalError)]
    )
    func malformed(bytes: [UInt8], error: CanonicalError) {
        #expect(throws: error) { try StateProof(canonicalBytes: bytes) }
    }

    @Test("every key of a state, and every other, has a proof", arguments: [0, 1, 2, 33, 600])
    func truths(count: Int) throws {
        var random = SplitMix64(seed: UInt64(count))
        let store = try Workspace().initialized(
            (0..<count).map { .put(key($0), random.bytes(10)) }
        )
        try store.withSnapshot { snapshot in
            for index in 0..<count + 50 {
                let value = snapshot.value(for: key(index))
                #expect((value == nil) == (index >= count))
                let proof = try snapshot.proof(for: key(index))
                let copy = try StateProof(canonicalBytes: proof.canonicalBytes)
                #expect(copy == proof)
                try copy.verify(key: key(index), value: value, root: snapshot.root)
            }
        }
    }

    @Test("a proof survives no flipped bit, in itself, the value or the root")
    func flips() throws {
        let store = try Workspace().initialized((0..<300).map { .put(key($0), [7, 7]) })
        var terminals = Set<Int>()
        try store.withSnapshot { snapshot in
            for index in [3, 300, 301, 302, 303, 304, 305, 306, 307] {
                let proof = try snapshot.proof(for: key(index))
                let value = snapshot.value(for: key(index))
                terminals.insert(proof.kind)
                for bytes in flipped(proof.canonicalBytes) {
                    guard let forged = try? StateProof(canonicalBytes: bytes) else { continue }
                    #expect(throws: StateProofError.self) {
                        try forged.verify(key: key(index), value: value, root: snapshot.root)
                    }
                }
                for root in flipped(snapshot.root.bytes) {
                    #expect(throws: StateProofError.wrongRoot) {
                        try proof.verify(
                            key: key(index),
                            value: value,
                            root: Digest(bytes: root) ?? .zero
                        )
                    }
                }
                for forged in flipped(value ?? []) {
                    #expect(throws: StateProofError.wrongRoot) {
                        try proof.verify(key: key(index), value: forged, root: snapshot.root)
                    }
                }
            }
        }
        #expect(terminals == [0, 1, 2])
    }

    @Test("no proof for one key proves a falsehood about another")
    func otherKeys() throws {
        let store = try Workspace().initialized((0..<40).map { .put(key($0), [7]) })
        try store.withSnapshot { snapshot in
            for index in 0..<80 {
                let proof = try snapshot.proof(for: key(index))
                for other in 0..<80 where other != index {
                    #expect(throws: StateProofError.self) {
                        try proof.verify(
                            key: key(other),
                            value: other < 40 ? nil : [7],
                            root: snapshot.root
                        )
                    }
                    guard proof.terminal == .own else { continue }
                    #expect(throws: StateProofError.self) {
                        try proof.verify(key: key(other), value: [7], root: snapshot.root)
                    }
                }
            }
        }
    }

    @Test("a proof is short: about one hash for each doubling of the state")
    func length() throws {
        let store = try Workspace().initialized((0..<4096).map { .put(key($0), [7]) })
        let longest = try store.withSnapshot { snapshot in
            try (0..<200).map { try snapshot.proof(for: key($0)).canonicalBytes.count }.max()
        }
        #expect(try #require(longest) < 900)
    }

    private func flipped(_ bytes: [UInt8]) -> [[UInt8]] {
        (0..<bytes.count * 8).map { bit in
            var copy = bytes
            copy[bit / 8] ^= 1 << UInt8(bit % 8)
            return copy
        }
    }
}

extension StateProof {
    fileprivate var kind: Int {
        switch terminal {
        case .own: 0
        case .empty: 1
        case .other: 2
        }
    }
}
