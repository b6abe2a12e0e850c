import BluetoothFrames
import CaptureFiles
import MeshEvidence
import MeshProtocol
import MeshSimulation
import MeshTestSupport
import MeshTimelines
import MeshVerdict
import Testing

/// Who is named with a replayed beacon: the sender that its own frame names, and nobody else.
@Suite struct BeaconAdvertiserTests {
    private static let device: UInt64 = 0xC0_0000_0000_07

    private func beacon(_ state: IVState) -> [UInt8] {
        SecureNetworkBeacon.seal(NetworkBeaconStatement(state: state, isKeyRefresh: false), with: scriptKeys)
    }

    private func time(_ seconds: Int64) -> CaptureTime { CaptureTime(seconds: 1_780_272_000 + seconds) }

    /// The network's state from a device, and its older state long after, in frames of link type 251.
    private func fact(_ replay: [[UInt8]]) throws -> Fact {
        let type = LinkType.bluetoothLELinkLayer
        var framing = LinkFraming(type)
        var writer = CaptureWriter(.pcap(.little, .microseconds), linkTypes: [type])
        for wrapped in framing.wrap(heard(AD.structure(0x2B, beacon(normal(9))))) {
            writer.write(wrapped.octets, at: time(0))
        }
        for octets in replay { writer.write(octets, at: time(700)) }
        let findings = try analyse(writer.removeOctets(), scriptRing).findings.filter { $0.severity != .info }
        #expect(findings.count == 1 && findings.first?.frames.map(\.number) == [1 + replay.count])
        return try #require(findings.first).fact
    }

    private func heard(_ data: [UInt8], proxy: SimulatedFrame.ProxyDirection? = nil) -> SimulatedFrame {
        SimulatedFrame(
            time: time(0), channel: 37, address: Self.device, data: data, direction: .heard, isDamaged: false, type: 2,
            proxy: proxy)
    }

    private func replayed(by advertiser: DeviceAddress?) -> Fact {
        .beaconReplayed(normal(8), network: normal(9), advertiser: advertiser)
    }

    @Test func theDeviceOfTheFrameIsNamed() throws {
        var framing = LinkFraming(.bluetoothLELinkLayer)
        let frames = framing.wrap(heard(AD.structure(0x2B, beacon(normal(8)))))
        #expect(try fact(frames.map(\.octets)) == replayed(by: DeviceAddress(Self.device)))
    }

    /// An auxiliary PDU whose extended header has no AdvA: its flags, none set, and the data.
    @Test func anExtendedAdvertisementWithoutAnAddressNamesNobody() throws {
        let payload = [0x01, 0x00] + AD.structure(0x2B, beacon(normal(8)))
        let pdu = [0x07, UInt8(payload.count)] + payload
        let crc = CRC24.compute(pdu)
        let frame = [0xD6, 0xBE, 0x89, 0x8E] + pdu + (0..<3).map { UInt8(truncatingIfNeeded: crc >> UInt32(8 * $0)) }
        #expect(try fact([frame]) == replayed(by: nil))
    }

    @Test func aGATTConnectionNamesNobody() throws {
        var framing = LinkFraming(.bluetoothLELinkLayer)
        let message = [ProxyPDU.MessageType.meshBeacon.rawValue] + beacon(normal(8))
        let frames = framing.wrap(heard(message, proxy: .toClient))
        #expect(frames.count > 1, "the connection begins in the capture, and the value comes in pieces")
        #expect(try fact(frames.map(\.octets)) == replayed(by: nil))
    }
}
