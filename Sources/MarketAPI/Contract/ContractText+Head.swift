extension ContractText {
    /// What the document says of itself, and what all operations share.
    static let head = #"""
        openapi: 3.1.0
        info:
          title: Stoa
          version: 1.0.0
          summary: The market's REST interface over everything that its ledger and index hold.
          description: >-
            Amounts are whole numbers of the denomination's smallest unit, as text, with the
            denomination beside them: `native` (obol; 1 STOA is 10^9 obol) or a unit's name. Digests
            are lower-case hex; heights are numbers of blocks. Lists are read with `cursor` until
            `has_more` is false. Every answer that may change has an ETag. Errors are RFC 9457
            problems with a stable `code`, and say whether money moved. What the document does not
            name is refused.
          license: {name: Apache-2.0, identifier: Apache-2.0}
        servers:
          - url: /api/v1
        tags:
          - {name: ledger, description: 'Blocks, transactions and the state with proofs.'}
          - {name: accounts, description: 'Accounts, their history, and channels.'}
          - {name: catalogue, description: 'Assets and offers.'}
          - {name: passes, description: 'Plans, passes and issued units.'}
          - {name: exchange, description: 'Markets, pools, sales, orders and trades.'}
          - {name: jobs, description: 'Escrowed jobs, disputes and jurors.'}
          - {name: governance, description: 'Proposals, votes and the numbers of the rules.'}
          - {name: staking, description: 'Validators and bonds.'}
          - {name: writing, description: 'Preparing and submitting transactions.'}
          - {name: feeds, description: 'What happens, as it happens.'}
        components:
          securitySchemes:
            apiKey:
              type: http
              scheme: bearer
              description: An API key or a token; reading public data needs none.
          headers:
            requestId:
              description: What logs call the request.
              schema: {type: string, maxLength: 64}
            height:
              description: The height that the answer is of; missing if it depends on no block.
              schema: {type: integer, minimum: 0}
            etag:
              description: A weak tag of what is said, for If-None-Match.
              schema: {type: string}
            cacheControl:
              description: Whether the answer can change.
              schema: {type: string}
            retryAfter:
              description: After how many seconds it makes sense to ask again.
              schema: {type: integer, minimum: 0}
          parameters:
            limit:
              name: limit
              in: query
              description: How many items to answer with.
              schema: {type: integer, minimum: 1, maximum: 200, default: 50}
            cursor:
              name: cursor
              in: query
              description: The `next_cursor` of the page before, of the same question.
              schema: {type: string, minLength: 1, maxLength: 400, pattern: '^[A-Za-z0-9_-]+$'}
            ifNoneMatch:
              name: If-None-Match
              in: header
              description: Tags that the client has; 304 if one is still right.
              schema: {type: string, maxLength: 1024}
            idempotencyKey:
              name: Idempotency-Key
              in: header
              description: >-
                Names the attempt: the same key with the same body has the same answer for 24 hours,
                with another body it is refused with 409. What is not submitted takes no key.
              schema: {type: string, minLength: 1, maxLength: 255, pattern: '^[!-~]+$'}
          responses:
            NotModified:
              description: The client has what would be answered.
              headers:
                ETag: {$ref: '#/components/headers/etag'}
            BadRequest:
              description: The request is not what this document asks for; nothing was done.
              content:
                application/problem+json:
                  schema: {$ref: '#/components/schemas/Problem'}
            NotFound:
              description: There is no such thing.
              content:
                application/problem+json:
                  schema: {$ref: '#/components/schemas/Problem'}
            Conflict:
              description: The ledger refuses it, or the key was used for something else.
              content:
                application/problem+json:
                  schema: {$ref: '#/components/schemas/Problem'}
            TooLarge:
              description: The body is larger than any request needs.
              content:
                application/problem+json:
                  schema: {$ref: '#/components/schemas/Problem'}
            UnsupportedMediaType:
              description: The body is not JSON.
              content:
                application/problem+json:
                  schema: {$ref: '#/components/schemas/Problem'}
            Forbidden:
              description: The key may not do this.
              content:
                application/problem+json:
                  schema: {$ref: '#/components/schemas/Problem'}
            Unauthorized:
              description: The key or token that was sent is not one that may be used now.
              content:
                application/problem+json:
                  schema: {$ref: '#/components/schemas/Problem'}
            TooManyRequests:
              description: More requests than one address or key may make; nothing was charged.
              headers:
                Retry-After: {$ref: '#/components/headers/retryAfter'}
              content:
                application/problem+json:
                  schema: {$ref: '#/components/schemas/Problem'}
            Unavailable:
              description: Ledger or index give no answer now; nothing was charged.
              headers:
                Retry-After: {$ref: '#/components/headers/retryAfter'}
              content:
                application/problem+json:
                  schema: {$ref: '#/components/schemas/Problem'}
          schemas:
            Address:
              type: string
              description: 'An account: bech32m of its digest.'
              pattern: '^stoa1[02-9ac-hj-np-z]{58}$'
              minLength: 63
              maxLength: 63
            Digest:
              type: string
              description: 32 bytes in lower-case hex.
              pattern: '^[0-9a-f]{64}$'
              minLength: 64
              maxLength: 64
            Denomination:
              type: string
              description: '`native`, or the name of an issued unit.'
              pattern: '^(native|[0-9a-f]{64})$'
              maxLength: 64
            Amount:
              type: string
              description: A whole number of a denomination's smallest unit.
              pattern: '^(0|[1-9][0-9]{0,38})$'
              maxLength: 39
            Height: {type: integer, minimum: 0, maximum: 9007199254740991}
            Count: {type: integer, minimum: 0, maximum: 9007199254740991}
            Time: {type: string, format: date-time, maxLength: 40}
            Money:
              type: object
              required: [amount, denomination]
              additionalProperties: false
              properties:
                amount: {$ref: '#/components/schemas/Amount'}
                denomination: {$ref: '#/components/schemas/Denomination'}
            Maturing:
              type: object
              description: Money on its way back to its owner.
              properties:
                amount: {$ref: '#/components/schemas/Amount'}
                releasedAt: {$ref: '#/components/schemas/Height'}
            Problem:
              type: object
              description: Why a request was not done (RFC 9457).
              required: [type, title, status, detail, code, moneyMoved]
              properties:
                type: {type: string}
                title: {type: string}
                status: {type: integer, minimum: 400, maximum: 599}
                detail: {type: string}
                code: {type: string, description: A stable name for programs.}
                moneyMoved: {type: boolean}
                hint: {type: string, description: Who must do what.}
                ledgerCode: {type: integer, minimum: 1, description: The ledger's number.}
                requestId: {type: string}
                errors:
                  type: array
                  maxItems: 16
                  items:
                    type: object
                    required: [detail, pointer]
                    properties:
                      detail: {type: string}
                      pointer: {type: string}
        """#
}
