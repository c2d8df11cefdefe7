extension ContractText {
    /// What a prepared transaction may do: the kinds, and those about money.
    static let messages = #"""
        components:
          schemas:
            Message:
              oneOf:
                - {$ref: '#/components/schemas/TransferMessage'}
                - {$ref: '#/components/schemas/OpenChannelMessage'}
                - {$ref: '#/components/schemas/TopUpChannelMessage'}
                - {$ref: '#/components/schemas/CloseChannelMessage'}
                - {$ref: '#/components/schemas/WithdrawChannelMessage'}
                - {$ref: '#/components/schemas/DepositBondMessage'}
                - {$ref: '#/components/schemas/UnbondMessage'}
                - {$ref: '#/components/schemas/WithdrawBondMessage'}
                - {$ref: '#/components/schemas/DelegateStakeMessage'}
                - {$ref: '#/components/schemas/UndelegateStakeMessage'}
                - {$ref: '#/components/schemas/WithdrawStakeMessage'}
                - {$ref: '#/components/schemas/WithdrawRewardsMessage'}
                - {$ref: '#/components/schemas/WithdrawDividendsMessage'}
                - {$ref: '#/components/schemas/RetireAssetMessage'}
                - {$ref: '#/components/schemas/OfferAssetMessage'}
                - {$ref: '#/components/schemas/AcceptAssetMessage'}
                - {$ref: '#/components/schemas/WithdrawOfferMessage'}
                - {$ref: '#/components/schemas/BurnUnitMessage'}
                - {$ref: '#/components/schemas/RedeemUnitMessage'}
                - {$ref: '#/components/schemas/BuyPassMessage'}
                - {$ref: '#/components/schemas/RenewPassMessage'}
                - {$ref: '#/components/schemas/StartTrialMessage'}
                - {$ref: '#/components/schemas/AuthorizeRenewalMessage'}
                - {$ref: '#/components/schemas/CancelRenewalMessage'}
                - {$ref: '#/components/schemas/TransferPassMessage'}
                - {$ref: '#/components/schemas/SwapMessage'}
                - {$ref: '#/components/schemas/OpenSaleMessage'}
                - {$ref: '#/components/schemas/BuyFromSaleMessage'}
                - {$ref: '#/components/schemas/CloseSaleMessage'}
                - {$ref: '#/components/schemas/PlaceOrderMessage'}
                - {$ref: '#/components/schemas/CancelOrderMessage'}
                - {$ref: '#/components/schemas/LockEscrowMessage'}
                - {$ref: '#/components/schemas/AcceptEscrowMessage'}
                - {$ref: '#/components/schemas/DeliverEscrowMessage'}
                - {$ref: '#/components/schemas/ApproveEscrowMessage'}
                - {$ref: '#/components/schemas/CancelEscrowMessage'}
                - {$ref: '#/components/schemas/LockVotesMessage'}
                - {$ref: '#/components/schemas/UnlockVotesMessage'}
                - {$ref: '#/components/schemas/WithdrawVotesMessage'}
                - {$ref: '#/components/schemas/DelegateVotesMessage'}
                - {$ref: '#/components/schemas/VoteMessage'}
                - {$ref: '#/components/schemas/GrantSessionMessage'}
                - {$ref: '#/components/schemas/RevokeSessionMessage'}
                - {$ref: '#/components/schemas/RotateKeyMessage'}
                - {$ref: '#/components/schemas/CancelRotationMessage'}
              discriminator: {propertyName: type}
            TransferMessage:
              type: object
              description: Sends money.
              required: [type, to, amount]
              additionalProperties: false
              properties:
                type: {const: transfer}
                to: {$ref: '#/components/schemas/Address'}
                amount: {$ref: '#/components/schemas/Amount'}
                denomination: {$ref: '#/components/schemas/Denomination'}
            OpenChannelMessage:
              type: object
              description: Locks a deposit towards a payee.
              required: [type, payee, deposit, voucherKey, lanes]
              additionalProperties: false
              properties:
                type: {const: openChannel}
                payee: {$ref: '#/components/schemas/Address'}
                deposit: {$ref: '#/components/schemas/Amount'}
                denomination: {$ref: '#/components/schemas/Denomination'}
                voucherKey: {$ref: '#/components/schemas/KeyText'}
                lanes: {$ref: '#/components/schemas/Lanes'}
            TopUpChannelMessage:
              type: object
              description: Adds to a channel's deposit.
              required: [type, channel, amount]
              additionalProperties: false
              properties:
                type: {const: topUpChannel}
                channel: {$ref: '#/components/schemas/Digest'}
                amount: {$ref: '#/components/schemas/Amount'}
            CloseChannelMessage:
              type: object
              description: Asks to close a channel.
              required: [type, channel]
              additionalProperties: false
              properties:
                type: {const: closeChannel}
                channel: {$ref: '#/components/schemas/Digest'}
            WithdrawChannelMessage:
              type: object
              description: Takes the rest of a channel whose delay has passed.
              required: [type, channel]
              additionalProperties: false
              properties:
                type: {const: withdrawChannel}
                channel: {$ref: '#/components/schemas/Digest'}
            DepositBondMessage:
              type: object
              description: Puts money at risk for one's offers.
              required: [type, amount]
              additionalProperties: false
              properties:
                type: {const: depositBond}
                amount: {$ref: '#/components/schemas/Amount'}
            UnbondMessage:
              type: object
              description: Begins to take a bond back.
              required: [type, amount]
              additionalProperties: false
              properties:
                type: {const: unbond}
                amount: {$ref: '#/components/schemas/Amount'}
            WithdrawBondMessage:
              type: object
              description: Takes what of a bond is free.
              required: [type]
              additionalProperties: false
              properties:
                type: {const: withdrawBond}
            DelegateStakeMessage:
              type: object
              description: Stakes with a validator.
              required: [type, validator, amount]
              additionalProperties: false
              properties:
                type: {const: delegateStake}
                validator: {$ref: '#/components/schemas/Address'}
                amount: {$ref: '#/components/schemas/Amount'}
            UndelegateStakeMessage:
              type: object
              description: Begins to take stake back.
              required: [type, validator, amount]
              additionalProperties: false
              properties:
                type: {const: undelegateStake}
                validator: {$ref: '#/components/schemas/Address'}
                amount: {$ref: '#/components/schemas/Amount'}
            WithdrawStakeMessage:
              type: object
              description: Takes stake that is free.
              required: [type, validator]
              additionalProperties: false
              properties:
                type: {const: withdrawStake}
                validator: {$ref: '#/components/schemas/Address'}
            WithdrawRewardsMessage:
              type: object
              description: Takes what stake has earned.
              required: [type, validator]
              additionalProperties: false
              properties:
                type: {const: withdrawRewards}
                validator: {$ref: '#/components/schemas/Address'}
            WithdrawDividendsMessage:
              type: object
              description: Takes what shares of an asset have earned.
              required: [type, asset]
              additionalProperties: false
              properties:
                type: {const: withdrawDividends}
                asset: {$ref: '#/components/schemas/Digest'}
                denomination: {$ref: '#/components/schemas/Denomination'}
            RetireAssetMessage:
              type: object
              description: Retires an asset.
              required: [type, asset]
              additionalProperties: false
              properties:
                type: {const: retireAsset}
                asset: {$ref: '#/components/schemas/Digest'}
            OfferAssetMessage:
              type: object
              description: Offers an asset to its next owner.
              required: [type, asset, to]
              additionalProperties: false
              properties:
                type: {const: offerAsset}
                asset: {$ref: '#/components/schemas/Digest'}
                to: {$ref: '#/components/schemas/Address'}
            AcceptAssetMessage:
              type: object
              description: Becomes the owner of an asset that is offered.
              required: [type, asset]
              additionalProperties: false
              properties:
                type: {const: acceptAsset}
                asset: {$ref: '#/components/schemas/Digest'}
            WithdrawOfferMessage:
              type: object
              description: Ends an offer.
              required: [type, offer]
              additionalProperties: false
              properties:
                type: {const: withdrawOffer}
                offer: {$ref: '#/components/schemas/Digest'}
            BurnUnitMessage:
              type: object
              description: Destroys units.
              required: [type, unit, amount]
              additionalProperties: false
              properties:
                type: {const: burnUnit}
                unit: {$ref: '#/components/schemas/Digest'}
                amount: {$ref: '#/components/schemas/Amount'}
            RedeemUnitMessage:
              type: object
              description: Asks a unit's issuer to redeem.
              required: [type, unit, amount, reference]
              additionalProperties: false
              properties:
                type: {const: redeemUnit}
                unit: {$ref: '#/components/schemas/Digest'}
                amount: {$ref: '#/components/schemas/Amount'}
                reference: {$ref: '#/components/schemas/Digest'}
        """#
}
