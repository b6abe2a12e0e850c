/// The names of the Bluetooth SIG's access messages by opcode.
enum AccessOpcodes {
    static func name(_ opcode: UInt16) -> String? {
        foundation[opcode] ?? models[opcode] ?? firmware[opcode]
    }

    /// Mesh Binary Large Object Transfer Model and Mesh Device Firmware Update Model 1.0.
    private static let firmware: [UInt16: String] = [
        0x66: "BLOB Chunk Transfer",
        0x67: "BLOB Block Status",
        0x68: "BLOB Partial Block Report",
        0x8300: "BLOB Transfer Get",
        0x8301: "BLOB Transfer Start",
        0x8302: "BLOB Transfer Cancel",
        0x8303: "BLOB Transfer Status",
        0x8304: "BLOB Block Start",
        0x8305: "BLOB Block Get",
        0x8306: "BLOB Information Get",
        0x8307: "BLOB Information Status",
        0x8308: "Firmware Update Information Get",
        0x8309: "Firmware Update Information Status",
        0x830A: "Firmware Update Firmware Metadata Check",
        0x830B: "Firmware Update Firmware Metadata Status",
        0x830C: "Firmware Update Get",
        0x830D: "Firmware Update Start",
        0x830E: "Firmware Update Cancel",
        0x830F: "Firmware Update Apply",
        0x8310: "Firmware Update Status",
        0x8311: "Firmware Distribution Receivers Add",
        0x8312: "Firmware Distribution Receivers Delete All",
        0x8313: "Firmware Distribution Receivers Status",
        0x8314: "Firmware Distribution Receivers Get",
        0x8315: "Firmware Distribution Receivers List",
        0x8316: "Firmware Distribution Capabilities Get",
        0x8317: "Firmware Distribution Capabilities Status",
        0x8318: "Firmware Distribution Get",
        0x8319: "Firmware Distribution Start",
        0x831A: "Firmware Distribution Suspend",
        0x831B: "Firmware Distribution Cancel",
        0x831C: "Firmware Distribution Apply",
        0x831D: "Firmware Distribution Status",
        0x831E: "Firmware Distribution Upload Get",
        0x831F: "Firmware Distribution Upload Start",
        0x8320: "Firmware Distribution Upload OOB Start",
        0x8321: "Firmware Distribution Upload Cancel",
        0x8322: "Firmware Distribution Upload Status",
        0x8323: "Firmware Distribution Firmware Get",
        0x8324: "Firmware Distribution Firmware Get By Index",
        0x8325: "Firmware Distribution Firmware Delete",
        0x8326: "Firmware Distribution Firmware Delete All",
        0x8327: "Firmware Distribution Firmware Status",
    ]
}
