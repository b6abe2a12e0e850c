/// A value that crossed a GATT connection.
public struct AttributeValue: Hashable, Sendable {
    /// Between which ends of the connection the value went.
    public enum Direction: Hashable, Sendable {
        /// A client wrote it.
        case toServer
        /// A server notified or indicated it.
        case toClient
    }

    /// Between which ends of the connection the value went.
    public let direction: Direction
    /// Which attribute it is a value of.
    public let characteristic: Characteristic
    /// The value's octets.
    public let octets: [UInt8]

    /// Which attribute of which connection.
    public struct Characteristic: Hashable, Sendable {
        /// Adapter and connection handle, or the access address.
        public let connection: UInt64
        /// Connections that had the same number one after the other.
        public let generation: UInt64
        /// The value handle, by which the attribute protocol names the attribute.
        public let handle: UInt16
        /// The 16-bit UUID, where the capture holds the discovery of the service.
        public let uuid: UInt16?

        /// An attribute of a connection, by what its fields say.
        public init(connection: UInt64, generation: UInt64, handle: UInt16, uuid: UInt16?) {
            self.connection = connection
            self.generation = generation
            self.handle = handle
            self.uuid = uuid
        }
    }
}

/// The characteristics of mesh (Assigned Numbers).
public enum GATTCharacteristic {
    /// Mesh Provisioning Data In: a provisioner writes it.
    public static let provisioningDataIn: UInt16 = 0x2ADB
    /// Mesh Provisioning Data Out: a device notifies it.
    public static let provisioningDataOut: UInt16 = 0x2ADC
    /// Mesh Proxy Data In: a proxy client writes it.
    public static let proxyDataIn: UInt16 = 0x2ADD
    /// Mesh Proxy Data Out: a proxy server notifies it.
    public static let proxyDataOut: UInt16 = 0x2ADE
}
