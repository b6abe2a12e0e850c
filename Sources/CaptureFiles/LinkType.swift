/// What a file says that its frames are: any number that a file may hold.
///
/// pcap and pcapng use the LINKTYPE_ registry, btsnoop has datalink numbers of its own.
public struct LinkType: Hashable, Sendable {
    public enum Registry: Hashable, Sendable { case pcap, btsnoop }

    public let registry: Registry
    public let number: UInt32

    public init(_ registry: Registry, _ number: UInt32) {
        self.registry = registry
        self.number = number
    }

    public static let bluetoothHCIH4 = LinkType(.pcap, 187)
    public static let perPacketInformation = LinkType(.pcap, 192)
    public static let bluetoothHCIH4WithDirection = LinkType(.pcap, 201)
    public static let bluetoothLELinkLayer = LinkType(.pcap, 251)
    public static let bluetoothLinuxMonitor = LinkType(.pcap, 254)
    public static let bluetoothLELinkLayerWithHeader = LinkType(.pcap, 256)
    public static let nordicBLE = LinkType(.pcap, 272)
    public static let btsnoopH1 = LinkType(.btsnoop, 1001)
    public static let btsnoopH4 = LinkType(.btsnoop, 1002)
    public static let btsnoopMonitor = LinkType(.btsnoop, 2001)
}
