import ByteParsing
import MeshProtocol

/// The octets in which Zephyr's mesh host stores its state, little endian and packed; ESP-IDF's host comes from it and
/// stores the same. As hexadecimal digits.
enum ZephyrRecords {
    /// Hours in the present state, so that the device may go along with the next change: Mesh Protocol 1.1, "IV Update
    /// procedure".
    private static let hours: UInt32 = 96

    /// u32 IV Index, then a bit for the update and seven for the hours in this state.
    static func iv(_ values: RestoreValues) -> String {
        Hexadecimal.littleEndian(values.ivIndex, octets: 4)
            + Hexadecimal.littleEndian(hours << 1 | values.updateFlag, octets: 1)
    }

    /// The next SEQ in 24 bits.
    static func sequence(_ values: RestoreValues) -> String {
        Hexadecimal.littleEndian(values.first.value, octets: 3)
    }

    /// The next SSEQ, u32.
    static func sseq(_ next: SequenceNumber) -> String { Hexadecimal.littleEndian(next.value, octets: 4) }

    /// SEQ in 24 bits, and a bit for the IV Index before.
    static func replay(_ position: SequencePosition, in state: IVState) -> String {
        let isOld: UInt32 = position.ivIndex < state.index ? 1 : 0
        return Hexadecimal.littleEndian(position.sequence.value | isOld << 24, octets: 4)
    }
}
