// swift-tools-version: 6.2
import PackageDescription

// A package of its own: it is built with coverage counters in every target (scripts/fuzz), and its
// targets are those of Tests/FuzzSeedTests.
let package = Package(
    name: "stoa-fuzz",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "stoa", path: ".."),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    ],
    targets: [
        .target(name: "CLibFuzzer"),
        .executableTarget(
            name: "stoa-fuzz",
            dependencies: [
                "CLibFuzzer",
                .product(name: "StoaDecoders", package: "stoa"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: [
                .swiftLanguageMode(.v6),
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
                .treatAllWarnings(as: .error),
            ]
        ),
    ]
)
