import ByteParsing
import MeshCrypto
public import MeshProtocol

/// Keys as Wireshark's Bluetooth Mesh dissector takes them: three tables, quoted, a row a line.
///
/// A row of the first has a NetKey, an AppKey and an IV Index, all of which must be there.
public struct WiresharkTables {
    private var networkRows: [String] = []
    private var deviceRows: [String] = []
    private var labelRows: [String] = []
    /// Rows of different tables have different numbers of columns.
    private var known: Set<String> = []

    /// Tables without rows.
    public init() {}

    /// Whether there is no row with a NetKey, without which the other tables are of no use.
    public var isEmpty: Bool { networkRows.isEmpty }

    /// A row for each NetKey, IV Index and AppKey of a network.
    public mutating func add(_ network: KeyRing.Network, ivIndexes: [IVIndex]) {
        let applicationKeys = network.upperKeys.applicationKeys.map(\.value)
        for index in Set(ivIndexes).sorted() {
            for keys in network.allKeys {
                for applicationKey in applicationKeys.isEmpty ? [0] : applicationKeys {
                    let values = [
                        Hexadecimal.text(keys.netKey.value, digits: 32), Hexadecimal.text(applicationKey, digits: 32),
                        Hexadecimal.text(index.value, digits: 8),
                    ]
                    append(values, to: \.networkRows)
                }
            }
        }
        for device in network.upperKeys.deviceKeys {
            let values = [
                Hexadecimal.text(device.key.value, digits: 32), Hexadecimal.text(device.address.value, digits: 4),
            ]
            append(values, to: \.deviceRows)
        }
        for label in network.upperKeys.labels {
            append([Hexadecimal.text(label.value, digits: 32)], to: \.labelRows)
        }
    }

    /// A row that stands already is not written again.
    private mutating func append(_ values: [String], to rows: WritableKeyPath<Self, [String]>) {
        let row = values.map { "\"0x\($0)\"" }.joined(separator: ",")
        if known.insert(row).inserted { self[keyPath: rows].append(row) }
    }

    /// The files by name.
    public var files: [(name: String, text: String)] {
        [("btmesh_nw_keys", networkRows), ("btmesh_dev_keys", deviceRows), ("btmesh_label_uuids", labelRows)].map {
            ($0, $1.map { $0 + "\n" }.joined())
        }
    }
}
