/// What a file says that its frames are: any number that a file may hold.
///
/// pcap and pcapng use the LINKTYPE_ registry of tcpdump.org, btsnoop has datalink numbers of its own.
public struct LinkType: Codable, Hashable, Sendable {
    /// Who assigns the numbers.
    public enum Registry: String, Codable, Hashable, Sendable {
        /// The LINKTYPE_ registry of tcpdump.org, for pcap and pcapng.
        case pcap
        /// btsnoop's datalinks.
        case btsnoop
    }

    /// Who assigned the number.
    public let registry: Registry
    /// The number as it stands in the file.
    public let number: UInt32

    /// A link type, whether or not it is a known one.
    public init(_ registry: Registry, _ number: UInt32) {
        self.registry = registry
        self.number = number
    }

    /// LINKTYPE_BLUETOOTH_HCI_H4.
    public static let bluetoothHCIH4 = LinkType(.pcap, 187)
    /// LINKTYPE_USB_LINUX.
    public static let usbmon = LinkType(.pcap, 189)
    /// LINKTYPE_PPI.
    public static let perPacketInformation = LinkType(.pcap, 192)
    /// LINKTYPE_BLUETOOTH_HCI_H4_WITH_PHDR.
    public static let bluetoothHCIH4WithDirection = LinkType(.pcap, 201)
    /// LINKTYPE_USB_LINUX_MMAPPED.
    public static let usbmonMapped = LinkType(.pcap, 220)
    /// LINKTYPE_USBPCAP.
    public static let usbPcap = LinkType(.pcap, 249)
    /// LINKTYPE_BLUETOOTH_LE_LL.
    public static let bluetoothLELinkLayer = LinkType(.pcap, 251)
    /// LINKTYPE_BLUETOOTH_LINUX_MONITOR.
    public static let bluetoothLinuxMonitor = LinkType(.pcap, 254)
    /// LINKTYPE_BLUETOOTH_LE_LL_WITH_PHDR.
    public static let bluetoothLELinkLayerWithHeader = LinkType(.pcap, 256)
    /// LINKTYPE_NORDIC_BLE.
    public static let nordicBLE = LinkType(.pcap, 272)
    /// HCI packets without a packet indicator.
    public static let btsnoopH1 = LinkType(.btsnoop, 1001)
    /// HCI packets behind an H4 packet indicator.
    public static let btsnoopH4 = LinkType(.btsnoop, 1002)
    /// A serial stream of BCSP.
    public static let btsnoopBCSP = LinkType(.btsnoop, 1003)
    /// A serial stream of the three-wire UART.
    public static let btsnoopH5 = LinkType(.btsnoop, 1004)
    /// Records of the Linux monitor channel.
    public static let btsnoopMonitor = LinkType(.btsnoop, 2001)

    /// What is known of link types: those of Bluetooth, and those that people have by mistake.
    static let known: [(type: LinkType, name: String)] = [
        (LinkType(.pcap, 1), "Ethernet"),
        (LinkType(.pcap, 105), "IEEE 802.11"),
        (LinkType(.pcap, 113), "Linux cooked"),
        (LinkType(.pcap, 127), "IEEE 802.11"),
        (.bluetoothHCIH4, "HCI of a host, H4"),
        (.usbmon, "HCI over USB, usbmon of a Linux host"),
        (.perPacketInformation, "PPI around 251, as Ubertooth writes"),
        (LinkType(.pcap, 195), "IEEE 802.15.4"),
        (.bluetoothHCIH4WithDirection, "HCI of a host, H4 with direction"),
        (LinkType(.pcap, 215), "IEEE 802.15.4"),
        (.usbmonMapped, "HCI over USB, usbmon of a Linux host, as Wireshark writes"),
        (LinkType(.pcap, 230), "IEEE 802.15.4"),
        (.usbPcap, "HCI over USB, USBPcap of a Windows host"),
        (.bluetoothLELinkLayer, "LE link layer"),
        (.bluetoothLinuxMonitor, "Linux monitor of a host"),
        (.bluetoothLELinkLayerWithHeader, "LE link layer with a header, as Sniffle and others write"),
        (.nordicBLE, "nRF Sniffer for Bluetooth LE, header versions 0 to 3"),
        (LinkType(.pcap, 276), "Linux cooked"),
        (LinkType(.pcap, 283), "IEEE 802.15.4"),
        (.btsnoopH1, "HCI of a host, H1"),
        (.btsnoopH4, "HCI of a host, H4, as Android writes"),
        (.btsnoopBCSP, "HCI of a host, BCSP"),
        (.btsnoopH5, "HCI of a host, three-wire UART (H5)"),
        (.btsnoopMonitor, "Linux monitor of a host, as `btmon` writes"),
    ]

    /// Whether the frames are of IEEE 802.15.4, as those of Zigbee and Thread are.
    public var isIEEE802154: Bool { registry == .pcap && [195, 215, 230, 283].contains(number) }

    /// What the number stands for; `nil` where it is not known here.
    public var name: String? { Self.known.first { $0.type == self }?.name }

    /// Link types as they stand in a sentence: `link types 251 and 256, and btsnoop datalink 2001`.
    public static func list(_ types: [LinkType]) -> String {
        let groups = [Registry.pcap, .btsnoop].compactMap { registry -> String? in
            let numbers = types.filter { $0.registry == registry }.map { String($0.number) }
            guard !numbers.isEmpty else { return nil }
            return "\(registry.noun)\(numbers.count > 1 ? "s" : "") \(numbers.listed())"
        }
        return groups.joined(separator: ", and ")
    }
}

extension LinkType.Registry {
    /// What one of its numbers is called.
    var noun: String {
        switch self {
        case .pcap: "link type"
        case .btsnoop: "btsnoop datalink"
        }
    }
}

extension LinkType: CustomStringConvertible {
    /// The number, and what it stands for where that is known: `link type 1 (Ethernet)`.
    public var description: String { "\(registry.noun) \(number)" + (name.map { " (\($0))" } ?? "") }
}
