import Identity
import LedgerCore
import LedgerIndex
import MarketTypes
import SettlementCore
import WebServing

/// Makes a ledger's message of its JSON.
struct MessageReader {
    let fields: MessageFields

    init(_ message: JSON, at pointer: String) {
        fields = MessageFields(members: message, pointer: pointer)
    }

    /// The message.
    func message() throws(Problem) -> Message {
        let groups: [() throws(Problem) -> Message?] = [
            money, stake, catalogue, passes, exchange, jobs, governance, authorization,
        ]
        for group in groups {
            if let message = try group() { return message }
        }
        throw fields.fault("is no kind of message", "type")
    }

    private func money() throws(Problem) -> Message? {
        switch fields.kind {
        case "transfer":
            .transfer(
                to: try fields.account("to"),
                denomination: try fields.denomination("denomination"),
                amount: try fields.amount("amount")
            )
        case "openChannel":
            .openChannel(
                ChannelOpening(
                    payee: try fields.account("payee"),
                    denomination: try fields.denomination("denomination"),
                    deposit: try fields.amount("deposit"),
                    voucherKey: try fields.key("voucherKey"),
                    lanes: UInt16(clamping: try fields.number("lanes"))
                )
            )
        case "topUpChannel":
            .topUpChannel(
                channel: ChannelID(try fields.digest("channel")),
                amount: try fields.amount("amount")
            )
        case "closeChannel": .closeChannel(ChannelID(try fields.digest("channel")))
        case "withdrawChannel": .withdrawChannel(ChannelID(try fields.digest("channel")))
        case "burnUnit":
            .units(.burnUnit(try fields.digest("unit"), try fields.amount("amount")))
        case "redeemUnit":
            .units(
                .redeemUnit(
                    try fields.digest("unit"),
                    try fields.amount("amount"),
                    reference: try fields.digest("reference")
                )
            )
        default: nil
        }
    }

    private func stake() throws(Problem) -> Message? {
        switch fields.kind {
        case "depositBond": .depositBond(try fields.amount("amount"))
        case "unbond": .unbond(try fields.amount("amount"))
        case "withdrawBond": .withdrawBond
        case "delegateStake":
            .staking(
                .delegate(
                    validator: try fields.account("validator"),
                    amount: try fields.amount("amount")
                )
            )
        case "undelegateStake":
            .staking(
                .undelegate(
                    validator: try fields.account("validator"),
                    amount: try fields.amount("amount")
                )
            )
        case "withdrawStake":
            .staking(.withdrawStake(validator: try fields.account("validator")))
        case "withdrawRewards":
            .staking(.withdrawRewards(validator: try fields.account("validator")))
        default: nil
        }
    }

    private func catalogue() throws(Problem) -> Message? {
        switch fields.kind {
        case "withdrawDividends":
            .shares(
                .withdrawDividends(
                    AssetID(try fields.digest("asset")),
                    try fields.denomination("denomination")
                )
            )
        case "retireAsset": .lineage(.retireAsset(AssetID(try fields.digest("asset"))))
        case "offerAsset":
            .lineage(
                .offerAsset(AssetID(try fields.digest("asset")), to: try fields.account("to"))
            )
        case "acceptAsset": .lineage(.acceptAsset(AssetID(try fields.digest("asset"))))
        case "withdrawOffer": .withdrawOffer(OfferID(try fields.digest("offer")))
        default: nil
        }
    }

    private func passes() throws(Problem) -> Message? {
        func plan() throws(Problem) -> PlanID { PlanID(try fields.digest("plan")) }
        return switch fields.kind {
        case "buyPass":
            .passes(.buyPass(try plan(), priceMax: try fields.amount("priceMax")))
        case "renewPass":
            .passes(.renewPass(try plan(), priceMax: try fields.amount("priceMax")))
        case "startTrial": .passes(.startTrial(try plan()))
        case "authorizeRenewal":
            .passes(
                .authorizeRenewal(
                    try plan(),
                    StandingRenewal(
                        priceMax: try fields.amount("priceMax"),
                        renewals: UInt32(clamping: try fields.number("renewals")),
                        until: try fields.height("until")
                    )
                )
            )
        case "cancelRenewal": .passes(.cancelRenewal(try plan()))
        case "transferPass": .passes(.transferPass(try plan(), to: try fields.account("to")))
        default: nil
        }
    }

    private func exchange() throws(Problem) -> Message? {
        switch fields.kind {
        case "swap":
            .exchange(
                .swap(
                    PoolSwap(
                        PoolID(try fields.digest("pool")),
                        given: try fields.denomination("given"),
                        amount: try fields.amount("amount"),
                        wantedMin: try fields.amount("wantedMin"),
                        until: try fields.height("until")
                    )
                )
            )
        case "openSale": .exchange(.openSale(try saleOpening()))
        case "buyFromSale":
            .exchange(
                .buyFromSale(
                    SaleID(try fields.digest("sale")),
                    amount: try fields.amount("amount"),
                    payMax: try fields.amount("payMax")
                )
            )
        case "closeSale": .exchange(.closeSale(SaleID(try fields.digest("sale"))))
        case "placeOrder": .exchange(.placeOrder(try orderPlacement()))
        case "cancelOrder": .exchange(.cancelOrder(OrderID(try fields.digest("order"))))
        default: nil
        }
    }

    private func saleOpening() throws(Problem) -> SaleOpening {
        SaleOpening(
            given: try fields.denomination("given"),
            amount: try fields.amount("amount"),
            wanted: try fields.denomination("wanted"),
            rate: SaleRate(
                try fields.amount("rateWanted"),
                per: try fields.amount("rateGiven")
            ),
            until: try fields.height("until")
        )
    }

    private func orderPlacement() throws(Problem) -> OrderPlacement {
        OrderPlacement(
            try fields.market(),
            fields.members["side"]?.string == "buy" ? .buy : .sell,
            amount: try fields.amount("amount"),
            price: try fields.amount("price").obol,
            expiresAt: try fields.height("expiresAt")
        )
    }

    private func jobs() throws(Problem) -> Message? {
        func escrow() throws(Problem) -> EscrowID { EscrowID(try fields.digest("escrow")) }
        return switch fields.kind {
        case "lockEscrow":
            .escrows(
                .lock(
                    JobTerms(
                        seller: try fields.account("seller"),
                        asset: try fields.digestIfPresent("asset").map { AssetID($0) },
                        denomination: try fields.denomination("denomination"),
                        amount: try fields.amount("amount"),
                        document: try fields.digest("document"),
                        acceptBy: try fields.height("acceptBy"),
                        deliverBy: try fields.height("deliverBy"),
                        reviewBlocks: try fields.number("reviewBlocks")
                    )
                )
            )
        case "acceptEscrow": .escrows(.accept(try escrow()))
        case "deliverEscrow":
            .escrows(.deliver(try escrow(), content: try fields.digest("content")))
        case "approveEscrow": .escrows(.approve(try escrow()))
        case "cancelEscrow": .escrows(.cancel(try escrow()))
        default: nil
        }
    }

    private func governance() throws(Problem) -> Message? {
        switch fields.kind {
        case "lockVotes": .governance(.lockVotes(try fields.amount("amount")))
        case "unlockVotes": .governance(.unlockVotes(try fields.amount("amount")))
        case "withdrawVotes": .governance(.withdrawVotes)
        case "delegateVotes":
            .governance(.delegateVotes(try fields.accountIfPresent("delegate")))
        case "vote":
            .governance(.vote(ProposalID(try fields.digest("proposal")), try choice()))
        default: nil
        }
    }

    private func choice() throws(Problem) -> VoteChoice {
        switch fields.members["choice"]?.string {
        case "yes": .yes
        case "no": .no
        case "abstain": .abstain
        case "veto": .veto
        default: throw fields.fault("is no vote", "choice")
        }
    }

    private func authorization() throws(Problem) -> Message? {
        switch fields.kind {
        case "grantSession": .authorization(.grantSession(try grant()))
        case "revokeSession": .authorization(.revokeSession(try fields.account("session")))
        case "rotateKey": .authorization(.rotateKey(to: try fields.account("to")))
        case "cancelRotation": .authorization(.cancelRotation)
        default: nil
        }
    }

    private func grant() throws(Problem) -> SessionGrant {
        var limits: [SessionLimit] = []
        for (index, limit) in (fields.members["limits"]?.elements ?? []).enumerated() {
            let inside = MessageFields(members: limit, pointer: "\(fields.pointer)/limits/\(index)")
            limits.append(
                SessionLimit(try inside.denomination("denomination"), try inside.amount("amount"))
            )
        }
        let tags = (fields.members["messages"]?.elements ?? []).compactMap(\.integer)
        return SessionGrant(
            session: try fields.account("session"),
            scope: SessionScope(
                messages: tags.map { UInt8(clamping: $0) },
                payees: try fields.accounts("payees")
            ),
            limits: limits,
            periodBlocks: try fields.number("periodBlocks"),
            validUntil: try fields.height("validUntil")
        )
    }
}
