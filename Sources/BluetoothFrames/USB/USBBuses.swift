import BoundedCollections
import ByteParsing

/// The devices of the buses that a capture shows: which of them are Bluetooth controllers, and what they are in the middle of.
/// Bounded: the oldest gives way.
struct USBBuses {
    private struct Endpoint: Hashable {
        var device: USBTransfer.Device
        var number: UInt8
    }

    private var controllers = BoundedStore<USBTransfer.Device, Void>(capacity: 128)
    /// Octets of the HCI command whose request came without its data.
    private var awaited = BoundedStore<USBTransfer.Device, UInt16>(capacity: 128)
    private var streams = BoundedStore<Endpoint, HCIStream>(capacity: 128)

    /// Devices and endpoints of which something is kept.
    var count: Int { max(controllers.count, awaited.count, streams.count) }

    func isController(_ device: USBTransfer.Device) -> Bool { controllers.contains(device) }

    mutating func recognise(_ device: USBTransfer.Device) {
        controllers.insert((), for: device)
    }

    /// Another device has the address now.
    mutating func forget(_ device: USBTransfer.Device) {
        controllers.removeValue(forKey: device)
        awaited.removeValue(forKey: device)
        streams.removeAll { endpoint, _ in endpoint.device == device }
    }

    /// Whether data to a device is an HCI command; its request may have come in a record of its own.
    mutating func isCommand(_ transfer: USBTransfer, _ data: ByteReader) throws(ParseError) -> Bool {
        let announced = awaited.removeValue(forKey: transfer.device)
        if let setup = transfer.setup, !setup.isHCICommand { return false }
        guard let length = transfer.setup?.length ?? announced, length >= 3 else { return false }
        guard transfer.length > 0 else {
            if transfer.setup != nil { awaited[transfer.device] = length }
            return false
        }
        // opcode 2 · length 1 · parameters
        guard transfer.length >= 3, Int(length) == 3 + Int(try data.peek(2)) else { return false }
        recognise(transfer.device)
        return true
    }

    /// Takes a transfer of an endpoint. Of a device that is no controller yet only what may become an event is kept, until it tells.
    mutating func take(_ data: ByteReader, of transfer: USBTransfer, as kind: HCIExtent.Kind) throws(ParseError)
        -> (arrival: HCIStream.Arrival, isLost: Bool)
    {
        let endpoint = Endpoint(device: transfer.device, number: transfer.endpoint)
        var stream = streams[endpoint] ?? HCIStream()
        let (arrival, isLost) = try stream.take(data, as: kind)
        if transfer.isCut { stream.forget() }
        guard !isController(transfer.device) else {
            streams[endpoint] = stream
            return (arrival, isLost)
        }
        guard try tells(arrival, data, isComplete: stream.pending.isEmpty) else {
            streams[endpoint] = stream.pending.isEmpty ? nil : stream
            return (.nothing, false)
        }
        recognise(transfer.device)
        streams[endpoint] = stream
        return (arrival, false)
    }

    private func tells(_ arrival: HCIStream.Arrival, _ data: ByteReader, isComplete: Bool) throws(ParseError) -> Bool {
        guard isComplete else { return false }
        switch arrival {
        case .nothing: return false
        case .alone:
            guard try !HCIExtent(of: data, as: .event).isBroken else { return false }
            return try ControllerSigns.holdControllerEvent(data)
        case .joined(let octets): return try ControllerSigns.holdControllerEvent(ByteReader(octets.span))
        }
    }
}

/// HCI over USB: Bluetooth Core, "USB transport layer". Commands are control transfers, events interrupt transfers, ACL data
/// bulk transfers; what other devices transfer is no frame of Bluetooth.
extension FramePeeler {
    mutating func peelUSB(_ reader: inout ByteReader, _ transfer: USBTransfer, _ heard: inout HeardBatch)
        throws(ParseError) -> FrameOutcome
    {
        let data = try reader.readPiece(transfer.length)
        switch transfer.kind {
        case .control where transfer.isReceived:
            try learn(data, of: transfer.device)
            return .other
        case .control:
            guard try usb.isCommand(transfer, data) else { return .other }
            var command = data
            collect(command, 1, isSent: true)
            return try peelCommand(&command, adapter: transfer.device.adapter, &heard)
        case .interrupt where transfer.isReceived: return try peelStream(data, transfer, .event, &heard)
        case .bulk where usb.isController(transfer.device): return try peelStream(data, transfer, .acl, &heard)
        default: return .other
        }
    }

    private mutating func learn(_ data: ByteReader, of device: USBTransfer.Device) throws(ParseError) {
        guard let isController = try ControllerSigns.isController(descriptor: data) else { return }
        if isController { usb.recognise(device) } else { usb.forget(device) }
    }

    private mutating func peelStream(
        _ data: ByteReader, _ transfer: USBTransfer, _ kind: HCIExtent.Kind, _ heard: inout HeardBatch
    ) throws(ParseError) -> FrameOutcome {
        guard transfer.length > 0 else { return .other }
        let (arrival, isLost) = try usb.take(data, of: transfer, as: kind)
        if isLost {
            heard.append(ParseError(.truncated(needed: 1, available: 0), at: data.offset), in: frame)
        }
        let outcome: FrameOutcome
        switch arrival {
        case .nothing: return .other
        case .alone: outcome = try peelPackets(data, transfer, kind, &heard)
        case .joined(let octets): outcome = try peelPackets(ByteReader(octets.span), transfer, kind, &heard)
        }
        guard !transfer.isCut else {
            throw ParseError(.truncated(needed: transfer.length + 1, available: transfer.length), at: data.end)
        }
        return outcome
    }

    /// Packets one behind the other. What is malformed in one does not touch the others.
    private mutating func peelPackets(
        _ packets: ByteReader, _ transfer: USBTransfer, _ kind: HCIExtent.Kind, _ heard: inout HeardBatch
    ) throws(ParseError) -> FrameOutcome {
        var (rest, outcome) = (packets, FrameOutcome.other)
        var whole = try rest.readPiece(try HCIExtent(of: packets, as: kind).whole)
        while !whole.isAtEnd {
            let length =
                kind == .event ? 2 + Int(try whole.peek(1)) : 4 + Int(try whole.peek(2)) + Int(try whole.peek(3)) << 8
            var packet = try whole.readPiece(length)
            collect(packet, kind == .event ? 4 : 2, isSent: !transfer.isReceived)
            do throws(ParseError) {
                let adapter = transfer.device.adapter
                let became =
                    kind == .event
                    ? try peelEvent(&packet, adapter: adapter, &heard)
                    : try peelACL(&packet, adapter: adapter, isSent: !transfer.isReceived, &heard)
                if became == .peeled { outcome = .peeled }
            } catch { heard.append(error, in: frame) }
        }
        return outcome
    }
}
