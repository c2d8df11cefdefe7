import MarketTypes

/// The part of a trusted set's power that must be passed to trust a later set without the blocks
/// in between.
public struct TrustLevel: Hashable, Sendable {
    /// Of ``denominator``.
    public let numerator: UInt64
    /// From 1 to 16.
    public let denominator: UInt64

    /// A third: more than that has at least one honest member while fewer than a third lie.
    public static let third = TrustLevel(checked: 1, 3)

    private init(checked numerator: UInt64, _ denominator: UInt64) {
        self.numerator = numerator
        self.denominator = denominator
    }

    /// Creates a level from a third to one, or returns nil.
    public init?(_ numerator: UInt64, of denominator: UInt64) {
        guard (1...16).contains(denominator), numerator <= denominator,
            numerator * 3 >= denominator
        else { return nil }
        self.init(checked: numerator, denominator)
    }

    func isPassed(by power: UInt64, of total: UInt64) -> Bool {
        // 16 × 2^60 does not fit in 64 bits.
        let left = power.multipliedFullWidth(by: denominator)
        let right = total.multipliedFullWidth(by: numerator)
        return (left.high, left.low) > (right.high, right.low)
    }
}

/// For how long and how far what is trusted is trusted.
public struct TrustRules: Hashable, Sendable {
    /// How long a header vouches for later ones; shorter than the time in which a validator that
    /// leaves can still be punished.
    public var periodSeconds: UInt32
    /// How far ahead of our clock a header may be.
    public var clockDriftSeconds: UInt32
    /// What part of a trusted set must have signed a later block.
    public var level: TrustLevel

    /// Creates rules; the standard is two weeks, ten seconds and a third.
    public init(
        periodSeconds: UInt32 = 14 * 86_400,
        clockDriftSeconds: UInt32 = 10,
        level: TrustLevel = .third
    ) {
        self.periodSeconds = periodSeconds
        self.clockDriftSeconds = clockDriftSeconds
        self.level = level
    }

    /// Whether a header of `time` no longer vouches for others at `now`.
    public func isExpired(_ time: BlockTime, at now: BlockTime) -> Bool {
        time.advanced(bySeconds: periodSeconds) <= now
    }
}

/// Decides whether a later block follows from one that is trusted.
///
/// Follows `light/verifier.go` of CometBFT 0.38; docs/spec/light-client.md has the rules.
public enum LightVerifier {
    /// Checks `block`, which is later than `trusted`, at the moment `now`.
    ///
    /// The next height must have the validators that `trusted` announced; for a height further
    /// ahead, more than the trust level of `trusted`'s set must have signed it.
    ///
    /// - Throws: ``LightRefusal``; `tooLittleOverlap` means that a block in between is needed.
    @discardableResult
    public static func verify(
        _ block: LightBlock,
        from trusted: LightBlock,
        rules: TrustRules,
        at now: BlockTime
    ) throws(LightRefusal) -> CommitTally {
        guard !rules.isExpired(trusted.header.time, at: now) else { throw .trustExpired }
        let chainName = trusted.header.chainName
        guard block.header.chainName == chainName else { throw .otherChain }
        guard block.height > trusted.height else { throw .heightNotLater }
        guard block.header.time > trusted.header.time else { throw .timeNotLater }
        guard block.header.time < now.advanced(bySeconds: rules.clockDriftSeconds) else {
            throw .fromTheFuture
        }
        try block.verifyLinks(chainName: chainName)
        if block.height.rawValue - trusted.height.rawValue == 1 {
            guard block.header.validatorsHash == trusted.header.nextValidatorsHash else {
                throw .unannouncedValidators
            }
        } else {
            try CommitVerifier.verifyOverlap(
                block.commit,
                with: trusted.validators,
                above: rules.level,
                chainName: chainName
            )
        }
        // Last, because a set that nobody knows may be large.
        return try CommitVerifier.verify(
            block.commit,
            signedBy: block.validators,
            chainName: chainName
        )
    }
}

extension LightBlock {
    /// Checks that the parts belong together and that more than two thirds of the block's own
    /// validators signed it: whether they are the network's is another question.
    ///
    /// - Throws: ``LightRefusal``.
    @discardableResult
    public func verify(chainName: String) throws(LightRefusal) -> CommitTally {
        guard header.chainName == chainName else { throw .otherChain }
        try verifyLinks(chainName: chainName)
        return try CommitVerifier.verify(commit, signedBy: validators, chainName: chainName)
    }

    /// Checks the same, but takes a vote whose signature does not verify for none: a validator of
    /// little power must not be able to stop whoever reads the chain.
    ///
    /// - Returns: the block without such votes, which ``verify(chainName:)`` accepts.
    /// - Throws: ``LightRefusal``; `noQuorum` if what is left is too little.
    public func verified(chainName: String) throws(LightRefusal) -> LightBlock {
        do throws(LightRefusal) {
            try verify(chainName: chainName)
            return self
        } catch {
            guard case .wrongSignature = error else { throw error }
        }
        let left = LightBlock(
            header: header,
            commit: CommitVerifier.droppingWrongSignatures(
                of: commit,
                by: validators,
                chainName: chainName
            ),
            validators: validators
        )
        try left.verify(chainName: chainName)
        return left
    }

    func verifyLinks(chainName: String) throws(LightRefusal) {
        guard header.validatorsHash == validators.hash else { throw .wrongValidators }
        guard commit.height == header.height else { throw .wrongCommitHeight }
        guard commit.blockID.hash == header.hash else { throw .wrongHeaderHash }
    }
}
