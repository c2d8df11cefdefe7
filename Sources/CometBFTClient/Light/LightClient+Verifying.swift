import CometBFTTypes
import Logging
import MarketTypes
import Synchronization

extension LightClient {
    /// The block at `height` by one node, verified from what is trusted and compared with others.
    func verified(
        _ height: BlockHeight,
        from endpoint: Int
    ) async throws(RPCFailure) -> LightBlock {
        let (known, below, above) = state.withLock {
            ($0.trusted.block(at: height), $0.trusted.below(height), $0.trusted.above(height))
        }
        if let known { return known }
        if let above, above.height == height.advanced(byBlocks: 1) {
            // The next block names it: nothing else needs to be verified.
            let block = try await back(to: height, from: above, with: endpoint)
            try keep([block])
            return block
        }
        if let below, !settings.rules.isExpired(below.header.time, at: now) {
            let blocks = try await walk(to: height, from: below, with: endpoint)
            guard let block = blocks.last else {
                throw RPCFailure(.unproven, "nothing was verified")
            }
            try await compare(block, from: below, primary: endpoint)
            try keep(blocks)
            rpc.observe(height.rawValue, at: endpoint)
            return block
        }
        guard let above else {
            throw RPCFailure(
                .trustExpired,
                "what is trusted is too old: a newer block must be given by height and hash"
            )
        }
        let block = try await back(to: height, from: above, with: endpoint)
        try keep([block])
        return block
    }

    /// Verifies forward: skips as far as the trusted set still signs, halves the way where not.
    ///
    /// - Returns: the blocks that were verified, the one at `height` last.
    private func walk(
        to height: BlockHeight,
        from start: LightBlock,
        with endpoint: Int
    ) async throws(RPCFailure) -> [LightBlock] {
        var trusted = start
        var verified: [LightBlock] = []
        // Heights fall from the first to the last, at most one for each bit of a height.
        var pending = [try await fetch(height, from: endpoint)]
        var fetches = 1
        while let target = pending.last {
            if try follows(target, trusted) {
                trusted = target
                verified.append(target)
                pending.removeLast()
                continue
            }
            fetches += 1
            guard fetches <= settings.fetchesMax else {
                throw RPCFailure(.unproven, "too many blocks are needed to verify one")
            }
            let gap = target.height.rawValue - trusted.height.rawValue
            let step = settings.skips ? gap / 2 : 1
            let between = BlockHeight(trusted.height.rawValue + step)
            pending.append(try await fetch(between, from: endpoint))
        }
        return verified
    }

    /// Whether a block follows from a trusted one; no if a block between them is needed first.
    private func follows(
        _ block: LightBlock,
        _ trusted: LightBlock
    ) throws(RPCFailure) -> Bool {
        let isNext = block.height == trusted.height.advanced(byBlocks: 1)
        guard settings.skips || isNext || block.height <= trusted.height else { return false }
        do throws(LightRefusal) {
            try LightVerifier.verify(block, from: trusted, rules: settings.rules, at: now)
            return true
        } catch {
            guard case .tooLittleOverlap = error else { throw Self.failure(error, block) }
            return false
        }
    }

    private static func failure(_ refusal: LightRefusal, _ block: LightBlock) -> RPCFailure {
        let text = "block \(block.height.rawValue): \(refusal.field.name): \(refusal)"
        return RPCFailure(refusal == .trustExpired ? .trustExpired : .unproven, text)
    }

    /// Follows the hashes of earlier blocks back from a trusted one.
    private func back(
        to height: BlockHeight,
        from above: LightBlock,
        with endpoint: Int
    ) async throws(RPCFailure) -> LightBlock {
        let steps = above.height.rawValue - height.rawValue
        guard steps <= UInt64(settings.backwardStepsMax) else {
            throw RPCFailure(.trustExpired, "the block is too far behind what is trusted")
        }
        var later = above.header
        while later.height.rawValue - height.rawValue > 1 {
            let place = BlockHeight(later.height.rawValue - 1)
            let header = try await signedHeader(place, from: endpoint).header
            try Self.checkLink(header, before: later)
            later = header
        }
        let block = try await fetch(height, from: endpoint)
        try Self.checkLink(block.header, before: later)
        return block
    }

    private static func checkLink(
        _ header: Header,
        before later: Header
    ) throws(RPCFailure) {
        guard later.lastBlockID?.hash == header.hash, header.time < later.time else {
            throw RPCFailure(.unproven, "a block is not the one that the next names")
        }
    }

    /// Asks other nodes for the same height.
    ///
    /// One that contradicts and can prove it ends all trust; one that cannot is a liar.
    private func compare(
        _ block: LightBlock,
        from trusted: LightBlock,
        primary: Int
    ) async throws(RPCFailure) {
        for witness in rpc.witnesses(of: primary).prefix(settings.witnessesMax) {
            // A node that is down or behind says nothing about this block.
            guard let other = try? await signedHeader(block.height, from: witness).header,
                other.hash != block.header.hash
            else { continue }
            guard
                let proof = try? await walk(to: block.height, from: trusted, with: witness),
                let rival = proof.last, rival.header.hash != block.header.hash
            else {
                rpc.reportLie(of: witness)
                continue
            }
            let alarm = Self.conflict(block, rival)
            state.withLock { $0.alarm = alarm }
            logger.critical("conflicting blocks", metadata: ["conflict": "\(alarm.message)"])
            throw alarm
        }
    }
}

extension LightClient {
    /// The block at `height` as a node gives it, without votes that do not verify: its parts belong
    /// together and its own validators signed it, nothing more.
    func fetch(
        _ height: BlockHeight,
        from endpoint: Int,
        known: ValidatorSet? = nil
    ) async throws(RPCFailure) -> LightBlock {
        let (header, commit) = try await signedHeader(height, from: endpoint)
        let hash = header.validatorsHash
        var validators = state.withLock { $0.trusted.validators(hash: hash) }
        if validators == nil, let known, known.hash == hash { validators = known }
        if validators == nil { validators = try await self.validators(height, from: endpoint) }
        guard let validators else {
            throw RPCFailure(.malformedAnswer, "a block has no validators")
        }
        let block = LightBlock(header: header, commit: commit, validators: validators)
        do throws(LightRefusal) {
            return try block.verified(chainName: chainName)
        } catch {
            throw Self.failure(error, block)
        }
    }

    func signedHeader(
        _ height: BlockHeight,
        from endpoint: Int
    ) async throws(RPCFailure) -> (header: Header, commit: Commit) {
        let answer: RPCDocuments.CommitAnswer
        do throws(RPCFailure) {
            answer = try await rpc.ask(
                .commit(height),
                RPCDocuments.CommitAnswer.self,
                of: endpoint
            )
        } catch {
            throw error.asMissingHeight
        }
        do throws(LightRefusal) {
            let header = try answer.signed_header.header.header()
            guard header.height == height else { throw .malformed(.height) }
            return (header, try answer.signed_header.commit.commit())
        } catch {
            throw RPCFailure(.unproven, "a node's block \(height.rawValue): \(error.field.name)")
        }
    }

    private func validators(
        _ height: BlockHeight,
        from endpoint: Int
    ) async throws(RPCFailure) -> ValidatorSet {
        var members: [ConsensusValidator] = []
        for page in 1...ValidatorSet.countMax / 100 {
            let question = RPCQuestion.validators(height, page: page)
            let answer = try await rpc.ask(question, RPCDocuments.Validators.self, of: endpoint)
            guard (1...Int64(ValidatorSet.countMax)).contains(answer.total.value),
                !answer.validators.isEmpty, answer.validators.count <= 100
            else { throw RPCFailure(.unproven, "a node's list of validators") }
            do throws(LightRefusal) {
                for validator in answer.validators { members.append(try validator.validator()) }
                guard members.count < Int(answer.total.value) else {
                    return try ValidatorSet(ordered: members)
                }
            } catch {
                throw RPCFailure(.unproven, "a node's validators: \(error.field.name)")
            }
        }
        throw RPCFailure(.unproven, "a node's list of validators does not end")
    }
}

extension RPCFailure {
    /// `notYet` if a node says that its chain does not reach so far.
    var asMissingHeight: RPCFailure {
        guard code == .answeredError, message.contains("must be less than or equal") else {
            return self
        }
        return RPCFailure(.notYet, message)
    }
}
