import ByteParsing
import CaptureFiles
import Foundation
import MeshCrypto
import MeshProtocol
import TestSupport
import Testing

@testable import MeshAnalysis
@testable import MeshSimulation

let scriptKeys = NetworkKeys(NetKey(value: 0x7dd7_364c_d842_ad18_c17c_2b82_0c84_c3d6))
let hour = 3600.0

/// A capture made by hand: what is said at which second.
struct Script {
    var frames: [(seconds: Double, device: UInt64, data: [UInt8])] = []
    /// The device that sends; of the frames that are added from here on.
    var device: UInt64 = 1

    mutating func add(_ seconds: Double, _ data: [UInt8]) { frames.append((seconds, device, data)) }

    mutating func beacon(_ seconds: Double, _ state: IVState, with keys: NetworkKeys = scriptKeys) {
        let statement = NetworkBeaconStatement(state: state, isKeyRefresh: false)
        add(seconds, AD.structure(0x2B, SecureNetworkBeacon.seal(statement, with: keys)))
    }

    mutating func pdu(
        _ seconds: Double, _ index: UInt32, _ sequence: UInt32, source: UInt16 = 1, ttl: UInt8 = 5,
        destination: UInt16 = 0xC000, transport: [UInt8] = [0, 1, 2, 3, 4, 5, 6, 7, 8],
        with keys: NetworkKeys = scriptKeys
    ) {
        guard let source = UnicastAddress(source) else { return }
        let pdu = NetworkPDU.seal(
            position: .init(IVIndex(index), .init(truncating: sequence)), isControl: false, ttl: ttl, source: source,
            destination: MeshAddress(destination), transportPDU: transport, with: keys.flooding)
        add(seconds, AD.structure(0x2A, pdu.octets))
    }

    func analyse(
        _ ring: KeyRing? = nil, options: AnalysisOptions = .init(), observer: ((Observation) -> Void)? = nil
    ) throws -> Analysis {
        let subnet = KeyRing.Subnet(keyIndex: .primary, netKey: scriptKeys.netKey)
        let ring = ring ?? KeyRing(networks: [.init(subnets: [subnet])])
        return try MeshAnalysisTests.analyse(octets(), ring, options: options, observer: observer)
    }

    mutating func control(
        _ seconds: Double, _ index: UInt32, _ sequence: UInt32, source: UInt16, destination: UInt16,
        _ transport: [UInt8]
    ) {
        guard let source = UnicastAddress(source) else { return }
        let pdu = NetworkPDU.seal(
            position: .init(IVIndex(index), .init(truncating: sequence)), isControl: true, ttl: 5, source: source,
            destination: MeshAddress(destination), transportPDU: transport, with: scriptKeys.flooding)
        add(seconds, AD.structure(0x2A, pdu.octets))
    }

    /// As a capture file.
    func octets() -> [UInt8] {
        let type = LinkType.bluetoothLELinkLayer
        var writer = CaptureWriter(.pcap(.little, .microseconds), linkTypes: [type])
        var framing = LinkFraming(type)
        for (seconds, device, data) in frames {
            let time = CaptureTime(seconds: 1_780_272_000).advanced(by: .milliseconds(Int64(seconds * 1000)))
            let frame = SimulatedFrame(
                time: time, channel: 37, address: device, data: data, direction: .heard, isDamaged: false, type: 2)
            for wrapped in framing.wrap(frame) { writer.write(wrapped.octets, at: time) }
        }
        return writer.takeOctets()
    }
}

/// The key of scripts, as a network.
let scriptRing = KeyRing(networks: [.init(subnets: [.init(keyIndex: .primary, netKey: scriptKeys.netKey)])])

/// A folder that goes away with its owner.
final class TestFolder {
    let url: URL

    init() throws { url = try Checkout.temporaryFolder() }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// The path of a new file.
    func write(_ octets: [UInt8], _ name: String) throws -> String {
        let file = url.appending(path: name)
        try Data(octets).write(to: file)
        return file.path
    }
}

func normal(_ index: UInt32) -> IVState { .normalOperation(IVIndex(index)) }
func updating(_ index: UInt32) -> IVState { .updateInProgress(IVIndex(index)) }

let scriptOtherKeys = NetworkKeys(NetKey(value: 0xf7a2_a44f_8e8a_8029_064f_173d_dc1e_2b00))
