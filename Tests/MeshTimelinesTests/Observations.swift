import CaptureFiles
import Foundation
import MeshCrypto
import MeshTimelines
import Testing

@testable import MeshEvidence
@testable import MeshProtocol

/// What was heard, written by hand: observations in the order of hearing, each in a frame of its own.
///
/// Times are seconds after ``start``. Whoever asks for the state gets it from a fold that was checked on the way: see
/// `Scene+Fold`.
struct Scene {
    /// The time of second 0.
    static let start = CaptureTime(seconds: 1_780_272_000)
    /// Keys that no test needs to know; the first is the primary subnet's.
    static let netKeys = [0x7dd7_364c_d842_ad18_c17c_2b82_0c84_c3d6, 0xf7a2_a44f_8e8a_8029_064f_173d_dc1e_2b00, 99]
        .map(NetKey.init(value:))

    let keys: KeyRing
    private(set) var observations: [Observation] = []
    /// In which capture the next frames are.
    var capture = 0
    /// How often the source was heard that only goes on.
    private var others: UInt32 = 0

    /// A network with as many subnets, whose key indexes are 0, 1, ….
    init(subnets: Int = 1) {
        let subnets = Self.netKeys.prefix(subnets).enumerated().map {
            KeyRing.Subnet(keyIndex: KeyIndex(truncating: UInt16($0)), netKey: $1)
        }
        self.init(KeyRing(networks: [.init(subnets: Array(subnets))]))
    }

    init(_ keys: KeyRing) {
        self.keys = keys
    }

    static func time(_ seconds: Double) -> CaptureTime {
        start.advanced(by: .milliseconds(Int64((seconds * 1000).rounded())))
    }

    /// The frame in which the next observation is.
    func nextFrame(_ seconds: Double) -> FrameReference {
        FrameReference(capture: capture, number: observations.count + 1, time: Self.time(seconds))
    }

    /// Any statement.
    mutating func says(_ statement: Observation.Statement, from device: UInt64? = nil, at seconds: Double) {
        let origin = Origin(nextFrame(seconds), advertiser: device.map(DeviceAddress.init))
        observations.append(Observation(statement, from: origin))
    }

    /// A statement of the frame of an earlier one.
    mutating func says(_ statement: Observation.Statement, as earlier: Observation) {
        observations.append(Observation(statement, from: earlier.origin))
    }

    mutating func authentic(
        _ statement: AuthenticStatement, from device: UInt64? = nil, at seconds: Double, network: Int = 0
    ) {
        says(.authentic(NetworkIndex(network), statement), from: device, at: seconds)
    }

    /// A Network PDU that opened. `pdu`: its source; `saying`: its TransportPDU.
    mutating func heard(
        pdu source: UInt16, iv index: UInt32, seq sequence: UInt32, at seconds: Double, to destination: UInt16 = 0xC000,
        saying transport: [UInt8] = Scene.message, ttl: UInt8 = 5, isControl: Bool = false, subnet: Int = 0,
        network: Int = 0, credentials: CredentialKind = .flooding, times: Int = 1
    ) {
        guard let source = UnicastAddress(source) else {
            Issue.record("\(source) is no source")
            return
        }
        let pdu = NetworkPDU(
            position: SequencePosition(IVIndex(index), SequenceNumber(truncating: sequence)), isControl: isControl,
            ttl: ttl, source: source, destination: MeshAddress(destination), transportPDU: transport)
        let opened = OpenedPDU(
            pdu, subnet: SubnetIndex(subnet), key: KeyPlace(subnet), credentials: credentials, heard: times)
        authentic(.networkPDU(opened), at: seconds, network: network)
    }

    /// PDUs of one source, one a second from `seconds` on, the SEQ in a row.
    mutating func heard(
        pdus source: UInt16, iv index: UInt32, seq sequences: Range<UInt32>, from seconds: Double,
        every interval: Double = 1, saying transport: [UInt8] = Scene.message
    ) {
        for (place, sequence) in sequences.enumerated() {
            heard(
                pdu: source, iv: index, seq: sequence, at: seconds + Double(place) * interval, saying: transport)
        }
    }

    /// A beacon that is authentic. `key`: its place among the network's keys, that of its subnet where there is one each.
    mutating func beacon(
        _ state: IVState, from device: UInt64? = nil, at seconds: Double, subnet: Int = 0, key: Int? = nil,
        isKeyRefresh: Bool = false, evidence: IVEvidence = .secureNetworkBeacon, network: Int = 0
    ) {
        let statement = NetworkBeaconStatement(state: state, isKeyRefresh: isKeyRefresh)
        let beacon = AuthenticBeacon(
            statement, evidence, subnet: SubnetIndex(subnet), key: KeyPlace(key ?? subnet))
        authentic(.beacon(beacon), from: device, at: seconds, network: network)
    }

    /// A capture that was read up to here.
    mutating func ends(at seconds: Double) {
        var summary = CaptureSummary(path: "capture \(capture)", format: .pcap, index: capture)
        summary.count(Self.time(0))
        summary.count(Self.time(seconds))
        says(.capture(.read(summary)), at: seconds)
    }

    /// Another source is heard at last, and the capture ends: the time of an answer is that of what is authentic.
    mutating func goesOn(until seconds: Double, iv index: UInt32 = 9) {
        others += 1
        heard(pdu: 0x7000, iv: index, seq: others, at: seconds)
        ends(at: seconds)
    }

    /// Source 1 on both sides of a subnet bridge, with a lower TTL behind it; source 2 behind it only.
    static var bridged: Scene {
        var scene = Scene(subnets: 2)
        scene.beacon(.normal(5), at: 0)
        for sequence in UInt32(0)..<5 {
            scene.heard(pdu: 1, iv: 5, seq: sequence, at: Double(sequence), ttl: 5, subnet: 0)
            scene.heard(pdu: 1, iv: 5, seq: sequence, at: Double(sequence) + 0.05, ttl: 4, subnet: 1)
            scene.heard(pdu: 2, iv: 5, seq: sequence, at: Double(sequence) + 0.5, ttl: 4, subnet: 1)
        }
        return scene
    }

    /// An unsegmented access message under an application key.
    static let message: [UInt8] = [0x41, 1, 2, 3, 4, 5, 6]
    /// The same under a device key.
    static let deviceMessage: [UInt8] = [0x00, 1, 2, 3, 4, 5, 6]
}

extension IVState {
    static func normal(_ index: UInt32) -> IVState { .normalOperation(IVIndex(index)) }
    static func updating(_ index: UInt32) -> IVState { .updateInProgress(IVIndex(index)) }
}

extension Double {
    /// In seconds.
    static let hour = 3600.0
}
