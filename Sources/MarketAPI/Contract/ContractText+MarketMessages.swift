extension ContractText {
    /// What a prepared transaction may do: plans, exchange, jobs, votes and sessions.
    static let marketMessages = #"""
        components:
          schemas:
            BuyPassMessage:
              type: object
              description: Buys a pass.
              required: [type, plan, priceMax]
              additionalProperties: false
              properties:
                type: {const: buyPass}
                plan: {$ref: '#/components/schemas/Digest'}
                priceMax: {$ref: '#/components/schemas/Amount'}
            RenewPassMessage:
              type: object
              description: Pays for another period.
              required: [type, plan, priceMax]
              additionalProperties: false
              properties:
                type: {const: renewPass}
                plan: {$ref: '#/components/schemas/Digest'}
                priceMax: {$ref: '#/components/schemas/Amount'}
            StartTrialMessage:
              type: object
              description: Tries a plan for nothing, against a deposit.
              required: [type, plan]
              additionalProperties: false
              properties:
                type: {const: startTrial}
                plan: {$ref: '#/components/schemas/Digest'}
            AuthorizeRenewalMessage:
              type: object
              description: Lets the ledger renew a pass.
              required: [type, plan, priceMax, renewals, until]
              additionalProperties: false
              properties:
                type: {const: authorizeRenewal}
                plan: {$ref: '#/components/schemas/Digest'}
                priceMax: {$ref: '#/components/schemas/Amount'}
                renewals: {$ref: '#/components/schemas/Renewals'}
                until: {$ref: '#/components/schemas/Height'}
            CancelRenewalMessage:
              type: object
              description: Ends that.
              required: [type, plan]
              additionalProperties: false
              properties:
                type: {const: cancelRenewal}
                plan: {$ref: '#/components/schemas/Digest'}
            TransferPassMessage:
              type: object
              description: Gives a pass away.
              required: [type, plan, to]
              additionalProperties: false
              properties:
                type: {const: transferPass}
                plan: {$ref: '#/components/schemas/Digest'}
                to: {$ref: '#/components/schemas/Address'}
            SwapMessage:
              type: object
              description: Exchanges with a pool.
              required: [type, pool, given, amount, wantedMin, until]
              additionalProperties: false
              properties:
                type: {const: swap}
                pool: {$ref: '#/components/schemas/Digest'}
                given: {$ref: '#/components/schemas/Denomination'}
                amount: {$ref: '#/components/schemas/Amount'}
                wantedMin: {$ref: '#/components/schemas/Amount'}
                until: {$ref: '#/components/schemas/Height'}
            OpenSaleMessage:
              type: object
              description: Sells at a fixed rate.
              required: [type, given, amount, wanted, rateGiven, rateWanted, until]
              additionalProperties: false
              properties:
                type: {const: openSale}
                given: {$ref: '#/components/schemas/Denomination'}
                amount: {$ref: '#/components/schemas/Amount'}
                wanted: {$ref: '#/components/schemas/Denomination'}
                rateGiven: {$ref: '#/components/schemas/Amount'}
                rateWanted: {$ref: '#/components/schemas/Amount'}
                until: {$ref: '#/components/schemas/Height'}
            BuyFromSaleMessage:
              type: object
              description: Buys from a sale.
              required: [type, sale, amount, payMax]
              additionalProperties: false
              properties:
                type: {const: buyFromSale}
                sale: {$ref: '#/components/schemas/Digest'}
                amount: {$ref: '#/components/schemas/Amount'}
                payMax: {$ref: '#/components/schemas/Amount'}
            CloseSaleMessage:
              type: object
              description: Ends a sale.
              required: [type, sale]
              additionalProperties: false
              properties:
                type: {const: closeSale}
                sale: {$ref: '#/components/schemas/Digest'}
            PlaceOrderMessage:
              type: object
              description: Places an order for the next batch.
              required: [type, base, quote, side, amount, price, expiresAt]
              additionalProperties: false
              properties:
                type: {const: placeOrder}
                base: {$ref: '#/components/schemas/Denomination'}
                quote: {$ref: '#/components/schemas/Denomination'}
                side: {$ref: '#/components/schemas/OrderSide'}
                amount: {$ref: '#/components/schemas/Amount'}
                price: {$ref: '#/components/schemas/Price18'}
                expiresAt: {$ref: '#/components/schemas/Height'}
            CancelOrderMessage:
              type: object
              description: Takes an order back.
              required: [type, order]
              additionalProperties: false
              properties:
                type: {const: cancelOrder}
                order: {$ref: '#/components/schemas/Digest'}
            LockEscrowMessage:
              type: object
              description: Locks money for a job.
              required: [type, seller, amount, document, acceptBy, deliverBy, reviewBlocks]
              additionalProperties: false
              properties:
                type: {const: lockEscrow}
                seller: {$ref: '#/components/schemas/Address'}
                asset: {$ref: '#/components/schemas/Digest'}
                denomination: {$ref: '#/components/schemas/Denomination'}
                amount: {$ref: '#/components/schemas/Amount'}
                document: {$ref: '#/components/schemas/Digest'}
                acceptBy: {$ref: '#/components/schemas/Height'}
                deliverBy: {$ref: '#/components/schemas/Height'}
                reviewBlocks: {$ref: '#/components/schemas/Count'}
            AcceptEscrowMessage:
              type: object
              description: Accepts a job.
              required: [type, escrow]
              additionalProperties: false
              properties:
                type: {const: acceptEscrow}
                escrow: {$ref: '#/components/schemas/Digest'}
            DeliverEscrowMessage:
              type: object
              description: Delivers a job.
              required: [type, escrow, content]
              additionalProperties: false
              properties:
                type: {const: deliverEscrow}
                escrow: {$ref: '#/components/schemas/Digest'}
                content: {$ref: '#/components/schemas/Digest'}
            ApproveEscrowMessage:
              type: object
              description: Pays for a job.
              required: [type, escrow]
              additionalProperties: false
              properties:
                type: {const: approveEscrow}
                escrow: {$ref: '#/components/schemas/Digest'}
            CancelEscrowMessage:
              type: object
              description: Gives a job up.
              required: [type, escrow]
              additionalProperties: false
              properties:
                type: {const: cancelEscrow}
                escrow: {$ref: '#/components/schemas/Digest'}
            LockVotesMessage:
              type: object
              description: Locks money to vote.
              required: [type, amount]
              additionalProperties: false
              properties:
                type: {const: lockVotes}
                amount: {$ref: '#/components/schemas/Amount'}
            UnlockVotesMessage:
              type: object
              description: Begins to take it back.
              required: [type, amount]
              additionalProperties: false
              properties:
                type: {const: unlockVotes}
                amount: {$ref: '#/components/schemas/Amount'}
            WithdrawVotesMessage:
              type: object
              description: Takes what is free.
              required: [type]
              additionalProperties: false
              properties:
                type: {const: withdrawVotes}
            DelegateVotesMessage:
              type: object
              description: Lets another vote; nobody without a delegate.
              required: [type]
              additionalProperties: false
              properties:
                type: {const: delegateVotes}
                delegate: {$ref: '#/components/schemas/Address'}
            VoteMessage:
              type: object
              description: Votes on a proposal.
              required: [type, proposal, choice]
              additionalProperties: false
              properties:
                type: {const: vote}
                proposal: {$ref: '#/components/schemas/Digest'}
                choice: {$ref: '#/components/schemas/VoteChoice'}
            GrantSessionMessage:
              type: object
              description: Lets another key act within limits.
              required: [type, session, messages, limits, periodBlocks, validUntil]
              additionalProperties: false
              properties:
                type: {const: grantSession}
                session: {$ref: '#/components/schemas/Address'}
                messages: {$ref: '#/components/schemas/Tags'}
                payees: {$ref: '#/components/schemas/Payees'}
                limits: {$ref: '#/components/schemas/SpendingLimits'}
                periodBlocks: {$ref: '#/components/schemas/Count'}
                validUntil: {$ref: '#/components/schemas/Height'}
            RevokeSessionMessage:
              type: object
              description: Ends a session.
              required: [type, session]
              additionalProperties: false
              properties:
                type: {const: revokeSession}
                session: {$ref: '#/components/schemas/Address'}
            RotateKeyMessage:
              type: object
              description: Begins to hand the account to another key.
              required: [type, to]
              additionalProperties: false
              properties:
                type: {const: rotateKey}
                to: {$ref: '#/components/schemas/Address'}
            CancelRotationMessage:
              type: object
              description: Ends that.
              required: [type]
              additionalProperties: false
              properties:
                type: {const: cancelRotation}
        """#
}
