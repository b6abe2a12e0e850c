import BluetoothFrames
public import CaptureFiles
public import MeshCrypto
import MeshProtocol

/// The large capture of the benchmark: half of its frames are distinct mesh PDUs, the rest their retransmissions, and a
/// beacon now and then.
public struct BenchmarkCapture {
    /// The key of the one subnet.
    public let netKey: NetKey
    private let keys: NetworkKeys
    private let frames: Int
    private static let ivIndex = IVIndex(0x1234)
    private static let sources = 50

    /// Makes a capture of as many frames; `seed` draws the key.
    public init(frames: Int, seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        netKey = NetKey(value: random.block())
        keys = NetworkKeys(netKey)
        self.frames = frames
    }

    /// Hands the file out piece by piece, so that its size does not matter.
    ///
    /// - Throws: what `sink` throws.
    public func write(
        _ container: CaptureContainer, _ framing: LinkFraming, linkType: LinkType, _ sink: ([UInt8]) throws -> Void
    ) rethrows {
        var framing = framing
        framing.byteOrder = container.byteOrder
        var writer = CaptureWriter(container, linkTypes: [linkType])
        try forEach { frame in
            for wrapped in framing.wrap(frame) { writer.write(wrapped.octets, at: frame.time, flags: wrapped.flags) }
            if writer.pendingOctets > 1 << 20 { try sink(writer.removeOctets()) }
        }
        try sink(writer.removeOctets())
    }

    /// The octets of an Ellisys trace, of frames of link type 256 or 201.
    public func writeEllisysTrace(_ framing: LinkFraming) -> [UInt8] {
        var framing = framing
        var writer = EllisysTraceWriter(start: CaptureTime(seconds: 1_780_272_000))
        forEach { frame in
            for wrapped in framing.wrap(frame) { writer.write(wrapped.octets, at: frame.time, isHCI: framing.isHCI) }
        }
        return writer.file()
    }

    private func forEach(_ use: (SimulatedFrame) throws -> Void) rethrows {
        var random = SeededGenerator(seed: 1)
        var data: [UInt8] = []
        for number in 0..<frames {
            if number % 2 == 0 { data = number % 2000 == 0 ? beacon() : message(number / 2, &random) }
            let frame = SimulatedFrame(
                time: CaptureTime(seconds: 1_780_272_000, nanoseconds: Int64(number) * 500_000),
                channel: 37 + UInt8(number % 3), address: 0xC0_0000_0001_00, data: data, direction: .heard,
                isDamaged: false, type: 2)
            try use(frame)
        }
    }

    private func beacon() -> [UInt8] {
        let statement = NetworkBeaconStatement(state: .normalOperation(Self.ivIndex), isKeyRefresh: false)
        return AD.structure(0x2B, SecureNetworkBeacon.seal(statement, with: keys))
    }

    private func message(_ number: Int, _ random: inout SeededGenerator) -> [UInt8] {
        let (sequence, source) = number.quotientAndRemainder(dividingBy: Self.sources)
        guard let source = UnicastAddress(UInt16(source + 1)) else { return [] }
        let pdu = NetworkPDU.seal(
            position: SequencePosition(Self.ivIndex, SequenceNumber(truncating: UInt32(sequence))), isControl: false,
            ttl: 5, source: source, destination: MeshAddress(0xC000), transportPDU: [0] + random.octets(11),
            with: keys.flooding)
        return AD.structure(0x2A, pdu.octets)
    }
}
