extension ContractText {
    /// What happens, as it happens.
    static let feeds = #"""
        paths:
          /events:
            get:
              operationId: readEvents
              tags: [feeds]
              summary: What happens, as server-sent events; comments while nothing does
              description: >-
                Each event has the `id` of its place. Whoever comes back with it, as `cursor` or as
                `Last-Event-ID`, hears everything behind it once. A reader that falls behind gets a
                last event, `overrun`, and the connection ends. `/asyncapi.json` describes the same
                feed over WebSocket. The topic `receipts` tells the receipts of the calls that the
                key's organisation paid for; it needs the scope `usage:read`, and places have a
                third number then, that of the last receipt. Without it in a cursor, receipts are
                told from now on.
              parameters:
                - name: topics
                  in: query
                  required: true
                  description: >-
                    `blocks`, `trades`, `offers`, `receipts`, `account:<address>`, with commas.
                  style: form
                  explode: false
                  schema:
                    type: array
                    minItems: 1
                    maxItems: 16
                    items:
                      type: string
                      pattern: '^(blocks|trades|offers|receipts|account:stoa1[02-9ac-hj-np-z]{58})$'
                - name: cursor
                  in: query
                  schema: {type: string, pattern: '^[0-9]{1,11}\.[0-9]{1,8}(\.[0-9]{1,15}|)$'}
                - name: Last-Event-ID
                  in: header
                  schema: {type: string, pattern: '^[0-9]{1,11}\.[0-9]{1,8}(\.[0-9]{1,15}|)$'}
              responses:
                '200':
                  description: A stream that ends when somebody ends it.
                  content:
                    text/event-stream:
                      schema: {type: string}
                '400': {$ref: '#/components/responses/BadRequest'}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '429': {$ref: '#/components/responses/TooManyRequests'}
                '503': {$ref: '#/components/responses/Unavailable'}
          /receipts:
            get:
              operationId: listReceipts
              tags: [feeds]
              summary: The receipts of what the key's organisation paid for, the latest first
              description: >-
                Those of calls by `/v1` of this market: the newest 10,000 of the last 30 days. They
                are the account's that pays for the organisation. All of them, with signatures, are
                in the journal of its wallet.
              security: [{apiKey: ['usage:read']}]
              x-list: Receipt
              responses:
                '403': {$ref: '#/components/responses/Forbidden'}
          /asyncapi.json:
            get:
              operationId: getFeedContract
              tags: [feeds]
              summary: The AsyncAPI document of the feeds
              responses:
                '200':
                  description: The document.
                  content:
                    application/json:
                      schema: {type: object}
        components:
          schemas:
            Receipt:
              type: object
              required: [object, id]
              properties:
                object: {type: string, const: receipt}
                id: {$ref: '#/components/schemas/Digest'}
                number:
                  type: integer
                  minimum: 1
                  description: Which of the account's, in the order of arrival; others' are missing.
                model: {type: string}
                account: {$ref: '#/components/schemas/Address'}
                seller: {$ref: '#/components/schemas/Address'}
                status: {type: string, enum: [delivered, partial, failed]}
                cost: {$ref: '#/components/schemas/Money'}
                finishedAt: {$ref: '#/components/schemas/Time'}
        """#
}
