public import BluetoothFrames
public import ByteParsing
import CaptureFiles
import MeshCrypto
import MeshProtocol

extension FrameReference {
    @inline(__always)
    init(_ stamp: FrameStamp) {
        self.init(capture: stamp.capture, number: stamp.number, time: CaptureTime(nanoseconds: stamp.nanoseconds))
    }

    var stamp: FrameStamp { FrameStamp(capture: capture, number: number, nanoseconds: time.nanoseconds) }
}

extension Origin {
    @inline(__always)
    init(_ structure: borrowing AdvertisingStructure) {
        let advertisement = structure.advertisement
        self.init(
            FrameReference(structure.frame),
            bearer: advertisement.direction == .heard ? .advertisingHeard : .advertisingSent,
            address: advertisement.address, isCertain: advertisement.isCertain)
    }

    init(_ value: borrowing AttributeValue, isCertain: Bool) {
        self.init(
            FrameReference(value.frame), bearer: value.direction == .toServer ? .gattToServer : .gattToClient,
            isCertain: isCertain)
    }
}

/// What frames hold: advertising structures and values of GATT connections, each with the frame that it stood in.
extension EvidenceStream: FrameReceiver {
    /// Takes one AD structure. One that breaks its format becomes an observation that says so; it never stops the
    /// stream.
    public mutating func take(_ structure: AdvertisingStructure) {
        let origin = Origin(structure)
        guard origin.isCertain else {
            takeTentatively(structure, from: origin)
            return
        }
        do {
            var value = structure.value
            switch structure.type {
            case ADType.meshMessage: hear(try ObfuscatedNetworkPDU(parsing: &value), from: origin)
            case ADType.meshBeacon: hear(try MeshBeacon(parsing: &value), from: origin)
            case ADType.pbADV:
                let pdu = try PBADVPDU(parsing: &value)
                if let said = provisioning.statement(of: pdu) {
                    append(.unauthenticated(.provisioning(said)), from: origin)
                }
            case ADType.serviceData: try takeServiceData(&value, from: origin)
            case ADType.uri:
                let data = try value.readOctets(value.remaining)
                if uris.isNew(data) { append(.unauthenticated(.uri(HeardURI(data))), from: origin) }
            default: break
            }
        } catch {
            takeMalformed(error, in: structure.frame)
        }
    }

    ///     UUID 2 · data
    private mutating func takeServiceData(_ value: inout ByteReader, from origin: Origin) throws(ParseError) {
        guard value.remaining >= 2 else { return }
        switch try value.readUInt16LittleEndian() {
        case ProxyServiceData.serviceUUID:
            let data = try ProxyServiceData(parsing: &value)
            if identification.isTooMuch(data) {
                append(.unauthenticated(.identityNotResolved), from: origin)
                return
            }
            if let (network, address) = identification.identify(data) {
                append(.authentic(network, .proxyServer(address)), from: origin)
            } else if case .networkID(let networkID) = data {
                append(.unauthenticated(.foreignProxyServer(networkID: networkID)), from: origin)
            }
        case UnprovisionedDeviceBeacon.serviceUUID:
            let beacon = try UnprovisionedDeviceBeacon(parsing: &value)
            append(.unauthenticated(.unprovisionedDevice(beacon)), from: origin)
        default: return
        }
    }

    /// What may be no structure at all counts only if it authenticates.
    private mutating func takeTentatively(_ structure: AdvertisingStructure, from origin: Origin) {
        var value = structure.value
        if structure.type == ADType.meshMessage, let pdu = try? ObfuscatedNetworkPDU(parsing: &value) {
            hearApart(pdu, nonce: .network, from: origin)
        } else if structure.type == ADType.meshBeacon, let beacon = try? MeshBeacon(parsing: &value) {
            hear(beacon, from: origin)
        }
    }

    /// Takes note that a frame breaks its format. The error itself is told of the first one only.
    public mutating func takeMalformed(_ error: ParseError, in frame: FrameStamp) {
        let description = hasDescribedError ? nil : "frame \(frame.number): \(error)"
        hasDescribedError = true
        append(.capture(.malformed(description)), from: Origin(FrameReference(frame)))
    }

    /// Values that cross a GATT connection: Mesh Protocol 1.1, "Proxy protocol".
    ///
    /// Hosts that reconnect remember handles, so that a capture need not hold the discovery: what opens or authenticates
    /// with a key is a Proxy PDU, and what does not is not counted.
    public mutating func take(_ value: AttributeValue) {
        guard let message = proxies.message(completedBy: value) else { return }
        let isCertain = proxies.isCertain(value.characteristic)
        let origin = Origin(value, isCertain: isCertain)
        var data = ByteReader(message.data.span)
        switch message.type {
        case .networkPDU:
            guard let pdu = try? ObfuscatedNetworkPDU(parsing: &data) else { return }
            if isCertain { hear(pdu, from: origin) } else { hearApart(pdu, nonce: .network, from: origin) }
        case .proxyConfiguration:
            guard let pdu = try? ObfuscatedNetworkPDU(parsing: &data) else { return }
            hearApart(pdu, nonce: .proxy, from: origin)
        case .meshBeacon:
            guard let beacon = try? MeshBeacon(parsing: &data) else { return }
            if hear(beacon, from: origin) { proxies.prove(value.characteristic) }
        case .provisioningPDU:
            let said = provisioning.statement(
                of: message.data, crossing: value.characteristic, value.direction,
                isCertain: proxies.isProvisioning(value.characteristic))
            if let said { append(.unauthenticated(.provisioning(said)), from: origin) }
        }
    }
}
