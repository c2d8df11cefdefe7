import HTTPTypes
import Hummingbird
import Identity
import MarketTypes
import NIOCore
import OpenAIWire
import SettlementCore

/// What an upstream must answer a request with.
enum AnswerForm: Hashable, Sendable {
    /// A JSON object that tells the tokens it took.
    case usage
    /// Any JSON.
    case json
    case jsonObject
    /// A JSON object with a list of images.
    case images
    /// Bytes that say they are audio.
    case audio
    /// UTF-8.
    case text
}

/// Answers in one piece: the upstream's, or the reason why there is none (CALL-5, CALL-7).
enum WholeAnswer {
    /// What an upstream's complete answer comes to.
    enum Judgement: Hashable, Sendable {
        /// It is what was bought.
        case delivered(Delivery)
        /// It is not, and this is what the buyer is told.
        case failed(APIFailure, SoldService.Verdict)
    }

    /// An answer that is what was bought.
    struct Delivery: Hashable, Sendable {
        /// What the upstream says it used.
        var usage: TokenUsage?
        /// How many units `call` it is.
        var calls: UInt64 = 1
        /// What it is told to be.
        var type = "application/json"
    }

    /// Decides what an answer is worth.
    static func judge(
        status: UInt,
        type: String,
        body: [UInt8],
        _ request: PaidRequest,
        meter: CallMeter
    ) -> Judgement {
        guard (200..<300).contains(status) else { return refused(status, body) }
        let delivery: Delivery?
        switch request.answer {
        case .usage: return judge(body, meter)
        case .json: delivery = (try? JSONKind.checking(body)) == nil ? nil : Delivery()
        case .jsonObject:
            delivery = (try? JSONObject(body, limits: answerLimits)) == nil ? nil : Delivery()
        case .images:
            // One that says it is done and has no image is worth nothing.
            delivery = ImagesRequest.count(inAnswer: body).flatMap { count in
                count == 0 ? nil : Delivery(calls: count)
            }
        case .audio:
            let audio = PlainMediaType.audio(type)
            delivery = body.isEmpty ? nil : audio.map { Delivery(type: $0) }
        case .text:
            let isText = String(validating: body, as: UTF8.self) != nil
            delivery = isText ? Delivery(type: "text/plain; charset=utf-8") : nil
        }
        return delivery.map { .delivered($0) } ?? .failed(unreadable, .fails)
    }

    /// Decides about an answer that tells how many tokens it took.
    private static func judge(_ body: [UInt8], _ meter: CallMeter) -> Judgement {
        guard let answer = try? JSONObject(body, limits: answerLimits) else {
            return .failed(unreadable, .fails)
        }
        let usage = TokenUsage(in: answer)
        var counted = meter
        counted.note(usage)
        guard counted.hasUsage else {
            return .failed(
                APIFailure(.upstreamFailed, message: "The upstream reported no usage."),
                .fails
            )
        }
        return .delivered(Delivery(usage: usage))
    }

    private static let unreadable = APIFailure(
        .upstreamFailed,
        message: "The model's server sent an answer that cannot be read."
    )

    /// Answers nest deeper and have more members than requests need to.
    private static let answerLimits = JSONLimits(depthMax: 128, membersMax: 1024)

    /// An upstream that refuses a request is sound; one that breaks on it is not.
    private static func refused(_ status: UInt, _ body: [UInt8]) -> Judgement {
        switch status {
        case 400, 422:
            return .failed(APIFailure(.invalidRequest, message: message(body)), .works)
        case 413:
            return .failed(APIFailure(.tooLarge, message: message(body)), .works)
        case 429:
            return .failed(
                APIFailure(
                    .overloaded,
                    message: "The model's server is busy.",
                    retryAfterSeconds: 1
                ),
                .nothing
            )
        case 503:
            return .failed(
                APIFailure(
                    .overloaded,
                    message: "The model's server is not ready.",
                    retryAfterSeconds: 1
                ),
                .fails
            )
        case 504:
            return .failed(
                APIFailure(.timeout, message: "The model's server did not answer in time."),
                .fails
            )
        default:
            return .failed(
                APIFailure(
                    .upstreamFailed,
                    message: "The model's server failed with status \(status)."
                ),
                .fails
            )
        }
    }

    /// The longest message of an upstream that is passed on, in characters.
    private static let messageCharactersMax = 500

    private static func message(_ body: [UInt8]) -> String {
        let error = try? JSONObject(body).object("error")
        let text = (try? error?.string("message")).flatMap { $0 }
        guard let text, !text.isEmpty else { return "The model's server refuses the request." }
        return String(text.prefix(messageCharactersMax))
    }

    /// What the buyer is told when there was no answer at all.
    static func failure(_ failure: UpstreamFailure) -> APIFailure {
        switch failure {
        case .unreachable:
            APIFailure(.upstreamFailed, message: "The model's server cannot be reached.")
        case .cancelled:
            APIFailure(.overloaded, message: "The provider is shutting down.")
        case .timedOut:
            APIFailure(.timeout, message: "The model's server did not answer in time.")
        case .tooLarge:
            APIFailure(.upstreamFailed, message: "The model's answer is too large.")
        }
    }
}
