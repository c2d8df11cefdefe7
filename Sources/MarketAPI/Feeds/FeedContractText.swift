/// The AsyncAPI document of the feeds.
enum FeedContractText {
    static let text = #"""
        asyncapi: 3.0.0
        info:
          title: Stoa feeds
          version: 1.0.0
          description: >-
            What happens on the ledger, once the index has committed it. Messages have the cursor of
            their place, `height.index`; whoever subscribes with one hears everything behind it,
            once. A reader that falls behind is told so, with its last cursor, and cut off. The
            topic `receipts` tells the receipts of the calls that the organisation of the socket's
            key paid for. It needs a key with the scope `usage:read` in `Authorization` when the
            socket is opened; cursors have a third number then, that of the last receipt. Once the
            key is over, a problem `key_over` is told and the socket closes with 1008.
        defaultContentType: application/json
        servers:
          market: {host: '127.0.0.1:8080', protocol: ws, pathname: /api/v1}
        channels:
          socket:
            address: /ws
            messages:
              subscribe: {$ref: '#/components/messages/Subscribe'}
              unsubscribe: {$ref: '#/components/messages/Unsubscribe'}
              subscribed: {$ref: '#/components/messages/Subscribed'}
              item: {$ref: '#/components/messages/Item'}
              overrun: {$ref: '#/components/messages/Overrun'}
              problem: {$ref: '#/components/messages/Refusal'}
        operations:
          ask:
            action: receive
            channel: {$ref: '#/channels/socket'}
            messages:
              - {$ref: '#/channels/socket/messages/subscribe'}
              - {$ref: '#/channels/socket/messages/unsubscribe'}
          tell:
            action: send
            channel: {$ref: '#/channels/socket'}
            messages:
              - {$ref: '#/channels/socket/messages/subscribed'}
              - {$ref: '#/channels/socket/messages/item'}
              - {$ref: '#/channels/socket/messages/overrun'}
              - {$ref: '#/channels/socket/messages/problem'}
        components:
          messages:
            Subscribe:
              payload:
                type: object
                required: [type, topics]
                additionalProperties: false
                properties:
                  type: {const: subscribe}
                  topics: {$ref: '#/components/schemas/Topics'}
                  cursor: {$ref: '#/components/schemas/Cursor'}
            Unsubscribe:
              payload:
                type: object
                required: [type, topics]
                additionalProperties: false
                properties:
                  type: {const: unsubscribe}
                  topics: {$ref: '#/components/schemas/Topics'}
            Subscribed:
              summary: All topics of the connection, and the place from which on they are heard.
              payload:
                type: object
                required: [type, topics, cursor]
                properties:
                  type: {const: subscribed}
                  topics: {type: array, items: {type: string}}
                  cursor: {$ref: '#/components/schemas/Cursor'}
            Item:
              summary: A block, an event or a receipt, as the REST interface shows them.
              payload:
                type: object
                required: [type, cursor, data]
                properties:
                  type: {enum: [block, trade, offer, event, receipt]}
                  cursor: {$ref: '#/components/schemas/Cursor'}
                  data: {type: object}
            Overrun:
              payload:
                type: object
                required: [type, cursor]
                properties:
                  type: {const: overrun}
                  cursor: {$ref: '#/components/schemas/Cursor'}
            Refusal:
              payload:
                type: object
                required: [type, code, detail]
                properties:
                  type: {const: problem}
                  code: {type: string}
                  detail: {type: string}
          schemas:
            Topics:
              type: array
              minItems: 1
              maxItems: 16
              items:
                type: string
                pattern: '^(blocks|trades|offers|receipts|account:stoa1[02-9ac-hj-np-z]{58})$'
            Cursor: {type: string, pattern: '^[0-9]{1,11}\.[0-9]{1,8}(\.[0-9]{1,15}|)$'}
        """#
}
