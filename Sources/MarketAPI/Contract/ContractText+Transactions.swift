extension ContractText {
    /// Preparing, assembling and submitting transactions, and several reads at once.
    static let transactions = #"""
        paths:
          /transactions:
            post:
              operationId: submitTransaction
              tags: [writing]
              summary: Submits a signed transaction and answers once it is in a block
              description: >-
                The same transaction again has the same answer, with or without an idempotency key.
                A key belongs to the account that sends, or to the organisation of the API key.
              security: [{}, {apiKey: ['transactions:write']}]
              x-answer: Outcome
              parameters: [{$ref: '#/components/parameters/idempotencyKey'}]
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/Submission'}
              responses:
                '403': {$ref: '#/components/responses/Forbidden'}
                '409': {$ref: '#/components/responses/Conflict'}
                '413': {$ref: '#/components/responses/TooLarge'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
          /transactions/prepare:
            post:
              operationId: prepareTransaction
              tags: [writing]
              summary: Makes the bytes of a transaction that a key elsewhere signs
              x-answer: PreparedTransaction
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/Preparation'}
              responses:
                '413': {$ref: '#/components/responses/TooLarge'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
          /transactions/assemble:
            post:
              operationId: assembleTransaction
              tags: [writing]
              summary: Joins a transaction and a signature that was made elsewhere, and submits it
              security: [{}, {apiKey: ['transactions:write']}]
              x-answer: AssembledTransaction
              parameters: [{$ref: '#/components/parameters/idempotencyKey'}]
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/Assembly'}
              responses:
                '403': {$ref: '#/components/responses/Forbidden'}
                '409': {$ref: '#/components/responses/Conflict'}
                '413': {$ref: '#/components/responses/TooLarge'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
          /batch:
            post:
              operationId: readBatch
              tags: [ledger]
              summary: Up to 16 reads in one round trip, each with its own status
              x-answer: Batch
              requestBody:
                required: true
                content:
                  application/json:
                    schema:
                      type: object
                      required: [paths]
                      additionalProperties: false
                      properties:
                        paths:
                          type: array
                          minItems: 1
                          maxItems: 16
                          items:
                            type: string
                            description: Path and query below the server's, such as `/status`.
                            pattern: '^/[!-~]*$'
                            maxLength: 1024
              responses:
                '413': {$ref: '#/components/responses/TooLarge'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
        components:
          schemas:
            KeyText:
              type: string
              description: 'A public key: the number of its scheme, a colon, and hex.'
              pattern: '^[1-4]:[0-9a-f]+$'
              maxLength: 1400
            HexText:
              type: string
              pattern: '^[0-9a-f]+$'
              maxLength: 524288
            Base64URLText:
              type: string
              pattern: '^[A-Za-z0-9_-]+$'
              maxLength: 2048
            OrderSide: {type: string, enum: [buy, sell]}
            VoteChoice: {type: string, enum: ['yes', 'no', abstain, veto]}
            Lanes: {type: integer, minimum: 1, maximum: 65535}
            Renewals: {type: integer, minimum: 0, maximum: 4294967295}
            Tags:
              type: array
              description: The tags of the messages that the session may send.
              minItems: 1
              maxItems: 32
              items: {type: integer, minimum: 1, maximum: 255}
            Payees:
              type: array
              maxItems: 16
              items: {$ref: '#/components/schemas/Address'}
            SpendingLimits:
              type: array
              maxItems: 4
              items: {$ref: '#/components/schemas/Money'}
            Submission:
              type: object
              required: [transaction]
              additionalProperties: false
              properties:
                transaction:
                  type: string
                  description: The canonical bytes of the signed transaction.
                  pattern: '^[A-Za-z0-9+/=]+$'
                  maxLength: 524288
                encoding: {type: string, enum: [hex, base64], default: hex}
            Outcome:
              type: object
              required: [object, id]
              properties:
                object: {const: outcome}
                id: {$ref: '#/components/schemas/Digest'}
                height: {$ref: '#/components/schemas/Height'}
                accepted: {type: boolean}
                code: {$ref: '#/components/schemas/Count'}
                refusal: {type: [string, 'null']}
                refusedMessage: {type: [integer, 'null'], minimum: 0}
                moneyMoved: {type: boolean, description: A refused transaction still pays its fee.}
                events:
                  type: array
                  items:
                    type: object
                    properties:
                      event: {type: string}
                    additionalProperties: {}
            Preparation:
              type: object
              required: [key, messages]
              additionalProperties: false
              properties:
                key: {$ref: '#/components/schemas/KeyText'}
                sender:
                  description: Whose account acts; the key's own without it.
                  $ref: '#/components/schemas/Address'
                validForBlocks: {type: integer, minimum: 1, maximum: 100000, default: 1000}
                messages:
                  type: array
                  minItems: 1
                  maxItems: 32
                  items: {$ref: '#/components/schemas/Message'}
            PreparedTransaction:
              type: object
              required: [object, id]
              properties:
                object: {const: preparedTransaction}
                id:
                  description: The digest that is signed.
                  $ref: '#/components/schemas/Digest'
                transaction: {type: string, description: The canonical bytes in hex.}
                chain: {$ref: '#/components/schemas/Digest'}
                sender: {$ref: '#/components/schemas/Address'}
                key: {$ref: '#/components/schemas/KeyText'}
                sequence: {$ref: '#/components/schemas/Count'}
                fee: {$ref: '#/components/schemas/Amount'}
                validUntil: {$ref: '#/components/schemas/Height'}
                summary:
                  type: array
                  description: >-
                    What it does, a sentence for each message with every member in it.
                  items: {type: string}
                plain:
                  type: array
                  description: >-
                    The same in plain words, a sentence for each message, with what the ledger
                    knows of the things that it names. Members may be left out and names
                    shortened; show `summary` too.
                  items: {type: string}
                obstacles:
                  type: array
                  description: >-
                    Why the ledger would refuse it now, as far as that is sure; empty if nothing
                    is known to stand in its way.
                  items: {type: string}
                challenge: {type: string, description: 'For passkeys: the digest in base64url.'}
                personalText: {type: string, description: The text that `personal_sign` signs.}
                typedData: {type: object, description: The document of `eth_signTypedData_v4`.}
            Assembly:
              type: object
              required: [transaction, key, signature]
              additionalProperties: false
              properties:
                transaction: {$ref: '#/components/schemas/HexText'}
                key: {$ref: '#/components/schemas/KeyText'}
                signature: {$ref: '#/components/schemas/ForeignSignature'}
                submit: {type: boolean, default: true}
            ForeignSignature:
              oneOf:
                - {$ref: '#/components/schemas/Ed25519Signature'}
                - {$ref: '#/components/schemas/WebAuthnSignature'}
                - {$ref: '#/components/schemas/EthereumTextSignature'}
                - {$ref: '#/components/schemas/EthereumTypedSignature'}
                - {$ref: '#/components/schemas/Secp256k1Signature'}
              discriminator: {propertyName: type}
            Ed25519Signature:
              type: object
              required: [type, signature]
              additionalProperties: false
              properties:
                type: {const: ed25519}
                signature: {type: string, pattern: '^[0-9a-f]{128}$'}
            WebAuthnSignature:
              type: object
              description: What `navigator.credentials.get` answers, in base64url.
              required: [type, authenticatorData, clientDataJSON, signature]
              additionalProperties: false
              properties:
                type: {const: webauthn}
                authenticatorData: {$ref: '#/components/schemas/Base64URLText'}
                clientDataJSON: {$ref: '#/components/schemas/Base64URLText'}
                signature: {$ref: '#/components/schemas/Base64URLText'}
            EthereumTextSignature:
              type: object
              required: [type, signature]
              additionalProperties: false
              properties:
                type: {const: eip191}
                signature: {$ref: '#/components/schemas/RecoverableSignature'}
            EthereumTypedSignature:
              type: object
              required: [type, signature]
              additionalProperties: false
              properties:
                type: {const: eip712}
                signature: {$ref: '#/components/schemas/RecoverableSignature'}
            Secp256k1Signature:
              type: object
              required: [type, signature]
              additionalProperties: false
              properties:
                type: {const: secp256k1}
                signature: {$ref: '#/components/schemas/RecoverableSignature'}
            RecoverableSignature:
              type: string
              description: r and s, and v or not, in hex; s in the lower half, as wallets make it.
              pattern: '^(0x)?[0-9a-f]{128,130}$'
            AssembledTransaction:
              type: object
              required: [object, id]
              properties:
                object: {const: assembledTransaction}
                id: {$ref: '#/components/schemas/Digest'}
                transaction: {type: string, description: The signed bytes in hex.}
                outcome:
                  anyOf:
                    - {$ref: '#/components/schemas/Outcome'}
                    - {type: 'null'}
            Batch:
              type: object
              required: [object]
              properties:
                object: {const: batch}
                responses:
                  type: array
                  maxItems: 16
                  items:
                    type: object
                    properties:
                      path: {type: string}
                      status: {type: integer, minimum: 200, maximum: 599}
                      body: {type: object}
        """#
}
