extension ContractText {
    /// What is owned and what is for sale.
    static let catalogue = #"""
        paths:
          /assets:
            get:
              operationId: listAssets
              tags: [catalogue]
              summary: Assets by words and filters; without words the newest first
              x-list: Asset
              parameters:
                - {$ref: '#/components/parameters/text'}
                - {$ref: '#/components/parameters/kind'}
                - name: owner
                  in: query
                  schema: {$ref: '#/components/schemas/Address'}
                - name: current
                  in: query
                  description: Whether retired ones are left out.
                  schema: {type: boolean, default: true}
          /assets/{asset}:
            get:
              operationId: getAsset
              tags: [catalogue]
              summary: An asset with its terms, parents and shares
              x-answer: AssetDetail
              parameters: [{$ref: '#/components/parameters/asset'}]
          /assets/{asset}/versions:
            get:
              operationId: listAssetVersions
              tags: [catalogue]
              summary: The versions of an asset, the first first
              x-list: AssetVersion
              parameters: [{$ref: '#/components/parameters/asset'}]
          /assets/{asset}/history:
            get:
              operationId: listAssetHistory
              tags: [catalogue]
              summary: What happened to an asset, the latest first
              x-list: Event
              parameters: [{$ref: '#/components/parameters/asset'}]
          /offers:
            get:
              operationId: listOffers
              tags: [catalogue]
              summary: What is for sale, by words, filters and price
              x-list: Offer
              parameters:
                - {$ref: '#/components/parameters/text'}
                - {$ref: '#/components/parameters/kind'}
                - name: interface
                  in: query
                  schema: {$ref: '#/components/schemas/CallInterface'}
                - name: denomination
                  in: query
                  description: >-
                    What the prices count. With `maxPerMillion` or an order by price it is `native`
                    unless it is given.
                  schema: {$ref: '#/components/schemas/Denomination'}
                - name: seller
                  in: query
                  schema: {$ref: '#/components/schemas/Address'}
                - name: asset
                  in: query
                  schema: {$ref: '#/components/schemas/Digest'}
                - name: unit
                  in: query
                  description: What a price limit and an order by price are about.
                  schema: {type: string, enum: [input_token, output_token, call, second, byte]}
                - name: maxPerMillion
                  in: query
                  description: The most that a million of the unit may cost; needs `unit`.
                  schema: {$ref: '#/components/schemas/Amount'}
                - name: sort
                  in: query
                  description: '`price` needs `unit`.'
                  schema: {type: string, enum: [relevance, newest, price], default: relevance}
                - name: current
                  in: query
                  description: Whether superseded, withdrawn and expired ones are left out.
                  schema: {type: boolean, default: true}
          /offers/{offer}:
            get:
              operationId: getOffer
              tags: [catalogue]
              summary: An offer
              x-answer: Offer
              parameters:
                - name: offer
                  in: path
                  required: true
                  schema: {$ref: '#/components/schemas/Digest'}
        components:
          parameters:
            text:
              name: text
              in: query
              description: Words that must all be found, by their beginnings.
              schema: {type: string, maxLength: 64}
            kind:
              name: kind
              in: query
              schema: {$ref: '#/components/schemas/AssetKind'}
            asset:
              name: asset
              in: path
              required: true
              schema: {$ref: '#/components/schemas/Digest'}
          schemas:
            CallInterface:
              type: string
              enum: [chat, embeddings, json, images, speech, transcription]
            AssetKind:
              type: string
              enum: [model, dataset, service, compute, agent, prompt]
            Asset:
              type: object
              required: [object, id]
              properties:
                object: {const: asset}
                id: {$ref: '#/components/schemas/Digest'}
                name: {type: string}
                kind: {$ref: '#/components/schemas/AssetKind'}
                licence: {type: string}
                owner: {$ref: '#/components/schemas/Address'}
                version: {$ref: '#/components/schemas/Count'}
                content: {$ref: '#/components/schemas/Digest'}
                metadataLink: {type: string}
                retiredAt: {type: [integer, 'null'], minimum: 0}
                offeredTo: {type: [string, 'null']}
            AssetDetail:
              type: object
              required: [object, id]
              properties:
                object: {const: asset}
                id: {$ref: '#/components/schemas/Digest'}
                name: {type: string}
                kind: {$ref: '#/components/schemas/AssetKind'}
                licence: {type: string}
                owner: {$ref: '#/components/schemas/Address'}
                version: {$ref: '#/components/schemas/Count'}
                content: {$ref: '#/components/schemas/Digest'}
                metadataLink: {type: string}
                retiredAt: {type: [integer, 'null'], minimum: 0}
                offeredTo: {type: [string, 'null']}
                terms:
                  anyOf:
                    - {$ref: '#/components/schemas/AssetTerms'}
                    - {type: 'null'}
                parents:
                  type: array
                  items: {$ref: '#/components/schemas/AssetParent'}
                shares:
                  anyOf:
                    - {$ref: '#/components/schemas/ShareStanding'}
                    - {type: 'null'}
            AssetTerms:
              type: object
              properties:
                licenceText: {type: [string, 'null']}
                training: {$ref: '#/components/schemas/UsePermission'}
                generativeTraining: {$ref: '#/components/schemas/UsePermission'}
                mining: {$ref: '#/components/schemas/UsePermission'}
                inference: {$ref: '#/components/schemas/UsePermission'}
                royaltyMinBasisPoints: {type: [integer, 'null'], minimum: 0}
            UsePermission: {type: string, enum: [allowed, notAllowed, constrained]}
            AssetParent:
              type: object
              properties:
                asset: {$ref: '#/components/schemas/Digest'}
                version: {$ref: '#/components/schemas/Count'}
                shareBasisPoints: {type: integer, minimum: 0, maximum: 10000}
                role: {type: string, enum: [base-model, dataset, adapter, other]}
            ShareStanding:
              type: object
              properties:
                unit: {$ref: '#/components/schemas/Digest'}
                count: {type: string}
                circulating: {type: string}
                income:
                  type: array
                  items: {$ref: '#/components/schemas/Denomination'}
            AssetVersion:
              type: object
              required: [object]
              properties:
                object: {const: assetVersion}
                asset: {$ref: '#/components/schemas/Digest'}
                version: {$ref: '#/components/schemas/Count'}
                content: {$ref: '#/components/schemas/Digest'}
                metadataLink: {type: string}
            Price:
              type: object
              properties:
                amount: {$ref: '#/components/schemas/Amount'}
                perUnits: {type: string}
            Offer:
              type: object
              required: [object, id]
              properties:
                object: {const: offer}
                id: {$ref: '#/components/schemas/Digest'}
                model: {type: string}
                standing: {type: string, enum: [current, superseded, withdrawn]}
                title: {type: string}
                kind: {$ref: '#/components/schemas/AssetKind'}
                licence: {type: string}
                interface: {$ref: '#/components/schemas/CallInterface'}
                seller: {$ref: '#/components/schemas/Address'}
                asset: {$ref: '#/components/schemas/Digest'}
                assetVersion: {$ref: '#/components/schemas/Count'}
                weights: {$ref: '#/components/schemas/Digest'}
                endpoint: {type: string}
                receiptKey: {type: string}
                denomination: {$ref: '#/components/schemas/Denomination'}
                prices:
                  type: object
                  description: By what is counted.
                  additionalProperties: {$ref: '#/components/schemas/Price'}
                verification: {type: string, enum: [receipt, repeatable]}
                bond: {$ref: '#/components/schemas/Amount'}
                version: {$ref: '#/components/schemas/Count'}
                supersedes: {type: [string, 'null']}
                publishedAt: {$ref: '#/components/schemas/Height'}
                expiresAt: {$ref: '#/components/schemas/Time'}
        """#
}
