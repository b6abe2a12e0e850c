import BluetoothFrames
import CaptureFiles

/// The one place where a file's link type meets what can be peeled.
extension Encapsulation {
    static let supported = "link types 187, 192, 201, 251, 254, 256 and 272, and btsnoop datalinks 1001, 1002 and 2001"

    init?(_ linkType: LinkType) {
        switch linkType {
        case .bluetoothLELinkLayer: self = .linkLayer
        case .bluetoothLELinkLayerWithHeader: self = .linkLayerWithHeader
        case .perPacketInformation: self = .perPacketInformation
        case .nordicBLE: self = .nordicSniffer
        case .bluetoothHCIH4: self = .hciH4
        case .btsnoopH4: self = .hciH4WithFlags
        case .bluetoothHCIH4WithDirection: self = .hciH4WithDirection
        case .btsnoopH1: self = .hciH1
        case .bluetoothLinuxMonitor: self = .linuxMonitorWithHeader
        case .btsnoopMonitor: self = .linuxMonitor
        default: return nil
        }
    }
}

extension LinkType {
    /// The link type with its number, and its name where it is one that people have by mistake.
    var name: String {
        guard registry == .pcap else { return "btsnoop datalink \(number)" }
        switch number {
        case 1: return "link type 1 (Ethernet)"
        case 105, 127: return "link type \(number) (IEEE 802.11)"
        case 113, 276: return "link type \(number) (Linux cooked)"
        case 195, 215, 230: return "link type \(number) (IEEE 802.15.4)"
        case 220, 189, 249: return "link type \(number) (USB)"
        default: return "link type \(number)"
        }
    }
}
