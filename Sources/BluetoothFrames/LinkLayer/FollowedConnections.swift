import BoundedCollections

/// Connections that a sniffer follows: what CONNECT_IND said, or their PDUs tell, and the last PDUs. Bounded: the oldest gives way.
///
/// Where CONNECT_IND was not heard, the CRC of each PDU tells the CRCInit that it would be right with. Two different PDUs that
/// tell the same are no accident; what was heard before is held until then.
struct FollowedConnections {
    /// A data channel PDU whose CRC could not be checked yet.
    struct HeldPDU {
        var frame: FrameStamp
        /// Header and payload.
        var octets: [UInt8]
        var crc: UInt32
        var isFromCentral: Bool?
        /// The one that the CRC would be right with.
        fileprivate var crcInit: UInt32 = 0

        init(frame: FrameStamp, octets: [UInt8], crc: UInt32, isFromCentral: Bool?) {
            self.frame = frame
            self.octets = octets
            self.crc = crc
            self.isFromCentral = isFromCentral
        }
    }

    /// What is known of the CRC of a data channel PDU.
    enum Check {
        case right, wrong, held
        /// The CRCInit is known since; these were held, and are right.
        case found([HeldPDU])
    }

    private struct Followed {
        /// `nil` where neither CONNECT_IND nor PDUs told it.
        var crcInit: UInt32?
        var held: [HeldPDU] = []
        /// The last data PDUs, since retransmissions repeat one of them to the bit: of each direction where that is
        /// known, and else of both.
        var last: [[UInt8]] = []
        var isEncrypted = false
        /// Starts of L2CAP PDUs that are such, and that cannot be.
        var plain = 0
        var odd = 0
    }

    private static let mostHeld = 32
    /// So many starts of L2CAP PDUs in a row that are none: they are encrypted.
    private static let leastOdd = 3

    private var followed = BoundedStore<UInt32, Followed>(capacity: 256)
    /// PDUs whose CRC nobody could check.
    private(set) var unchecked = 0
    /// Connections whose CRCInit their PDUs told.
    private(set) var joined = 0
    /// PDUs of encrypted connections.
    private(set) var encrypted = 0

    var count: Int { followed.count }

    /// `crcInit`: 0 where what wrote the CONNECT_IND did not know it.
    mutating func begin(_ accessAddress: UInt32, crcInit: UInt32) {
        followed[accessAddress] = Followed(crcInit: crcInit == 0 ? nil : crcInit)
    }

    mutating func check(_ pdu: HeldPDU, of accessAddress: UInt32) -> Check {
        var connection = followed[accessAddress] ?? Followed()
        if let known = connection.crcInit { return CRC24.compute(pdu.octets, from: known) == pdu.crc ? .right : .wrong }
        var pdu = pdu
        let crcInit = CRC24.initial(of: pdu.octets, crc: pdu.crc)
        pdu.crcInit = crcInit
        if let other = connection.held.first(where: { $0.crcInit == crcInit }), other.octets != pdu.octets {
            let found = connection.held.filter { $0.crcInit == crcInit }
            unchecked -= connection.held.count
            joined += 1
            connection.held = []
            connection.crcInit = crcInit
            followed[accessAddress] = connection
            return .found(found)
        }
        unchecked += 1
        connection.held.append(pdu)
        if connection.held.count > Self.mostHeld { connection.held.removeFirst() }
        followed[accessAddress] = connection
        return .held
    }

    /// A PDU whose CRC the capture does not hold.
    mutating func noteUnchecked() { unchecked += 1 }

    /// False for a retransmission.
    mutating func isNew(_ pdu: [UInt8], of accessAddress: UInt32) -> Bool {
        let last = followed[accessAddress]?.last ?? []
        guard !last.contains(pdu) else { return false }
        followed[accessAddress, default: Followed()].last = last.suffix(1) + [pdu]
        return true
    }

    /// LL_START_ENC_REQ was heard: all that follows is encrypted.
    mutating func beginEncryption(of accessAddress: UInt32) {
        followed[accessAddress, default: Followed()].isEncrypted = true
    }

    /// Whether a data PDU is encrypted: as was told, or as the L2CAP PDUs say that begin in the connection.
    mutating func isEncrypted(_ payload: [UInt8], isStart: Bool, of accessAddress: UInt32) -> Bool {
        var connection = followed[accessAddress] ?? Followed()
        if isStart, !connection.isEncrypted {
            if Self.beginsL2CAP(payload) {
                (connection.plain, connection.odd) = (connection.plain + 1, 0)
            } else {
                connection.odd += 1
            }
            if connection.plain == 0, connection.odd >= Self.leastOdd {
                connection.isEncrypted = true
                encrypted += connection.odd - 1
            }
            followed[accessAddress] = connection
        }
        if connection.isEncrypted { encrypted += 1 }
        return connection.isEncrypted
    }

    /// The channels of LE: ATT, signaling, SMP, and dynamic ones; and no more in one fragment than the PDU has.
    private static func beginsL2CAP(_ octets: [UInt8]) -> Bool {
        guard octets.count >= 4 else { return false }
        let length = Int(octets[0]) | Int(octets[1]) << 8
        let channel = Int(octets[2]) | Int(octets[3]) << 8
        return ((4...6).contains(channel) || (0x40...0x7F).contains(channel)) && octets.count <= length + 4
    }
}
