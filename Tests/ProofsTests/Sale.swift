import CanonicalCoding
import CometBFTTypes
import Identity
import LedgerCore
import MarketTypes
import Proofs
import SettlementCore
import Testing

/// A chain on which seven calls were sold and claimed: the same every time, to the byte.
struct Sale: Sendable {
    static let now = Timestamp(milliseconds: 1_800_000_000_000)

    let genesis: Genesis
    let offer: Offer
    let channel: ChannelID
    let calls: [SettledCall]
    let state: StateTree

    static func key(_ seed: UInt8) throws -> SigningKey {
        try #require(SigningKey(seed: [UInt8](repeating: seed, count: SigningKey.seedBytes)))
    }

    /// The state after the sale, of a chain that one process orders or that validators do.
    static func make(
        isNetwork: Bool,
        name: String = "vectors",
        fault: SettlementRefusal? = nil
    ) throws -> Sale {
        let genesis = try makeGenesis(isNetwork: isNetwork, name: name)
        let offer = try makeOffer()
        let (buyer, seller) = (try key(1), try key(2))
        let channel = Channel.id(payer: buyer.accountID, sequence: 1, messageIndex: 0)
        let calls = try makeCalls(genesis.chain, channel, offer, fault)
        let last = [calls[4], calls[5], calls[6]]
        let claim = ChannelClaim(
            channel: channel,
            lanes: last.map { LaneClaim(voucher: $0.voucher.signed, receipt: $0.receipt.signed) },
            receiptsRoot: MerkleTree.root(of: calls.map(\.receipt.digest)),
            receiptsCount: UInt64(calls.count),
            release: false
        )
        let asset = AssetPublication(
            name: "tiny-model",
            kind: .model,
            licence: "MIT",
            version: AssetVersion(content: offer.weights, metadataLink: "")
        )
        let opening = ChannelOpening(
            payee: seller.accountID,
            denomination: .native,
            deposit: Amount(obol: 5_000_000),
            voucherKey: try key(3).publicKey,
            lanes: 3
        )
        var ledger = Ledger(chain: genesis.chain, base: StateTree(genesis.changes))
        try execute(&ledger, seller, 1, [.publishAsset(asset), .publishOffer(offer)])
        try execute(&ledger, buyer, 1, [.openChannel(opening)])
        try execute(&ledger, seller, 2, [.claimChannel(claim)])
        var state = StateTree(genesis.changes)
        state.apply(ledger.changes)
        return Sale(genesis: genesis, offer: offer, channel: channel, calls: calls, state: state)
    }

    private static func execute(
        _ ledger: inout Ledger<StateTree>,
        _ key: SigningKey,
        _ sequence: UInt64,
        _ messages: [Message]
    ) throws {
        let transaction = Transaction(
            chain: ledger.chain,
            sender: key.accountID,
            sequence: sequence,
            fee: Amount(obol: 1000),
            validUntil: BlockHeight(1000),
            messages: messages
        )
        let bytes = key.sign(transaction).signed.canonicalBytes
        let result = ledger.apply(
            try CheckedTransaction(canonicalBytes: bytes, chain: ledger.chain),
            at: BlockContext(height: BlockHeight(5), time: now)
        )
        #expect(result.refusal == nil)
    }

    private static func makeGenesis(isNetwork: Bool, name: String) throws -> Genesis {
        let operators = try Validators.genesis.powers.map { member in
            Genesis.Validator(
                operator: try key(member.seed + 100).accountID,
                consensusKey: try ValidatorKey(seed: member.seed).publicKey,
                selfBond: Amount(obol: UInt128(member.power) * Amount.obolPerStoa)
            )
        }
        let owners = try [1, 2].map { try key($0).accountID } + operators.map(\.operator)
        return try #require(
            Genesis(
                name: name,
                time: now,
                sequencer: try key(9).publicKey,
                parameters: LedgerParameters(
                    feeMinimum: Amount(obol: 10),
                    feePerByte: .zero,
                    closingDelayBlocks: 10,
                    unbondingDelayBlocks: 10
                ),
                allocations: owners.map {
                    Genesis.Allocation(account: $0, amount: Amount(obol: 100_000_000_000))
                },
                validators: isNetwork ? operators : []
            )
        )
    }

    private static func makeOffer() throws -> Offer {
        let seller = try key(2).accountID
        var prices = SortedMap<MarketTypes.Unit, Price>()
        prices[.inputToken] = Price(amount: Amount(obol: 2000), perUnits: 3)
        prices[.outputToken] = Price(amount: Amount(obol: 3000), perUnits: 1)
        return Offer(
            seller: seller,
            receiptKey: try key(4).publicKey,
            asset: Asset.id(owner: seller, name: "tiny-model"),
            assetVersion: 1,
            weights: Digest(sha256: [1, 2, 3]),
            model: "tiny-model",
            interface: .chat,
            endpoint: "http://127.0.0.1:8091",
            denomination: .native,
            prices: PriceTable(prices),
            limits: OfferLimits(
                requestBytesMax: 4096,
                inputTokensMax: 1000,
                outputTokensMax: 64,
                templateTokensMax: 16,
                callMillisecondsMax: 60_000
            ),
            verification: .receipt,
            bond: .zero,
            version: 1,
            supersedes: nil,
            expiresAt: Timestamp(milliseconds: now.milliseconds + 1_000_000)
        )
    }

    /// Seven calls in three lanes: five delivered, one broken off, one failed.
    private static func makeCalls(
        _ chain: ChainID,
        _ channel: ChannelID,
        _ offer: Offer,
        _ fault: SettlementRefusal?
    ) throws -> [SettledCall] {
        let order: [(lane: UInt16, sequence: UInt64, status: CallStatus)] = [
            (0, 1, .delivered), (1, 1, .delivered), (0, 2, .failed), (1, 2, .partial),
            (0, 3, .delivered), (1, 3, .delivered), (2, 1, .delivered),
        ]
        var totals: [UInt16: UInt128] = [:]
        return try order.enumerated().map { index, call in
            let voucher = try key(3).sign(
                Voucher(
                    chain: chain,
                    channel: channel,
                    lane: LaneID(call.lane),
                    sequence: call.sequence,
                    cap: Amount(obol: totals[call.lane, default: 0] + 1_000_000),
                    offer: offer.id,
                    request: RequestDigest.of(path: "/v1/chat/completions", body: [UInt8(index)]),
                    expiresAt: Timestamp(milliseconds: now.milliseconds + 60_000)
                )
            )
            var units = UnitCounts()
            if call.status != .failed {
                units[.inputToken] = UInt64(10 + index)
                units[.outputToken] = UInt64(1 + index)
            }
            let charge = try offer.prices.charge(for: units)
            totals[call.lane, default: 0] += charge.obol
            var response = ResponseChain(voucher: voucher.digest)
            response.append(Array("answer \(index)".utf8))
            let outcome = CallOutcome(
                status: call.status,
                units: units,
                response: response,
                parameters: [CallParameter(name: "temperature", value: "0.2")],
                startedAt: now,
                finishedAt: Timestamp(milliseconds: now.milliseconds + UInt64(index))
            )
            let total = Amount(obol: totals[call.lane, default: 0])
            // No claim shows the fourth receipt, so the ledger has no chance to refuse it.
            let isWrong = index == 3 && fault != nil
            return SettledCall(
                voucher: voucher,
                receipt: try key(4).sign(
                    isWrong
                        ? wrong(fault, voucher, offer, outcome, charge, total)
                        : Receipt(voucher, offer, outcome, charge, total)
                )
            )
        }
    }

    /// A receipt that breaks one rule of SET-8.
    private static func wrong(
        _ fault: SettlementRefusal?,
        _ voucher: Verified<Voucher>,
        _ offer: Offer,
        _ outcome: CallOutcome,
        _ charge: Amount,
        _ total: Amount
    ) -> Receipt {
        var (units, weights, status) = (outcome.units, offer.weights, outcome.status)
        var (charge, total) = (charge, total)
        var (start, end) = (outcome.startedAt, outcome.finishedAt)
        switch fault {
        case .wrongCharge: charge = Amount(obol: charge.obol + 1)
        case .unpricedUnit: units[.second] = 1
        case .chargedForFailure: status = .failed
        case .wrongTotal: total = .zero
        case .overCap: total = Amount(obol: 5_000_000)
        case .wrongWeights: weights = Digest(sha256: [9])
        case .wrongTimes: end = Timestamp(milliseconds: start.milliseconds - 1)
        case .voucherExpired: start = Timestamp(milliseconds: start.milliseconds + 60_001)
        case .offerExpired: start = Timestamp(milliseconds: start.milliseconds + 1_000_001)
        default: break
        }
        return Receipt(
            voucher: voucher,
            status: status,
            units: units,
            charge: charge,
            total: total,
            response: outcome.response,
            weights: weights,
            parameters: outcome.parameters,
            startedAt: start,
            finishedAt: max(end, fault == .wrongTimes ? end : start)
        )
    }
}

extension Receipt {
    fileprivate init(
        _ voucher: Verified<Voucher>,
        _ offer: Offer,
        _ outcome: CallOutcome,
        _ charge: Amount,
        _ total: Amount
    ) {
        self.init(
            voucher: voucher,
            status: outcome.status,
            units: outcome.units,
            charge: charge,
            total: total,
            response: outcome.response,
            weights: offer.weights,
            parameters: outcome.parameters,
            startedAt: outcome.startedAt,
            finishedAt: outcome.finishedAt
        )
    }
}

extension Sale {
    func entry(_ key: StateKey) -> EntryProof {
        EntryProof(key: key, value: state.value(for: key), path: state.proof(of: key))
    }

    func inclusion(of index: Int) throws -> ReceiptInclusion {
        let leaves = calls.map(\.receipt.digest)
        return ReceiptInclusion(
            index: UInt64(index),
            count: UInt64(leaves.count),
            siblings: try #require(MerkleTree.path(to: index, in: leaves))
        )
    }

    /// The proof of a call's receipt, with parts changed to see them refused.
    func receiptProof(
        _ index: Int = 3,
        seal: ProofSeal,
        call: SettledCall? = nil,
        inclusion: ReceiptInclusion? = nil,
        claim: StateKey? = nil,
        channel: StateKey? = nil,
        offer: StateKey? = nil
    ) throws -> ProofFile {
        let call = call ?? calls[index]
        return .receipt(
            ReceiptProof(
                voucher: call.voucher.signed,
                receipt: call.receipt.signed,
                inclusion: try inclusion ?? self.inclusion(of: index),
                claim: entry(claim ?? .claim(self.channel, 0)),
                channel: entry(channel ?? .channel(self.channel)),
                offer: entry(offer ?? .offer(self.offer.id)),
                seal: seal
            )
        )
    }

    /// The header of block 5, sealed by the genesis' sequencer.
    func sequencerSeal(key: SigningKey? = nil, chain: ChainID? = nil) throws -> ProofSeal {
        let header = BlockHeader(
            chain: chain ?? genesis.chain,
            height: BlockHeight(5),
            time: Timestamp(milliseconds: Self.now.milliseconds + 5000),
            parent: Digest(sha256: [1]),
            transactionsRoot: Digest(sha256: [2]),
            resultsRoot: Digest(sha256: [3]),
            stateRoot: state.root
        )
        return .sequencer(try (key ?? Self.key(9)).sign(header).signed)
    }

    func plan(_ height: UInt64 = 6) -> Validators.Plan {
        Validators.Plan(
            chainName: EngineChainName(genesis.chain).text,
            height: height,
            appHash: state.root.bytes
        )
    }

    /// Block 6 by the genesis' validators; one is absent.
    func validatorSeal(_ change: (inout Validators.Plan) -> Void = { _ in }) throws -> ProofSeal {
        var plan = plan()
        plan.absent = [24]
        change(&plan)
        return .validators([try Validators.genesis.block(plan)])
    }

    /// Four blocks, from the genesis' validators to others: a neighbour, and two leaps.
    func longSeal() throws -> ProofSeal {
        let second = Validators([(21, 40), (22, 30), (25, 20)])
        let third = Validators([(21, 40), (25, 20), (26, 30)])
        let fourth = Validators([(26, 35), (25, 20), (27, 5)])
        var first = plan(2)
        first.next = second
        var last = plan(90)
        last.absent = [27]
        return .validators([
            try Validators.genesis.block(first), try second.block(plan(3)),
            try third.block(plan(40)), try fourth.block(last),
        ])
    }
}
