import BluetoothFrames
import BoundedCollections
import ByteParsing
import MeshProtocol

/// The GATT proxies of a capture: what is joined of each, and which characteristics are proxies beyond doubt. Bounded: the
/// oldest give way.
struct ProxyConnections {
    private struct Stream: Hashable {
        var characteristic: AttributeValue.Characteristic
        var direction: AttributeValue.Direction
    }

    private static let most = 1024

    private var reassemblies = BoundedStore<Stream, ProxyReassembly>(capacity: most)
    /// Characteristics on which something authenticated.
    private var proven = BoundedStore<AttributeValue.Characteristic, Bool>(capacity: most)

    /// A whole message, if this value completes one.
    mutating func message(completedBy value: AttributeValue) -> (type: ProxyPDU.MessageType, data: [UInt8])? {
        let octets = value.octets
        var reader = ByteReader(octets.span)
        guard let pdu = try? ProxyPDU(parsing: &reader) else { return nil }
        let stream = Stream(characteristic: value.characteristic, direction: value.direction)
        return reassemblies[stream, default: ProxyReassembly()].take(pdu)
    }

    mutating func prove(_ characteristic: AttributeValue.Characteristic) { proven[characteristic] = true }

    /// Whether it is a characteristic of the Provisioning service.
    func isProvisioning(_ characteristic: AttributeValue.Characteristic) -> Bool {
        [GATTCharacteristic.provisioningDataIn, GATTCharacteristic.provisioningDataOut].contains(characteristic.uuid)
    }

    /// Whether a value of this characteristic is a Proxy PDU, and not only looks like one.
    func isCertain(_ characteristic: AttributeValue.Characteristic) -> Bool {
        [GATTCharacteristic.proxyDataIn, GATTCharacteristic.proxyDataOut].contains(characteristic.uuid)
            || proven.contains(characteristic)
    }
}
