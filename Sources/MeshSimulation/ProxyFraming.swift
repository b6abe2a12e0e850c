import BluetoothFrames
import CaptureFiles
import MeshProtocol

/// Wraps the messages of a GATT proxy connection: Proxy PDUs in ATT values in L2CAP PDUs in fragments.
struct ProxyFraming {
    /// What a piece of an L2CAP PDU is wrapped from.
    struct Fragment {
        var octets: [UInt8]
        var isStart: Bool
        var isToServer: Bool
    }

    static let accessAddress: UInt64 = 0x5065_5341
    static let crcInit: UInt32 = 0x3A5C71
    static let connectionHandle: UInt16 = 0x0040
    /// As hosts have them that took the default ATT_MTU of 23.
    private static let longestValue = 20

    private var counter = 0

    /// The fragments of all Proxy PDUs of a message; every third L2CAP PDU comes in two.
    mutating func fragments(_ frame: SimulatedFrame) -> [Fragment] {
        guard let direction = frame.proxy, let first = frame.data.first,
            let type = ProxyPDU.MessageType(rawValue: first)
        else { return [] }
        let isToServer = direction == .toServer
        let values = ProxyPDU.segment(Array(frame.data.dropFirst()), type: type, longest: Self.longestValue)
        return values.flatMap { value -> [Fragment] in
            counter += 1
            // Write Without Response to, and notification from, two handles.
            let attribute: [UInt8] = isToServer ? [0x52, 0x11, 0x00] : [0x1B, 0x13, 0x00]
            let payload = attribute + value
            let pdu = [UInt8(payload.count), 0, 4, 0] + payload
            guard counter % 3 == 0 else { return [Fragment(octets: pdu, isStart: true, isToServer: isToServer)] }
            return [
                Fragment(octets: Array(pdu[..<9]), isStart: true, isToServer: isToServer),
                Fragment(octets: Array(pdu[9...]), isStart: false, isToServer: isToServer),
            ]
        }
    }
}
