public import ByteParsing

/// One AD structure: Bluetooth Core, "Advertising and Scan Response data format".
///
///     length 1 · AD type 1 · value length − 1
public struct AdvertisingStructure: ~Escapable {
    public let type: UInt8
    /// The octets behind the AD type.
    public let value: ByteReader
    public let advertisement: Advertisement

    @_lifetime(copy value)
    init(type: UInt8, value: ByteReader, advertisement: Advertisement) {
        self.type = type
        self.value = value
        self.advertisement = advertisement
    }
}

/// Where an AD structure stood.
public struct Advertisement: Hashable, Sendable {
    public enum Direction: Hashable, Sendable {
        /// Received over the air.
        case heard
        /// Handed to the controller by the host on which the log was taken.
        case sent
    }

    public let direction: Direction
    /// The advertiser's device address, 48 bits, where the frame names it.
    public let address: UInt64?
    /// False for data that may have begun in another frame, where the octets may be no AD structures at all: only what
    /// authenticates is to be believed, and nothing else counted.
    public var isCertain = true
}

/// The AD types of mesh, and of what unprovisioned devices say of themselves (Assigned Numbers).
public enum ADType {
    public static let pbADV: UInt8 = 0x29
    public static let meshMessage: UInt8 = 0x2A
    public static let meshBeacon: UInt8 = 0x2B
    public static let uri: UInt8 = 0x24
    public static let serviceData: UInt8 = 0x16
}
