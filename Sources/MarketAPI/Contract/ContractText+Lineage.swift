extension ContractText {
    /// Where assets come from, and who earns by them.
    static let lineage = #"""
        paths:
          /assets/{asset}/lineage:
            get:
              operationId: getLineage
              tags: [catalogue]
              summary: Everything that an asset was made from, and what was made from it
              x-answer: Lineage
              parameters: [{$ref: '#/components/parameters/asset'}]
          /assets/{asset}/children:
            get:
              operationId: listChildren
              tags: [catalogue]
              summary: Assets that name this one as a parent
              x-list: Child
              parameters: [{$ref: '#/components/parameters/asset'}]
          /assets/{asset}/income:
            get:
              operationId: listIncome
              tags: [catalogue]
              summary: What an asset has earned, by whose sales
              x-list: Income
              parameters: [{$ref: '#/components/parameters/asset'}]
          /assets/{asset}/holders:
            get:
              operationId: listHolders
              tags: [catalogue]
              summary: Who has shares of an asset's income, or is owed some
              x-list: Holder
              parameters: [{$ref: '#/components/parameters/asset'}]
        components:
          schemas:
            Lineage:
              type: object
              required: [object, id]
              properties:
                object: {const: lineage}
                id: {$ref: '#/components/schemas/Digest'}
                depth: {$ref: '#/components/schemas/Count'}
                edges: {$ref: '#/components/schemas/Count'}
                nodes:
                  type: array
                  description: The asset and its ancestors.
                  items: {$ref: '#/components/schemas/LineageNode'}
                children:
                  type: array
                  description: More at `children` below the asset.
                  maxItems: 64
                  items: {$ref: '#/components/schemas/Digest'}
            LineageNode:
              type: object
              properties:
                asset: {$ref: '#/components/schemas/Digest'}
                depth: {$ref: '#/components/schemas/Count'}
                parents:
                  type: array
                  items: {$ref: '#/components/schemas/LineageEdge'}
            LineageEdge:
              type: object
              properties:
                asset: {$ref: '#/components/schemas/Digest'}
                shareBasisPoints: {type: integer, minimum: 0, maximum: 10000}
            Child:
              type: object
              required: [object, id]
              properties:
                object: {const: child}
                id: {$ref: '#/components/schemas/Digest'}
                parent: {$ref: '#/components/schemas/Digest'}
            Income:
              type: object
              required: [object]
              properties:
                object: {const: income}
                source:
                  description: Whose sales; the asset itself, or what was made from it.
                  $ref: '#/components/schemas/Digest'
                kind: {type: string, enum: [sales, royalty]}
                amount: {$ref: '#/components/schemas/Amount'}
                denomination: {$ref: '#/components/schemas/Denomination'}
            Holder:
              type: object
              required: [object, id]
              properties:
                object: {const: holder}
                id: {$ref: '#/components/schemas/Address'}
                shares: {type: string}
                owed:
                  type: array
                  items: {$ref: '#/components/schemas/Money'}
        """#
}
