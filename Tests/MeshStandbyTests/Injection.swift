import CaptureFiles
import Foundation
import MeshSimulation
import Synchronization
import Testing

/// Sends what a stack sends to the injection port.
enum Injection {
    /// What is heard in a simulation, as datagrams, and as the log that a stack would have written.
    static func datagrams(of capture: SimulatedCapture) throws -> (datagrams: [[UInt8]], log: [UInt8]) {
        let type = LinkType.bluetoothHCIH4WithDirection
        var writer = CaptureWriter(.pcap(.little, .nanoseconds), linkTypes: [type])
        var framing = LinkFraming(type)
        var datagrams: [[UInt8]] = []
        for frame in capture.frames {
            for wrapped in framing.wrap(frame) {
                writer.write(wrapped.octets, at: frame.time, flags: wrapped.flags)
                datagrams.append(try datagram(wrapped.octets, at: frame.time))
            }
        }
        return (datagrams, writer.removeOctets())
    }

    /// Direction 4 · packet indicator 1 · packet, as one datagram: time, type, packet.
    static func datagram(_ frame: [UInt8], at time: CaptureTime) throws -> [UInt8] {
        let digits = time.text(digits: 9).filter(\.isNumber)
        func number(_ place: Int, _ count: Int) throws -> UInt64 {
            try #require(UInt64(digits.dropFirst(place).prefix(count)))
        }
        func littleEndian(_ value: UInt64, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
        }
        let seconds = try number(8, 2) * 3600 + number(10, 2) * 60 + number(12, 2)
        let nanoseconds = try seconds * 1_000_000_000 + number(14, 9)
        let day = try littleEndian(number(0, 4), 2) + [UInt8(number(4, 2)), UInt8(number(6, 2))]
        let type: UInt8 =
            switch (frame[4], frame[3]) {
            case (4, _): 0x84
            case (let indicator, 1): indicator | 0x80
            case (let indicator, _): indicator
            }
        return [2, 0, 1, 2] + day + littleEndian(nanoseconds, 6) + [0x81, type, 0x82] + frame[5...]
    }

    /// Below those that the system hands out by itself, so that no other test has it for a moment.
    private static let ports = Atomic(UInt16(20_000 + getpid() % 8000))

    /// A port that nobody listens at, and that nobody else is given.
    static func freePort() throws -> UInt16 {
        for _ in 0..<1000 {
            let port = ports.wrappingAdd(1, ordering: .relaxed).newValue
            let socket = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
            defer { close(socket) }
            var address = Sender.address(port)
            let isFree = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
            if isFree { return port }
        }
        throw POSIXError(.EADDRINUSE)
    }

    /// Sends to a port of the loopback address, once somebody listens there.
    final class Sender {
        private let socket = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        private var destination: sockaddr_in

        static func address(_ port: UInt16) -> sockaddr_in {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            return address
        }

        init(_ port: UInt16) throws {
            destination = Self.address(port)
            let place = ":" + String(format: "%04X", Int(port)) + " "
            for _ in 0..<500 {
                if try String(contentsOfFile: "/proc/net/udp", encoding: .utf8).contains(place) { return }
                usleep(10_000)
            }
            Issue.record("nobody listens at UDP port \(port)")
        }

        deinit { close(socket) }

        func send(_ datagram: [UInt8]) {
            _ = withUnsafePointer(to: &destination) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    sendto(socket, datagram, datagram.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
    }
}
