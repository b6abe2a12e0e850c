import ByteParsing
import CaptureFiles
import MeshProtocol

/// What really went over one provisioning link, and what of it the capture holds.
public struct ProvisioningTruth: Sendable {
    /// Of PB-ADV, 32 bits.
    public var linkID: UInt32 = 0
    /// Of the device, 128 bits.
    public var deviceUUID: UInt128 = 0
    /// Transactions of which every segment was captured at least once, by their first octet.
    public var heard: [UInt8] = []
    /// Whether the capture holds the Link Open.
    public var isOpenHeard = false
    /// Whether the capture holds a Link Close.
    public var isCloseHeard = false
}

extension SimulatedMesh {
    /// The master provisions a device over PB-ADV, and the device answers. Everything is sent several times, as the bearer
    /// does until it is acknowledged.
    mutating func provision(uuid: UInt128, failure: UInt8?, at start: CaptureTime) {
        var link = ProvisioningTruth()
        link.linkID = UInt32(truncatingIfNeeded: random.next())
        link.deviceUUID = uuid
        var time = start
        let device = SimulatedNode(
            address: networks[0].nodes[0].address, nextSequence: 0, transmitIndex: IVIndex(0),
            deviceAddress: 0xC0_0000_0003_01)
        link.isOpenHeard = send([0x03] + uuid.octets, link, 0, from: networks[0].nodes[0], &time)
        _ = send([0x07], link, 0, from: device, &time)
        var numbers: (provisioner: UInt8, device: UInt8) = (0, 0x80)
        for (isFromProvisioner, pdu) in pdus(failure: failure) {
            let number = isFromProvisioner ? numbers.provisioner : numbers.device
            if isFromProvisioner { numbers.provisioner += 1 } else { numbers.device += 1 }
            let sender = isFromProvisioner ? networks[0].nodes[0] : device
            if transact(pdu, link, number, from: sender, &time) { link.heard.append(pdu[0]) }
            _ = send([0x01], link, number, from: isFromProvisioner ? device : networks[0].nodes[0], &time)
        }
        link.isCloseHeard = send([0x0B, failure == nil ? 0 : 2], link, 0, from: networks[0].nodes[0], &time)
        truth.provisioning.append(link)
    }

    private mutating func pdus(failure: UInt8?) -> [(isFromProvisioner: Bool, [UInt8])] {
        let beginning: [(Bool, [UInt8])] = [
            (true, [0x00, 0x05]), (false, [0x01, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0]), (true, [0x02, 1, 0, 0, 0, 0]),
            (true, [0x03] + random.octets(64)), (false, [0x03] + random.octets(64)),
            (true, [0x05] + random.octets(32)), (false, [0x05] + random.octets(32)),
            (true, [0x06] + random.octets(32)),
        ]
        if let failure { return beginning + [(false, [0x09, failure])] }
        return beginning + [(false, [0x06] + random.octets(32)), (true, [0x07] + random.octets(33)), (false, [0x08])]
    }

    /// The segments of a transaction, each sent two to four times in rounds; true if each was captured.
    private mutating func transact(
        _ pdu: [UInt8], _ link: ProvisioningTruth, _ number: UInt8, from node: SimulatedNode, _ time: inout CaptureTime
    ) -> Bool {
        let rest = Array(pdu.dropFirst(20))
        let pieces = stride(from: 0, to: rest.count, by: 23).map { Array(rest[$0..<min($0 + 23, rest.count)]) }
        let fcs = TransactionReassembly.frameCheckSequence(pdu)
        let start =
            [UInt8(pieces.count) << 2, UInt8(pdu.count >> 8), UInt8(pdu.count & 0xFF), fcs] + pdu.prefix(20)
        let segments = [start] + pieces.enumerated().map { [UInt8($0 + 1) << 2 | 2] + $1 }
        var heard = Set<Int>()
        for _ in 0..<(2 + random.below(3)) {
            for (index, segment) in segments.enumerated() {
                if send(segment, link, number, from: node, &time) { heard.insert(index) }
            }
        }
        return heard.count == segments.count
    }

    private mutating func send(
        _ content: [UInt8], _ link: ProvisioningTruth, _ number: UInt8, from node: SimulatedNode,
        _ time: inout CaptureTime
    ) -> Bool {
        let id = UInt128(link.linkID).octets.suffix(4)
        let captured = broadcast(AD.structure(0x29, id + [number] + content), from: node, at: time, times: 1)
        time = time.advanced(by: .milliseconds(Int64(15 + random.below(10))))
        return captured > 0
    }
}
