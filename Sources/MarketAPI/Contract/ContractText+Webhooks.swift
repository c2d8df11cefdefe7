extension ContractText {
    /// Being told what happens, at an address of one's own.
    static let webhooks = #"""
        tags:
          - {name: webhooks, description: 'Being told what happens, at an address of one''s own.'}
        paths:
          /webhooks:
            get:
              operationId: listWebhooks
              tags: [webhooks]
              summary: The webhooks of the key's organisation
              security: [{apiKey: ['webhooks:write']}]
              x-list: Webhook
              responses:
                '403': {$ref: '#/components/responses/Forbidden'}
            post:
              operationId: createWebhook
              tags: [webhooks]
              summary: Makes a webhook; its secret is shown this once
              description: >-
                Messages are signed by Standard Webhooks 1.0. They go to https addresses on the
                internet alone, and follow no redirect. Each event is sent at least once, under one
                `webhook-id`. The topic `receipts` needs the scope `usage:read` too: it tells the
                receipts of what the organisation paid for, as `receipts.made`.
              security: [{apiKey: ['webhooks:write']}]
              x-answer: WebhookWithSecret
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/WebhookDraft'}
              responses:
                '403': {$ref: '#/components/responses/Forbidden'}
                '409': {$ref: '#/components/responses/Conflict'}
                '413': {$ref: '#/components/responses/TooLarge'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
          /webhooks/{webhook}:
            get:
              operationId: getWebhook
              tags: [webhooks]
              summary: A webhook, and how it goes
              security: [{apiKey: ['webhooks:write']}]
              x-answer: Webhook
              parameters: [{$ref: '#/components/parameters/webhook'}]
              responses:
                '403': {$ref: '#/components/responses/Forbidden'}
            patch:
              operationId: changeWebhook
              tags: [webhooks]
              summary: Changes a webhook; what is not named stays
              security: [{apiKey: ['webhooks:write']}]
              x-answer: Webhook
              parameters: [{$ref: '#/components/parameters/webhook'}]
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/WebhookChange'}
              responses:
                '403': {$ref: '#/components/responses/Forbidden'}
                '413': {$ref: '#/components/responses/TooLarge'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
            delete:
              operationId: deleteWebhook
              tags: [webhooks]
              summary: Forgets a webhook and its deliveries
              security: [{apiKey: ['webhooks:write']}]
              x-answer: DeletedWebhook
              parameters: [{$ref: '#/components/parameters/webhook'}]
              responses:
                '403': {$ref: '#/components/responses/Forbidden'}
          /webhooks/{webhook}/rotate:
            post:
              operationId: rotateWebhook
              tags: [webhooks]
              summary: Gives a webhook a new secret; the old one is signed with too for a while
              security: [{apiKey: ['webhooks:write']}]
              x-answer: WebhookWithSecret
              parameters: [{$ref: '#/components/parameters/webhook'}]
              requestBody:
                required: true
                content:
                  application/json:
                    schema:
                      type: object
                      additionalProperties: false
                      properties:
                        overlapSeconds:
                          type: integer
                          minimum: 0
                          maximum: 604800
                          default: 86400
              responses:
                '403': {$ref: '#/components/responses/Forbidden'}
                '413': {$ref: '#/components/responses/TooLarge'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
          /webhooks/{webhook}/replay:
            post:
              operationId: replayWebhook
              tags: [webhooks]
              summary: Sends everything behind a place once more
              security: [{apiKey: ['webhooks:write']}]
              x-answer: Webhook
              parameters: [{$ref: '#/components/parameters/webhook'}]
              requestBody:
                required: true
                content:
                  application/json:
                    schema:
                      type: object
                      required: [cursor]
                      additionalProperties: false
                      properties:
                        cursor: {$ref: '#/components/schemas/FeedPlace'}
              responses:
                '403': {$ref: '#/components/responses/Forbidden'}
                '413': {$ref: '#/components/responses/TooLarge'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
          /webhooks/{webhook}/test:
            post:
              operationId: testWebhook
              tags: [webhooks]
              summary: Sends a message that says nothing but that it arrived
              security: [{apiKey: ['webhooks:write']}]
              x-answer: WebhookDelivery
              parameters: [{$ref: '#/components/parameters/webhook'}]
              responses:
                '403': {$ref: '#/components/responses/Forbidden'}
                '409': {$ref: '#/components/responses/Conflict'}
          /webhooks/{webhook}/deliveries:
            get:
              operationId: listWebhookDeliveries
              tags: [webhooks]
              summary: What was sent and what waits, the newest first
              security: [{apiKey: ['webhooks:write']}]
              x-list: WebhookDelivery
              parameters: [{$ref: '#/components/parameters/webhook'}]
              responses:
                '403': {$ref: '#/components/responses/Forbidden'}
          /webhooks/{webhook}/deliveries/{delivery}/replay:
            post:
              operationId: replayWebhookDelivery
              tags: [webhooks]
              summary: Sends a message once more, under the same webhook-id
              security: [{apiKey: ['webhooks:write']}]
              x-answer: WebhookDelivery
              parameters:
                - {$ref: '#/components/parameters/webhook'}
                - name: delivery
                  in: path
                  required: true
                  schema: {type: string, pattern: '^[1-9][0-9]{0,17}$'}
              responses:
                '403': {$ref: '#/components/responses/Forbidden'}
        """# + schemas

    private static let schemas = #"""

        components:
          parameters:
            webhook:
              name: webhook
              in: path
              required: true
              schema: {$ref: '#/components/schemas/WebhookName'}
          schemas:
            WebhookName: {type: string, pattern: '^whk_[0-9a-f]{24}$', maxLength: 28}
            FeedPlace:
              type: string
              pattern: '^[0-9]{1,11}\.[0-9]{1,8}(\.[0-9]{1,15}|)$'
              maxLength: 36
            WebhookURL:
              type: string
              description: An https address on the internet.
              pattern: '^https?://[!-~]+$'
              maxLength: 1024
            WebhookTopics:
              type: array
              minItems: 1
              maxItems: 16
              items:
                type: string
                pattern: '^(trades|offers|receipts|account:stoa1[02-9ac-hj-np-z]{58})$'
            WebhookDraft:
              type: object
              required: [url, topics]
              additionalProperties: false
              properties:
                url: {$ref: '#/components/schemas/WebhookURL'}
                topics: {$ref: '#/components/schemas/WebhookTopics'}
                description: {type: string, maxLength: 256}
                signing: {type: string, enum: [hmac, ed25519], default: hmac}
                cursor:
                  $ref: '#/components/schemas/FeedPlace'
            WebhookChange:
              type: object
              additionalProperties: false
              properties:
                url: {$ref: '#/components/schemas/WebhookURL'}
                topics: {$ref: '#/components/schemas/WebhookTopics'}
                description: {type: string, maxLength: 256}
                active: {type: boolean}
            Webhook:
              type: object
              required: [object, id]
              properties:
                object: {type: string, const: webhook}
                id: {$ref: '#/components/schemas/WebhookName'}
                url: {type: string}
                topics: {type: array, items: {type: string}}
                description: {type: string}
                signing: {type: string, enum: [hmac, ed25519]}
                publicKey:
                  type: [string, 'null']
                  description: What checks signatures, if they are Ed25519.
                state: {type: string, enum: [active, paused, disabled]}
                createdAt: {$ref: '#/components/schemas/Time'}
                cursor: {$ref: '#/components/schemas/FeedPlace'}
                pending: {$ref: '#/components/schemas/Count'}
                failingSince: {type: [string, 'null'], format: date-time}
                overlapUntil: {type: [string, 'null'], format: date-time}
            WebhookWithSecret:
              type: object
              required: [object, id, secret]
              properties:
                object: {type: string, const: webhook}
                id: {$ref: '#/components/schemas/WebhookName'}
                url: {type: string}
                topics: {type: array, items: {type: string}}
                description: {type: string}
                signing: {type: string, enum: [hmac, ed25519]}
                publicKey: {type: [string, 'null']}
                state: {type: string, enum: [active, paused, disabled]}
                createdAt: {$ref: '#/components/schemas/Time'}
                cursor: {$ref: '#/components/schemas/FeedPlace'}
                pending: {$ref: '#/components/schemas/Count'}
                failingSince: {type: [string, 'null'], format: date-time}
                overlapUntil: {type: [string, 'null'], format: date-time}
                secret:
                  type: string
                  description: '`whsec_` and a secret, or `whpk_` and a public key.'
            DeletedWebhook:
              type: object
              required: [object, id, deleted]
              properties:
                object: {type: string, const: webhook}
                id: {$ref: '#/components/schemas/WebhookName'}
                deleted: {type: boolean}
            WebhookDelivery:
              type: object
              required: [object, id]
              properties:
                object: {type: string, const: webhook_delivery}
                id: {type: string}
                message: {type: string, description: The webhook-id of each attempt.}
                type: {type: string}
                cursor: {$ref: '#/components/schemas/FeedPlace'}
                state: {type: string, enum: [pending, delivered, failed]}
                attempts: {$ref: '#/components/schemas/Count'}
                createdAt: {$ref: '#/components/schemas/Time'}
                dueAt: {type: [string, 'null'], format: date-time}
                sentAt: {type: [string, 'null'], format: date-time}
                status: {type: [integer, 'null'], description: The last answer's.}
                fault: {type: [string, 'null']}
                milliseconds: {type: [integer, 'null']}
        """#
}
