import CaptureFiles
public import MeshCrypto
public import MeshProtocol
import MeshSimulation
public import MeshVerdict

public let scriptKeys = NetworkKeys(NetKey(value: 0x7dd7_364c_d842_ad18_c17c_2b82_0c84_c3d6))
public let scriptOtherKeys = NetworkKeys(NetKey(value: 0xf7a2_a44f_8e8a_8029_064f_173d_dc1e_2b00))
/// The key of scripts, as a network.
public let scriptRing = KeyRing(networks: [.init(subnets: [.init(keyIndex: .primary, netKey: scriptKeys.netKey)])])
/// Seconds.
public let hour = 3600.0

public func normal(_ index: UInt32) -> IVState { .normalOperation(IVIndex(index)) }
public func updating(_ index: UInt32) -> IVState { .updateInProgress(IVIndex(index)) }

/// A capture made by hand: what is said at which second.
public struct Script {
    public struct Said {
        public var seconds: Double
        public var device: UInt64
        /// AD structures.
        public var data: [UInt8]
    }

    public var frames: [Said] = []
    /// The device that sends; of the frames that are added from here on.
    public var device: UInt64 = 1

    public init() {}

    /// Says an AD structure.
    public mutating func add(_ seconds: Double, _ type: UInt8, _ value: [UInt8]) {
        add(seconds, AD.structure(type, value))
    }

    /// Says AD structures as they are.
    public mutating func add(_ seconds: Double, _ data: [UInt8]) {
        frames.append(Said(seconds: seconds, device: device, data: data))
    }

    public mutating func beacon(_ seconds: Double, _ state: IVState, with keys: NetworkKeys = scriptKeys) {
        let statement = NetworkBeaconStatement(state: state, isKeyRefresh: false)
        add(seconds, 0x2B, SecureNetworkBeacon.seal(statement, with: keys))
    }

    public mutating func pdu(
        _ seconds: Double, _ index: UInt32, _ sequence: UInt32, source: UInt16 = 1, ttl: UInt8 = 5,
        destination: UInt16 = 0xC000, transport: [UInt8] = [0, 1, 2, 3, 4, 5, 6, 7, 8],
        with keys: NetworkKeys = scriptKeys
    ) {
        guard let source = UnicastAddress(source) else { return }
        let pdu = NetworkPDU.seal(
            position: .init(IVIndex(index), .init(truncating: sequence)), isControl: false, ttl: ttl, source: source,
            destination: MeshAddress(destination), transportPDU: transport, with: keys.flooding)
        add(seconds, 0x2A, pdu.octets)
    }

    public mutating func control(
        _ seconds: Double, _ index: UInt32, _ sequence: UInt32, source: UInt16, destination: UInt16,
        _ transport: [UInt8]
    ) {
        guard let source = UnicastAddress(source) else { return }
        let pdu = NetworkPDU.seal(
            position: .init(IVIndex(index), .init(truncating: sequence)), isControl: true, ttl: 5, source: source,
            destination: MeshAddress(destination), transportPDU: transport, with: scriptKeys.flooding)
        add(seconds, 0x2A, pdu.octets)
    }

    public func analyse(
        _ ring: KeyRing = scriptRing, options: AnalysisOptions = AnalysisOptions(), receive: Analyzer.Receiver? = nil
    ) throws -> Analysis {
        try MeshTestSupport.analyse(octets(), ring, options: options, receive: receive)
    }

    /// As a capture file.
    public func octets() -> [UInt8] {
        write(
            frames.map { said in
                let time = CaptureTime(seconds: 1_780_272_000).advanced(by: .milliseconds(Int64(said.seconds * 1000)))
                return SimulatedFrame(
                    time: time, channel: 37, address: said.device, data: said.data, direction: .heard, isDamaged: false,
                    type: 2)
            })
    }
}
