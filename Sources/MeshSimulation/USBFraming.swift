import CaptureFiles

/// Wraps HCI packets as the transfers of a USB bus on which a keyboard and a disk are busy too.
struct USBFraming {
    private enum Kind: UInt8 { case interrupt = 1, control, bulk }

    /// Where and how a transfer goes.
    private struct Transfer {
        var device: UInt8
        var kind: Kind
        var endpoint: UInt8
        var setup: [UInt8]?
        var data: [UInt8]

        var isReceived: Bool { endpoint & 0x80 != 0 }
    }

    private static let bus: UInt8 = 3
    private static let controller: UInt8 = 9
    private static let keyboard: UInt8 = 4
    private static let disk: UInt8 = 5
    /// As much as an endpoint of a controller of full speed hands over at once.
    private static let longestPiece = 16

    let linkType: LinkType
    var byteOrder = CaptureContainer.ByteOrder.little
    private var packets: UInt64 = 0
    private var urbs: UInt64 = 0

    init(_ linkType: LinkType) {
        self.linkType = linkType
    }

    /// The frames of an HCI packet; `indicator` is that of H4.
    mutating func frames(_ packet: [UInt8], indicator: UInt8, isReceived: Bool, at time: CaptureTime) -> [[UInt8]] {
        var transfers = packets == 0 ? Self.descriptors : []
        packets += 1
        if packets % 4 == 0 { transfers.append(keystroke) }
        if packets % 11 == 0 { transfers += diskRead }
        switch (indicator, isReceived) {
        case (1, _):
            let setup = [0x20, 0, 0, 0, 0, 0] + little(UInt64(packet.count), 2)
            transfers.append(
                Transfer(device: Self.controller, kind: .control, endpoint: 0, setup: setup, data: packet))
        case (_, false):
            transfers.append(Transfer(device: Self.controller, kind: .bulk, endpoint: 2, data: packet))
        case (_, true):
            for piece in pieces(packet) {
                let kind: Kind = indicator == 4 ? .interrupt : .bulk
                let endpoint: UInt8 = indicator == 4 ? 0x81 : 0x82
                transfers.append(Transfer(device: Self.controller, kind: kind, endpoint: endpoint, data: piece))
            }
        }
        return transfers.flatMap { records($0, at: time) }
    }

    private func pieces(_ packet: [UInt8]) -> [[UInt8]] {
        stride(from: 0, to: packet.count, by: Self.longestPiece).map {
            Array(packet[$0..<min($0 + Self.longestPiece, packet.count)])
        }
    }

    // MARK: What else is on the bus

    /// A report of a key that goes down or up.
    private var keystroke: Transfer {
        let key = packets % 8 == 0 ? 0 : UInt8(4 + packets % 26)
        let modifiers: UInt8 = packets % 3 == 0 ? 0x3E : 0
        return Transfer(
            device: Self.keyboard, kind: .interrupt, endpoint: 0x81, data: [modifiers, 0, key, 0, 0, 0, 0, 0])
    }

    /// A command of SCSI, data that look like ACL data with a PDU of nobody, and the status.
    private var diskRead: [Transfer] {
        let tag = little(packets, 4)
        let command = Array("USBC".utf8) + tag + little(64, 4) + [0x80, 0, 10, 0x28] + [UInt8](repeating: 0, count: 15)
        let head: [UInt8] = [0x40, 0x20, 60, 0, 56, 0, 4, 0, 0x1B, 0x13, 0]
        let data = head + (0..<53).map { UInt8(truncatingIfNeeded: packets &* 31 &+ UInt64($0)) }
        return [
            Transfer(device: Self.disk, kind: .bulk, endpoint: 2, data: command),
            Transfer(device: Self.disk, kind: .bulk, endpoint: 0x81, data: data),
            Transfer(device: Self.disk, kind: .bulk, endpoint: 0x81, data: Array("USBS".utf8) + tag + [0, 0, 0, 0, 0]),
        ]
    }

    /// The descriptors of the three devices, as the host asks for them.
    private static var descriptors: [Transfer] {
        let vendor: [UInt8] = [0x12, 0x0A, 0x01, 0x00, 0x00, 0x01, 0, 0, 0, 1]
        let interrupt: [UInt8] = [7, 5, 0x81, 3, 16, 0, 1]
        let bulk: [UInt8] = [7, 5, 0x82, 2, 64, 0, 0] + [7, 5, 0x02, 2, 64, 0, 0]
        func configuration(_ rest: [UInt8]) -> [UInt8] { [9, 2, UInt8(9 + rest.count), 0, 1, 1, 0, 0x80, 50] + rest }
        let ofController = configuration([9, 4, 0, 0, 3, 0xE0, 1, 1, 0] + interrupt + bulk)
        let ofKeyboard = configuration(
            [9, 4, 0, 0, 1, 3, 1, 1, 0] + [9, 0x21, 0x11, 1, 0, 1, 0x22, 63, 0] + interrupt)
        let ofDisk = configuration([9, 4, 0, 0, 2, 8, 6, 0x50, 0] + bulk)
        return [
            get(controller, 1, [18, 1, 0, 2, 0xE0, 1, 1, 64] + vendor), get(controller, 2, ofController),
            get(keyboard, 1, [18, 1, 0x10, 1, 0, 0, 0, 8] + vendor), get(keyboard, 2, ofKeyboard),
            get(disk, 1, [18, 1, 0, 2, 0, 0, 0, 64] + vendor), get(disk, 2, ofDisk),
        ]
    }

    private static func get(_ device: UInt8, _ type: UInt8, _ descriptor: [UInt8]) -> Transfer {
        Transfer(
            device: device, kind: .control, endpoint: 0x80,
            setup: [0x80, 6, 0, type, 0, 0, UInt8(descriptor.count), 0], data: descriptor)
    }

    // MARK: Records

    /// Submission and completion.
    private mutating func records(_ transfer: Transfer, at time: CaptureTime) -> [[UInt8]] {
        urbs += 1
        return [true, false].map { isSubmission in
            let data = isSubmission == transfer.isReceived ? [] : transfer.data
            return linkType == .usbPcap
                ? usbPcap(transfer, isSubmission: isSubmission, data)
                : usbmon(transfer, isSubmission: isSubmission, data, at: time)
        }
    }

    private func usbmon(_ transfer: Transfer, isSubmission: Bool, _ data: [UInt8], at time: CaptureTime) -> [UInt8] {
        let (seconds, nanoseconds) = time.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        let setup = isSubmission ? transfer.setup : nil
        let dataFlag = UInt8(ascii: isSubmission ? "<" : ">")
        var octets = number(0xFFFF_8880_3A5B_0000 | urbs << 6, 8)
        octets += [UInt8(ascii: isSubmission ? "S" : "C"), transfer.kind.rawValue, transfer.endpoint, transfer.device]
        octets += number(UInt64(Self.bus), 2)
        octets += [setup == nil ? UInt8(ascii: "-") : 0, data.isEmpty ? dataFlag : 0]
        octets += number(UInt64(bitPattern: seconds), 8) + number(UInt64(nanoseconds / 1000), 4)
        octets += number(isSubmission ? UInt64(UInt32(bitPattern: -115)) : 0, 4)
        octets += number(UInt64(transfer.data.count), 4) + number(UInt64(data.count), 4)
        octets += setup ?? [UInt8](repeating: 0, count: 8)
        if linkType == .usbmonMapped { octets += [UInt8](repeating: 0, count: 16) }
        return octets + data
    }

    private func usbPcap(_ transfer: Transfer, isSubmission: Bool, _ data: [UInt8]) -> [UInt8] {
        let octets = (isSubmission ? transfer.setup ?? [] : []) + data
        let isControl = transfer.kind == .control
        // URB_FUNCTION_CLASS_DEVICE and URB_FUNCTION_BULK_OR_INTERRUPT_TRANSFER.
        let function: UInt64 = isControl ? 0x001A : 0x0009
        var header = little(isControl ? 28 : 27, 2) + little(0xFFFF_E000_1234_0000 | urbs << 4, 8) + little(0, 4)
        header += little(function, 2) + [isSubmission ? 0 : 1] + little(UInt64(Self.bus), 2)
        header += little(UInt64(transfer.device), 2) + [transfer.endpoint, transfer.kind.rawValue]
        header += little(UInt64(octets.count), 4)
        if isControl { header.append(isSubmission ? 0 : 3) }
        return header + octets
    }

    /// A number in the byte order of the host.
    private func number(_ value: UInt64, _ count: Int) -> [UInt8] {
        byteOrder == .little ? little(value, count) : little(value, count).reversed()
    }
}
