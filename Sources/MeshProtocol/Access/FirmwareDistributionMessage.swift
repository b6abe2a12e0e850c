import ByteParsing

/// The messages that tell how a Distributor hands out a firmware on behalf of an Initiator: Mesh Device Firmware Update Model 1.0,
/// "Firmware Distribution". Numbers of several octets are little endian.
public enum FirmwareDistributionMessage: Hashable, Sendable {
    /// What a Distribution Start asks for, and a Distribution Status says of it.
    public struct Parameters: Hashable, Codable, Sendable {
        /// TTL of the Distributor's messages.
        public let ttl: UInt8
        /// Units of 10 s, of the BLOB transfers.
        public let timeoutBase: UInt16
        /// The place of the image in the Distributor's list.
        public let imageIndex: UInt16
        /// To whom it is sent: a group, 0x0000 for each receiver by itself; `nil` for a virtual address that stands there as its label.
        public let multicast: MeshAddress?

        /// Seconds that a receiver waits.
        public var timeout: Int { BLOBMessage.timeout(base: timeoutBase) }
    }

    ///     AppKey index 2 · TTL 1 · timeout base 2 · mode 2 bits, policy 1, RFU 5 · image index 2 · multicast address 2 or 16
    case start(Parameters)
    /// The Distributor is to wait.
    case suspend
    /// The Distributor is to give up.
    case cancel
    /// The Distributor is to let the receivers take the image into use.
    case apply
    ///     status 1 · phase 1 · [multicast address 2 · AppKey index 2 · TTL 1 · timeout base 2 · mode, policy 1 · image index 2]
    ///
    /// `status`: 0 for success. `phase`: 0 idle, 1 transfer active, 2 transfer success, 3 applying, 4 completed, 5 failed, 6 cancelling,
    /// 7 suspended.
    case status(status: UInt8, phase: UInt8, Parameters?)

    /// `nil` for any other message, and for one that breaks its format.
    public init?(_ message: AccessMessage) {
        guard let known = message.read(Self.parse) else { return nil }
        self = known
    }

    private static func parse(_ opcode: UInt16, _ reader: inout ByteReader) throws(ParseError) -> Self? {
        switch opcode {
        case 0x8319:
            _ = try reader.readUInt16LittleEndian()
            let (ttl, timeout) = (try reader.readUInt8(), try reader.readUInt16LittleEndian())
            _ = try reader.readUInt8()
            let image = try reader.readUInt16LittleEndian()
            let address = MeshAddress(try reader.readUInt16LittleEndian())
            return .start(
                Parameters(
                    ttl: ttl, timeoutBase: timeout, imageIndex: image, multicast: reader.isAtEnd ? address : nil))
        case 0x831A: return .suspend
        case 0x831B: return .cancel
        case 0x831C: return .apply
        case 0x831D:
            let (status, phase) = (try reader.readUInt8(), try reader.readUInt8())
            guard !reader.isAtEnd else { return .status(status: status, phase: phase, nil) }
            let address = MeshAddress(try reader.readUInt16LittleEndian())
            _ = try reader.readUInt16LittleEndian()
            let (ttl, timeout) = (try reader.readUInt8(), try reader.readUInt16LittleEndian())
            _ = try reader.readUInt8()
            let image = try reader.readUInt16LittleEndian()
            return .status(
                status: status, phase: phase,
                Parameters(ttl: ttl, timeoutBase: timeout, imageIndex: image, multicast: address))
        default: return nil
        }
    }
}
