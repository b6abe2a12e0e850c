import Foundation
import KeyFiles
import TestSupport
import Testing

private let key = "7dd7364cd842ad18c17c2b820c84c3d6"

private func contents(_ text: String) throws -> KeyFileContents {
    let folder = try Checkout.temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "k.json").path
    try Data(text.utf8).write(to: URL(filePath: path))
    return try KeyFile.contents(paths: [path])
}

/// A misspelt member would change the answer in silence.
@Suite struct MemberNameTests {
    private static let netKeys = #""netkeys": [{"key": "\#(key)"}]"#

    @Test(arguments: [
        (
            #"{"networks": [{"devkey": [], \#(netKeys)}]}"#,
            #"networks[0]: unknown member "devkey"; did you mean "devkeys"?"#
        ),
        (#"{"networks": [{"mastr": "0x0001", \#(netKeys)}]}"#, #"unknown member "mastr"; did you mean "master"?"#),
        (
            #"{"networks": [{"netkeys": [{"index": 0, "key": "\#(key)", "old_kye": "\#(key)"}]}]}"#,
            #"networks[0].netkeys[0]: unknown member "old_kye"; did you mean "old_key"?"#
        ),
        (#"{"networks": [{"netkey": [{"key": "\#(key)"}]}]}"#, #"unknown member "netkey"; did you mean "netkeys"?"#),
        (#"{"networks": [{"netKeys": [{"key": "\#(key)"}]}]}"#, #"unknown member "netKeys"; did you mean "netkeys"?"#),
        (#"{"networks": [{"ivIndex": 7, \#(netKeys)}]}"#, #"did you mean "iv_index"?"#),
        (
            #"{"networks": [{"devkeys": [{"addr": "0x0001", "kye": "\#(key)"}], \#(netKeys)}]}"#,
            #"networks[0].devkeys[0]: unknown member "kye"; did you mean "key"?"#
        ),
        (
            #"{"networks": [{"nodes": [{"addr": "0x0001"}, {"adr": "0x0002"}], \#(netKeys)}]}"#,
            #"networks[0].nodes[1]: unknown member "adr"; did you mean "addr"?"#
        ),
        (#"{"networks": [{\#(netKeys)}], "comment": 1}"#, #"k.json: unknown member "comment"; known are networks"#),
        (#"{"networks": [{"colour": null, \#(netKeys)}]}"#, #"unknown member "colour"; known are appkeys, devkeys, "#),
        (#"{"network": [{\#(netKeys)}]}"#, #"k.json: unknown member "network"; did you mean "networks"?"#),
        (#"{"netkeys": [{"index": 0, "key": "\#(key)"}]}"#, #"unknown member "netkeys"; did you mean "netKeys"?"#),
        (#"{"name": "package", "version": "1"}"#, #"the top level has no member "networks""#),
        (#"{"networks": [{"\#(key)": 1, \#(netKeys)}]}"#, "networks[0]: has a member that is unknown, and whose name"),
        (
            #"{"networks": [{"\u001b[31m": 1, \#(netKeys)}]}"#,
            "networks[0]: has a member that is unknown, and whose name"
        ),
    ])
    func anUnknownMemberOfTheOwnFormatIsRefused(text: String, message: String) throws {
        let error = #expect(throws: KeyFileError.self) { try contents(text) }
        let shown = "\(try #require(error))"
        #expect(shown.contains(message), "\(shown)")
        #expect(!shown.contains("7dd7364c") && !shown.contains("\u{1b}"))
    }

    @Test func everyMemberThatTheFormatHasIsTaken() throws {
        let read = try contents(
            """
            {"networks": [{"name": "n", "master": "0x0001", "iv_index": 1, "replacement_iv_index": 2, "appkeys": ["\(key)"],
              "labels": ["\(key)"], "netkeys": [{"name": "a", "index": 0, "key": "\(key)",
                "old_key": "00000000000000000000000000000001"}], "devkeys": [{"addr": "0x0001", "key": "\(key)"}],
              "nodes": [{"addr": "0x0001", "elements": 2, "name": "m"}]}]}
            """)
        #expect(read.warnings.isEmpty && read.networks.count == 1)
    }

    @Test(arguments: [
        (#""nodes": [{"unicastAddress": "0001", "deviceKeys": "\#(key)"}]"#, "nodes[0]", "deviceKeys", "deviceKey"),
        (#""nodes": [{"unicastAdress": "0001"}]"#, "nodes[0]", "unicastAdress", "unicastAddress"),
        (#""ivindx": 5"#, "", "ivindx", "IVindex"), (#""appkeys": []"#, "", "appkeys", "appKeys"),
        (#""networkExclusion": []"#, "", "networkExclusion", "networkExclusions"),
        (#""provisioners": [{"UUIDs": "x"}]"#, "provisioners[0]", "UUIDs", "UUID"),
        (
            #""nodes": [{"unicastAddress": "0001", "elements": [{"models": [{"publsh": {}}]}]}]"#,
            "nodes[0].elements[0].models[0]", "publsh", "publish"
        ),
    ])
    func aNearMissInADatabaseIsAWarning(member: String, path: String, name: String, meant: String) throws {
        let read = try contents(#"{"netKeys": [{"index": 0, "key": "\#(key)"}], \#(member)}"#)
        #expect(read.networks.count == 1)
        let warning = try #require(read.warnings.first)
        #expect(read.warnings.count == 1)
        #expect(warning.place.hasSuffix(path.isEmpty ? "k.json" : "k.json: " + path), "\(warning)")
        #expect(warning.explanation == "unknown member \"\(name)\"; did you mean \"\(meant)\"?")
    }

    @Test func aNameThatATopLevelOrEveryNodeMisspellsIsOneWarning() throws {
        let nodes = (1...50).map { #"{"unicastAddress": \#($0), "deviceKeys": "\#(key)"}"# }.joined(separator: ", ")
        let text = #"{"netKeys": [{"index": 0, "key": "\#(key)"}], "nodes": [\#(nodes)]}"#
        for text in [text, #"{"meshNetwork": \#(text)}"#] {
            let warnings = try contents(text).warnings
            #expect(warnings.count == 1)
            #expect(warnings.first?.description.hasSuffix("(and 49 more of this name)") == true)
        }
    }

    /// All members of MshCDB 1.0.1, and what BlueZ, mesh-cfgclient, pyaci and Telink write beside them.
    @Test(arguments: [
        """
        {"$schema": "http://json-schema.org/draft-04/schema#", "id": "x", "version": "1.0.1", "meshUUID": "D0F1",
         "meshName": "house", "timestamp": "2026-01-01T00:00:00Z", "partial": false,
         "netKeys": [{"name": "p", "index": 0, "phase": 0, "key": "\(key)", "minSecurity": "secure", "timestamp": "t"}],
         "appKeys": [{"name": "a", "index": 0, "boundNetKey": 0, "key": "\(key)"}],
         "provisioners": [{"provisionerName": "p", "UUID": "DDDD", "allocatedGroupRange": [{"lowAddress": "C000",
           "highAddress": "C0FF"}], "allocatedUnicastRange": [{"lowAddress": "0001", "highAddress": "00FF"}],
           "allocatedSceneRange": [{"firstScene": "0001", "lastScene": "00FF"}]}],
         "nodes": [{"UUID": "DDDD", "unicastAddress": "0001", "deviceKey": "\(key)", "security": "secure",
           "netKeys": [{"index": 0, "updated": false}], "configComplete": true, "name": "n", "cid": "0001", "pid": "0001",
           "vid": "0001", "crpl": "7FFF", "features": {"relay": 1, "proxy": 1, "friend": 1, "lowPower": 2},
           "secureNetworkBeacon": true, "defaultTTL": 5, "networkTransmit": {"count": 1, "interval": 10},
           "relayRetransmit": {"count": 1, "interval": 10}, "appKeys": [{"index": 0, "updated": false}],
           "elements": [{"name": "e", "index": 0, "location": "0000", "models": [{"modelId": "0000",
             "subscribe": ["C000"], "publish": {"address": "C000", "index": 0, "ttl": 5, "period": {"numberOfSteps": 0,
             "resolution": 100}, "retransmit": {"count": 0, "interval": 50}, "credentials": 0}, "bind": [0]}]}],
           "excluded": false, "heartbeatPub": {"address": "0001", "period": 1, "ttl": 5, "index": 0, "features": []},
           "heartbeatSub": {"source": "0001", "destination": "0002"}}],
         "groups": [{"name": "g", "address": "C000", "parentAddress": "0000"}],
         "scenes": [{"name": "s", "number": "0001", "addresses": ["0001"]}],
         "networkExclusions": [{"ivIndex": 0, "addresses": ["0003"]}]}
        """,
        """
        {"cid": "05f1", "pid": "0001", "vid": "0001", "crpl": "7fff", "UUID": "DDDD", "deviceCapabilities": {},
         "unicastAddress": "0001", "IVindex": 5, "IVupdate": 0, "sequenceNumber": 24, "token": "0011223344556677",
         "deviceKey": "\(key)", "defaultTTL": 255, "relay": {"mode": "disabled", "count": 0, "interval": 0},
         "lowPower": "unsupported", "friend": "disabled", "proxy": "unsupported", "beacon": "disabled", "mpb": 0,
         "retransmit": {"count": 0, "interval": 0}, "netKeys": [{"index": "000", "keyRefresh": 0, "key": "\(key)"}],
         "appKeys": [{"index": "000", "boundNetKey": "000", "key": "\(key)"}],
         "elements": [{"elementIndex": 0, "location": "0001", "models": [{"modelId": "0000", "pub": {}, "sub": [],
           "pubEnabled": true, "subEnabled": true, "bind": ["000"]}]}]}
        """,
        """
        {"ivIndex": "0000001F", "meshName": "t", "netKeys": [{"index": 0, "key": "\(key)", "name": "n", "phase": 0}],
         "sequenceNumber": 5, "nodes": [{"UUID": "d", "uuid": "d", "unicastAddress": 17, "elements": [], "sno": "1",
           "macAddress": "A4C1", "security": "high", "blacklisted": false}], "onlineStatus": 1}
        """,
        KeyFileTests.database,
    ])
    func wellFormedDatabasesGiveNoWarning(text: String) throws {
        #expect(try contents(text).warnings.isEmpty)
    }
}
