import BluetoothFrames
import ByteParsing
import MeshCrypto
import MeshProtocol

/// The GATT proxies of a capture: what is joined of each, and which characteristics are proxies beyond doubt. Bounded.
struct ProxyConnections {
    private struct Stream: Hashable {
        var characteristic: AttributeValue.Characteristic
        var direction: AttributeValue.Direction
    }

    private static let most = 1024

    private var reassemblies: [Stream: ProxyReassembly] = [:]
    /// Characteristics on which something authenticated.
    private var proven: Set<AttributeValue.Characteristic> = []

    /// A whole message, if this value completes one.
    mutating func take(_ value: AttributeValue) -> (type: ProxyPDU.MessageType, data: [UInt8])? {
        var octets = value.value
        guard let pdu = try? ProxyPDU(parsing: &octets) else { return nil }
        let stream = Stream(characteristic: value.characteristic, direction: value.direction)
        if reassemblies.count >= Self.most, reassemblies[stream] == nil { reassemblies.removeAll() }
        return reassemblies[stream, default: ProxyReassembly()].take(pdu)
    }

    mutating func prove(_ characteristic: AttributeValue.Characteristic) {
        if proven.count < Self.most { proven.insert(characteristic) }
    }

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

/// Values that cross a GATT connection: Mesh Protocol 1.1, "Proxy protocol".
///
/// Hosts that reconnect remember handles, so that a capture need not hold the discovery: what opens or authenticates
/// with a key is a Proxy PDU, and what does not is not counted.
extension EvidenceCollector {
    mutating func take(_ value: AttributeValue) {
        guard let message = proxies.take(value) else { return }
        note(value.direction)
        let isCertain = proxies.isCertain(value.characteristic)
        var data = ByteReader(message.data.span)
        switch message.type {
        case .networkPDU, .proxyConfiguration:
            guard let pdu = try? ObfuscatedNetworkPDU(parsing: &data) else { return }
            let isConfiguration = message.type == .proxyConfiguration
            if isCertain, !isConfiguration {
                take(pdu)
            } else {
                hearApart(pdu, isTentative: !isCertain, nonce: isConfiguration ? .proxy : .network)
            }
        case .meshBeacon:
            guard let beacon = try? MeshBeacon(parsing: &data) else { return }
            if takeIfAuthentic(beacon) {
                proxies.prove(value.characteristic)
            } else if isCertain {
                take(beacon)
            }
        case .provisioningPDU:
            takeProvisioning(message.data, of: value, isCertain: proxies.isProvisioning(value.characteristic))
        }
    }
}
