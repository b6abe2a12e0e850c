public import ByteParsing

/// One AD structure: Bluetooth Core, "Advertising and Scan Response data format".
///
///     length 1 · AD type 1 · value length − 1
public struct AdvertisingStructure: ~Escapable {
    /// The frame that it stood in.
    public let frame: FrameStamp
    /// The AD type; `ADType` names those of mesh.
    public let type: UInt8
    /// The octets behind the AD type.
    public let value: ByteReader
    /// The advertisement in which the structure stood.
    public let advertisement: Advertisement

    @_lifetime(copy value)
    init(frame: FrameStamp, type: UInt8, value: ByteReader, advertisement: Advertisement) {
        self.frame = frame
        self.type = type
        self.value = value
        self.advertisement = advertisement
    }
}

/// Where an AD structure stood.
public struct Advertisement: Hashable, Sendable {
    /// Whose advertisement it is.
    public enum Direction: Hashable, Sendable {
        /// Received over the air.
        case heard
        /// Handed to the controller by the host on which the log was taken.
        case sent
    }

    /// Whose advertisement it is.
    public let direction: Direction
    /// The advertiser's device address, 48 bits, where the frame names it.
    public let address: UInt64?
    /// False for data that may have begun in another frame, where the octets may be no AD structures at all: only what
    /// authenticates is to be believed, and nothing else counted.
    public var isCertain = true
}

/// The AD types of mesh, and of what unprovisioned devices say of themselves (Assigned Numbers).
public enum ADType {
    /// PB-ADV: a PDU of a provisioning bearer.
    public static let pbADV: UInt8 = 0x29
    /// Mesh Message: a Network PDU.
    public static let meshMessage: UInt8 = 0x2A
    /// Mesh Beacon.
    public static let meshBeacon: UInt8 = 0x2B
    /// URI, with an octet that stands for its scheme.
    public static let uri: UInt8 = 0x24
    /// Service Data with a 16-bit UUID.
    public static let serviceData: UInt8 = 0x16
}
