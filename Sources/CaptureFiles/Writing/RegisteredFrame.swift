/// A frame of btsnoop as one of a link type that tcpdump.org knows, with its direction in its octets.
public enum RegisteredFrame {
    /// The frame and its link type; `nil` where no such link type holds it.
    public static func make(_ frame: [UInt8], _ linkType: LinkType, flags: UInt32) -> (octets: [UInt8], LinkType)? {
        let direction: [UInt8] = [0, 0, 0, UInt8(flags & 1)]
        switch linkType {
        case .btsnoopMonitor:
            let head = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: flags >> UInt32($0)) }
            return (head + frame, .bluetoothLinuxMonitor)
        case .btsnoopH4: return (direction + frame, .bluetoothHCIH4WithDirection)
        case .btsnoopH1:
            let indicator: UInt8 = flags & 2 == 0 ? 2 : flags & 1 == 0 ? 1 : 4
            return (direction + [indicator] + frame, .bluetoothHCIH4WithDirection)
        default: return linkType.registry == .pcap ? (frame, linkType) : nil
        }
    }
}
