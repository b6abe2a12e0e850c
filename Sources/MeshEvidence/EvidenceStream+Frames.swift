public import BluetoothFrames
import ByteParsing
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
    init(_ heard: Heard) {
        self.init(
            FrameReference(heard.frame), bearer: heard.direction == .heard ? .advertisingHeard : .advertisingSent,
            address: heard.address, isCertain: heard.isCertain)
    }

    init(_ frame: FrameStamp, _ direction: AttributeValue.Direction, isCertain: Bool) {
        self.init(
            FrameReference(frame), bearer: direction == .toServer ? .gattToServer : .gattToClient, isCertain: isCertain)
    }
}

/// What frames hold: advertising structures and values of GATT connections, each with the frame that it stood in.
extension EvidenceStream {
    /// Takes what frames hold, in their order. What breaks its format becomes an observation that says so.
    public mutating func take(_ batch: HeardBatch) { take(batch, 0..<batch.count) }

    /// The same, with what is to be said of the frames themselves.
    mutating func take(_ frames: HeardFrames) {
        var start = 0
        for remark in frames.remarks {
            take(frames.heard, start..<remark.place)
            start = remark.place
            append(.capture(remark.statement), from: Origin(remark.frame))
        }
        take(frames.heard, start..<frames.heard.count)
    }

    private mutating func take(_ batch: HeardBatch, _ places: Range<Int>) {
        let all = batch.all.span
        for place in places {
            let heard = all[place]
            // Nearly all that is heard of a mesh.
            if heard.kind == .structure, heard.type == ADType.meshMessage, heard.isCertain,
                let pdu = ObfuscatedNetworkPDU((heard.first, heard.second), length: Int(heard.length))
            {
                hear(pdu, from: Origin(heard))
            } else {
                takeOther(heard, of: batch)
            }
        }
    }

    private mutating func takeOther(_ heard: Heard, of batch: HeardBatch) {
        if let error = batch.error(of: heard) {
            takeMalformed(error, in: heard.frame)
        } else if let value = batch.attributeValue(of: heard) {
            take(value, in: heard.frame)
        } else {
            let octets = batch.octets(of: heard)
            takeStructure(heard, octets)
        }
    }

    private mutating func takeStructure(_ heard: Heard, _ octets: [UInt8]) {
        let origin = Origin(heard)
        var value = ByteReader(octets.span)
        guard origin.isCertain else {
            takeTentatively(heard.type, value, from: origin)
            return
        }
        do {
            switch heard.type {
            case ADType.meshMessage: hear(try ObfuscatedNetworkPDU(parsing: &value), from: origin)
            case ADType.meshBeacon: hear(try MeshBeacon(parsing: &value), from: origin)
            case ADType.pbADV:
                let pdu = try PBADVPDU(parsing: &value)
                if let said = provisioning.statement(of: pdu) {
                    append(.unauthenticated(.provisioning(said)), from: origin)
                }
            case ADType.serviceData: try takeServiceData(&value, from: origin)
            case ADType.uri:
                if uris.isNew(octets) { append(.unauthenticated(.uri(HeardURI(octets))), from: origin) }
            default: break
            }
        } catch {
            takeMalformed(ParseError(error.reason, at: error.offset + Int(heard.offset)), in: heard.frame)
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
            // The key may stand in a message that waits to be opened.
            if delivery.canLearnKeys { openPending() }
            if let (network, address) = identification.identify(data) {
                append(.authentic(network, .proxyServer(address)), from: origin)
            } else if case .networkID(let networkID) = data {
                append(.unauthenticated(.foreignProxyServer(networkID: networkID)), from: origin)
            }
        case SolicitationPDU.serviceUUID: hear(try SolicitationPDU(parsing: &value), from: origin)
        case UnprovisionedDeviceBeacon.serviceUUID:
            let beacon = try UnprovisionedDeviceBeacon(parsing: &value)
            append(.unauthenticated(.unprovisionedDevice(beacon)), from: origin)
        default: return
        }
    }

    /// What may be no structure at all counts only if it authenticates.
    private mutating func takeTentatively(_ type: UInt8, _ value: ByteReader, from origin: Origin) {
        var value = value
        if type == ADType.meshMessage, let pdu = try? ObfuscatedNetworkPDU(parsing: &value) {
            hearApart(pdu, nonce: .network, from: origin)
        } else if type == ADType.meshBeacon, let beacon = try? MeshBeacon(parsing: &value) {
            hear(beacon, from: origin)
        }
    }

    /// Takes note that a frame breaks its format. The error itself is told of the first one only.
    private mutating func takeMalformed(_ error: ParseError, in frame: FrameStamp) {
        let description = hasDescribedError ? nil : "frame \(frame.number): \(error)"
        hasDescribedError = true
        append(.capture(.malformed(description)), from: Origin(FrameReference(frame)))
    }

    /// Values that cross a GATT connection: Mesh Protocol 1.1, "Proxy protocol".
    ///
    /// Hosts that reconnect remember handles, so that a capture need not hold the discovery: what opens or authenticates
    /// with a key is a Proxy PDU, and what does not is not counted.
    private mutating func take(_ value: AttributeValue, in frame: FrameStamp) {
        guard let message = proxies.message(completedBy: value) else { return }
        let isCertain = proxies.isCertain(value.characteristic)
        let origin = Origin(frame, value.direction, isCertain: isCertain)
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
