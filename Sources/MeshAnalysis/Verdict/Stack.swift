import MeshProtocol

/// How mesh stacks keep SEQ, as far as it matters for what a capture shows and for what a replacement must be given.
public enum Stack: String, Hashable, Sendable, CaseIterable {
    case zephyr, bluez, silabs
    case espIDF = "esp-idf"
    case nrf5SDK = "nrf5-sdk"
    case nrfMesh = "nrf-mesh"

    public var name: String {
        switch self {
        case .zephyr: "Zephyr / nRF Connect SDK"
        case .bluez: "BlueZ bluetooth-meshd"
        case .silabs: "Silicon Labs"
        case .espIDF: "ESP-IDF"
        case .nrf5SDK: "nRF5 SDK for Mesh"
        case .nrfMesh: "nRF Mesh for iOS and Android"
        }
    }

    /// The SEQ that a restart may skip, by each stack's defaults: what it reserves ahead of what it has used.
    public var reservedBlock: UInt32 {
        switch self {
        // CONFIG_BT_MESH_SEQ_STORE_RATE
        case .zephyr: 128
        // At least 64, and five minutes of traffic where that is more.
        case .bluez: 64
        // 2 to the power of SL_BTMESH_CONFIG_SEQNUM_WRITE_INTERVAL_EXP
        case .silabs: 0x1_0000
        // CONFIG_BLE_MESH_SEQ_STORE_RATE is 0: each SEQ is stored.
        case .espIDF: 0
        // NETWORK_SEQNUM_FLASH_BLOCK_SIZE
        case .nrf5SDK: 8192
        case .nrfMesh: 0
        }
    }

    /// The most that a restart may skip: bluetooth-meshd reserves for five minutes what its latest SEQ took, and a mesh
    /// carries some twenty a second at the most.
    public var mostSkipped: UInt32 { self == .bluez ? 300 * 20 : reservedBlock }

    /// Whether each element has a counter of its own; otherwise a node has one.
    public var countsByElement: Bool { self == .silabs || self == .nrfMesh }

    /// Where a counter that reserves aligned blocks goes on after a restart: numbers with this rest.
    private var alignment: UInt32? {
        switch self {
        case .zephyr: 127
        case .silabs, .nrf5SDK: 0
        case .bluez, .espIDF, .nrfMesh: nil
        }
    }

    /// PDUs behind the restart that a capture may have missed.
    private static let mostMissed: UInt32 = 16

    /// The stacks whose reserved block explains a jump.
    static func explaining(_ jump: SequenceJump) -> [Stack] {
        let aligned = allCases.filter { stack in
            guard let rest = stack.alignment else { return false }
            let block = stack.reservedBlock
            let next = jump.from.value + 1
            let start = next + (rest + block - next % block) % block
            return jump.to.value >= start && jump.to.value - start <= mostMissed
        }
        return aligned
    }
}
