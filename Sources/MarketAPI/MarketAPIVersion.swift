/// The version of the REST interface that stands in its paths.
public enum MarketAPIVersion {
    /// `/api/v1`.
    public static let prefix = "/api/v1"
}
