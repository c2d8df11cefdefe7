extension ContractText {
    /// Accounts, what they hold and may, and channels.
    static let accounts = #"""
        paths:
          /accounts/{address}:
            get:
              operationId: getAccount
              tags: [accounts]
              summary: An account; one that nobody has used is empty
              x-answer: Account
              parameters: [{$ref: '#/components/parameters/address'}]
          /accounts/{address}/balances:
            get:
              operationId: listBalances
              tags: [accounts]
              summary: What an account owns of issued units
              x-list: Balance
              parameters: [{$ref: '#/components/parameters/address'}]
          /accounts/{address}/sessions:
            get:
              operationId: listSessions
              tags: [accounts]
              summary: The keys that may act for an account, within limits
              x-list: Session
              parameters: [{$ref: '#/components/parameters/address'}]
          /accounts/{address}/history:
            get:
              operationId: listAccountHistory
              tags: [accounts]
              summary: What happened to an account, the latest first
              x-list: Event
              parameters: [{$ref: '#/components/parameters/address'}]
          /channels:
            get:
              operationId: listChannels
              tags: [accounts]
              summary: Channels; of a payer or payee those that are not closed
              x-list: Channel
              parameters:
                - name: payer
                  in: query
                  schema: {$ref: '#/components/schemas/Address'}
                - name: payee
                  in: query
                  schema: {$ref: '#/components/schemas/Address'}
                - name: status
                  in: query
                  schema: {type: string, enum: [open, closing, closed]}
          /channels/{channel}:
            get:
              operationId: getChannel
              tags: [accounts]
              summary: A channel
              x-answer: Channel
              parameters:
                - name: channel
                  in: path
                  required: true
                  schema: {$ref: '#/components/schemas/Digest'}
        components:
          parameters:
            address:
              name: address
              in: path
              required: true
              schema: {$ref: '#/components/schemas/Address'}
          schemas:
            Account:
              type: object
              required: [object, id]
              properties:
                object: {const: account}
                id: {$ref: '#/components/schemas/Address'}
                sequence: {$ref: '#/components/schemas/Count'}
                balances:
                  type: array
                  description: The native balance first; more at `balances` below the account.
                  maxItems: 65
                  items: {$ref: '#/components/schemas/Money'}
                signer:
                  description: Whose key signs for it.
                  $ref: '#/components/schemas/Address'
                rotation:
                  anyOf:
                    - {$ref: '#/components/schemas/Rotation'}
                    - {type: 'null'}
                sessions:
                  type: array
                  maxItems: 64
                  items: {$ref: '#/components/schemas/Session'}
                bond: {$ref: '#/components/schemas/Amount'}
                votes: {$ref: '#/components/schemas/Amount'}
                votesReceived: {$ref: '#/components/schemas/Amount'}
                votesDelegatedTo: {type: [string, 'null']}
            Rotation:
              type: object
              properties:
                next: {$ref: '#/components/schemas/Address'}
                effectiveAt: {$ref: '#/components/schemas/Height'}
            Balance:
              type: object
              required: [object]
              properties:
                object: {const: balance}
                amount: {$ref: '#/components/schemas/Amount'}
                denomination: {$ref: '#/components/schemas/Denomination'}
            Session:
              type: object
              required: [object, id]
              properties:
                object: {const: session}
                id:
                  description: The account that the session's key names.
                  $ref: '#/components/schemas/Address'
                messages:
                  type: array
                  description: The tags of what it may do.
                  items: {type: integer, minimum: 0, maximum: 255}
                payees:
                  type: array
                  description: Whom it may pay; anybody if there is none.
                  items: {$ref: '#/components/schemas/Address'}
                limits:
                  type: array
                  items: {$ref: '#/components/schemas/SessionLimit'}
                periodBlocks: {$ref: '#/components/schemas/Count'}
                periodStart: {$ref: '#/components/schemas/Height'}
                validUntil: {$ref: '#/components/schemas/Height'}
                revoked: {type: boolean}
            SessionLimit:
              type: object
              properties:
                denomination: {$ref: '#/components/schemas/Denomination'}
                amount: {$ref: '#/components/schemas/Amount'}
                spent: {$ref: '#/components/schemas/Amount'}
            Channel:
              type: object
              required: [object, id]
              properties:
                object: {const: channel}
                id: {$ref: '#/components/schemas/Digest'}
                payer: {$ref: '#/components/schemas/Address'}
                payee: {$ref: '#/components/schemas/Address'}
                denomination: {$ref: '#/components/schemas/Denomination'}
                deposit: {$ref: '#/components/schemas/Amount'}
                paid: {$ref: '#/components/schemas/Amount'}
                locked: {$ref: '#/components/schemas/Amount'}
                voucherKey: {type: string}
                lanes: {$ref: '#/components/schemas/Count'}
                claims: {$ref: '#/components/schemas/Count'}
                status: {type: string, enum: [open, closing, closed]}
                closesAt: {type: [integer, 'null'], minimum: 0}
                closingDelayBlocks: {$ref: '#/components/schemas/Count'}
        """#
}
