/// How a frame's octets are wrapped: the closed set that can be peeled.
public enum Encapsulation: Hashable, Sendable {
    /// Whether frames are pieces of what crosses a serial line.
    public var isSerial: Bool { self == .bcsp || self == .threeWireUART }
    /// Whether frames are transfers of a USB.
    public var isUSB: Bool { self == .usbmon || self == .usbmonMapped || self == .usbPcap }

    /// LE link layer, from the access address on (LINKTYPE_BLUETOOTH_LE_LL).
    case linkLayer
    /// LE link layer behind a pseudo-header of ten octets (LINKTYPE_BLUETOOTH_LE_LL_WITH_PHDR).
    case linkLayerWithHeader
    /// LE link layer behind Per-Packet Information (LINKTYPE_PPI).
    case perPacketInformation
    /// nRF Sniffer for Bluetooth LE, header versions 0 to 3 (LINKTYPE_NORDIC_BLE).
    case nordicSniffer
    /// HCI behind an H4 packet indicator.
    case hciH4
    /// HCI behind an H4 packet indicator, with btsnoop's packet flags for the direction.
    case hciH4WithFlags
    /// HCI H4 behind four octets of direction.
    case hciH4WithDirection
    /// HCI without any indicator; btsnoop's packet flags tell what it is.
    case hciH1
    /// Linux monitor records behind four octets of adapter and opcode.
    case linuxMonitorWithHeader
    /// Linux monitor records whose adapter and opcode are btsnoop's packet flags.
    case linuxMonitor
    /// USB transfers behind the header of Linux's usbmon, 48 octets (LINKTYPE_USB_LINUX).
    case usbmon
    /// USB transfers behind the header of Linux's usbmon, 64 octets (LINKTYPE_USB_LINUX_MMAPPED).
    case usbmonMapped
    /// USB transfers behind the header of USBPcap (LINKTYPE_USBPCAP).
    case usbPcap
    /// HCI over BCSP, the BlueCore Serial Protocol; btsnoop's packet flags tell the direction.
    case bcsp
    /// HCI over the three-wire UART, which is called H5 as well; btsnoop's packet flags tell the direction.
    case threeWireUART
}
