import Identity
import LedgerCore
import MarketTypes
import SettlementCore

/// What a buyer sends to a seller.
struct CallRequest {
    let buyer: Int
    let seller: Int
    let voucher: Signed<Voucher>
    let body: [UInt8]
}

/// What a seller sends back.
enum CallAnswer {
    /// The receipt; with the chunks, unless it is sent once more.
    case receipt(Signed<Receipt>, chunks: [[UInt8]]?)
    /// The seller does not serve the voucher.
    case refused(CallName, SettlementRefusal)
}

/// Something that happens at one moment; indirect, so that the queue moves only references.
indirect enum MarketEvent {
    case round(height: UInt64, round: Int)
    case proposal(node: Int, Proposal)
    case vote(height: UInt64, round: Int, voter: Int, name: Digest)
    case decided(node: Int)
    case sync(node: Int)
    case submission(node: Int, bytes: [UInt8], isGossip: Bool)
    case call(CallRequest)
    case answer(buyer: Int, CallAnswer)
    case wake(actor: Int)
    case serviceEnds(seller: Int, Verified<Voucher>)
    case restartNode(Int)
    case restartActor(Int)
    case faults
}
