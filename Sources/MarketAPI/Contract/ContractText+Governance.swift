extension ContractText {
    /// Proposals, votes and the numbers of the rules.
    static let governance = #"""
        paths:
          /proposals:
            get:
              operationId: listProposals
              tags: [governance]
              summary: Proposals
              x-list: Proposal
              parameters:
                - name: proposer
                  in: query
                  schema: {$ref: '#/components/schemas/Address'}
                - name: status
                  in: query
                  schema: {$ref: '#/components/schemas/ProposalStatus'}
          /proposals/{proposal}:
            get:
              operationId: getProposal
              tags: [governance]
              summary: A proposal with its count
              x-answer: Proposal
              parameters: [{$ref: '#/components/parameters/proposal'}]
          /proposals/{proposal}/ballots:
            get:
              operationId: listBallots
              tags: [governance]
              summary: What accounts said of a proposal
              x-list: Ballot
              parameters: [{$ref: '#/components/parameters/proposal'}]
          /numbers:
            get:
              operationId: listNumbers
              tags: [governance]
              summary: The numbers of the rules that a vote can change, in order of their ids
              x-list: GovernedNumber
        components:
          parameters:
            proposal:
              name: proposal
              in: path
              required: true
              schema: {$ref: '#/components/schemas/Digest'}
          schemas:
            ProposalStatus:
              type: string
              enum: [open, waiting, passed, noQuorum, rejected, vetoed, executed, failed]
            Proposal:
              type: object
              required: [object, id]
              properties:
                object: {const: proposal}
                id: {$ref: '#/components/schemas/Digest'}
                proposer: {$ref: '#/components/schemas/Address'}
                title: {type: string}
                document: {$ref: '#/components/schemas/Digest'}
                link: {type: string}
                action: {$ref: '#/components/schemas/ProposalAction'}
                deposit: {$ref: '#/components/schemas/Amount'}
                opensAt: {$ref: '#/components/schemas/Height'}
                endsAt: {$ref: '#/components/schemas/Height'}
                executesAt: {$ref: '#/components/schemas/Height'}
                status: {$ref: '#/components/schemas/ProposalStatus'}
                failureCode: {type: [integer, 'null'], minimum: 0}
                locked:
                  type: [string, 'null']
                  description: All stake that could vote; null until counted.
                tally: {$ref: '#/components/schemas/Tally'}
                rules: {$ref: '#/components/schemas/ProposalRules'}
            ProposalAction:
              type: object
              properties:
                type: {type: string, enum: [text, numbers, payment]}
                changes:
                  type: array
                  items: {$ref: '#/components/schemas/NumberChange'}
                payment:
                  anyOf:
                    - {$ref: '#/components/schemas/TreasuryPayment'}
                    - {type: 'null'}
            NumberChange:
              type: object
              properties:
                number: {$ref: '#/components/schemas/Count'}
                name: {type: [string, 'null']}
                value: {type: string}
            TreasuryPayment:
              type: object
              properties:
                recipient: {$ref: '#/components/schemas/Address'}
                amount: {$ref: '#/components/schemas/Amount'}
                denomination: {$ref: '#/components/schemas/Denomination'}
            Tally:
              type: object
              properties:
                yes: {$ref: '#/components/schemas/Amount'}
                no: {$ref: '#/components/schemas/Amount'}
                abstain: {$ref: '#/components/schemas/Amount'}
                veto: {$ref: '#/components/schemas/Amount'}
            ProposalRules:
              type: object
              properties:
                quorum: {$ref: '#/components/schemas/Count'}
                votesMin: {$ref: '#/components/schemas/Amount'}
                threshold: {$ref: '#/components/schemas/Count'}
                veto: {$ref: '#/components/schemas/Count'}
            Ballot:
              type: object
              required: [object, id]
              properties:
                object: {const: ballot}
                id: {$ref: '#/components/schemas/Address'}
                choice: {type: [string, 'null'], enum: ['yes', 'no', abstain, veto, null]}
                weight: {$ref: '#/components/schemas/Amount'}
                overridden: {$ref: '#/components/schemas/Amount'}
            GovernedNumber:
              type: object
              required: [object, id]
              properties:
                object: {const: number}
                id: {$ref: '#/components/schemas/Count'}
                name: {type: string}
                value: {type: [string, 'null']}
                standard: {type: string}
                least: {type: string}
                most: {type: string}
        """#
}
