/// Why bytes from a connection cannot be answered; the connection ends with an exception.
public enum FrameError: Error, Hashable, Sendable {
    /// A length is not an unsigned LEB128 integer of at most ten bytes.
    case invalidLength
    /// A frame is longer than allowed.
    case tooLong(bytes: UInt64, bytesMax: Int)
    /// The bytes are not the fields of a message.
    case malformed
    /// A message is of no kind that this version knows.
    case unknownRequest
    /// A message is of two kinds at once.
    case severalRequests
}
