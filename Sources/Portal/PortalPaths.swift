/// The pages that the market shows to people.
public enum PortalPaths {
    /// Where styles, scripts and pictures are.
    public static let assets = "/assets"
}
