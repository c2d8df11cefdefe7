import CanonicalCoding
import MarketTypes

/// Something that the ledger does by itself when its time has come; the numbers are append-only.
enum DeadlineKind: UInt8, Hashable, CaseIterable, Sendable {
    case escrow = 1
    case dispute = 2
    case proposal = 3
    case pass = 4
    case order = 5
    case keyRotation = 6
    case claim = 7

    /// How many things can be due at a height for one more of this kind to be due then, too.
    ///
    /// Whoever opens and closes sales by the hundred pays fees and nothing else. So what is cheap
    /// leaves room for what is dear, and nobody keeps a job, a key, a dispute or a vote from its
    /// height by filling that with something else.
    var countMax: UInt16 {
        switch self {
        case .order: 192
        case .pass: 288
        case .escrow: 384
        case .keyRotation: 448
        case .dispute, .proposal, .claim: Deadline.countMax
        }
    }
}

/// What is due at some height: a kind and the name of one thing of that kind.
struct Deadline: CanonicalCodable, Hashable {
    /// How many can be due at one height, of some kinds fewer; more wait for the next ones.
    static let countMax: UInt16 = 512
    /// How many can be due at one height if a deadline itself brings them about.
    ///
    /// Only disputes ask for it: one that comes to its next phase by itself came to this one by a
    /// message that took a place among ``countMax``, so these are at most a few times as many.
    static let followingMax = UInt16.max
    /// How many heights further one may have to wait.
    static let spillBlocksMax: UInt64 = 64

    let kind: DeadlineKind
    let name: Digest

    func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(kind.rawValue)
        encoder.encode(name)
    }

    init(_ kind: DeadlineKind, _ name: Digest) {
        self.kind = kind
        self.name = name
    }

    init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        guard let kind = DeadlineKind(rawValue: try decoder.decodeUInt8()) else {
            throw .unknownTag
        }
        self.kind = kind
        name = try decoder.decodeDigest()
    }
}

/// Why nothing can become due then.
public enum DeadlineRefusal: UInt32, Error, Hashable, CaseIterable, Sendable {
    /// So much is due at that height and the next ones that nothing more fits.
    case tooManyDue = 1
    /// The height is not ahead, or beyond all counting.
    case invalidHeight = 2
}

/// How many things are due at a height.
struct DueCount: CanonicalCodable {
    let count: UInt16

    func encode(into encoder: inout CanonicalEncoder) { encoder.encode(count) }

    init(_ count: UInt16) { self.count = count }

    init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        count = try decoder.decodeUInt16()
    }
}

extension StateKey {
    fileprivate static func deadlineCount(_ height: BlockHeight) -> StateKey {
        StateKey(.deadlineCount) { $0.encode(height.rawValue) }
    }

    fileprivate static func deadline(_ height: BlockHeight, _ index: UInt16) -> StateKey {
        StateKey(.deadline) {
            $0.encode(height.rawValue)
            $0.encode(index)
        }
    }
}

extension StagedState {
    /// Makes something due when the block at `height` begins, or at one of the next heights if too
    /// much is due then already; returns at which.
    ///
    /// Only ``unschedule(_:at:)`` takes it back: whoever else is called finds out whether there is
    /// still anything to do.
    @discardableResult
    mutating func schedule(
        _ deadline: Deadline,
        at height: BlockHeight,
        from origin: BlockHeight,
        countMax: UInt16? = nil
    ) throws(Refusal) -> BlockHeight {
        guard height > origin else { throw .deadlines(.invalidHeight) }
        for further in 0...Deadline.spillBlocksMax {
            guard let place = height.advanced(byBlocks: further) else {
                throw .deadlines(.invalidHeight)
            }
            let count = read(DueCount.self, .deadlineCount(place))?.count ?? 0
            guard count < (countMax ?? deadline.kind.countMax) else { continue }
            write(deadline, .deadline(place, count))
            write(DueCount(count + 1), .deadlineCount(place))
            awaitHeight(place)
            return place
        }
        throw .deadlines(.tooManyDue)
    }

    /// Takes back what was to become due at `height`; what is last there takes its place.
    ///
    /// It costs a read for each place that is looked at, the newest first. None of its kind is
    /// ever beyond the kind's ``DeadlineKind/countMax``, whatever else there is.
    mutating func unschedule(_ deadline: Deadline, at height: BlockHeight) {
        let count = read(DueCount.self, .deadlineCount(height))?.count ?? 0
        let places = 0..<min(count, deadline.kind.countMax)
        let place = places.last { read(Deadline.self, .deadline(height, $0)) == deadline }
        guard let place else { return }
        let last = StateKey.deadline(height, count - 1)
        write(read(Deadline.self, last), .deadline(height, place))
        write(Deadline?.none, last)
        write(count == 1 ? nil : DueCount(count - 1), .deadlineCount(height))
    }

    /// Removes and returns what is due at `height`, in the order in which it was scheduled.
    mutating func takeDue(at height: BlockHeight) -> [Deadline] {
        guard let count = read(DueCount.self, .deadlineCount(height))?.count else { return [] }
        var due: [Deadline] = []
        for index in 0..<count {
            let key = StateKey.deadline(height, index)
            if let deadline = read(Deadline.self, key) { due.append(deadline) }
            write(Deadline?.none, key)
        }
        write(DueCount?.none, .deadlineCount(height))
        return due
    }
}

extension Ledger {
    /// Does what is due at this height, each thing all or not at all.
    mutating func meetDeadlines(at context: BlockContext) -> [Event] {
        let due = state.takeDue(at: context.height)
        state.keepTransaction()
        var events: [Event] = []
        for deadline in due {
            do {
                events += try meet(deadline, at: context)
                state.keepTransaction()
            } catch {
                state.dropTransaction()
            }
        }
        return events
    }

    private mutating func meet(
        _ deadline: Deadline,
        at context: BlockContext
    ) throws(Refusal) -> [Event] {
        switch deadline.kind {
        case .escrow: try escrowDue(deadline.name, at: context)
        case .dispute: try disputeDue(deadline.name, at: context)
        case .order: try orderDue(deadline.name, at: context)
        case .proposal: try proposalDue(deadline.name, at: context)
        case .pass: passDue(deadline.name, at: context)
        case .keyRotation: keyRotationDue(deadline.name, at: context)
        case .claim: try claimDue(deadline.name, at: context)
        }
    }
}
