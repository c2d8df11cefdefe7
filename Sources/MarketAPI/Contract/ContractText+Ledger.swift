extension ContractText {
    /// Where the ledger stands, its blocks and transactions, and its state with proofs.
    static let ledger = #"""
        paths:
          /:
            get:
              operationId: getRoot
              tags: [ledger]
              summary: What there is
              x-answer: Root
          /openapi.json:
            get:
              operationId: getContract
              tags: [ledger]
              summary: This document
              responses:
                '200':
                  description: The document.
                  content:
                    application/json:
                      schema: {type: object}
          /status:
            get:
              operationId: getStatus
              tags: [ledger]
              summary: Where ledger and index stand
              x-answer: Status
          /supply:
            get:
              operationId: getSupply
              tags: [ledger]
              summary: How much there is of the native unit, counted where the node counts
              x-answer: Supply
          /blocks:
            get:
              operationId: listBlocks
              tags: [ledger]
              summary: Blocks, the latest first
              x-list: BlockSummary
          /blocks/{height}:
            get:
              operationId: getBlock
              tags: [ledger]
              summary: A block with its transactions and events
              x-answer: Block
              parameters:
                - name: height
                  in: path
                  required: true
                  schema: {type: integer, minimum: 1, maximum: 9007199254740991}
          /transactions:
            get:
              operationId: listTransactions
              tags: [ledger]
              summary: Transactions, the latest first
              x-list: TransactionSummary
              parameters:
                - name: account
                  in: query
                  description: Who sent them.
                  schema: {$ref: '#/components/schemas/Address'}
          /transactions/{digest}:
            get:
              operationId: getTransaction
              tags: [ledger]
              summary: A transaction, what became of it and what it caused
              x-answer: Transaction
              parameters:
                - name: digest
                  in: path
                  required: true
                  schema: {$ref: '#/components/schemas/Digest'}
          /history:
            get:
              operationId: listHistory
              tags: [ledger]
              summary: Events, the latest first
              x-list: Event
              parameters:
                - name: kind
                  in: query
                  description: The kind of thing the events are about; needs `name`.
                  schema: {type: string, pattern: '^[a-z][a-zA-Z-]*$', maxLength: 32}
                - name: name
                  in: query
                  description: The thing's digest; needs `kind`.
                  schema: {$ref: '#/components/schemas/Digest'}
          /proofs/{stateKey}:
            get:
              operationId: getProof
              tags: [ledger]
              summary: An entry of the state, or its absence, with a proof against a sealed header
              x-answer: Proof
              parameters:
                - name: stateKey
                  in: path
                  required: true
                  description: 'The key in hex: docs/spec/ledger.md says which.'
                  schema: {type: string, pattern: '^[0-9a-f]+$', maxLength: 256}
        components:
          schemas:
            Root:
              type: object
              required: [object]
              properties:
                object: {const: root}
                version: {type: string}
                chain: {$ref: '#/components/schemas/Digest'}
                links:
                  type: object
                  description: A path for each operation that reads.
                  additionalProperties: {type: string}
            Status:
              type: object
              required: [object]
              properties:
                object: {const: status}
                chain: {$ref: '#/components/schemas/Digest'}
                name: {type: string}
                height: {$ref: '#/components/schemas/Height'}
                time: {$ref: '#/components/schemas/Time'}
                stateRoot: {$ref: '#/components/schemas/Digest'}
                feeMinimum: {$ref: '#/components/schemas/Amount'}
                feePerByte: {$ref: '#/components/schemas/Amount'}
                closingDelayBlocks: {$ref: '#/components/schemas/Count'}
                unbondingDelayBlocks: {$ref: '#/components/schemas/Count'}
                index: {$ref: '#/components/schemas/IndexStanding'}
            IndexStanding:
              type: object
              properties:
                height: {$ref: '#/components/schemas/Height'}
                time: {$ref: '#/components/schemas/Time'}
                transactions: {$ref: '#/components/schemas/Count'}
                events: {$ref: '#/components/schemas/Count'}
                assets: {$ref: '#/components/schemas/Count'}
                offers: {$ref: '#/components/schemas/Count'}
                trades: {$ref: '#/components/schemas/Count'}
            Supply:
              type: object
              required: [object]
              properties:
                object: {const: supply}
                denomination: {const: native}
                amount: {$ref: '#/components/schemas/Amount'}
                treasury: {$ref: '#/components/schemas/Amount'}
                counted:
                  type: [object, 'null']
                  description: The node's own count, place by place; null where it does not count.
                  additionalProperties: {type: string}
            BlockSummary:
              type: object
              required: [object]
              properties:
                object: {const: block}
                height: {$ref: '#/components/schemas/Height'}
                time: {$ref: '#/components/schemas/Time'}
                transactionCount: {$ref: '#/components/schemas/Count'}
                eventCount: {$ref: '#/components/schemas/Count'}
            Block:
              type: object
              required: [object]
              properties:
                object: {const: block}
                height: {$ref: '#/components/schemas/Height'}
                time: {$ref: '#/components/schemas/Time'}
                transactionCount: {$ref: '#/components/schemas/Count'}
                eventCount: {$ref: '#/components/schemas/Count'}
                transactions:
                  type: array
                  items: {$ref: '#/components/schemas/TransactionSummary'}
                events:
                  type: array
                  items: {$ref: '#/components/schemas/Event'}
            TransactionSummary:
              type: object
              required: [object, id]
              properties:
                object: {const: transaction}
                id: {$ref: '#/components/schemas/Digest'}
                height: {$ref: '#/components/schemas/Height'}
                index: {$ref: '#/components/schemas/Count'}
                time: {$ref: '#/components/schemas/Time'}
                sender: {$ref: '#/components/schemas/Address'}
                sequence: {$ref: '#/components/schemas/Count'}
                fee: {$ref: '#/components/schemas/Amount'}
                messageCount: {$ref: '#/components/schemas/Count'}
                code: {$ref: '#/components/schemas/Count'}
                refusal: {type: [string, 'null']}
                refusedMessage: {type: [integer, 'null'], minimum: 0}
                eventCount: {$ref: '#/components/schemas/Count'}
            Transaction:
              type: object
              required: [object, id]
              properties:
                object: {const: transaction}
                id: {$ref: '#/components/schemas/Digest'}
                height: {$ref: '#/components/schemas/Height'}
                index: {$ref: '#/components/schemas/Count'}
                time: {$ref: '#/components/schemas/Time'}
                sender: {$ref: '#/components/schemas/Address'}
                sequence: {$ref: '#/components/schemas/Count'}
                fee: {$ref: '#/components/schemas/Amount'}
                messageCount: {$ref: '#/components/schemas/Count'}
                code: {$ref: '#/components/schemas/Count'}
                refusal: {type: [string, 'null']}
                refusedMessage: {type: [integer, 'null'], minimum: 0}
                eventCount: {$ref: '#/components/schemas/Count'}
                events:
                  type: array
                  items: {$ref: '#/components/schemas/Event'}
            Event:
              type: object
              required: [object]
              properties:
                object: {const: event}
                cursor:
                  type: string
                  description: Height and index; a feed resumes behind it.
                  pattern: '^[0-9]{1,16}\.[0-9]{1,8}$'
                height: {$ref: '#/components/schemas/Height'}
                index: {$ref: '#/components/schemas/Count'}
                time: {$ref: '#/components/schemas/Time'}
                name: {type: string, description: 'Component and case, such as channels.claimed.'}
                transaction:
                  type: [integer, 'null']
                  minimum: 0
                  description: Which of the block's transactions caused it; null if none did.
                fields:
                  type: object
                  description: What the event says; amounts are text.
            Proof:
              type: object
              required: [object]
              properties:
                object: {const: proof}
                key: {type: string}
                value: {type: [string, 'null'], description: The entry's canonical bytes in hex.}
                height: {$ref: '#/components/schemas/Height'}
                proof: {type: [string, 'null'], description: A StateProof in hex.}
                header:
                  type: [string, 'null']
                  description: The sealed header whose state root it proves against, in hex.
        """#
}
