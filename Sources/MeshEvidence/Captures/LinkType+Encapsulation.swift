public import BluetoothFrames
public import CaptureFiles

/// The one place where a file's link type meets what can be peeled.
extension Encapsulation {
    /// Every link type that can be peeled, and how. Errors, help and README name these.
    public static let ofLinkTypes: [(linkType: LinkType, encapsulation: Encapsulation)] = [
        (.bluetoothHCIH4, .hciH4),
        (.usbmon, .usbmon),
        (.perPacketInformation, .perPacketInformation),
        (.bluetoothHCIH4WithDirection, .hciH4WithDirection),
        (.usbmonMapped, .usbmonMapped),
        (.usbPcap, .usbPcap),
        (.bluetoothLELinkLayer, .linkLayer),
        (.bluetoothLinuxMonitor, .linuxMonitorWithHeader),
        (.bluetoothLELinkLayerWithHeader, .linkLayerWithHeader),
        (.nordicBLE, .nordicSniffer),
        (.btsnoopH1, .hciH1),
        (.btsnoopH4, .hciH4WithFlags),
        (.btsnoopBCSP, .bcsp),
        (.btsnoopH5, .threeWireUART),
        (.btsnoopMonitor, .linuxMonitor),
    ]

    /// The link types that can be peeled, as they stand in a sentence.
    public static let supported = LinkType.list(ofLinkTypes.map(\.linkType))

    /// How the frames of a link type are wrapped; `nil` if they cannot be peeled.
    public init?(_ linkType: LinkType) {
        guard let known = Self.ofLinkTypes.first(where: { $0.linkType == linkType }) else { return nil }
        self = known.encapsulation
    }
}
