/// What a request was refused for, as metrics name it; append-only.
public enum RefusalReason {
    /// The label for an answer's status; nil if that is no refusal.
    public static func label(status: Int) -> String? {
        switch status {
        case 401: "key"
        case 402: "payment"
        case 403: "scope"
        case 429: "rate"
        default: nil
        }
    }
}
