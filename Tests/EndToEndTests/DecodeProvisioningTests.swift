import CaptureFiles
import Foundation
import MeshEvidence
import MeshProtocol
import MeshSimulation
import MeshTestSupport
import MeshVerdict
import TestSupport
import Testing

/// Captures begin anywhere, also in the middle of a provisioning.
@Suite struct DecodeProvisioningTests {
    /// The frames of a capture from a frame on, of which it is the first.
    private func suffix(of path: String, from first: Int) throws -> [UInt8] {
        var file = try CaptureFile(path: path)
        var writer: CaptureWriter?
        while let frame = try file.nextFrame() {
            guard frame.number >= first else { continue }
            var open = writer ?? CaptureWriter(.pcap(.little, .microseconds), linkTypes: [frame.linkType])
            open.write((0..<frame.bytes.count).map { frame.bytes[$0] }, at: frame.time)
            writer = open
        }
        return writer?.removeOctets() ?? []
    }

    /// The frames that complete a Provisioning PDU when they come first.
    private func completing(_ path: String) throws -> [Int] {
        var frames: [Int] = []
        _ = try Analyzer(keys: KeyRing()).analyze(
            [path],
            receive: { observation, _ in
                guard case .unauthenticated(.provisioning(let said)) = observation.statement,
                    case .pdu = said.event
                else { return }
                frames.append(observation.origin.frame.number)
            })
        return frames
    }

    /// What `decode` lists of provisioning in the capture from a frame on.
    private func decode(_ octets: [UInt8], _ options: String...) throws -> [Substring] {
        let folder = try TestFolder()
        let path = try folder.write(octets, "capture")
        let result = try Program.run(Program.meshscope, ["decode", path] + options)
        #expect((0...1).contains(result.status), "\(result.status) \(result.error)")
        return result.output.split(separator: "\n").filter { $0.contains("  provisioning  ") }
    }

    @Test func aCaptureMayBeginWithAnyProvisioningPDU() throws {
        let path = Checkout.captures.appending(path: "provisioning.pcap").path
        let frames = try completing(path)
        let all = try decode(try suffix(of: path, from: 1))
        #expect(frames.count >= 10 && all.count == frames.count)
        var whole = 0
        for (place, first) in frames.enumerated() {
            let lines = try decode(try suffix(of: path, from: first))
            // A PDU in several segments is not whole without the first of them, unless it is sent again.
            #expect((all.count - place - 1...all.count - place).contains(lines.count), "from frame \(first)")
            if lines.first?.contains("  1       adv heard") == true { whole += 1 }
        }
        #expect(whole >= 4, "Invite, Start, Complete and the like are whole in one frame")
    }

    @Test(
        .enabled(if: Checkout.hasShared, "../shared is not there"), arguments: [13, 16, 24, 32, 33, 162])
    func theProvisioningCaptureOfOthersMayBeginThere(first: Int) throws {
        let path = Checkout.shared.path + "/captures/whad/btmesh_provisionning.pcap"
        let lines = try decode(try suffix(of: path, from: first), "--netkey", "99d89627bc96d8e49c62cf0ad76624ca")
        #expect(!lines.isEmpty && lines.count <= 11)
    }

    /// PB-GATT: a message of the Proxy protocol, type 3, whole, with an Invite; and the Capabilities that answer it.
    @Test(arguments: [LinkType.bluetoothLELinkLayer, .bluetoothHCIH4WithDirection, .btsnoopMonitor])
    func aCaptureMayBeginWithAnInviteOverGATT(linkType: LinkType) throws {
        func frame(_ seconds: Int64, _ data: [UInt8], _ direction: SimulatedFrame.ProxyDirection) -> SimulatedFrame {
            SimulatedFrame(
                time: CaptureTime(seconds: 1_780_272_000 + seconds), channel: 37, address: 0, data: data,
                direction: direction == .toServer ? .sent : .heard, isDamaged: false, type: 0, proxy: direction)
        }
        let invite = frame(0, [0x03, 0x00, 0x05], .toServer)
        let capabilities = frame(1, [0x03, 0x01, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], .toClient)
        let container = linkType == .btsnoopMonitor ? CaptureContainer.btsnoop : .pcap(.little, .microseconds)
        #expect(try decode(write([invite, capabilities], linkType, container)).count == 2)
        #expect(try decode(write([invite], linkType, container)).count == 1)
        #expect(try decode(write([capabilities], linkType, container)).isEmpty, "nothing was begun")
    }
}
