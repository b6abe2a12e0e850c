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

    /// All of these.
    public static let ofMesh: Set<UInt8> = [pbADV, meshMessage, meshBeacon, uri, serviceData]
}
