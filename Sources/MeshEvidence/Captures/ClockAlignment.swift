import BluetoothFrames
import ByteParsing
import CaptureFiles
import MeshProtocol

/// Aligns the clocks of captures that overlap: the same PDU in two files was sent once. The median of the differences
/// decides, so that a few replayed PDUs do not.
struct ClockAlignment {
    private static let leastCommon = 3
    /// Differences this small are the sniffers' own, and no clock's.
    private static let smallest = Duration.milliseconds(250)

    let captures: [CaptureAlignment]

    /// Reads every capture once; none can be read from a pipe. A capture that cannot be read stays as it is.
    init(_ paths: [String]) {
        var captures = Array(repeating: CaptureAlignment(), count: paths.count)
        guard paths.count > 1, !paths.contains("-") else {
            self.captures = captures
            return
        }
        let heard = paths.map { Self.firstTimes(in: $0) }
        for index in captures.indices {
            captures[index].distinct = heard[index].count
            captures[index].onlyHere = heard[index].keys.count { print in
                !heard.indices.contains { $0 != index && heard[$0][print] != nil }
            }
        }
        for index in captures.indices.dropFirst() {
            let earlier = (0..<index).map { ($0, Self.differences(heard[index], heard[$0])) }
            guard let (reference, differences) = earlier.max(by: { $0.1.count < $1.1.count }),
                differences.count >= Self.leastCommon
            else { continue }
            captures[index].reference = reference
            captures[index].common = differences.count
            let offset = captures[reference].offset + .nanoseconds(differences[differences.count / 2])
            if offset > Self.smallest || offset < .zero - Self.smallest { captures[index].offset = offset }
        }
        self.captures = captures
    }

    /// Nanoseconds by which the first capture's times are ahead of the second's, for the PDUs of both; sorted.
    private static func differences(_ first: [UInt64: Int64], _ second: [UInt64: Int64]) -> [Int64] {
        first.compactMap { print, time in second[print].map { time &- $0 } }.sorted()
    }

    private static func firstTimes(in path: String) -> [UInt64: Int64] {
        var receiver = FirstTimes()
        do throws(CaptureError) {
            var file = try CaptureFile(path: path)
            var peeler = FramePeeler()
            while let frame = try file.nextFrame() {
                guard let encapsulation = Encapsulation(frame.linkType) else { continue }
                let isCut = frame.originalLength > frame.bytes.count
                let stamp = FrameStamp(capture: 0, number: frame.number, nanoseconds: frame.time.nanoseconds)
                _ = try? peeler.peel(
                    frame.bytes, of: stamp, as: encapsulation, flags: frame.flags, isCut: isCut, into: &receiver)
            }
        } catch {
            // A capture that breaks off is aligned by what was read before that.
        }
        return receiver.times
    }
}

/// The first time of each PDU, by its fingerprint. Bounded.
private struct FirstTimes: FrameReceiver {
    private static let most = 1 << 17

    private(set) var times: [UInt64: Int64] = [:]

    mutating func take(_ structure: AdvertisingStructure) {
        guard structure.type == ADType.meshMessage, structure.advertisement.isCertain else { return }
        var value = structure.value
        guard let pdu = try? ObfuscatedNetworkPDU(parsing: &value), times.count < Self.most else { return }
        if times[pdu.fingerprint] == nil { times[pdu.fingerprint] = structure.frame.nanoseconds }
    }

    mutating func take(_ value: AttributeValue) {}
    mutating func takeMalformed(_ error: ParseError, in frame: FrameStamp) {}
}
