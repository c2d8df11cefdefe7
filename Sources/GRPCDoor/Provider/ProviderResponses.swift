import FoundationEssentials
import MarketTypes
import OpenAIWire
import ProtobufWire
import SettlementCore

/// Bytes that stand in a JSON document in base64.
private func bytes(base64 text: String) -> [UInt8]? { Base64.decode(Array(text.utf8)) }

/// The offers, read from the provider's JSON (CALL-12).
struct OffersResponse: WireResponse {
    private struct Document: Decodable {
        struct Offer: Decodable {
            let id, model, interface, offer: String
        }

        let data: [Offer]
    }

    private struct Offer: Sendable {
        let id: [UInt8]
        let model: String
        let interface: CallInterface
        let offer: [UInt8]
    }

    private let offers: [Offer]

    /// Reads the provider's answer; nil if it is none.
    init?(json: [UInt8]) {
        guard let document = try? JSONDecoder().decode(Document.self, from: Data(json)) else {
            return nil
        }
        var offers: [Offer] = []
        for entry in document.data {
            guard let id = Digest(hex: entry.id), let offer = bytes(base64: entry.offer),
                let interface = CallInterface.allCases.first(where: { $0.name == entry.interface })
            else { return nil }
            // What cannot be called here is not offered here.
            guard CallInterface.overGRPC.contains(interface) else { continue }
            offers.append(
                Offer(id: id.bytes, model: entry.model, interface: interface, offer: offer)
            )
        }
        self.offers = offers
    }

    func write(into writer: inout ProtobufWriter) {
        for offer in offers {
            writer.write(message: 1) { writer in
                writer.write(offer.id, field: 1)
                writer.write(offer.model, field: 2)
                writer.write(UInt64(offer.interface.rawValue), field: 3)
                writer.write(offer.offer, field: 4)
            }
        }
    }
}

/// An answer in one piece.
struct CallResponse: WireResponse {
    let body: [UInt8]
    let receipt: [UInt8]

    func write(into writer: inout ProtobufWriter) {
        writer.write(body, field: 1)
        writer.write(receipt, field: 2)
    }
}

/// A part of an answer.
enum CallEvent: WireResponse {
    case head(isStreamed: Bool)
    case chunk([UInt8])
    case receipt([UInt8])

    func write(into writer: inout ProtobufWriter) {
        switch self {
        case .head(let isStreamed):
            writer.write(message: 1) { $0.write(isStreamed, field: 1) }
        case .chunk(let data): writer.write(always: data, field: 2)
        case .receipt(let receipt): writer.write(always: receipt, field: 3)
        }
    }
}

/// How a lane stands, read from the provider's JSON (CALL-9).
struct LaneResponse: WireResponse {
    private struct Document: Decodable {
        let channel: String
        let lane: UInt16
        let sequence: UInt64
        let open: UInt64?
        let voucher, receipt: String?
    }

    private let document: Document
    private let channel: [UInt8]
    private let voucher, receipt: [UInt8]?

    /// Reads the provider's answer; nil if it is none.
    init?(json: [UInt8]) {
        guard let document = try? JSONDecoder().decode(Document.self, from: Data(json)),
            let channel = Digest(hex: document.channel)
        else { return nil }
        self.document = document
        self.channel = channel.bytes
        voucher = document.voucher.flatMap { bytes(base64: $0) }
        receipt = document.receipt.flatMap { bytes(base64: $0) }
        // What is there must be readable: an empty answer would say that there is none.
        guard (voucher == nil) == (document.voucher == nil),
            (receipt == nil) == (document.receipt == nil)
        else { return nil }
    }

    func write(into writer: inout ProtobufWriter) {
        writer.write(channel, field: 1)
        writer.write(UInt64(document.lane), field: 2)
        writer.write(document.sequence, field: 3)
        writer.write(document.open ?? 0, field: 4)
        writer.write(optional: voucher, field: 5)
        writer.write(optional: receipt, field: 6)
    }
}
