public import Foundation

/// Runs programs, and the command of this package.
public enum Program {
    public struct Outcome: Sendable {
        public let status: Int32
        public let output: String
        public let error: String
    }

    /// The `meshscope` that was built with the tests.
    public static let meshscope: URL = {
        let bundle = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        let beside = bundle.appending(path: "meshscope")
        if FileManager.default.isExecutableFile(atPath: beside.path) { return beside }
        for folder in [".build-test/release", ".build/release", ".build/debug"] {
            let path = Checkout.root.appending(path: folder + "/meshscope")
            if FileManager.default.isExecutableFile(atPath: path.path) { return path }
        }
        return beside
    }()

    /// The path of an installed program.
    public static func find(_ name: String) -> URL? {
        ["/usr/local/bin", "/usr/bin", "/bin"].map { URL(filePath: $0).appending(path: name) }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    }

    public static func run(
        _ program: URL, _ arguments: [String], environment: [String: String] = [:], input: Data? = nil,
        folder: URL? = nil
    ) throws -> Outcome {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        var inherited = ProcessInfo.processInfo.environment
        for name in ["MESHSCOPE_NETKEY", "NO_COLOR"] { inherited[name] = nil }
        // No test depends on today: it is 2026-06-01 for all of them.
        inherited["SOURCE_DATE_EPOCH"] = "1780272060"
        process.environment = inherited.merging(environment) { $1 }
        if let folder { process.currentDirectoryURL = folder }
        let scratch = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: scratch) }
        let files = try ["in", "out", "err"].map { name -> FileHandle in
            let file = scratch.appending(path: name)
            try (name == "in" ? input ?? Data() : Data()).write(to: file)
            return name == "in" ? try FileHandle(forReadingFrom: file) : try FileHandle(forWritingTo: file)
        }
        process.standardInput = files[0]
        process.standardOutput = files[1]
        process.standardError = files[2]
        try process.run()
        process.waitUntilExit()
        func text(_ name: String) throws -> String {
            String(decoding: try Data(contentsOf: scratch.appending(path: name)), as: UTF8.self)
        }
        let status =
            process.terminationReason == .uncaughtSignal ? -process.terminationStatus : process.terminationStatus
        return Outcome(status: status, output: try text("out"), error: try text("err"))
    }

    public static func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Outcome {
        try run(meshscope, arguments, environment: environment)
    }
}
