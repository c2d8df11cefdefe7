public import MarketTypes

/// A block's header as CometBFT 0.38 hashes and validators sign it: fourteen fields.
///
/// `header.appHash` of height h + 1 is the state root after block h, and `lastResultsHash` the hash
/// of that block's results. Follows `types/block.go`.
public struct Header: Hashable, Sendable {
    /// The largest name of a chain in bytes of UTF-8.
    public static let chainNameBytesMax = 200
    /// The largest application hash in bytes.
    public static let appHashBytesMax = 64

    /// The version of the block protocol; 11 for this line of the engine.
    public let blockVersion: UInt64
    /// The version of the application.
    public let appVersion: UInt64
    /// The chain's name in the engine.
    public let chainName: String
    /// From 1 to 2^63 - 1.
    public let height: BlockHeight
    /// When validators say it was; later than the block before.
    public let time: BlockTime
    /// The block before; nil in the first one.
    public let lastBlockID: BlockID?
    /// The hash of the votes for the block before; nil if the field is empty.
    public let lastCommitHash: Digest?
    /// The root over the hashes of the transactions; nil if the field is empty.
    public let dataHash: Digest?
    /// The hash of the validators who sign this block.
    public let validatorsHash: Digest
    /// The hash of the validators who sign the next one.
    public let nextValidatorsHash: Digest
    /// The hash of the consensus parameters.
    public let consensusHash: Digest
    /// What the application returned for the block before.
    public let appHash: [UInt8]
    /// The root over the results of the block before; nil if the field is empty.
    public let lastResultsHash: Digest?
    /// The root over the evidence in this block; nil if the field is empty.
    public let evidenceHash: Digest?
    /// Who proposed the block.
    public let proposer: ConsensusAddress

    /// The versions, the chain and the place of a header.
    public struct Place: Hashable, Sendable {
        /// The version of the block protocol.
        public var blockVersion: UInt64
        /// The version of the application.
        public var appVersion: UInt64
        /// The chain's name in the engine.
        public var chainName: String
        /// The block's height.
        public var height: BlockHeight
        /// The block's time.
        public var time: BlockTime
        /// The block before.
        public var lastBlockID: BlockID?
        /// Who proposed the block.
        public var proposer: ConsensusAddress

        /// Creates a place.
        public init(
            blockVersion: UInt64,
            appVersion: UInt64,
            chainName: String,
            height: BlockHeight,
            time: BlockTime,
            lastBlockID: BlockID?,
            proposer: ConsensusAddress
        ) {
            self.blockVersion = blockVersion
            self.appVersion = appVersion
            self.chainName = chainName
            self.height = height
            self.time = time
            self.lastBlockID = lastBlockID
            self.proposer = proposer
        }
    }

    /// The hashes in a header.
    public struct Hashes: Hashable, Sendable {
        /// Of the votes for the block before.
        public var lastCommit: Digest?
        /// Of the transactions.
        public var data: Digest?
        /// Of the validators who sign this block.
        public var validators: Digest
        /// Of the validators who sign the next one.
        public var nextValidators: Digest
        /// Of the consensus parameters.
        public var consensus: Digest
        /// What the application returned for the block before.
        public var app: [UInt8]
        /// Of the results of the block before.
        public var lastResults: Digest?
        /// Of the evidence.
        public var evidence: Digest?

        /// Creates the hashes.
        public init(
            lastCommit: Digest?,
            data: Digest?,
            validators: Digest,
            nextValidators: Digest,
            consensus: Digest,
            app: [UInt8],
            lastResults: Digest?,
            evidence: Digest?
        ) {
            self.lastCommit = lastCommit
            self.data = data
            self.validators = validators
            self.nextValidators = nextValidators
            self.consensus = consensus
            self.app = app
            self.lastResults = lastResults
            self.evidence = evidence
        }
    }

    /// Joins the parts.
    ///
    /// - Throws: ``LightRefusal/malformed(_:)`` if the chain's name or the application's hash is
    ///   too long or the height is not one of the engine's.
    public init(place: Place, hashes: Hashes) throws(LightRefusal) {
        guard !place.chainName.isEmpty, place.chainName.utf8.count <= Self.chainNameBytesMax else {
            throw .malformed(.chainName)
        }
        guard place.height.rawValue > 0, place.height.rawValue <= UInt64(Int64.max) else {
            throw .malformed(.height)
        }
        guard hashes.app.count <= Self.appHashBytesMax else { throw .malformed(.appHash) }
        blockVersion = place.blockVersion
        appVersion = place.appVersion
        chainName = place.chainName
        height = place.height
        time = place.time
        lastBlockID = place.lastBlockID
        lastCommitHash = hashes.lastCommit
        dataHash = hashes.data
        validatorsHash = hashes.validators
        nextValidatorsHash = hashes.nextValidators
        consensusHash = hashes.consensus
        appHash = hashes.app
        lastResultsHash = hashes.lastResults
        evidenceHash = hashes.evidence
        proposer = place.proposer
    }
}
