"""What can be said of a signed transaction and of its fee (LED-3, LED-5, AUT-1, AUT-2)."""

from vectors_market import actors, codec, names, schema
from vectors_market.names import tagged


class Paper:
    """A signed transaction, read."""

    def __init__(self, raw):
        signed = codec.parse("Signed Transaction", raw)
        self.raw, self.body = raw, signed["document"]
        self.sender, self.sequence = self.body["sender"], int(self.body["sequence"])
        self.fee, self.messages = int(self.body["fee"]), self.body["messages"]
        document = codec.document("Transaction", self.body)
        self.digest = tagged("stoa/transaction/1", document)
        self.scheme, self.key = signed["key"]["scheme"], bytes.fromhex(signed["key"]["key"])
        self.signature = bytes.fromhex(signed["signature"]["signature"])
        self.is_written_once = codec.document("Signed Transaction", signed) == raw
        self.signer = names.account(self.scheme, self.key)

    def holds(self):
        return actors.holds(self.scheme, self.key, self.signature, self.digest)

    def tags(self):
        return [schema.CHOICES["Message"][message["case"]][0] for message in self.messages]


def least_fee(state, raw):
    parameters = state.get(0x04)
    return int(parameters["feeMinimum"]) + int(parameters["feePerByte"]) * len(raw)


def signer_of(state, account, height):
    """AUT-1: who signs for an account."""
    authority = state.get(0x91, account)
    if authority is None:
        return account
    rotation = authority["rotation"]
    if rotation and int(rotation["effectiveAt"]) <= height:
        return rotation["next"]
    return authority["current"]


def refusal_of_key(state, paper, height):
    """AUT-1, 2 to 5, without payees; None if the key may sign."""
    signer = signer_of(state, paper.sender, height)
    if paper.signer == signer:
        return None
    session = state.get(0x90, paper.sender, paper.signer)
    if session is None:
        return "wrongSigner"
    grant = session["grant"]
    is_late = height > int(grant["validUntil"])
    if session["isRevoked"] or is_late or session["grantedBy"] != signer:
        return "sessionEnded"
    allowed = bytes.fromhex(grant["scope"]["messages"])
    if not all(tag in allowed for tag in paper.tags()):
        return "outsideSession"
    if paid_by(session, height, paper.fee) is None:
        return "sessionLimit"
    return None


def paid_by(session, height, native):
    """The session's entry after so much native money was spent, or None beyond its limit."""
    grant = session["grant"]
    start, spent = int(session["periodStart"]), [int(amount) for amount in session["spent"]]
    if height >= start + int(grant["periodBlocks"]):
        start, spent = height, [0] * len(spent)
    for place, limit in enumerate(grant["limits"]):
        if limit["denomination"]["case"] == "native":
            spent[place] += native
            if spent[place] > int(limit["amount"]):
                return None
            break
    else:
        return None
    changed = {"periodStart": str(start), "spent": [str(amount) for amount in spent]}
    return session | changed


def after_refusal(state, paper, height):
    """LED-5, LED-6: what a transaction that is refused later changes."""
    account = state.get(0x01, paper.sender)
    paid = {"sequence": str(paper.sequence), "balance": str(int(account["balance"]) - paper.fee)}
    fees = int((state.get(0x03) or {"amount": 0})["amount"]) + paper.fee
    changes = {
        b"\x01" + bytes.fromhex(paper.sender): codec.document("Account", paid),
        b"\x03": codec.document("StoredAmount", {"amount": str(fees)}),
    }
    if paper.signer != signer_of(state, paper.sender, height):
        key = bytes.fromhex("90" + paper.sender + paper.signer)
        session = paid_by(state.get(0x90, paper.sender, paper.signer), height, paper.fee)
        changes[key] = codec.document("Session", session)
    return changes
