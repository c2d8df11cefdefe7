import CanonicalCoding
import Identity
import LedgerCore
import MarketTypes
import OpenAIWire
import SettlementCore

/// One call that was paid: what was counted, what that cost, and who signed it.
struct ReceiptPage: Sendable {
    let purchase: Purchase
    let papers: PurchasePapers?
    let unit: UnitName

    func fill(_ source: PageSource) -> Fill {
        var fill = Fill(["model": purchase.model])
        fill.put("receipt", NameText.fill(purchase.receipt))
        fill.put("seller", NameText.fill(purchase.seller))
        fill.put("charge", unit.fill(purchase.charge))
        fill.put("finished", source.time(purchase.finishedAt))
        fill.put("standing", purchase.isDelivered ? "Delivered" : "Broken off")
        fill.put("tone", purchase.isDelivered ? "good" : "bad")
        fill.put("papers", papers.map { papersFill($0, source) })
        return fill
    }

    private func papersFill(_ papers: PurchasePapers, _ source: PageSource) -> Fill {
        let (receipt, voucher) = (papers.receipt.document, papers.voucher.document)
        var fill = Fill()
        fill.put("checks", papers.fault == nil)
        fill.put("checkFault", papers.fault)
        fill.put("lines", lines(receipt, papers.offer))
        fill.put("total", unit.fill(receipt.charge))
        fill.put("cap", unit.fill(voucher.cap))
        let offer = papers.offer.id
        fill.put("offer", NameText.fill(offer.digest, link: PortalPaths.offer(offer)))
        fill.put("offerProof", PortalPaths.proof(.offer(offer)))
        fill.put("channel", NameText.fill(receipt.channel.digest))
        fill.put("channelProof", PortalPaths.proof(.channel(receipt.channel)))
        fill.put("weights", NameText.fill(receipt.weights))
        fill.put("request", NameText.fill(receipt.request))
        fill.put("response", NameText.fill(receipt.response))
        fill.put("chunks", NumberText.count(receipt.chunks, "piece", "pieces"))
        fill.put("laneText", "\(receipt.lane.rawValue), call \(receipt.sequence)")
        fill.put("started", source.time(receipt.startedAt))
        fill.put("sellerKey", "\(papers.receipt.key)")
        fill.put("buyerKey", "\(papers.voucher.key)")
        fill.put(
            "parameters",
            receipt.parameters.map { Fill(["parameterName": $0.name, "parameterText": $0.value]) }
        )
        fill.put("code", Self.json(purchase, papers))
        return fill
    }

    /// What was counted, at which price, and what each comes to; rounded up line by line, as the
    /// seller must (SET-3).
    private func lines(_ receipt: Receipt, _ offer: Offer) -> [Fill] {
        receipt.units.entries.map { kind, count in
            var fill = Fill(["counted": PriceText.name(kind, offer.interface)])
            fill.put("count", NumberText.grouped(count))
            let price = offer.prices.prices.entries.first { $0.key == kind }?.value
            fill.put(
                "priceText",
                price.map { "\(unit.text($0.amount)) for \(NumberText.grouped($0.perUnits))" }
            )
            let isFree = receipt.status == .failed
            let cost = price.flatMap { try? $0.charge(for: count) }
            fill.put("cost", cost.map { unit.fill(isFree ? .zero : $0) })
            return fill
        }
    }

    /// Everything that a stranger needs to check it, with the bytes that were signed.
    static func json(_ purchase: Purchase, _ papers: PurchasePapers) -> String {
        var writer = JSONWriter(capacityBytes: 2_048)
        writer.object { writer in
            writer.member("object", "receiptPapers")
            writer.member("receipt", "\(purchase.receipt)")
            writer.member("seller", "\(papers.offer.seller)")
            writer.member("model", papers.offer.model)
            writer.member("signedReceipt", Hex.encode(papers.receipt.canonicalBytes))
            writer.member("signedVoucher", Hex.encode(papers.voucher.canonicalBytes))
            writer.member("offer", "\(papers.offer.id.digest)")
            writer.member("offerBytes", Hex.encode(papers.offer.canonicalBytes))
            writer.member("channel", "\(papers.receipt.document.channel.digest)")
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
