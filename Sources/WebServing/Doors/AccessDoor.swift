public import AccessStore
public import Hummingbird
public import MarketTypes
public import Telemetry

/// Everything that stands between a request and whoever answers it.
public struct AccessDoor: Sendable {
    /// Who may do what.
    public let database: AccessDatabase
    /// Limits that hold over all gateways of one store.
    public let limits: any LimitStore
    /// How this door stands in the world.
    public let configuration: DoorConfiguration
    /// Lets people in.
    public let passkeys: PasskeyDoor
    let issuer: TokenIssuer
    /// What the operator sees.
    public let telemetry: ServiceTelemetry
    /// How fast each address may ask; what passes no middleware must be counted too.
    public let addressRate: AddressRate
    private let rates: LeasedRates
    let now: @Sendable () -> Timestamp

    /// Creates a door.
    public init(
        _ database: AccessDatabase,
        limits: any LimitStore,
        issuer: TokenIssuer,
        configuration: DoorConfiguration,
        telemetry: ServiceTelemetry = .off("market"),
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.database = database
        self.limits = limits
        self.issuer = issuer
        self.configuration = configuration
        self.telemetry = telemetry
        self.now = now
        rates = LeasedRates(limits)
        addressRate = AddressRate(
            rates,
            policy: configuration.addressRate,
            trustsForwarded: configuration.trustsForwarded,
            now: now
        )
        passkeys = PasskeyDoor(database, party: configuration.party)
    }

    /// Adds what every request passes, in the order in which it passes it.
    ///
    /// Routes that are added afterwards have `context.caller`, and may ask for a scope.
    public func addMiddleware(to router: Router<WebContext>) {
        router.add(middleware: ObservedMiddleware(telemetry))
        router.add(middleware: PageSafetyMiddleware())
        router.add(middleware: FrameMiddleware(isTLS: configuration.isTLS))
        router.add(middleware: LoadMiddleware(inFlightMax: configuration.inFlightMax))
        router.add(middleware: CrossOriginMiddleware(origins: configuration.allowedOrigins))
        router.add(
            middleware: BodyLimitMiddleware(
                bytesMax: configuration.bodyBytesMax,
                at: configuration.uploadBytesMax
            )
        )
        router.add(middleware: AddressRateMiddleware(addressRate))
        router.add(
            middleware: BodyShareMiddleware(perAddressMax: configuration.bodiesPerAddressMax)
        )
        router.add(
            middleware: AuthenticationMiddleware(
                database,
                issuer: issuer,
                configuration: configuration,
                now: now
            )
        )
        router.add(middleware: KeyWatchMiddleware(database, telemetry: telemetry, now: now))
        router.add(middleware: KeyRateMiddleware(rates, now: now))
    }

    /// Adds the routes of signing in.
    ///
    /// - Parameter pages: shows people what a program asks for; nil for a plain page.
    public func addRoutes(to router: Router<WebContext>, pages: (any ConsentPages)? = nil) {
        PasskeyRoutes(self).addRoutes(to: router)
        TokenRoutes(self, issuer: issuer).addRoutes(to: router)
        ConsentRoutes(self, issuer: issuer, pages: pages).addRoutes(to: router)
    }
}
