extension ContractText {
    /// Escrowed jobs, disputes and jurors.
    static let jobs = #"""
        paths:
          /escrows:
            get:
              operationId: listEscrows
              tags: [jobs]
              summary: Escrowed jobs; of a party those that have not ended
              x-list: Escrow
              parameters:
                - name: party
                  in: query
                  schema: {$ref: '#/components/schemas/Address'}
                - name: status
                  in: query
                  schema: {$ref: '#/components/schemas/EscrowStatus'}
          /escrows/{escrow}:
            get:
              operationId: getEscrow
              tags: [jobs]
              summary: An escrowed job
              x-answer: Escrow
              parameters:
                - name: escrow
                  in: path
                  required: true
                  schema: {$ref: '#/components/schemas/Digest'}
          /disputes:
            get:
              operationId: listDisputes
              tags: [jobs]
              summary: Disputes
              x-list: Dispute
              parameters:
                - name: phase
                  in: query
                  schema: {$ref: '#/components/schemas/DisputePhase'}
          /disputes/{dispute}:
            get:
              operationId: getDispute
              tags: [jobs]
              summary: A dispute
              x-answer: Dispute
              parameters:
                - name: dispute
                  in: path
                  required: true
                  schema: {$ref: '#/components/schemas/Digest'}
          /jurors:
            get:
              operationId: listJurors
              tags: [jobs]
              summary: Who can be drawn for a jury, all at once
              x-list: Juror
        components:
          schemas:
            EscrowStatus: {type: string, enum: [offered, accepted, delivered, disputed, ended]}
            DisputePhase:
              type: string
              enum: [answering, revealing, voting, opening, decided, ended]
            Escrow:
              type: object
              required: [object, id]
              properties:
                object: {const: escrow}
                id: {$ref: '#/components/schemas/Digest'}
                buyer: {$ref: '#/components/schemas/Address'}
                seller: {$ref: '#/components/schemas/Address'}
                asset: {type: [string, 'null']}
                amount: {$ref: '#/components/schemas/Amount'}
                denomination: {$ref: '#/components/schemas/Denomination'}
                document: {$ref: '#/components/schemas/Digest'}
                acceptBy: {$ref: '#/components/schemas/Height'}
                deliverBy: {$ref: '#/components/schemas/Height'}
                reviewBlocks: {$ref: '#/components/schemas/Count'}
                status: {$ref: '#/components/schemas/EscrowStatus'}
                delivered: {type: [string, 'null'], description: The content's digest.}
                reviewBy: {type: [integer, 'null'], minimum: 0}
                dispute: {type: [string, 'null']}
                outcome: {type: [string, 'null'], enum: [paid, refunded, split, null]}
            Dispute:
              type: object
              required: [object, id]
              properties:
                object: {const: dispute}
                id: {$ref: '#/components/schemas/Digest'}
                escrow:
                  anyOf:
                    - {$ref: '#/components/schemas/Digest'}
                    - {type: 'null'}
                claimChannel:
                  anyOf:
                    - {$ref: '#/components/schemas/Digest'}
                    - {type: 'null'}
                claim:
                  anyOf:
                    - {$ref: '#/components/schemas/Amount'}
                    - {type: 'null'}
                buyer: {$ref: '#/components/schemas/Address'}
                seller: {$ref: '#/components/schemas/Address'}
                opener: {$ref: '#/components/schemas/Address'}
                round: {$ref: '#/components/schemas/Count'}
                phase: {$ref: '#/components/schemas/DisputePhase'}
                until: {$ref: '#/components/schemas/Height'}
                bond: {$ref: '#/components/schemas/Amount'}
                evidence:
                  type: array
                  items: {$ref: '#/components/schemas/Digest'}
                seats:
                  type: array
                  items: {$ref: '#/components/schemas/JurorSeat'}
                verdict: {type: [string, 'null'], enum: [buyer, seller, split, null]}
            JurorSeat:
              type: object
              properties:
                juror: {$ref: '#/components/schemas/Address'}
                voted: {type: boolean}
                vote: {type: [string, 'null'], enum: [buyer, seller, split, null]}
            Juror:
              type: object
              required: [object, id]
              properties:
                object: {const: juror}
                id: {$ref: '#/components/schemas/Address'}
                stake: {$ref: '#/components/schemas/Amount'}
        """#
}
