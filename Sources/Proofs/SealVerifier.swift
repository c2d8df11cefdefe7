public import CometBFTTypes
public import Identity
public import LedgerCore
public import MarketTypes

/// What a stranger trusts without proof.
public struct ProofTrust: Hashable, Sendable {
    /// The chain's genesis: it names the sequencer, or the first validators.
    public let genesis: Genesis
    /// The hash of a later set of validators, from somebody who is trusted; nil trusts the
    /// genesis' set.
    public let validatorsHash: Digest?

    /// Trusts a genesis, and perhaps a set of validators instead of its own.
    public init(genesis: Genesis, validatorsHash: Digest? = nil) {
        self.genesis = genesis
        self.validatorsHash = validatorsHash
    }
}

/// A state root, and who vouches for it.
public struct SealVerdict: Hashable, Sendable {
    /// Who sealed the header, in the terms of the chain's kind.
    public enum Sealer: Hashable, Sendable {
        /// The sequencer that the genesis names.
        case sequencer(PublicKey)
        /// The validators of the last block.
        case validators(ValidatorSealer)
    }

    /// The chain.
    public let chain: ChainID
    /// The block after which the state was so.
    public let height: BlockHeight
    /// The time in the sealed header, in milliseconds since 1970; nil if it is before that.
    public let time: Timestamp?
    /// The root of the whole state.
    public let stateRoot: Digest
    /// Who sealed it.
    public let sealer: Sealer
}

/// How validators sealed a block, and how they are known.
public struct ValidatorSealer: Hashable, Sendable {
    /// How many of them, with how much power, signed.
    public let tally: CommitTally
    /// The hash of their set.
    public let validatorsHash: Digest
    /// The hash of the set that was trusted: the same, unless blocks in between lead from it.
    public let trustedHash: Digest
    /// Whether the trusted set is the genesis' own.
    public let isGenesisTrusted: Bool
    /// How many blocks lead from the trusted set to this one, the last not counted.
    public let blocksBetween: Int
    /// The time of the block whose validators were trusted: whether they could still be punished
    /// when the last block was made is not checked here.
    public let trustedTime: Timestamp?
}

extension ProofTrust {
    /// Checks a seal; offline, so how old it is stays the reader's to judge.
    ///
    /// - Throws: ``ProofRefusal`` naming a field under `seal` (PRF-5 to PRF-8).
    public func verify(_ seal: ProofSeal) throws(ProofRefusal) -> SealVerdict {
        switch seal {
        case .sequencer(let header): try verify(header)
        case .validators(let blocks): try verify(blocks)
        }
    }

    /// The genesis' set of validators; nil where one process orders.
    private func genesisSet() throws(ProofRefusal) -> ValidatorSet? {
        let updates = genesis.validatorUpdates
        guard !updates.isEmpty else { return nil }
        do {
            return try ValidatorSet(
                updates.map { ConsensusValidator(key: $0.key, power: $0.power) }
            )
        } catch {
            throw ProofRefusal("seal.blocks[0]", .untrustedValidators)
        }
    }

    private func verify(_ sealed: Signed<BlockHeader>) throws(ProofRefusal) -> SealVerdict {
        // Validators order such a chain; whoever has the genesis' key vouches for none of it.
        guard genesis.validatorUpdates.isEmpty else { throw ProofRefusal("seal.kind", .otherSeal) }
        let field = "seal.header"
        let header = sealed.document
        guard header.chain == genesis.chain else { throw ProofRefusal(field, .otherChain) }
        guard sealed.key == genesis.sequencer else { throw ProofRefusal(field, .wrongSealer) }
        do {
            _ = try sealed.verified()
        } catch {
            throw ProofRefusal(field, .wrongSignature)
        }
        return SealVerdict(
            chain: genesis.chain,
            height: header.height,
            time: header.time,
            stateRoot: header.stateRoot,
            sealer: .sequencer(sealed.key)
        )
    }

    private func verify(_ blocks: [LightBlock]) throws(ProofRefusal) -> SealVerdict {
        let own = try genesisSet()
        guard let own else { throw ProofRefusal("seal.kind", .otherSeal) }
        guard let first = blocks.first, let last = blocks.last else {
            throw ProofRefusal("seal.blocks", .malformedValue)
        }
        let trustedHash = validatorsHash ?? own.hash
        let chainName = EngineChainName(genesis.chain).text
        var field = "seal.blocks[0]"
        guard first.header.chainName == chainName else { throw ProofRefusal(field, .otherChain) }
        guard first.header.validatorsHash == trustedHash else {
            throw ProofRefusal(field, .untrustedValidators)
        }
        var tally: CommitTally
        do throws(LightRefusal) {
            tally = try first.verify(chainName: chainName)
            for index in blocks.indices.dropFirst() {
                field = "seal.blocks[\(index)]"
                tally = try blocks[index].follow(blocks[index - 1])
            }
        } catch {
            throw ProofRefusal(field, .light(error))
        }
        guard let root = Digest(bytes: last.header.appHash), last.height.rawValue > 0 else {
            throw ProofRefusal(field, .malformedValue)
        }
        return SealVerdict(
            chain: genesis.chain,
            height: BlockHeight(last.height.rawValue - 1),
            time: last.header.time.timestamp,
            stateRoot: root,
            sealer: .validators(
                ValidatorSealer(
                    tally: tally,
                    validatorsHash: last.validators.hash,
                    trustedHash: trustedHash,
                    isGenesisTrusted: trustedHash == own.hash,
                    blocksBetween: blocks.count - 1,
                    trustedTime: first.header.time.timestamp
                )
            )
        )
    }
}

extension LightBlock {
    /// Checks that this later block follows from `trusted`, whatever time it is now (LGT-6 without
    /// the clock: a file has none); so two blocks may stand next to each other in a seal.
    ///
    /// - Throws: ``LightRefusal``; `tooLittleOverlap` means that a block in between is needed.
    @discardableResult
    public func follow(_ trusted: LightBlock) throws(LightRefusal) -> CommitTally {
        try LightVerifier.verify(
            self,
            from: trusted,
            rules: TrustRules(periodSeconds: .max, clockDriftSeconds: 1),
            at: header.time
        )
    }
}
