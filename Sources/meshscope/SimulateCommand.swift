public import ArgumentParser
import BluetoothFrames
import CaptureFiles
import FoundationEssentials
import MeshEvidence
public import MeshSimulation
import MeshVerdict

extension Scenario: ExpressibleByArgument {}

/// The containers that a capture can be written as, by the names of the command line.
enum ContainerName: String, ExpressibleByArgument, CaseIterable {
    case pcap
    case pcapBigEndian = "pcap-be"
    case pcapNanoseconds = "pcap-ns"
    case pcapng
    case pcapngBigEndian = "pcapng-be"
    /// Two interfaces that differ in link type.
    case pcapngMixed = "pcapng-mixed"
    case btsnoop
    case packetLogger = "pklg"
    case packetLoggerLittleEndian = "pklg-le"
    case ellisysTrace = "btt"
    case ellisysText = "bttrp"
    case hcidump

    /// The link types whose frames it can hold.
    var linkTypes: [LinkType] {
        switch self {
        case .pcap, .pcapBigEndian, .pcapNanoseconds, .pcapng, .pcapngBigEndian, .pcapngMixed:
            Encapsulation.ofLinkTypes.map(\.linkType).filter { $0.registry == .pcap }
        case .btsnoop: Encapsulation.ofLinkTypes.map(\.linkType).filter { $0.registry == .btsnoop }
        case .ellisysTrace: [.bluetoothLELinkLayerWithHeader, .bluetoothHCIH4WithDirection]
        case .ellisysText: [.bluetoothLELinkLayerWithHeader]
        case .packetLogger, .packetLoggerLittleEndian, .hcidump: [.bluetoothHCIH4WithDirection]
        }
    }

    /// `nil` for what is not written frame by frame in one way.
    var container: CaptureContainer? {
        switch self {
        case .pcap: .pcap(.little, .microseconds)
        case .pcapBigEndian: .pcap(.big, .microseconds)
        case .pcapNanoseconds: .pcap(.little, .nanoseconds)
        case .pcapng: .pcapng(.little, .microseconds)
        case .pcapngBigEndian: .pcapng(.big, .nanoseconds)
        case .btsnoop: .btsnoop
        case .packetLogger: .packetLogger(.big)
        case .packetLoggerLittleEndian: .packetLogger(.little)
        case .ellisysText: .ellisysText
        case .hcidump: .hcidump
        case .pcapngMixed, .ellisysTrace: nil
        }
    }

    /// The one that is taken where none is asked for.
    var usualLinkType: LinkType {
        switch self {
        case .btsnoop: .btsnoopMonitor
        default: linkTypes.contains(.bluetoothLELinkLayerWithHeader) ? .bluetoothLELinkLayerWithHeader : linkTypes[0]
        }
    }
}

struct SimulateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Writes a capture of a simulated mesh, its keys and its truth.",
        discussion: """
            Beside FILE come STEM.keys.json and STEM.truth.json, where STEM is FILE without its ending. A FILE that ends in \
            .gz is compressed.

            Scenarios: \(Scenario.allCases.map(\.rawValue).joined(separator: ", ")); and benchmark, a large capture of \
            --frames frames.

            Examples:
              meshscope simulate steady --seed 1 -o steady.pcap
              meshscope simulate host-log --seed 7 --container btsnoop --link-type 2001 -o host.btsnoop
            """)

    @Argument(
        help: "The scenario's name, or benchmark.",
        completion: .list(Scenario.allCases.map(\.rawValue) + ["benchmark"]))
    var scenario: String

    @Option(help: "The same seed gives the same capture.")
    var seed: UInt64 = 1

    @Option(
        name: .shortAndLong, help: ArgumentHelp("Where the capture goes.", valueName: "file"), completion: .file())
    var output: String

    @Option(help: "The container: \(ContainerName.allCases.map(\.rawValue).joined(separator: ", ")).")
    var container: ContainerName = .pcap

    @Option(help: "What the frames are: \(Encapsulation.supported). Usually 256, or 2001 in a btsnoop.")
    var linkType: UInt32?

    @Option(help: "The version of the nRF Sniffer's header, for link type 272.")
    var nordicVersion: UInt8 = 3

    @Option(help: "How many frames the benchmark has.")
    var frames: Int = 1_000_000

    @Flag(help: "Replace the keys of another capture of this name.")
    var force = false

    func validate() throws {
        guard scenario == "benchmark" || Scenario(rawValue: scenario) != nil else {
            throw ValidationError("There is no scenario '\(scenario)'.")
        }
        guard container.linkTypes.contains(type) else {
            throw ValidationError(
                "\(container.rawValue) cannot be written with \(type); \(LinkType.list(container.linkTypes)) can.")
        }
        guard scenario != "benchmark" || container != .pcapngMixed else {
            throw ValidationError("The benchmark has frames of one link type; \(container.rawValue) has several.")
        }
        guard output != "-", frames > 0 else { throw ValidationError("A capture goes into a file, and has frames.") }
        guard (0...3).contains(nordicVersion) else {
            throw ValidationError("The nRF Sniffer's header versions are 0 to 3.")
        }
    }

    func run() throws {
        guard let scenario = Scenario(rawValue: scenario) else {
            try writeBenchmark()
            return
        }
        let capture = SimulatedCapture(scenario, seed: seed)
        try keepKeys(capture.keyFile)
        let octets = write(capture)
        try OutputFile.write(Data(output.hasSuffix(".gz") ? Gzip.compress(octets) : octets), to: output)
        try OutputFile.write(capture.keyFile, to: CaptureName.stem(output) + ".keys.json")
        try OutputFile.write(try capture.truth.json(), to: CaptureName.stem(output) + ".truth.json")
    }

    private var type: LinkType {
        let usual = container.usualLinkType
        return linkType.map { LinkType(usual.registry, $0) } ?? usual
    }

    private func write(_ capture: SimulatedCapture) -> [UInt8] {
        if let container = container.container { return capture.write(container, framing, linkType: type) }
        guard container == .ellisysTrace else {
            return capture.writeMixed(
                .little, [.bluetoothLELinkLayerWithHeader, .nordicBLE, .bluetoothHCIH4WithDirection])
        }
        return capture.writeEllisysTrace(framing)
    }

    private var framing: LinkFraming { LinkFraming(type, nordicVersion: nordicVersion) }

    /// A key file of somebody's own is nothing to write over.
    private func keepKeys(_ keyFile: String) throws {
        let path = CaptureName.stem(output) + ".keys.json"
        guard !force, let held = try? Data(contentsOf: URL(filePath: path)), held != Data(keyFile.utf8) else { return }
        throw Terminal.fail("\(path): holds other keys; --force replaces them and the capture")
    }

    /// Piece by piece, since it may be larger than memory; the name appears when it is whole.
    private func writeBenchmark() throws {
        let benchmark = BenchmarkCapture(frames: frames, seed: seed)
        let key =
            "{ \"networks\": [ { \"netkeys\": [ { \"key\": \"\(KeysCommand.digits(benchmark.netKey))\" } ] } ] }\n"
        try keepKeys(key)
        try OutputFile.write(
            pieces: { sink in
                guard let container = container.container else { return try sink(benchmark.writeEllisysTrace(framing)) }
                try benchmark.write(container, framing, linkType: type, sink)
            }, to: output)
        try OutputFile.write(key, to: CaptureName.stem(output) + ".keys.json")
    }
}

/// What belongs together has one stem: `x.pcap`, `x.pcapng.gz`, `x.keys.json`.
enum CaptureName {
    /// The last part of a path.
    static func file(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    /// The path without its ending, and without that of a compression before.
    static func stem(_ path: String) -> String {
        let compressed = Compression.allCases.first { path.hasSuffix($0.ending) }?.ending ?? ""
        let plain = String(path.dropLast(compressed.count))
        let name = plain.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return plain }
        return String(plain.dropLast(name.distance(from: dot, to: name.endIndex)))
    }
}
