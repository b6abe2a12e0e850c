import ByteParsing
import MeshProtocol

/// Nordic's nRF5 SDK for Mesh stores the first block of SEQ that is not yet allocated; a call or a serial command sets it.
extension Stack {
    /// Nordic's nRF5 SDK for Mesh.
    public static let nrf5SDK = Stack(
        identifier: "nrf5-sdk", name: "nRF5 SDK for Mesh",
        reservation: Reservation(block: flashBlock, alignmentRest: 0),
        // Half of 0xFFFFFF.
        ivUpdateTrigger: 0x7F_FFFF
    ) { values, _ in
        let block = firstBlock(from: values.first)
        return Restoration(
            first: block, files: [RestoreFile(name: "restore.c", lines: calls(values, block: block))], steps: steps)
    }

    /// NETWORK_SEQNUM_FLASH_BLOCK_SIZE
    private static let flashBlock: UInt32 = 8192

    /// Where the first whole block begins that has no SEQ below the one asked for: up to 0x1000000.
    private static func firstBlock(from first: SequenceNumber) -> UInt32 {
        (first.value + flashBlock - 1) / flashBlock * flashBlock
    }

    private static func calls(_ values: RestoreValues, block: UInt32) -> [String] {
        let isUpdating = values.state.isUpdateInProgress
        let index = Hexadecimal.text(values.ivIndex, digits: 8)
        return [
            "// C, once, before the stack is enabled; a second call gives NRF_ERROR_INVALID_STATE.",
            "net_state_iv_index_and_seqnum_block_set(0x\(index), \(isUpdating), \(block));",
            "",
            "// Serial: NetStateSet (0xAE) with IV Index, update flag, timeout and next block; octets behind the length.",
            "// \(serialCommand(values, block: block))",
            "",
            "// pyaci",
            "// cmd.NetStateSet(\(values.ivIndex), \(values.updateFlag), 0, \(block))",
        ]
    }

    /// u8 command, u32 IV Index, u8 update flag, u16 timeout counter, u32 block; little endian.
    private static func serialCommand(_ values: RestoreValues, block: UInt32) -> String {
        let fields: [(UInt32, Int)] = [(0xAE, 1), (values.ivIndex, 4), (values.updateFlag, 1), (0, 2), (block, 4)]
        return fields.map { Hexadecimal.littleEndian($0, octets: $1) }.joined()
    }

    private static let steps = [
        "Provision the replacement with the old keys and address.",
        "Call `net_state_iv_index_and_seqnum_block_set` as in `restore.c`, or send the serial command in a build with `PERSISTENT_STORAGE` 0. The block is rounded up to 8192.",
    ]
}
