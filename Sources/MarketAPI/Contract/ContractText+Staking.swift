extension ContractText {
    /// Validators and bonds.
    static let staking = #"""
        paths:
          /validators:
            get:
              operationId: listValidators
              tags: [staking]
              summary: Validators
              x-list: Validator
          /validators/{address}:
            get:
              operationId: getValidator
              tags: [staking]
              summary: A validator, by its operator
              x-answer: Validator
              parameters: [{$ref: '#/components/parameters/address'}]
          /bonds:
            get:
              operationId: listBonds
              tags: [staking]
              summary: What sellers have at risk
              x-list: Bond
          /bonds/{address}:
            get:
              operationId: getBond
              tags: [staking]
              summary: An account's bond; nothing if it has none
              x-answer: Bond
              parameters: [{$ref: '#/components/parameters/address'}]
        components:
          schemas:
            Validator:
              type: object
              required: [object, id]
              properties:
                object: {const: validator}
                id: {$ref: '#/components/schemas/Address'}
                consensusKey: {type: string}
                consensusAddress: {type: string}
                power:
                  type: integer
                  description: Its vote in the engine's set; 0 while it is not in it.
                  minimum: 0
                stake: {$ref: '#/components/schemas/Amount'}
                commissionBasisPoints: {$ref: '#/components/schemas/Count'}
                commissionBasisPointsMax: {$ref: '#/components/schemas/Count'}
                jailedUntil: {type: [integer, 'null'], minimum: 0}
                tombstoned: {type: boolean}
            Bond:
              type: object
              required: [object, id]
              properties:
                object: {const: bond}
                id: {$ref: '#/components/schemas/Address'}
                active: {$ref: '#/components/schemas/Amount'}
                atRisk: {$ref: '#/components/schemas/Amount'}
                unbonding:
                  type: array
                  items: {$ref: '#/components/schemas/Maturing'}
        """#
}
