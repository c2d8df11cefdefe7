import Identity
import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes
import WebServing

extension MarketAPI {
    /// Validators and bonds.
    var stakingHandlers: [String: OperationTable.Handler] {
        [
            "listValidators": { request in
                let set = try await ledger.read(ValidatorTable.self, .validatorSet) ?? .empty
                return try await list(request, under: .validators) { listing in
                    let validator = try Self.decode(Validator.self, listing.value)
                    return validator.apiDocument(AccountID(try listing.name), in: set)
                }
            },
            "getValidator": { request in
                let id = try request.account("address")
                let set = try await ledger.read(ValidatorTable.self, .validatorSet) ?? .empty
                return try await one(Validator.self, .validator(id), "validator") {
                    $0.apiDocument(id, in: set)
                }
            },
            "listBonds": { request in
                try await list(request, under: .allBonds) { listing in
                    let bond = try Self.decode(Bond.self, listing.value)
                    return bond.apiDocument(AccountID(try listing.name))
                }
            },
            "getBond": { request in
                let id = try request.account("address")
                let entry = try await ledger.entry(.bond(id), proven: false)
                let bond = try entry.value.map { try Self.decode(Bond.self, $0) } ?? .none
                return .one(bond.apiDocument(id), at: entry.height)
            },
        ]
    }
}

extension Validator {
    fileprivate func apiDocument(_ id: AccountID, in set: ValidatorTable) -> JSON {
        .object(
            "validator",
            [
                ("id", .account(id)), ("consensusKey", .text("\(consensusKey)")),
                ("consensusAddress", .text(Hex.encode(address.bytes))),
                ("power", .number(set[address])), ("stake", .obol(stake)),
                ("commissionBasisPoints", .number(UInt64(commission.basisPoints))),
                ("commissionBasisPointsMax", .number(UInt64(commission.basisPointsMax))),
                ("jailedUntil", .height(at: jailedUntil)), ("tombstoned", .flag(isTombstoned)),
            ]
        )
    }
}

extension Bond {
    fileprivate func apiDocument(_ id: AccountID) -> JSON {
        .object(
            "bond",
            [
                ("id", .account(id)), ("active", .obol(active)), ("atRisk", .obol(atRisk)),
                (
                    "unbonding",
                    .list(unbonding) { unbonding in
                        .object([
                            ("amount", .obol(unbonding.amount)),
                            ("releasedAt", .height(at: unbonding.releasedAt)),
                        ])
                    }
                ),
            ]
        )
    }
}
