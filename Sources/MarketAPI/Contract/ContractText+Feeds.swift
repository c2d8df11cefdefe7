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
                feed over WebSocket.
              parameters:
                - name: topics
                  in: query
                  required: true
                  description: '`blocks`, `trades`, `offers`, `account:<address>`, with commas.'
                  style: form
                  explode: false
                  schema:
                    type: array
                    minItems: 1
                    maxItems: 16
                    items:
                      type: string
                      pattern: '^(blocks|trades|offers|account:stoa1[02-9ac-hj-np-z]{58})$'
                - name: cursor
                  in: query
                  schema: {type: string, pattern: '^[0-9]{1,11}\.[0-9]{1,8}$'}
                - name: Last-Event-ID
                  in: header
                  schema: {type: string, pattern: '^[0-9]{1,11}\.[0-9]{1,8}$'}
              responses:
                '200':
                  description: A stream that ends when somebody ends it.
                  content:
                    text/event-stream:
                      schema: {type: string}
                '400': {$ref: '#/components/responses/BadRequest'}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '429': {$ref: '#/components/responses/TooManyRequests'}
                '503': {$ref: '#/components/responses/Unavailable'}
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
        """#
}
