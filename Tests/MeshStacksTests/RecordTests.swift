import MeshProtocol
import MeshStacks
import Testing

/// Each stack's files, octet by octet, by its sources.
///
/// IV Index 0x12345678 with an update in progress, next SEQ 0x0012AB, elements 0x0001 and 0x0002; heard were 0x000A with SEQ
/// 0x000102 under the IV Index before, and 0x0BCD with SEQ 0xFFFFFF under this one.
@Suite struct RecordTests {
    private func text(_ stack: Stack, _ name: String, of values: RestoreValues = .updating) throws -> String {
        try #require(try stack.restoration(of: values).files.first { $0.name == name }).text
    }

    @Test func zephyr() throws {
        #expect(
            try text(.zephyr, "settings.txt") == """
                settings write bt/mesh/IV 78563412c1
                settings write bt/mesh/Seq ab1200
                settings write bt/mesh/RPL/a 02010001
                settings write bt/mesh/RPL/bcd ffffff00

                """)
        #expect(try text(.zephyr, "settings.txt", of: .normal).hasPrefix("settings write bt/mesh/IV 78563412c0\n"))
    }

    @Test func espIDF() throws {
        #expect(
            try text(.espIDF, "nvs.csv") == """
                key,type,encoding,value
                mesh_core,namespace,,
                mesh/iv,data,hex2bin,78563412c1
                mesh/seq,data,hex2bin,ab1200
                mesh/rpl,data,hex2bin,0a00cd0b
                mesh/rpl/000a,data,hex2bin,02010001
                mesh/rpl/0bcd,data,hex2bin,ffffff00

                """)
        let alone = RestoreValues(
            state: .normalOperation(IVIndex(0)), first: SequenceNumber(truncating: 1), elements: [.test], heard: [],
            netKeys: [])
        #expect(try !text(.espIDF, "nvs.csv", of: alone).contains("rpl"))
    }

    @Test func siliconLabsSetsEachElement() throws {
        let calls = try text(.silabs, "restore.c").split(separator: "\n").dropFirst()
        #expect(
            Array(calls) == [
                "sl_btmesh_test_set_iv_index(0x12345678);", "sl_btmesh_test_set_ivupdate_state(1);",
                "sl_btmesh_test_set_element_seqnum(0, 0x0012ab);  // 0x0001",
                "sl_btmesh_test_set_element_seqnum(1, 0x0012ab);  // 0x0002",
            ])
    }

    /// The first block above the SEQ that no old one is in.
    @Test(arguments: [(0, 0), (1, 8192), (8192, 8192), (8193, 16384), (0xFF_FFFF, 0x100_0000)] as [(UInt32, UInt32)])
    func nrf5RoundsUpToABlock(first: UInt32, block: UInt32) throws {
        let values = RestoreValues.values(.updateInProgress(IVIndex(0x1234_5678)), first: first)
        #expect(try Stack.nrf5SDK.restoration(of: values).first == block)
        let text = try text(.nrf5SDK, "restore.c", of: values)
        #expect(text.contains("net_state_iv_index_and_seqnum_block_set(0x12345678, true, \(block));\n"))
        #expect(text.hasSuffix("// cmd.NetStateSet(305419896, 1, 0, \(block))\n"))
    }

    @Test func nrf5SerialCommand() throws {
        #expect(try text(.nrf5SDK, "restore.c").contains("// ae7856341201000000200000\n"))
    }

    /// The next SEQ on iOS, the last used one on Android.
    @Test func nrfMesh() throws {
        #expect(
            try text(.nrfMesh, "restore.swift") == """
                try meshNetwork.setIvIndex(0x12345678, updateActive: true)
                meshNetworkManager.setSequenceNumber(0x0012ab, forLocalElement: element)  // 0x0001
                meshNetworkManager.setSequenceNumber(0x0012ab, forLocalElement: element)  // 0x0002

                """)
        let java = try text(.nrfMesh, "Restore.java")
        #expect(java.contains("new IvIndex(0x12345678, true, Calendar.getInstance())"))
        #expect(java.contains("setSequenceNumber(0x0012aa);"))
        #expect(try text(.nrfMesh, "Restore.java", of: .lowest).contains("setSequenceNumber(0x000000);"))
    }

    /// A C `int` in node.json: negative from 0x80000000 on.
    @Test func bluezWithoutANode() throws {
        #expect(
            try text(.bluez, "node-values.json") == """
                {
                  "IVindex": 305419896,
                  "IVupdate": 1,
                  "sequenceNumber": 4779
                }

                """)
        #expect(try text(.bluez, "rpl/12345677/000a") == "000102")
        #expect(try text(.bluez, "rpl/12345678/0bcd") == "ffffff")
        #expect(try text(.bluez, "node-values.json", of: .highest).contains("\"IVindex\": -1,"))
    }
}
