import CanonicalCoding
import CometBFTTypes
import FoundationEssentials
public import LedgerClient
public import LedgerCore
import MarketTypes
import Synchronization

extension NetworkLedger {
    /// Reads one entry and checks it against a signed header, also if no proof is asked for.
    ///
    /// There is no header that a sequencer signed: ``provenEntry(_:)`` gives the network's.
    public func entry(
        _ key: StateKey,
        proven: Bool
    ) async throws(LedgerClientError) -> StateEntry {
        let found = try await provenEntry(key)
        return StateEntry(
            value: found.value,
            height: found.height,
            proof: proven ? found.proof : nil,
            header: nil
        )
    }

    /// Reads one entry with its proof and the signed block that it is proven against.
    ///
    /// - Throws: ``LedgerClientError``; `malformedAnswer` if no node proves its answer.
    public func provenEntry(_ key: StateKey) async throws(LedgerClientError) -> ProvenEntry {
        do throws(RPCFailure) {
            return try await readProven(key)
        } catch {
            throw error.asLedgerError
        }
    }

    func readProven(_ key: StateKey) async throws(RPCFailure) -> ProvenEntry {
        let deadline = ContinuousClock.now + .seconds(settings.proofSecondsMax)
        while true {
            let found = try await rpc.any { (endpoint) async throws(RPCFailure) -> ProvenEntry? in
                try await self.readProven(key, from: endpoint)
            }
            if let found { return found }
            guard ContinuousClock.now < deadline else {
                throw RPCFailure(.unreachable, "no node has a state as late as the one seen last")
            }
            try await pause()
        }
    }

    /// - Returns: nil if the node's state is older than what was seen, which is no lie.
    private func readProven(
        _ key: StateKey,
        from endpoint: Int
    ) async throws(RPCFailure) -> ProvenEntry? {
        let question = RPCQuestion.query("/state", key.bytes, proven: true)
        let answer = try await rpc.ask(question, RPCDocuments.Query.self, of: endpoint).response
        guard answer.code == 0, let height = UInt64(exactly: answer.height.value),
            let steps = answer.proofOps?.ops, steps.count == 1, steps[0].type == "stoa:state",
            let key64 = steps[0].key, Array(key64) == key.bytes, let bytes = steps[0].data,
            let proof = try? StateProof(canonicalBytes: Array(bytes))
        else { throw RPCFailure(.unproven, "a node proves no state: \(answer.log ?? "")") }
        let value: [UInt8]?
        switch (answer.index.value, answer.value) {
        case (0, nil): value = nil
        case (0, let bytes?) where bytes.isEmpty: value = nil
        case (1, let bytes): value = Array(bytes ?? Data())
        default: throw RPCFailure(.unproven, "a node's answer contradicts itself")
        }
        let block = try await header(
            for: proof,
            key: key,
            value: value,
            height: BlockHeight(height)
        )
        let entry = ProvenEntry(key: key, value: value, proof: proof, block: block)
        let isCurrent = state.withLock { state in
            guard entry.height >= state.floor else { return false }
            state.floor = entry.height
            return true
        }
        if isCurrent, key.bytes.starts(with: Self.accounts) {
            remember(key, try Self.sequence(value), at: entry.height)
        }
        return isCurrent ? entry : nil
    }

    /// What the keys of accounts begin with.
    private static let accounts = StateKey.account(AccountID(.zero)).bytes.prefix(1)

    private func remember(_ key: StateKey, _ sequence: UInt64, at height: BlockHeight) {
        state.withLock { state in
            if state.sequences.count >= settings.accountsMax { state.sequences.removeAll() }
            state.sequences[key] = (sequence, height)
        }
    }

    /// The signed block whose application hash is the root that the proof leads to.
    ///
    /// The state after block h is in header h + 1, which an idle network makes only when something
    /// happens; but then the state is as it was before block h, and header h says the same.
    private func header(
        for proof: StateProof,
        key: StateKey,
        value: [UInt8]?,
        height: BlockHeight
    ) async throws(RPCFailure) -> LightBlock {
        guard let next = height.advanced(byBlocks: 1) else {
            throw RPCFailure(.unproven, "a node's height is none")
        }
        if height.rawValue > 0 {
            // Who has a block's state has the block.
            let block = try await awaitBlock(at: height, secondsMax: 1)
            if Self.proves(proof, key, value, block) { return block }
        }
        let block = try await awaitBlock(at: next, secondsMax: settings.proofSecondsMax)
        guard Self.proves(proof, key, value, block) else {
            throw RPCFailure(.unproven, "a node's proof leads to another state")
        }
        return block
    }

    private static func proves(
        _ proof: StateProof,
        _ key: StateKey,
        _ value: [UInt8]?,
        _ block: LightBlock
    ) -> Bool {
        guard let root = try? root(of: block) else { return false }
        return (try? proof.verify(key: key, value: value, root: root)) != nil
    }

    /// Lists entries: keys in order and with the prefix; values are a node's word unless
    /// ``Settings/provesLists``, and nothing shows that none is left out.
    public func entries(
        prefix: StateKey,
        after: StateKey?,
        limit: Int
    ) async throws(LedgerClientError) -> [StateListing] {
        let question = StateListQuestion(prefix: prefix, after: after, limit: limit)
        let listed: [StateListing]
        do throws(RPCFailure) {
            listed = try await rpc.any { (endpoint) async throws(RPCFailure) -> [StateListing] in
                try await self.list(question, from: endpoint)
            }
        } catch {
            throw error.asLedgerError
        }
        guard settings.provesLists else { return listed }
        var proven: [StateListing] = []
        for listing in listed {
            guard let value = try await provenEntry(listing.key).value else { continue }
            proven.append(StateListing(key: listing.key, value: value))
        }
        return proven
    }

    private func list(
        _ question: StateListQuestion,
        from endpoint: Int
    ) async throws(RPCFailure) -> [StateListing] {
        let asked = RPCQuestion.query("/list", question.canonicalBytes, proven: false)
        let answer = try await rpc.ask(asked, RPCDocuments.Query.self, of: endpoint).response
        guard answer.code == 0, let bytes = answer.value,
            let list = try? StateListAnswer(canonicalBytes: Array(bytes)),
            list.entries.count <= question.limit
        else { throw RPCFailure(.malformedAnswer, "a node's list: \(answer.log ?? "")") }
        var last = question.after
        for entry in list.entries {
            guard entry.key.bytes.starts(with: question.prefix.bytes),
                last.map({ $0 < entry.key }) ?? true
            else { throw RPCFailure(.unproven, "a node's list is out of order") }
            last = entry.key
        }
        return list.entries.map { StateListing(key: $0.key, value: $0.value) }
    }
}
