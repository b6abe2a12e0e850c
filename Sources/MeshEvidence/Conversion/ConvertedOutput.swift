import BluetoothFrames
import ByteParsing
import CaptureFiles

extension CaptureConversion {
    /// What is written, in the form that the target has for each frame.
    struct Output {
        private let target: Target
        private var writer: CaptureWriter?
        /// The link type of a pcap, which has one.
        private var only: LinkType?

        init(_ target: Target) {
            self.target = target
            switch target {
            case .pcap: break
            case .pcapng: writer = CaptureWriter(.pcapng(.little, .nanoseconds), linkTypes: [])
            case .bttrp: writer = CaptureWriter(.ellisysText, linkTypes: [])
            }
        }

        var pendingOctets: Int { writer?.pendingOctets ?? 0 }

        mutating func removeOctets() -> [UInt8] { writer?.removeOctets() ?? [] }

        /// False where the target cannot hold the frame.
        mutating func write(_ frame: ConvertedFrame, comment: String) -> Bool {
            guard let (octets, linkType) = form(frame) else { return false }
            if writer == nil {
                writer = CaptureWriter(.pcap(.little, .nanoseconds), linkTypes: [linkType])
                only = linkType
            }
            guard only.map({ $0 == linkType }) ?? true, var writer else { return false }
            let missing = frame.originalLength - frame.octets.count
            // What would be a copy of all that is held is moved instead.
            self.writer = nil
            writer.write(
                octets, at: frame.time, interface: writer.interface(of: linkType),
                originalLength: octets.count + max(0, missing), comment: comment)
            self.writer = writer
            return true
        }

        private func form(_ frame: ConvertedFrame) -> (octets: [UInt8], LinkType)? {
            let registered = RegisteredFrame.make(frame.octets, frame.linkType, flags: frame.flags)
            guard target != .pcapng else { return registered }
            let air = Encapsulation(frame.linkType).flatMap { try? AirFrame(frame.octets.span, as: $0) }
            if let air {
                let written = target == .bttrp ? air.dewhitened() : air
                return (written.withPseudoHeader, .bluetoothLELinkLayerWithHeader)
            }
            return target == .pcap ? registered : nil
        }
    }
}
