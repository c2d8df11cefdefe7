public import CanonicalCoding
public import Identity
public import MarketTypes

/// The document a chain starts from; its digest is the chain's name.
public struct Genesis: Hashable, Sendable {
    /// What one account owns at the start.
    public struct Allocation: Hashable, Sendable {
        /// The owner.
        public let account: AccountID
        /// What it owns, in obol.
        public let amount: Amount

        /// Creates an allocation.
        public init(account: AccountID, amount: Amount) {
            self.account = account
            self.amount = amount
        }
    }

    /// The most allocations one genesis may have.
    public static let allocationsMax = 1 << 20
    /// The longest name in bytes.
    public static let nameBytesMax = 64

    /// A name for people, such as `stoa-local`.
    public let name: String
    /// When the chain starts.
    public let time: Timestamp
    /// The key that seals blocks where one process orders them.
    public let sequencer: PublicKey
    /// The rules' numbers.
    public let parameters: LedgerParameters
    /// Who owns what, by ascending account; the sum is the supply for ever.
    public let allocations: [Allocation]
    /// The numbers of the staking rules.
    public let stakingParameters: StakingParameters
    /// Who orders blocks at the start, by ascending operator; empty where one process does.
    public let validators: [Validator]
    /// Other numbers of the rules that are not standard at the start, by ascending number.
    public let numbers: [NumberChange]

    /// Creates a genesis; allocations, validators and numbers are put in order.
    ///
    /// - Returns: nil if an account is named twice, the name is too long, no node can verify the
    ///   sequencer's key, or the supply does not fit 64 bits of STOA, so that no sum of amounts
    ///   can ever overflow; or if validators or numbers break a rule (STK-2, GOV-42).
    public init?(
        name: String,
        time: Timestamp,
        sequencer: PublicKey,
        parameters: LedgerParameters,
        allocations: [Allocation],
        stakingParameters: StakingParameters = .standard,
        validators: [Validator] = [],
        numbers: [NumberChange] = []
    ) {
        self.name = name
        self.time = time
        self.sequencer = sequencer
        self.parameters = parameters
        self.allocations = allocations.sorted { $0.account < $1.account }
        self.stakingParameters = stakingParameters
        self.validators = validators.sorted { $0.operator < $1.operator }
        self.numbers = numbers.sorted { $0.number < $1.number }
        guard isValid else { return nil }
    }

    /// The chain's name.
    public var chain: ChainID { ChainID(Digest(.genesis, of: self)) }

    /// The native supply: fixed here, for ever.
    public var supply: Amount {
        Amount(obol: allocations.reduce(0) { $0 + $1.amount.obol })
    }

    private static var supplyMax: UInt128 { UInt128(UInt64.max) * Amount.obolPerStoa }

    private var isValid: Bool {
        var sum: UInt128 = 0
        for allocation in allocations {
            guard allocation.amount.obol <= Self.supplyMax - sum else { return false }
            sum += allocation.amount.obol
        }
        let accounts = allocations.map(\.account)
        return sequencer.scheme == .ed25519 && name.utf8.count <= Self.nameBytesMax
            && allocations.count <= Self.allocationsMax
            && zip(accounts, accounts.dropFirst()).allSatisfy { $0 < $1 }
            && areValidatorsValid && areNumbersValid
    }

    /// The entries of the state before the first block, in ascending order of key.
    public var changes: [StateChange] {
        var state = StagedState(base: EmptyState())
        state.write(parameters, .parameters)
        state.write(StoredAmount(supply), .supply(.native))
        for allocation in allocations {
            let account = Account(sequence: 0, balance: allocation.amount)
            state.write(account, .account(allocation.account))
        }
        writeValidators(to: &state)
        writeNumbers(to: &state)
        state.keepTransaction()
        return state.changes
    }
}

/// The state of a chain that has not begun.
public struct EmptyState: StateReading, Sendable {
    /// Creates it.
    public init() {}
    public func value(for key: StateKey) -> [UInt8]? { nil }
}

extension Genesis: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(name)
        encoder.encode(time.milliseconds)
        encoder.encode(sequencer)
        encoder.encode(parameters)
        encoder.encode(UInt32(allocations.count))
        for allocation in allocations {
            encoder.encode(allocation.account.digest)
            encoder.encode(allocation.amount)
        }
        encodeStaking(into: &encoder)
        encodeNumbers(into: &encoder)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        name = try decoder.decodeString(bytesMax: Self.nameBytesMax)
        time = Timestamp(milliseconds: try decoder.decodeUInt64())
        sequencer = try PublicKey(from: &decoder)
        parameters = try LedgerParameters(from: &decoder)
        let count = Int(try decoder.decodeUInt32())
        guard count <= Self.allocationsMax else { throw .tooLong }
        var allocations: [Allocation] = []
        for _ in 0..<count {
            allocations.append(
                Allocation(
                    account: AccountID(try decoder.decodeDigest()),
                    amount: try decoder.decodeAmount()
                )
            )
        }
        self.allocations = allocations
        (stakingParameters, validators) = try Self.decodeStaking(from: &decoder)
        numbers = try Self.decodeNumbers(from: &decoder)
        guard isValid else { throw .invalidValue }
    }
}
