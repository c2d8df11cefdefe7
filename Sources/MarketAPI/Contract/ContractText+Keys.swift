extension ContractText {
    /// Keys that make and end keys.
    static let keys = #"""
        tags:
          - {name: keys, description: 'API keys, what they may do and spend, and what they spent.'}
        paths:
          /keys:
            get:
              operationId: listKeys
              tags: [keys]
              summary: The keys of the caller's organisation, the latest first
              security: [{apiKey: ['keys:read']}]
              x-list: Key
              responses:
                '403': {$ref: '#/components/responses/Forbidden'}
            post:
              operationId: createKey
              tags: [keys]
              summary: Makes a key; it is shown this once
              description: >-
                It may do no more than whoever makes it, and ends with the key that makes it.
                Budgets are in the smallest part of a denomination; a key with budgets spends in no
                denomination that has none.
              security: [{apiKey: ['keys:write']}]
              x-answer: KeyWithSecret
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/KeyDraft'}
              responses:
                '403': {$ref: '#/components/responses/Forbidden'}
                '409': {$ref: '#/components/responses/Conflict'}
                '413': {$ref: '#/components/responses/TooLarge'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
          /keys/{key}:
            delete:
              operationId: revokeKey
              tags: [keys]
              summary: Ends a key at once, and every key that it made
              security: [{apiKey: ['keys:write']}]
              x-answer: RevokedKey
              parameters: [{$ref: '#/components/parameters/key'}]
              responses:
                '403': {$ref: '#/components/responses/Forbidden'}
          /keys/{key}/rotate:
            post:
              operationId: rotateKey
              tags: [keys]
              summary: Makes a key that takes another's place; both work until the overlap ends
              description: >-
                Keys that the old one made end with it, but for a successor that it makes for
                itself. Revoking the old one ends that as well: let the overlap run out.
              security: [{apiKey: ['keys:write']}]
              x-answer: KeyWithSecret
              parameters: [{$ref: '#/components/parameters/key'}]
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
                '409': {$ref: '#/components/responses/Conflict'}
                '413': {$ref: '#/components/responses/TooLarge'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
        """# + schemas

    private static let schemas = #"""

        components:
          parameters:
            key:
              name: key
              in: path
              required: true
              schema: {$ref: '#/components/schemas/KeyName'}
          schemas:
            KeyName: {type: string, pattern: '^[0-9A-Za-z]{12}$', maxLength: 12}
            KeyScope:
              type: string
              enum:
                - calls:write
                - usage:read
                - account:read
                - transactions:write
                - keys:read
                - keys:write
                - organisation:write
                - audit:read
                - webhooks:write
                - calls:signed
            KeyBudget:
              type: object
              required: [window, limit]
              additionalProperties: false
              properties:
                window: {type: string, enum: [total, day]}
                model:
                  type: string
                  description: For this model alone; without it, for all together.
                  maxLength: 128
                limit: {$ref: '#/components/schemas/Money'}
            KeyDraft:
              type: object
              required: [label, scopes]
              additionalProperties: false
              properties:
                label: {type: string, maxLength: 64}
                mode: {type: string, enum: [live, test], default: live}
                scopes:
                  type: array
                  minItems: 1
                  maxItems: 10
                  items: {$ref: '#/components/schemas/KeyScope'}
                days: {type: integer, minimum: 1, maximum: 366, default: 90}
                budgets:
                  type: array
                  maxItems: 16
                  items: {$ref: '#/components/schemas/KeyBudget'}
            Key:
              type: object
              required: [object, id]
              properties:
                object: {type: string, const: key}
                id: {$ref: '#/components/schemas/KeyName'}
                label: {type: string}
                mode: {type: string, enum: [live, test]}
                scopes: {type: array, items: {$ref: '#/components/schemas/KeyScope'}}
                state: {type: string, enum: [active, replaced, revoked, expired]}
                successor: {type: [string, 'null']}
                createdAt: {$ref: '#/components/schemas/Time'}
                expiresAt: {$ref: '#/components/schemas/Time'}
                usedAt:
                  type: [string, 'null']
                  format: date-time
                  description: To the minute.
                budgets: {type: array, items: {$ref: '#/components/schemas/KeyBudget'}}
            KeyWithSecret:
              type: object
              required: [object, id, secret]
              properties:
                object: {type: string, const: key}
                id: {$ref: '#/components/schemas/KeyName'}
                label: {type: string}
                mode: {type: string, enum: [live, test]}
                scopes: {type: array, items: {$ref: '#/components/schemas/KeyScope'}}
                state: {type: string, enum: [active, replaced, revoked, expired]}
                successor: {type: [string, 'null']}
                createdAt: {$ref: '#/components/schemas/Time'}
                expiresAt: {$ref: '#/components/schemas/Time'}
                usedAt: {type: [string, 'null'], format: date-time}
                budgets: {type: array, items: {$ref: '#/components/schemas/KeyBudget'}}
                secret: {type: string, description: 'The whole key, shown this once.'}
            RevokedKey:
              type: object
              required: [object, id, revoked]
              properties:
                object: {type: string, const: key}
                id: {$ref: '#/components/schemas/KeyName'}
                revoked: {type: boolean}
        """#
}
