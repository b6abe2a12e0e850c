// swift-tools-version: 6.3
import PackageDescription

/// One set of rules for every target: Swift 6 mode, warnings are errors, imports are internal.
let common: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// Sources also say `unsafe` wherever memory safety rests on us, and bind borrowed bytes to their owner.
let strict = common + [.strictMemorySafety(), .enableExperimentalFeature("Lifetimes")]

func source(
    _ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource]? = nil
) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

func test(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies + ["TestSupport"], swiftSettings: common)
}

/// Targets whose tests take their input through the whole analysis, or make it with the simulation.
let analysis: [Target.Dependency] = [
    "BluetoothFrames", "BoundedCollections", "ByteParsing", "CaptureFiles", "MeshCrypto", "MeshEvidence",
    "MeshProtocol", "MeshSimulation", "MeshStacks", "MeshTimelines", "MeshVerdict",
]

let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")

let package = Package(
    name: "meshscope",
    products: [
        .executable(name: "meshscope", targets: ["meshscope"]),
        // Every target whose types the library shows.
        .library(
            name: "MeshAnalysis",
            targets: [
                "BluetoothFrames", "ByteParsing", "CaptureFiles", "KeyFiles", "MeshCrypto", "MeshEvidence",
                "MeshProtocol", "MeshReports", "MeshStacks", "MeshTimelines", "MeshVerdict",
            ]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-algorithms", from: "1.2.1"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    ],
    targets: [
        .systemLibrary(name: "CPcap", providers: [.apt(["libpcap-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLZMA", pkgConfig: "liblzma", providers: [.apt(["liblzma-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),

        // What a capture holds, and what the specification says of it.
        source("BoundedCollections", [deque]),
        source("ByteParsing"),
        source(
            "CaptureFiles",
            [
                "ByteParsing", "CLZMA", "CPcap", "CZlib", "CZstd",
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        source("BluetoothFrames", ["BoundedCollections", "ByteParsing"]),
        source("MeshCrypto", ["ByteParsing", "COpenSSL"]),
        source("MeshProtocol", ["ByteParsing", "MeshCrypto"]),
        source("KeyFiles", ["ByteParsing", "CaptureFiles", "MeshCrypto", "MeshProtocol"]),
        source("MeshStacks", ["ByteParsing", "MeshCrypto", "MeshProtocol"]),

        // From frames to the report, each knowing only those above it.
        source(
            "MeshEvidence",
            [
                "BluetoothFrames", "BoundedCollections", "ByteParsing", "CaptureFiles", "MeshCrypto", "MeshProtocol",
                deque,
            ]),
        source(
            "MeshTimelines",
            ["BoundedCollections", "CaptureFiles", "MeshEvidence", "MeshProtocol", "MeshStacks"]),
        source(
            "MeshVerdict",
            [
                "CaptureFiles", "MeshCrypto", "MeshEvidence", "MeshProtocol", "MeshStacks", "MeshTimelines",
                .product(name: "Algorithms", package: "swift-algorithms"),
            ]),
        source(
            "MeshReports",
            [
                "ByteParsing", "CaptureFiles", "MeshCrypto", "MeshEvidence", "MeshProtocol",
                "MeshStacks",
                "MeshTimelines", "MeshVerdict",
                .product(name: "Mustache", package: "swift-mustache"),
            ],
            resources: [.embedInCode("Schemas")]),

        // What a process that listens keeps on disk.
        source(
            "MeshStandby",
            [
                "CaptureFiles", "MeshEvidence", "MeshProtocol", "MeshTimelines", "MeshVerdict",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),

        source("MeshSimulation", ["BluetoothFrames", "ByteParsing", "CaptureFiles", "MeshCrypto", "MeshProtocol"]),
        .executableTarget(
            name: "meshscope",
            dependencies: [
                "BluetoothFrames", "ByteParsing", "CaptureFiles", "KeyFiles", "MeshCrypto", "MeshEvidence",
                "MeshProtocol", "MeshReports", "MeshSimulation", "MeshStacks", "MeshStandby", "MeshTimelines",
                "MeshVerdict",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strict),

        // Counts how often a number is too low, for `make calibrate`.
        .executableTarget(
            name: "calibrate",
            dependencies: [
                "CaptureFiles", "MeshCrypto", "MeshProtocol", "MeshReports", "MeshSimulation", "MeshStacks",
                "MeshVerdict",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: common),

        // Writes what costs a reader most, for `make bench-hostile`.
        .executableTarget(
            name: "hostile",
            dependencies: [
                "ByteParsing", "CaptureFiles", "MeshCrypto", "MeshProtocol", "MeshSimulation",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: common),

        // What libFuzzer feeds, and `make fuzz` builds; tests replay its corpus.
        .target(
            name: "FuzzTargets",
            dependencies: analysis + ["KeyFiles", "MeshReports", "MeshTestSupport"], path: "Tests/FuzzTargets",
            swiftSettings: common),
        .executableTarget(name: "fuzz", dependencies: ["FuzzTargets"], swiftSettings: common),

        // What a program of somebody else's would write: it sees what the library product shows, and nothing else.
        .executableTarget(
            name: "RecoverMaster",
            dependencies: ["KeyFiles", "MeshEvidence", "MeshProtocol", "MeshTimelines", "MeshVerdict"],
            path: "Examples/RecoverMaster", swiftSettings: common),

        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: common),
        .target(
            name: "MeshTestSupport", dependencies: analysis + ["TestSupport"], path: "Tests/MeshTestSupport",
            swiftSettings: common),
        test("BoundedCollectionsTests", ["BoundedCollections"]),
        test("ByteParsingTests", ["ByteParsing"]),
        test("CaptureFilesTests", ["BluetoothFrames", "ByteParsing", "CaptureFiles", "MeshSimulation"]),
        test("BluetoothFramesTests", ["BluetoothFrames", "ByteParsing"]),
        test("MeshCryptoTests", ["ByteParsing", "MeshCrypto"]),
        test("MeshProtocolTests", ["ByteParsing", "MeshCrypto", "MeshProtocol"]),
        test("KeyFilesTests", ["KeyFiles", "MeshCrypto", "MeshProtocol"]),
        test("MeshStacksTests", ["ByteParsing", "MeshCrypto", "MeshProtocol", "MeshStacks"]),
        test("MeshEvidenceTests", analysis + ["MeshTestSupport"]),
        test("MeshTimelinesTests", analysis + ["MeshTestSupport"]),
        test("MeshVerdictTests", analysis + ["MeshTestSupport"]),
        test(
            "MeshStandbyTests",
            analysis + [
                "KeyFiles", "MeshReports", "MeshStandby", "MeshTestSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
            ]),
        test(
            "MeshReportsTests",
            [
                "CaptureFiles", "KeyFiles", "MeshCrypto", "MeshEvidence", "MeshProtocol", "MeshReports",
                "MeshSimulation", "MeshStacks", "MeshTimelines", "MeshVerdict",
            ]),
        test(
            "EndToEndTests",
            analysis + [
                "FuzzTargets", "KeyFiles", "MeshReports", "MeshStandby", "MeshTestSupport", "RecoverMaster", "hostile",
                "meshscope",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
    ]
)
