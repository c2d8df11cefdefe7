import MarketTypes

extension Ledger {
    /// Moves `amount` from the sender to another account (LED-10).
    mutating func transfer(
        _ amount: Amount,
        _ denomination: Denomination,
        to recipient: AccountID,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        guard !amount.isZero else { throw .accounts(.zeroAmount) }
        try state.debit(origin.sender, amount, denomination)
        try state.credit(recipient, amount, denomination)
        return [
            .transferred(
                AccountTransferred(
                    from: origin.sender,
                    to: recipient,
                    denomination: denomination,
                    amount: amount
                )
            )
        ]
    }
}

extension StagedState {
    /// The entry of an account, used or not.
    func account(_ account: AccountID) -> Account {
        read(Account.self, .account(account)) ?? .unused
    }

    func balance(_ account: AccountID, _ denomination: Denomination) -> Amount {
        switch denomination {
        case .native: self.account(account).balance
        case .issued(let unit):
            read(StoredAmount.self, .issuedBalance(account, unit))?.amount ?? .zero
        }
    }

    /// Takes money out of an account.
    mutating func debit(
        _ account: AccountID,
        _ amount: Amount,
        _ denomination: Denomination
    ) throws(Refusal) {
        let balance = balance(account, denomination)
        guard amount <= balance else { throw .accounts(.insufficientBalance) }
        let rest = Amount(obol: balance.obol - amount.obol)
        setBalance(of: account, denomination, from: balance, to: rest)
        take(amount, denomination)
        session?.note(amount, denomination, from: account)
    }

    /// Puts money into an account.
    mutating func credit(
        _ account: AccountID,
        _ amount: Amount,
        _ denomination: Denomination
    ) throws(Refusal) {
        guard !amount.isZero else { return }
        let balance = balance(account, denomination)
        let (sum, overflow) = balance.obol.addingReportingOverflow(amount.obol)
        guard !overflow else { throw .accounts(.balanceOverflow) }
        setBalance(of: account, denomination, from: balance, to: Amount(obol: sum))
        put(amount, denomination)
    }

    /// Puts a fee, or what nobody else is due, into the pool.
    mutating func payIntoFeePool(_ amount: Amount) {
        guard !amount.isZero else { return }
        let pool = read(StoredAmount.self, .feePool)?.amount ?? .zero
        // Cannot overflow: genesis bounds the supply far below 128 bits.
        write(StoredAmount(Amount(obol: pool.obol + amount.obol)), .feePool)
        put(amount, .native)
    }

    private mutating func setBalance(
        of account: AccountID,
        _ denomination: Denomination,
        from before: Amount,
        to balance: Amount
    ) {
        switch denomination {
        case .native:
            var entry = self.account(account)
            entry.balance = balance
            write(entry, .account(account))
        case .issued(let unit):
            shareBalanceChanges(of: account, unit, from: before, to: balance)
            write(
                balance.isZero ? nil : StoredAmount(balance),
                .issuedBalance(account, unit)
            )
        }
    }
}
