import CanonicalCoding

/// A number that says how long what somebody locked takes to come back.
///
/// A vote that raises it would lock those in who relied on it, and one that lowers it would let
/// those out on whose stake others rely. So what is locked keeps the delay it was locked under
/// (LAW-9). As long as no vote has changed the number there is nothing to keep.
enum ExitDelay: UInt16, CaseIterable {
    case bond = 601
    case stake = 804
    case votes = 1608
}

extension StateKey {
    /// Where the number of an exit's delay stands as it was before any vote; absent until one
    /// has changed it.
    static func firstDelay(_ delay: ExitDelay) -> StateKey {
        StateKey(.firstDelay) { $0.encode(delay.rawValue) }
    }
}

extension StagedState {
    private func first(_ delay: ExitDelay) -> UInt64? {
        read(StoredNumber.self, .firstDelay(delay))?.value
    }

    /// How many blocks what is locked takes to come back; `kept` is nil if it was locked before
    /// any vote on it, and `now` is the number of today.
    func blocks(of delay: ExitDelay, kept: UInt64?, now: UInt64) -> UInt64 {
        kept ?? first(delay) ?? now
    }

    /// What is kept once something joins what is locked: the delay of now where nothing was
    /// locked, otherwise the longer of the two.
    func kept(_ delay: ExitDelay, before: UInt64?, isEmpty: Bool, now: UInt64) -> UInt64? {
        guard let first = first(delay) else { return nil }
        return isEmpty ? now : max(before ?? first, now)
    }

    /// Remembers what delays were before the first vote that changes them.
    mutating func keepFirstDelays(before changes: [NumberChange]) {
        for change in changes {
            guard let delay = ExitDelay(rawValue: change.number), first(delay) == nil,
                let number = GovernedNumber(id: change.number), current(number) != change.value
            else { continue }
            write(StoredNumber(current(number)), .firstDelay(delay))
        }
    }
}
