import BluetoothFrames
public import CaptureFiles
import ByteParsing

/// Writes captures anew: as another container, or only the frames that an answer rests on.
///
/// Several captures become one, in the order of time. A frame without a time gets that of the one before it.
public struct CaptureConversion {
    /// What is written.
    public enum Target: String, CaseIterable, Sendable {
        /// Link type 256 where the captures are of sniffers, and 201 or 254 where they are of hosts.
        case pcap
        /// Each frame as it is.
        case pcapng
        /// The text that Ellisys' software imports: only frames from the air.
        case bttrp
    }

    /// How it ended.
    public struct Outcome: Sendable {
        /// Frames that were written.
        public internal(set) var written = 0
        /// Frames that the target cannot hold.
        public internal(set) var leftOut = 0
        /// Captures that broke off.
        public internal(set) var failures: [CaptureError] = []

        /// Nothing was written yet.
        public init() {}
    }

    /// Which frames of a capture are written, and what is said of them.
    public struct Selection: Sendable {
        /// The frames' numbers, and the comment of each.
        public var comments: [Int: String]
        /// Whether all frames of connections are written as well, since what they say goes over several.
        public var hasConnections: Bool

        /// The frames that have comments, and perhaps those of connections.
        public init(_ comments: [Int: String], hasConnections: Bool) {
            self.comments = comments
            self.hasConnections = hasConnections
        }
    }

    /// A capture that is written.
    public struct Part: Sendable {
        /// Of the file.
        public var path: String
        /// What is added to its times.
        public var shift: Duration
        /// `nil`: all frames.
        public var selection: Selection?

        /// A capture as it is, or what is selected of it.
        public init(_ path: String, shift: Duration = .zero, selection: Selection? = nil) {
            self.path = path
            self.shift = shift
            self.selection = selection
        }
    }

    private let parts: [Part]
    private let target: Target
    private static let piece = 1 << 16

    /// - Parameters:
    ///   - parts: the captures.
    ///   - target: what is written.
    public init(_ parts: [Part], to target: Target) {
        self.parts = parts
        self.target = target
    }

    /// Hands the capture to `sink`, piece by piece.
    ///
    /// - Throws: `CaptureError` if a capture cannot be opened; what `sink` throws.
    public func run(_ sink: ([UInt8]) throws -> Void) throws -> Outcome {
        var outcome = Outcome()
        var inputs = try inputs()
        var output = Output(target)
        inputs.removeAll { !$0.advance(&outcome) }
        while let next = inputs.indices.min(by: { inputs[$0].time < inputs[$1].time }) {
            let input = inputs[next]
            if input.isWanted {
                for frame in input.frames {
                    let isWritten = output.write(frame, comment: input.comment)
                    outcome.written += isWritten ? 1 : 0
                    outcome.leftOut += isWritten ? 0 : 1
                }
            }
            if output.pendingOctets >= Self.piece { try sink(output.removeOctets()) }
            if !input.advance(&outcome) { inputs.remove(at: next) }
        }
        try sink(output.removeOctets())
        return outcome
    }

    private func inputs() throws(CaptureError) -> [Input] {
        var inputs: [Input] = []
        for part in parts { inputs.append(try Input(part)) }
        return inputs
    }
}

/// A frame that is to be written.
struct ConvertedFrame {
    var octets: [UInt8] = []
    var originalLength = 0
    var time = CaptureTime(nanoseconds: 0)
    var linkType = LinkType.bluetoothLELinkLayerWithHeader
    var flags: UInt32 = 0
}

/// A capture and a copy of its last frame.
private struct CopiedCapture: ~Copyable {
    private var file: CaptureFile
    private(set) var number = 0
    private(set) var frame = ConvertedFrame()

    init(_ path: String) throws(CaptureError) {
        file = try CaptureFile(path: path)
    }

    /// Copies the next frame; false if there is none.
    mutating func readNext(_ shift: Duration) throws(CaptureError) -> Bool {
        guard let next = try file.nextFrame() else { return false }
        number = next.number
        frame.octets.removeAll(keepingCapacity: true)
        frame.octets.append(next.bytes)
        frame.originalLength = next.originalLength
        if next.time.isKnown { frame.time = next.time.advanced(by: shift) }
        frame.linkType = next.linkType
        frame.flags = next.flags
        return true
    }
}

/// One capture that is written anew, a frame at a time.
private final class Input {
    private var file: CopiedCapture
    private let selection: CaptureConversion.Selection?
    private let shift: Duration
    private var peeler = FramePeeler()
    /// Of what frames hold nothing is kept but that they break their format, until the next one.
    private var heard = HeardBatch(types: [])
    private var isPart = false

    private var frame: ConvertedFrame { file.frame }
    /// What is written of the last frame: itself, or the HCI packets in it.
    private(set) var frames: [ConvertedFrame] = []
    private var number: Int { file.number }
    var time: CaptureTime { frame.time }
    var comment: String { selection?.comments[number] ?? "" }
    var isWanted: Bool { selection.map { isPart || $0.comments[number] != nil } ?? true }

    init(_ part: CaptureConversion.Part) throws(CaptureError) {
        file = try CopiedCapture(part.path)
        selection = part.selection
        shift = part.shift
    }

    /// Reads the next frame; false if there is none.
    func advance(_ outcome: inout CaptureConversion.Outcome) -> Bool {
        do throws(CaptureError) {
            guard try file.readNext(shift) else { return false }
            (isPart, frames) = (false, [frame])
            guard let encapsulation = Encapsulation(frame.linkType) else {
                outcome.leftOut += 1
                frames = []
                return true
            }
            if selection != nil || encapsulation.isSerial { isPart = isNeeded(encapsulation) }
            if encapsulation.isSerial || selection != nil && encapsulation.isUSB { frames = packets() }
            return true
        } catch {
            outcome.failures.append(error)
            return false
        }
    }

    /// Whether other frames need this one to be understood.
    private func isNeeded(_ encapsulation: Encapsulation) -> Bool {
        peeler.collectsPackets = true
        let stamp = FrameStamp(capture: 0, number: number, nanoseconds: frame.time.nanoseconds)
        _ = try? peeler.peel(
            frame.octets.span, of: stamp, as: encapsulation, flags: frame.flags,
            isCut: frame.originalLength > frame.octets.count, into: &heard)
        heard.removeAll()
        switch peeler.part {
        case .none: return false
        case .advertisingData: return true
        case .connection: return selection?.hasConnections == true
        }
    }
}

extension Input {
    /// No link type holds what crosses a serial line, and what else is on a USB is nobody's business: the packets are written.
    private func packets() -> [ConvertedFrame] {
        peeler.packets.map { packet in
            var written = frame
            written.linkType = .bluetoothHCIH4WithDirection
            written.octets = [0, 0, 0, packet.isSent ? 0 : 1, packet.indicator] + packet.octets
            written.originalLength = written.octets.count
            return written
        }
    }
}
