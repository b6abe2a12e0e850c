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
            {"networks": [{"name": "office", "master": "0x0001", "iv_index": 7, "appkeys": ["ignored"],
              "netkeys": [{"key": "\(key)", "name": "first"}, {"key": "\(other)", "index": 5}]}]}
            """)
        #expect(networks.count == 1)
        #expect(networks[0].name == "office")
        #expect(networks[0].master?.value == 1)
        #expect(networks[0].givenIVIndex == IVIndex(7))
        #expect(networks[0].subnets.map(\.keyIndex) == [0, 5])
        #expect(networks[0].subnets[0].keys.networkID == 0x3eca_ff67_2f67_3370)
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
        #expect(network.subnets[0].keyIndex == 3)
        #expect(network.subnets[0].oldKeys?.networkID == 0x3eca_ff67_2f67_3370)
    }

    @Test(arguments: [
        ("{", "is no JSON"), ("{}", "networks"), (#"{"networks":[]}"#, "no networks"),
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
        #expect(shown.contains(message), "\(shown)")
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
        #expect(try SubnetKey.network(of: keys, name: nil, place: "x").subnets.map(\.keyIndex) == [0, 7])
    }

    @Test(.enabled(if: Checkout.hasShared, "../shared is not there"))
    func readsTheKeyFileOfARealNetwork() throws {
        let networks = try KeyFile.read(path: Checkout.shared.path + "/captures/bluez-meshd/keys.json")
        #expect(networks.count == 1 && networks[0].name == "net")
    }
}
