extension ContractText {
    /// Plans, passes and issued units.
    static let passes = #"""
        paths:
          /plans:
            get:
              operationId: listPlans
              tags: [passes]
              summary: Plans, by asset and seller
              x-list: Plan
              parameters:
                - name: asset
                  in: query
                  schema: {$ref: '#/components/schemas/Digest'}
                - name: seller
                  in: query
                  schema: {$ref: '#/components/schemas/Address'}
                - name: current
                  in: query
                  description: Whether those that are sold no more are left out.
                  schema: {type: boolean, default: false}
          /plans/{plan}:
            get:
              operationId: getPlan
              tags: [passes]
              summary: A plan
              x-answer: Plan
              parameters:
                - name: plan
                  in: path
                  required: true
                  schema: {$ref: '#/components/schemas/Digest'}
          /passes:
            get:
              operationId: listPasses
              tags: [passes]
              summary: Passes that have not ended
              x-list: Pass
              parameters:
                - name: holder
                  in: query
                  schema: {$ref: '#/components/schemas/Address'}
                - name: plan
                  in: query
                  schema: {$ref: '#/components/schemas/Digest'}
          /passes/{pass}:
            get:
              operationId: getPass
              tags: [passes]
              summary: A pass
              x-answer: Pass
              parameters:
                - name: pass
                  in: path
                  required: true
                  schema: {$ref: '#/components/schemas/Digest'}
          /units:
            get:
              operationId: listUnits
              tags: [passes]
              summary: Units that somebody issued
              x-list: IssuedUnit
              parameters:
                - name: issuer
                  in: query
                  schema: {$ref: '#/components/schemas/Address'}
          /units/{unit}:
            get:
              operationId: getUnit
              tags: [passes]
              summary: An issued unit
              x-answer: IssuedUnit
              parameters: [{$ref: '#/components/parameters/unitName'}]
          /units/{unit}/redemptions:
            get:
              operationId: listRedemptions
              tags: [passes]
              summary: Redemptions of a unit that its issuer has not settled
              x-list: Redemption
              parameters: [{$ref: '#/components/parameters/unitName'}]
        components:
          parameters:
            unitName:
              name: unit
              in: path
              required: true
              schema: {$ref: '#/components/schemas/Digest'}
          schemas:
            Plan:
              type: object
              required: [object, id]
              properties:
                object: {const: plan}
                id: {$ref: '#/components/schemas/Digest'}
                name: {type: string}
                seller: {$ref: '#/components/schemas/Address'}
                asset: {$ref: '#/components/schemas/Digest'}
                kind: {type: string, enum: [subscription, time-pass, trial]}
                price: {$ref: '#/components/schemas/Amount'}
                denomination: {$ref: '#/components/schemas/Denomination'}
                periodBlocks: {$ref: '#/components/schemas/Count'}
                includedUnits:
                  type: object
                  additionalProperties: {type: string}
                includedOffer: {$ref: '#/components/schemas/Digest'}
                overageOffer: {type: [string, 'null']}
                transferable: {type: boolean}
                sales: {$ref: '#/components/schemas/Count'}
                salesMax: {type: [integer, 'null'], minimum: 0}
                trialBond: {$ref: '#/components/schemas/Amount'}
                publishedAt: {$ref: '#/components/schemas/Height'}
                retiredAt: {type: [integer, 'null'], minimum: 0}
            Pass:
              type: object
              required: [object, id]
              properties:
                object: {const: pass}
                id: {$ref: '#/components/schemas/Digest'}
                plan: {$ref: '#/components/schemas/Digest'}
                holder: {$ref: '#/components/schemas/Address'}
                periods:
                  type: array
                  items: {$ref: '#/components/schemas/PassPeriod'}
                renewal:
                  anyOf:
                    - {$ref: '#/components/schemas/StandingRenewal'}
                    - {type: 'null'}
                bond: {$ref: '#/components/schemas/Amount'}
            PassPeriod:
              type: object
              properties:
                startsAt: {$ref: '#/components/schemas/Height'}
                endsAt: {$ref: '#/components/schemas/Height'}
            StandingRenewal:
              type: object
              properties:
                priceMax: {$ref: '#/components/schemas/Amount'}
                renewals: {$ref: '#/components/schemas/Count'}
                until: {$ref: '#/components/schemas/Height'}
            IssuedUnit:
              type: object
              required: [object, id]
              properties:
                object: {const: unit}
                id: {$ref: '#/components/schemas/Digest'}
                issuer: {$ref: '#/components/schemas/Address'}
                ticker: {type: string}
                name: {type: string}
                decimals: {type: integer, minimum: 0, maximum: 18}
                document: {$ref: '#/components/schemas/Digest'}
                link: {type: string}
                supply: {$ref: '#/components/schemas/Amount'}
                supplyMax: {$ref: '#/components/schemas/Amount'}
                minted: {$ref: '#/components/schemas/Amount'}
                burned: {$ref: '#/components/schemas/Amount'}
                issuedAt: {$ref: '#/components/schemas/Height'}
            Redemption:
              type: object
              required: [object, id]
              properties:
                object: {const: redemption}
                id: {$ref: '#/components/schemas/Digest'}
                unit: {$ref: '#/components/schemas/Digest'}
                holder: {$ref: '#/components/schemas/Address'}
                amount: {$ref: '#/components/schemas/Amount'}
                reference: {$ref: '#/components/schemas/Digest'}
                returnableAt: {$ref: '#/components/schemas/Height'}
        """#
}
