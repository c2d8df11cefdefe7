import AsyncHTTPClient
import CanonicalCoding
import HTTPTypes
import Hummingbird
import Identity
import MarketTypes
import NIOCore
import OpenAIWire
import SettlementCore

/// Decides whether a request is served: everything up to the moment its voucher counts.
struct CallDoor: Sendable {
    /// The longest voucher in base64; a signed voucher has about 280 bytes.
    private static let voucherTextBytesMax = 1024

    let parts: ProviderParts

    /// Reads a request and admits its voucher; the cheap checks go first.
    ///
    /// - Parameter isHere: whether the buyer still is.
    /// - Throws: ``CallFailure``; nothing was written then, and the sequence number is unused.
    func admit(
        _ request: Request,
        for interface: CallInterface,
        while isHere: () -> Bool
    ) async throws(CallFailure) -> PaidCall {
        let signed = try Self.voucher(request.headers[.voucher])
        guard let service = parts.board.service(signed.document.offer),
            service.offer.interface == interface
        else { throw .voucher(.wrongOffer) }
        let upload = try await enterUpload(signed, service)
        let body = try await body(of: request, for: service)
        let asked: PaidRequest
        do throws(APIFailure) {
            asked = try PaidRequest(body, under: service.offer)
            if !service.upstream.linkedMedia { try asked.checkNoLinks() }
        } catch {
            throw .other(error)
        }
        let voucher: Verified<Voucher>
        do throws(SignatureError) {
            voucher = try signed.verified()
        } catch {
            throw .voucher(.invalidSignature)
        }
        let passes = try await enter(service)
        let admission = try Self.admission(service)
        do throws(CallFailure) {
            let startedAt = parts.now()
            try await admit(voucher, asked, service, now: startedAt, while: isHere)
            return PaidCall(
                voucher,
                asked,
                service: service,
                parts: parts,
                admission: admission,
                passes: passes,
                upload: upload,
                startedAt: startedAt
            )
        } catch {
            service.report(.nothing, admission)
            throw error
        }
    }

    static func voucher(_ text: String?) throws(CallFailure) -> Signed<Voucher> {
        guard let text else {
            throw .other(
                APIFailure(
                    .insufficientFunds,
                    message: "The header stoa-voucher is missing.",
                    hint: "Call through a gateway, which signs a voucher for each call."
                )
            )
        }
        guard text.utf8.count <= voucherTextBytesMax,
            let bytes = Base64.decode(Array(text.utf8)),
            let signed = try? Signed<Voucher>(canonicalBytes: bytes)
        else {
            throw .other(
                APIFailure(
                    .invalidRequest,
                    message: "The header stoa-voucher cannot be read.",
                    param: "stoa-voucher"
                )
            )
        }
        return signed
    }

    private func body(
        of request: Request,
        for service: SoldService
    ) async throws(CallFailure) -> [UInt8] {
        let configuration = parts.configuration
        let bytesMax = min(
            service.uploads == nil ? configuration.requestBytesMax : configuration.uploadBytesMax,
            Int(service.offer.limits.requestBytesMax)
        )
        let buffer: ByteBuffer
        do {
            buffer = try await request.body.collect(upTo: bytesMax)
        } catch is NIOTooManyBytesError {
            throw .other(
                APIFailure(.tooLarge, message: "The body exceeds \(bytesMax) bytes.")
            )
        } catch {
            throw .other(APIFailure(.invalidRequest, message: "The body broke off."))
        }
        return buffer.getBytes(at: buffer.readerIndex, length: buffer.readableBytes) ?? []
    }
}

extension CallDoor {
    /// Lets a large body in: only from whoever has money in a channel here, and few at once.
    ///
    /// - Returns: nil where bodies are small.
    private func enterUpload(
        _ signed: Signed<Voucher>,
        _ service: SoldService
    ) async throws(CallFailure) -> CallPass? {
        guard let uploads = service.uploads else { return nil }
        let voucher: Verified<Voucher>
        do throws(SignatureError) {
            voucher = try signed.verified()
        } catch {
            throw .voucher(.invalidSignature)
        }
        let channel = voucher.document.channel
        if terms(of: channel) == nil {
            guard await parts.directory.ask(channel) != .unavailable else {
                throw .other(Self.unavailable)
            }
        }
        guard let terms = terms(of: channel) else { throw .voucher(.wrongChannel) }
        guard voucher.key == terms.voucherKey else { throw .voucher(.wrongSigner) }
        let timeout = TimeAmount.milliseconds(
            Int64(parts.configuration.queueTimeoutMilliseconds)
        )
        return try Self.pass(
            await uploads.enter(
                waitingAtMost: timeout,
                on: parts.client.eventLoopGroup.any()
            )
        )
    }

    /// Waits for the service's turn and then for the provider's, and not for ever.
    private func enter(_ service: SoldService) async throws(CallFailure) -> (CallPass, CallPass) {
        let timeout = TimeAmount.milliseconds(
            Int64(parts.configuration.queueTimeoutMilliseconds)
        )
        let eventLoop = parts.client.eventLoopGroup.any()
        let own = await service.gate.enter(waitingAtMost: timeout, on: eventLoop)
        let pass = try Self.pass(own)
        let shared = await parts.gate.enter(waitingAtMost: timeout, on: eventLoop)
        return (try Self.pass(shared), pass)
    }

    private static func pass(
        _ entered: Result<CallPass, CallGate.Refusal>
    ) throws(CallFailure) -> CallPass {
        do throws(CallGate.Refusal) {
            return try entered.get()
        } catch {
            throw .other(
                APIFailure(
                    .overloaded,
                    message: error == .queueFull
                        ? "Too many calls wait already." : "The call's turn did not come.",
                    retryAfterSeconds: 1
                )
            )
        }
    }

    private static func admission(
        _ service: SoldService
    ) throws(CallFailure) -> CircuitBreaker.Admission {
        let admission = service.admit()
        if case .refused(let milliseconds) = admission {
            throw .other(
                APIFailure(
                    .overloaded,
                    message: "The model's server is down.",
                    retryAfterSeconds: UInt32(clamping: (milliseconds + 999) / 1000)
                )
            )
        }
        return admission
    }

    /// Admits the voucher; a channel or a deposit that is new to the book is looked up once.
    private func admit(
        _ voucher: Verified<Voucher>,
        _ request: PaidRequest,
        _ service: SoldService,
        now: Timestamp,
        while isHere: () -> Bool
    ) async throws(CallFailure) {
        let offering = VoucherOffering(
            voucher: voucher,
            offer: service.offer,
            request: RequestDigest.of(path: service.offer.interface.path, body: request.body),
            chargeMax: try Self.chargeMax(request, service),
            now: now,
            pass: try await pass(for: voucher.document, request, service)
        )
        // A buyer that left while its turn came asks what became of the voucher, and must not hear
        // that it never came while it is let in.
        guard isHere() else { throw .other(Self.unavailable) }
        switch await parts.desk.admit(offering) {
        case nil: return
        case .book(.unknownChannel):
            switch await parts.directory.ask(voucher.document.channel) {
            case .known: break
            case .unknown: throw .voucher(.wrongChannel)
            case .closed: throw .voucher(.channelClosed)
            case .unavailable: throw .other(Self.unavailable)
            }
        case .book(.settlement(.insufficientDeposit)):
            guard await parts.directory.ask(voucher.document.channel) == .known else {
                throw .voucher(.insufficientDeposit)
            }
        case .book(.unitsUsed): throw parts.passes.unitsUsed(under: service.offer.id)
        case let refusal?: throw Self.failure(refusal)
        }
        guard isHere() else { throw .other(Self.unavailable) }
        if let refusal = await parts.desk.admit(offering) { throw Self.failure(refusal) }
    }

    /// The pass that pays for a call under a plan's included offer; nil under any other offer.
    private func pass(
        for voucher: Voucher,
        _ request: PaidRequest,
        _ service: SoldService
    ) async throws(CallFailure) -> PassCall? {
        guard parts.passes.needsPass(service.offer.id) else { return nil }
        if payer(of: voucher.channel) == nil {
            guard await parts.directory.ask(voucher.channel) != .unavailable else {
                throw .other(Self.unavailable)
            }
        }
        guard let payer = payer(of: voucher.channel) else { throw .voucher(.wrongChannel) }
        return try await parts.passes.call(
            under: service.offer.id,
            by: payer,
            unitsMax: service.unitsMax(request)
        )
    }

    private func payer(of channel: ChannelID) -> AccountID? {
        terms(of: channel)?.payer
    }

    private func terms(of channel: ChannelID) -> ChannelTerms? {
        parts.desk.withBook { $0.accounts[channel]?.channel.terms }
    }

    private static func chargeMax(
        _ request: PaidRequest,
        _ service: SoldService
    ) throws(CallFailure) -> Amount {
        do throws(SettlementRefusal) {
            return try service.offer.prices.charge(for: service.unitsMax(request))
        } catch {
            throw .voucher(error)
        }
    }

    private static func failure(_ refusal: DeskRefusal) -> CallFailure {
        switch refusal {
        case .book(.settlement(let refusal)): .voucher(refusal)
        case .book(.unknownChannel): .voucher(.wrongChannel)
        case .book(.unknownOffer): .voucher(.wrongOffer)
        case .book(.full), .book(.unitsUsed): .other(unavailable)
        case .journal:
            // What failed to be written may be read again at the next start.
            .other(
                APIFailure(
                    .overloaded,
                    message: "The provider cannot write its journal.",
                    hint: "The voucher may be used up; the lane tells (CALL-9).",
                    moneyMoved: nil
                )
            )
        }
    }

    private static var unavailable: APIFailure {
        APIFailure(
            .overloaded,
            message: "The channel cannot be looked up now.",
            retryAfterSeconds: 1
        )
    }
}
