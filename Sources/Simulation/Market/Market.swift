import LedgerCore
import MarketTypes
import SettlementCore

/// What a checker found.
struct Violation {
    let checker: String
    let text: String
}

/// A whole market in one thread: nodes, sellers, buyers, cheats, the network between them, and the
/// checkers that see everything.
///
/// Every choice comes from ``chance`` and every moment from ``now``, so that a seed is a run.
final class Market {
    let cast: Cast
    let chance: Chance
    let bug: PlantedBug?
    /// What a run is drawn with; ``plan`` becomes calm when everything is repaired.
    let drawn: FaultPlan
    private(set) var plan: FaultPlan
    private(set) var now: UInt64 = 0
    private(set) var violation: Violation?
    private(set) var isWindingDown = false
    var trace: Trace
    var tally = RunTally()
    private var queue = EventQueue<MarketEvent>()

    let paths = StatePaths()
    private(set) var nodes: [Node] = []
    /// Which side of a partition each node is on.
    var sides = [Int](repeating: 0, count: Cast.nodeCount)
    /// The blocks that were decided, by height from 1.
    var chain: [DecidedBlock] = []
    /// The root after each height that an honest node told; the genesis' first.
    var roots: [Digest] = []
    var round = RoundState()
    var evidence: [EngineReport.Misbehavior] = []

    private(set) var actors: [any Actor] = []
    private(set) var buyers: [any Customer] = []
    private(set) var sellers: [any Merchant] = []
    let vandal: Vandal

    var auditor: Auditor
    var replica: Replica
    var money: MoneyChecker
    var lanes = LaneChecker()
    var witness = Witness()
    var set: SetChecker

    init(cast: Cast, seed: UInt64, bug: PlantedBug?, keepsTrace: Bool) {
        self.cast = cast
        self.bug = bug
        chance = Chance(seed: seed)
        drawn = FaultPlan(chance)
        plan = drawn
        trace = Trace(keepsLines: keepsTrace)
        auditor = Auditor(cast.genesis, dealers: Set(cast.dealers.map(\.id)))
        replica = Replica(cast.genesis)
        money = MoneyChecker(supply: cast.genesis.supply.obol)
        vandal = Vandal(part: cast.vandal)
        set = SetChecker(cast.genesis.validatorUpdates)
        for index in 0..<Cast.nodeCount {
            let isLiar = drawn.hasLiar && index == Cast.nodeCount - 1
            nodes.append(Node(index: index, isLiar: isLiar, disk: newDisk()))
        }
        hire()
    }

    func newDisk() -> SimulatedDisk { SimulatedDisk(chance: chance) }

    private func hire() {
        for (index, part) in cast.sellers.enumerated() {
            let cheats = drawn.hasSwindler && index == Cast.sellerCount - 1
            let offer = cast.offers[index]
            let seller: any Merchant =
                cheats
                ? Swindler(part: part, index: index, offer: offer)
                : Seller(cast: cast, index: index, place: index, disk: newDisk())
            sellers.append(seller)
            actors.append(seller)
        }
        for (index, part) in cast.buyers.enumerated() {
            let buyer = Buyer(
                part: part,
                index: index,
                place: actors.count,
                offers: cast.offers,
                disk: newDisk()
            )
            buyers.append(buyer)
            actors.append(buyer)
        }
        if drawn.hasDealers {
            actors += cast.dealers.enumerated().map { Dealer(part: $0.element, index: $0.offset) }
        }
        if drawn.hasTrickster {
            let trickster = Trickster(part: cast.trickster, index: buyers.count)
            buyers.append(trickster)
            actors.append(trickster)
        }
    }

    /// Opens every node and plans everybody's first steps.
    func start() {
        _ = money.apply(cast.genesis.changes)
        for node in nodes { start(node) }
        plan(.round(height: 1, round: 0), after: 10)
        for index in actors.indices { plan(.wake(actor: index), after: chance.number(1...40)) }
        for node in nodes { plan(.sync(node: node.index), after: chance.number(20...60)) }
        plan(.faults, after: 30)
    }

    /// Lets the next event happen; false if the run is over.
    func step() -> Bool {
        guard violation == nil, let next = queue.next() else { return false }
        now = next.time
        handle(next.event)
        return violation == nil
    }

    private func handle(_ event: MarketEvent) {
        switch event {
        case .round(let height, let round): beginRound(height, round)
        case .proposal(let node, let proposal): receive(proposal, at: nodes[node])
        case .vote(let height, let round, let voter, let name):
            count(voter, for: name, height, round)
        case .decided(let node): catchUp(nodes[node])
        case .sync(let node):
            catchUp(nodes[node])
            plan(.sync(node: node), after: chance.number(40...90))
        case .submission(let node, let bytes, let isGossip):
            submit(bytes, to: nodes[node], isGossip: isGossip)
        case .call(let request): sellers[request.seller].receive(request, in: self)
        case .answer(let buyer, let answer): buyers[buyer].receive(answer, in: self)
        case .wake(let actor):
            actors[actor].wake(in: self)
            plan(.wake(actor: actor), after: chance.number(15...45))
        case .serviceEnds(let seller, let voucher): sellers[seller].serve(voucher, in: self)
        case .restartNode(let node): start(nodes[node])
        case .restartActor(let actor): actors[actor].start(in: self)
        case .faults: makeTrouble()
        }
    }

    /// Everything is repaired, and nobody makes trouble any more: what was begun must now end.
    func heal() {
        plan = .calm
        isWindingDown = true
        sides = [Int](repeating: 0, count: Cast.nodeCount)
        for node in nodes {
            node.disk.bytesMax = .max
            node.disk.crashPermille = 0
            node.disk.lostRecords = 0
            node.disk.spoilsRecord = false
        }
        for actor in actors { actor.repair() }
        note("healed", "market")
    }

    // MARK: what happens later

    func plan(_ event: MarketEvent, after delay: UInt64) {
        queue.plan(event, at: now + delay)
    }

    /// Sends a message; nil is a place outside the nodes' network.
    func send(_ event: MarketEvent, from sender: Int?, to receiver: Int?) {
        if let sender, let receiver {
            if sender == receiver { return plan(event, after: 0) }
            guard sides[sender] == sides[receiver] else { return }
        }
        if chance.chance(permille: plan.lossPermille) { return }
        plan(event, after: chance.number(1...plan.delayMax))
        guard chance.chance(permille: plan.duplicatePermille) else { return }
        plan(event, after: chance.number(1...(3 * plan.delayMax)))
    }

    // MARK: what is seen

    func note(
        _ what: StaticString,
        _ who: String,
        _ number: UInt64 = 0,
        _ other: UInt64 = 0,
        _ name: Digest? = nil
    ) {
        trace.note(
            TraceLine(time: now, what: what, who: who, number: number, other: other, name: name)
        )
    }

    func fail(_ checker: String, _ text: String) {
        guard violation == nil else { return }
        note("violation", checker)
        violation = Violation(checker: checker, text: text)
    }

    /// Reports what a checker says, if anything.
    func check(_ checker: String, _ text: String?) {
        if let text { fail(checker, text) }
    }

    /// The time as the market's documents tell it.
    var time: Timestamp { Timestamp(milliseconds: cast.genesis.time.milliseconds + now) }

    /// A node to ask; nil if the one that was tried does not answer.
    func reader() -> Node? {
        let node = nodes[chance.index(nodes.count)]
        return node.isUp && !node.isLiar && !chance.chance(permille: plan.lossPermille)
            ? node : nil
    }
}
