/// Where users, keys, limits and the audit log are kept.
public enum AccessStoreFormat {
    /// The number of the tables' form; another one is not opened.
    public static let number = 3
}
