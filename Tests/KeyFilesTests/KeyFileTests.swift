import Foundation
import KeyFiles
import MeshCrypto
import MeshProtocol
import TestSupport
import Testing

private let key = "7dd7364cd842ad18c17c2b820c84c3d6"
private let other = "f7a2a44f8e8a8029064f173ddc1e2b00"

private func read(_ text: String) throws -> [KeyRing.Network] {
    let folder = try Checkout.temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "k.json").path
    try Data(text.utf8).write(to: URL(filePath: path))
    return try KeyFile.read(path: path)
}

@Suite struct KeyFileTests {
    @Test func readsNetworksWithNamesAndMaster() throws {
        let networks = try read(
            """
            {"networks": [{"name": "office", "master": "0x0001", "iv_index": 7,
              "netkeys": [{"key": "\(key)", "name": "first"}, {"key": "\(other)", "index": 5}]}]}
            """)
        #expect(networks.count == 1)
        #expect(networks[0].name == "office")
        #expect(networks[0].master?.value == 1)
        #expect(networks[0].givenIVIndex == IVIndex(7))
        #expect(networks[0].subnets.map(\.keyIndex.value) == [0, 5])
        #expect(networks[0].subnets[0].keys.networkID == 0x3eca_ff67_2f67_3370)
    }

    static let database = """
        {"$schema": "TBD", "meshName": "house", "meshUUID": "D0F1", "futureMember": [1, {"x": null}],
         "netKeys": [{"name": "primary", "index": 0, "phase": 1, "key": "\(other)", "oldKey": "\(key)"},
                     {"name": "guests", "index": 9, "phase": 0, "key": "00000000000000000000000000000001"}],
         "provisioners": [{"provisionerName": "phone", "UUID": "DDDD0000-0000-0000-0000-000000000001"}],
         "nodes": [{"UUID": "dddd0000000000000000000000000001", "name": "phone", "unicastAddress": "0001",
                    "elements": [{}, {}], "deviceKey": "00000000000000000000000000000002"},
                   {"UUID": "DDDD0000-0000-0000-0000-000000000002", "name": "lamp", "unicastAddress": "00A0",
                    "elements": [{}]}]}
        """

    @Test func readsAMeshConfigurationDatabaseAlsoInItsWrapper() throws {
        for text in [Self.database, "{\"meshNetwork\": \(Self.database)}"] {
            let network = try read(text)[0]
            #expect(network.name == "house")
            #expect(network.subnets.map(\.keyIndex.value) == [0, 9])
            #expect(network.subnets[0].oldKeys?.networkID == 0x3eca_ff67_2f67_3370)
            #expect(network.master?.value == 1, "the node whose UUID is a provisioner's")
            #expect(UnicastAddress(0xA0).flatMap(network.name) == "lamp")
            #expect(UnicastAddress(2).flatMap(network.name) == "phone, element 1")
            #expect(UnicastAddress(3).flatMap(network.name) == nil)
        }
    }

    @Test func readsTheDialects() throws {
        // pyaci: addresses as numbers, its own IV Index; Telink: the IV Index as eight digits.
        let pyaci = try read(
            #"{"ivIndex": 5, "netKeys": [{"index": 0, "key": "\#(key)"}], "nodes": [{"unicastAddress": 17, "elements": []}]}"#
        )[0]
        #expect(pyaci.givenIVIndex == IVIndex(5) && pyaci.nodes[0].address.value == 17)
        let telink = try read(#"{"ivIndex": "0000001F", "netKeys": [{"index": 0, "key": "\#(key)"}]}"#)[0]
        #expect(telink.givenIVIndex == IVIndex(0x1F))
        // BlueZ's node.json: the index as text in old files, the IV Index signed from 0x80000000 on.
        let bluez = try read(
            #"{"unicastAddress": "0001", "IVindex": -2, "IVupdate": 0, "netKeys": [{"index": "0000", "key": "\#(key)"}]}"#
        )[0]
        #expect(bluez.givenIVIndex == IVIndex(0xFFFF_FFFE))
        #expect(bluez.subnets.map(\.keyIndex.value) == [0])
    }

    @Test func readsTextsOfWiresharkAndZephyr() throws {
        let wireshark = try read(
            """
            # keys of the office
            "0x\(key)","0x00000000000000000000000000000000","0x00000005"
            "0x\(key)","0x00000000000000000000000000000000","0x00000006"
            "0x\(other)","0x00000000000000000000000000000000","0x00000006"
            """)[0]
        #expect(wireshark.subnets.count == 2 && wireshark.givenIVIndex == IVIndex(6))
        let zephyr = try read(
            """
            Mesh Network Information
            ========================
            Address  Elements  Flags  UUID                              DevKey
            0x0001   1         C      dddd0000000000000000000000000001  9d6dd0e96eb25dc19a40ed9914f8f03f
            > Total nodes: 1
            ---
            NetIdx  NetKey
            0x000   \(key)
            0x00a   \(other)
            > Total subnets: 2
            ---
            NetIdx  AppIdx  AppKey
            0x000   0x000   00000000000000000000000000000009
            """)[0]
        #expect(zephyr.subnets.map(\.keyIndex.value) == [0, 10])
        #expect(zephyr.nodes.map(\.address.value) == [1])
    }

    /// Wireshark keeps keys of three kinds in three files; those above the network layer are every network's.
    @Test func wiresharksTablesBesideEachOther() throws {
        let folder = try Checkout.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        func write(_ name: String, _ text: String) throws -> String {
            let path = folder.appending(path: name).path
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            return path
        }
        let key = "7dd7364cd842ad18c17c2b820c84c3d6"
        let app = "63964771734fbd76e3b40519d1d94a48"
        let networks = try write(
            "nw", "# comment\n\"0x\(key)\",\"0x\(app)\",\"0x12345678\"\n\"0x\(key)\",\"0x\(app)\",\"0x12345677\"\n")
        let devices = try write("dev", "\"0x9d6dd0e96eb25dc19a40ed9914f8f03f\",\"0x1201\"\n")
        let labels = try write("labels", "\"0x0073e7e4d8b9440faf8415df4c56c0e1\"\n")
        let network = try #require(try KeyFile.read(paths: [devices, networks, labels]).first)
        #expect(network.subnets.count == 1 && network.givenIVIndex == IVIndex(0x1234_5678))
        #expect(network.upperKeys.applicationKeys.map(\.aid) == [0x26])
        #expect(network.upperKeys.deviceKeys.map(\.address.value) == [0x1201])
        #expect(network.upperKeys.labels.map(\.address) == [MeshAddress(0xb529)])
        #expect(throws: KeyFileError.self) { try KeyFile.read(paths: [devices, labels]) }
        var tables = WiresharkTables()
        tables.add(network, ivIndexes: [IVIndex(0x1234_5678), IVIndex(0x1234_5677)])
        #expect(tables.files.map { $0.text.split(separator: "\n").count } == [2, 1, 1])
        for (name, text) in tables.files { _ = try write(name, text) }
        let again = try KeyFile.read(paths: tables.files.map { folder.appending(path: $0.name).path })
        #expect(again[0].upperKeys.deviceKeys.map(\.key) == network.upperKeys.deviceKeys.map(\.key))
        #expect(again[0].allKeys == network.allKeys)
        let broken = try write("broken", "\"0x\(key)\",\"0x9999\"\n")
        #expect(throws: KeyFileError("\(broken), line 1", "has an address that is no unicast address, such as 0x0001"))
        {
            try KeyFile.read(path: broken)
        }
    }

    @Test func twoKeysUnderOneIndexAreOldAndNew() throws {
        let subnets = try read(#"{"networks":[{"netkeys":[{"index":0,"key":"\#(other)","old_key":"\#(key)"}]}]}"#)[0]
            .subnets
        #expect(subnets.count == 1)
        #expect(subnets[0].oldKeys?.networkID == 0x3eca_ff67_2f67_3370)
        let arguments = try [
            SubnetKey(argument: "3=" + key, place: "a"), SubnetKey(argument: "3=" + other, place: "b"),
        ]
        let network = try SubnetKey.network(of: arguments, name: nil, place: "c")
        #expect(network.subnets.count == 1)
        #expect(network.subnets[0].keyIndex.value == 3)
        #expect(network.subnets[0].oldKeys?.networkID == 0x3eca_ff67_2f67_3370)
    }

    @Test(arguments: [
        ("{", "is no JSON"), ("{}", "networks"), (#"{"networks":[]}"#, "no networks"),
        (#"{"7dd7364cd842ad18c17c2b820c84c3d6": 1e999, "netKeys": []}"#, ""),
        ("hello", "no key file that is known"), ("", "no key file that is known"),
        (#""0x9d6dd0e96eb25dc19a40ed9914f8f03f","0x1201""#, "such as btmesh_nw_keys"),
        (#""0x7dd7364c","0x00","0x5""#, "line 1: the key has 8 characters"),
        (#"{"netKeys": [{"index": 0}]}"#, "netKeys[0]: has no key"), (#"{"netKeys": []}"#, "has no NetKey"),
        (#"{"netKeys": [{"index": 0, "key": "7dd7364c"}]}"#, "netKeys[0].key: the key has 8 characters"),
        (#"{"netKeys": {"key": 1}}"#, "netKeys: is no array"),
        (#"{"netKeys": [{"key": 7}]}"#, "netKeys[0].key: is no text"),
        (
            #"{"netKeys": [{"key": "\#(key)"}], "nodes": [{"unicastAddress": "8000"}]}"#,
            "nodes[0].unicastAddress: is no unicast address"
        ),
        (#"{"networks":[{}]}"#, "networks[0] has no member \"netkeys\""),
        (#"{"networks":[{"netkeys":[]}]}"#, "networks[0]: has no NetKey"),
        (#"{"networks":[{"netkeys":[{"key":5}]}]}"#, "networks[0].netkeys[0].key"),
        (#"{"networks":[{"netkeys":[{"key":"7dd7364cd842"}]}]}"#, "netkeys[0].key: the key has 12 characters"),
        (
            #"{"networks":[{"netkeys":[{"key":"7dd7364cd842ad18c17c2b820c84c3dx"}]}]}"#,
            "netkeys[0].key: the key has a character at position 32"
        ),
        (#"{"networks":[{"netkeys":[{"key":"\#(key)","index":5000}]}]}"#, "key index 5000 is beyond 4095"),
        (#"{"networks":[{"netkeys":[{"key":"\#(key)"},{"key":"\#(key)"}]}]}"#, "is the same key as"),
        (#"{"networks":[{"master":"0x8000","netkeys":[{"key":"\#(key)"}]}]}"#, "no unicast address"),
    ])
    func refusesBrokenFilesWithPlaceAndReason(text: String, message: String) throws {
        let error = #expect(throws: KeyFileError.self) { try read(text) }
        let shown = "\(try #require(error))"
        #expect(message.isEmpty || shown.contains(message), "\(shown)")
        #expect(shown.contains("k.json"))
        #expect(!shown.contains("7dd7364c") && !shown.contains("c17c2b82"), "a key shows")
    }

    @Test func refusesWhatIsNoFile() {
        #expect(throws: KeyFileError.self) { try KeyFile.read(path: "/nonexistent/keys.json") }
        #expect(throws: KeyFileError("/tmp", "is a directory, not a key file")) { try KeyFile.read(path: "/tmp") }
    }

    @Test func argumentsAreHexOrIndexAndHex() throws {
        #expect(throws: KeyFileError.self) { try SubnetKey(argument: "x=" + key, place: "--netkey number 1") }
        #expect(throws: KeyFileError.self) { try SubnetKey(argument: "5000=" + key, place: "--netkey number 1") }
        #expect(throws: KeyFileError.self) { try SubnetKey(argument: "", place: "--netkey number 1") }
        let keys = try [key, "7=" + other].map { try SubnetKey(argument: $0, place: "x") }
        #expect(try SubnetKey.network(of: keys, name: nil, place: "x").subnets.map(\.keyIndex.value) == [0, 7])
    }

    @Test(.enabled(if: Checkout.hasShared, "../shared is not there"))
    func readsTheKeyFileOfARealNetwork() throws {
        let networks = try KeyFile.read(path: Checkout.shared.path + "/captures/bluez-meshd/keys.json")
        #expect(networks.count == 1 && networks[0].name == "net")
    }
}
