import ByteParsing
import CaptureFiles
import Foundation
import KeyFiles
import MeshEvidence
import MeshProtocol
import MeshReports
import MeshSimulation
import MeshStandby
import MeshTestSupport
import MeshTimelines
import MeshVerdict
import TestSupport
import Testing

private let btmon = Program.find("btmon")

/// What `btmon -E` sends as it reads a file is what the file holds, of its first controller.
@Suite(.enabled(if: btmon != nil, "btmon is not installed"), .serialized)
struct InjectionTests {
    /// Where BlueZ sends to; nothing can change it.
    private static let port: UInt16 = 24352

    /// A UDP socket on the loopback address.
    private final class Receiver {
        private let socket: Int32

        init() throws {
            socket = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
            try #require(socket >= 0)
            // Datagrams that come faster than they are taken wait here.
            var size: Int32 = 64 << 20
            for option in [SO_RCVBUFFORCE, SO_RCVBUF] {
                if setsockopt(socket, SOL_SOCKET, option, &size, socklen_t(MemoryLayout<Int32>.size)) == 0 { break }
            }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = InjectionTests.port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let bound = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            try #require(bound == 0, "UDP port \(InjectionTests.port) is in use")
        }

        deinit { close(socket) }

        /// The next datagram; `nil` where none is there within `milliseconds`.
        func next(within milliseconds: Int32) -> [UInt8]? {
            var waiting = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, milliseconds) > 0 else { return nil }
            var octets = [UInt8](repeating: 0, count: 1 << 16)
            let count = recv(socket, &octets, octets.count, 0)
            return count >= 0 ? Array(octets.prefix(count)) : nil
        }
    }

    /// The datagrams of a file, as a capture of link type 201.
    private func inject(_ path: String) throws -> (octets: [UInt8], count: Int) {
        let receiver = try Receiver()
        let process = Process()
        process.executableURL = btmon
        process.arguments = ["-P", "-r", path, "-E", "127.0.0.1"]
        process.environment = ["TZ": "UTC"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        var writer = CaptureWriter(.pcap(.little, .microseconds), linkTypes: [.bluetoothHCIH4WithDirection])
        var count = 0
        while true {
            // What was sent before the program ended is here when it has.
            let isRunning = process.isRunning
            guard let octets = receiver.next(within: isRunning ? 20 : 0) else {
                if isRunning { continue }
                break
            }
            var reader = ByteReader(octets.span)
            let datagram = try InjectionDatagram(parsing: &reader)
            writer.write(datagram.frame, at: datagram.time)
            count += 1
        }
        process.waitUntilExit()
        return (writer.removeOctets(), count)
    }

    /// The packets of a file's first controller, as a capture of link type 201.
    private func packets(
        _ path: String, _ digits: CaptureContainer.Resolution = .microseconds
    ) throws -> (octets: [UInt8], count: Int) {
        var writer = CaptureWriter(.pcap(.little, digits), linkTypes: [.bluetoothHCIH4WithDirection])
        var file = try CaptureFile(path: path)
        var (first, count): (UInt32?, Int) = (nil, 0)
        while let frame = try file.nextFrame() {
            // Commands, events, ACL data: the monitor's opcodes 2 to 5; notes are of no controller.
            let (adapter, opcode) = (frame.flags >> 16, frame.flags & 0xFFFF)
            if first == nil, adapter != 0xFFFF { first = adapter }
            guard adapter == first, let indicator = [2: UInt8(1), 3: 4, 4: 2, 5: 2][opcode] else { continue }
            let isReceived = opcode == 3 || opcode == 5
            let octets = frame.bytes.indices.map { frame.bytes[$0] }
            writer.write([0, 0, 0, isReceived ? 1 : 0, indicator] + octets, at: frame.time)
            count += 1
        }
        return (writer.removeOctets(), count)
    }

    private func check(_ path: String, _ keys: KeyRing) throws {
        let (sent, count) = try inject(path)
        let (held, all) = try packets(path)
        #expect(count > 50 && count == all, "\(path): datagrams")
        #expect(sent == held, "\(path): every octet and time")
        let (first, second) = (try analyse(sent, keys), try analyse(held, keys))
        #expect(first.networks.contains { $0.opened > 0 })
        #expect(Answer(first) == Answer(second))
    }

    /// `meshscope watch` hears what `btmon` sends.
    @Test(arguments: [Scenario.hostLog, .proxyMaster]) func aListenerHearsThem(scenario: Scenario) throws {
        let folder = try TestFolder()
        let simulated = try Program.run(
            "simulate", scenario.rawValue, "--seed", "6", "--container", "btsnoop", "--link-type", "2001", "-o",
            folder.path("log.btsnoop"))
        #expect(simulated.status == 0, "\(simulated.error)")
        let path = folder.path("log.btsnoop")
        let keys = folder.path("log.keys.json")
        let watch = try WatchProcess(["ellisys:\(Self.port)"], keys: keys, state: folder.path("state"))
        usleep(700_000)
        let sent = try Program.run(
            try #require(btmon), ["-P", "-r", path, "-E", "127.0.0.1"], environment: ["TZ": "UTC"])
        #expect(sent.status == 0)
        usleep(700_000)
        #expect(watch.stop() == 0, "\(watch.said)")
        let (octets, count) = try packets(path, .nanoseconds)
        let whole = try folder.write(octets, "packets.pcap")
        let ring = KeyRing(networks: try KeyFile.read(path: keys))
        let kept = try #require(try StateStore(reading: folder.path("state")).read(ring))
        let heard = try Analyzer(keys: ring, continuing: kept.state).analyze([])
        #expect(heard.captures[0].frames == count)
        let (name, all) = ("x", try Analyzer(keys: ring).analyze([whole]))
        #expect(try JSONReport.render(heard.renamed([name])) == JSONReport.render(all.renamed([name])))
    }

    @Test(arguments: [Scenario.hostLog, .proxyMaster]) func simulatedLogsArriveWhole(scenario: Scenario) throws {
        let capture = SimulatedCapture(scenario, seed: 5)
        let folder = try TestFolder()
        let octets = capture.write(.btsnoop, LinkFraming(.btsnoopMonitor), linkType: .btsnoopMonitor)
        try check(folder.write(octets, "log.btsnoop"), capture.keys)
    }

    @Test(.enabled(if: Checkout.hasShared, "../shared is not there"))
    func theLogsOfARealStackArriveWhole() throws {
        let folder = Checkout.shared.path + "/captures/bluez-meshd/"
        let keys = KeyRing(networks: try KeyFile.read(path: folder + "keys.json"))
        let scratch = try TestFolder()
        for number in UInt32(0)...2 {
            // BlueZ sends what is of the controller that the first record names, whichever that is.
            let octets = try records(of: number, in: folder + "hci\(number).btsnoop")
            try check(scratch.write(octets, "hci\(number)"), keys)
        }
    }

    /// A log without what it says of other controllers.
    private func records(of adapter: UInt32, in path: String) throws -> [UInt8] {
        var writer = CaptureWriter(.btsnoop, linkTypes: [.btsnoopMonitor])
        var file = try CaptureFile(path: path)
        while let frame = try file.nextFrame() {
            guard frame.flags >> 16 == adapter else { continue }
            writer.write(frame.bytes.indices.map { frame.bytes[$0] }, at: frame.time, flags: frame.flags)
        }
        return writer.removeOctets()
    }
}
