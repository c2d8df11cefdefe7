import CanonicalCoding
import MarketTypes

extension GovernedNumber {
    /// Every number that a vote can change, in ascending order of its id.
    ///
    /// A component adds its own list here; a test finds those that are missing or twice.
    public static let all: [GovernedNumber] = [
        ledgerNumbers, units, passes, exchange, escrows, disputes, governance, authorization,
    ].flatMap { $0 }.sorted { $0.id < $1.id }

    /// The number with this id, or nil.
    public init?(id: UInt16) {
        guard let found = Self.all.first(where: { $0.id == id }) else { return nil }
        self = found
    }

    /// The number with this name, or nil.
    public init?(name: String) {
        guard let found = Self.all.first(where: { $0.name == name }) else { return nil }
        self = found
    }

    /// The entry of the state that says what the number is now.
    public var stateKey: StateKey {
        if LedgerNumber(rawValue: id) != nil { return .parameters }
        if StakingNumber(rawValue: id) != nil { return .stakingParameters }
        return .governedNumber(self)
    }

    /// What the number is, by the bytes under ``stateKey``; nil if they are damaged.
    public func value(entry: [UInt8]?) -> UInt64? {
        if let number = LedgerNumber(rawValue: id) {
            return entry.flatMap { try? LedgerParameters(canonicalBytes: $0) }?.value(of: number)
        }
        if let number = StakingNumber(rawValue: id) {
            guard let entry else { return StakingParameters.standard.value(of: number) }
            return (try? StakingParameters(canonicalBytes: entry))?.value(of: number)
        }
        guard let entry else { return standard }
        return (try? StoredNumber(canonicalBytes: entry))?.value
    }
}

extension StagedState {
    /// What a number is now, wherever it stands.
    func current(_ number: GovernedNumber) -> UInt64 {
        if let ledger = LedgerNumber(rawValue: number.id) {
            let parameters = read(LedgerParameters.self, .parameters)
            return parameters?.value(of: ledger) ?? number.standard
        }
        if let staking = StakingNumber(rawValue: number.id) {
            return stakingParameters.value(of: staking)
        }
        return value(of: number)
    }

    /// Makes all the changes, or none if the numbers would contradict each other.
    ///
    /// The numbers in ``LedgerParameters`` count from the next block on, since a ledger reads them
    /// once; all others at once. Nothing that is open changes: it kept what it relied on.
    ///
    /// - Returns: whether it made them.
    mutating func change(_ changes: [NumberChange]) -> Bool {
        guard var ledger = read(LedgerParameters.self, .parameters) else { return false }
        let before = (ledger, stakingParameters)
        var staking = before.1
        var others: [(GovernedNumber, UInt64)] = []
        for change in changes {
            guard let number = GovernedNumber(id: change.number),
                number.bounds.contains(change.value)
            else { return false }
            if let known = LedgerNumber(rawValue: change.number) {
                ledger = ledger.setting(known, to: change.value)
            } else if let known = StakingNumber(rawValue: change.number) {
                staking = staking.setting(known, to: change.value)
            } else {
                others.append((number, change.value))
            }
        }
        guard staking.isValid else { return false }
        keepFirstDelays(before: changes)
        if ledger != before.0 { write(ledger, .parameters) }
        if staking != before.1 { keep(staking) }
        for (number, value) in others { write(StoredNumber(value), .governedNumber(number)) }
        return true
    }

    /// Writes the numbers of the staking rules, and lets the candidates and the set follow at the
    /// block's end (STK-6, STK-24).
    private mutating func keep(_ parameters: StakingParameters) {
        write(parameters == .standard ? nil : parameters, .stakingParameters)
        guard let candidates = read(ValidatorTable.self, .candidates) else { return }
        write(candidates.top(Int(parameters.candidatesMax)), .candidates)
    }
}
