import ByteParsing

/// GUIDs of Ellisys traces, as the octets that stand in the file.
enum TraceIdentifier {
    // Kinds of streams.
    static let data: UInt128 = 0xE391_1550_69A2_764F_82F9_1DDA_D4E5_83AF
    static let descriptor: UInt128 = 0x62E2_E770_97F6_3D47_BF56_DC0C_D1CD_1893
    static let object: UInt128 = 0x4B67_89F0_061C_744F_ADB3_73D2_3628_7205

    /// The object that says when the trace began.
    static let start: UInt128 = 0xA837_5435_FCFC_3547_8FFC_D0E3_3E14_9040
    /// Data that are typed records.
    static let records: UInt128 = 0xAE67_6C0B_DCAB_8E4C_8ABB_842C_0DA8_D493

    // Kinds of records.
    static let lowEnergy: UInt128 = 0xD834_2341_9581_4940_ACA9_EABF_463F_E2BC
    static let hci: UInt128 = 0xD821_0876_4A7F_E542_93B3_9557_513C_10BC
}

extension ByteReader {
    mutating func readGUID() throws(ParseError) -> UInt128 { try readLeftAligned(16) }
}
