import ByteParsing
import MeshCrypto
import TestSupport
import Testing

@testable import MeshProtocol

private func parse(_ bytes: [UInt8]) throws -> MeshBeacon {
    var reader = ByteReader(bytes.span)
    return try MeshBeacon(parsing: &reader)
}

@Suite struct BeaconTests {
    /// Mesh Protocol 1.1, sample data 8.4.3 and 8.4.4.
    @Test(arguments: [
        ("01003ecaff672f673370123456788ea261582f364f6f", UInt32(0x1234_5678), false),
        ("01023ecaff672f67337012345679c2af80ad072a135c", UInt32(0x1234_5679), true),
    ])
    func authenticatesSecureNetworkBeacons(hex: String, index: UInt32, isUpdate: Bool) throws {
        let keys = NetworkKeys(NetKey(value: block("7dd7364cd842ad18c17c2b820c84c3d6")))
        guard case .secureNetwork(let beacon) = try parse(octets(hex)) else { throw Unexpected() }
        let statement = try #require(beacon.authenticate(with: AESCMAC(key: keys.beaconKey)))
        #expect(statement.state == IVState(index: IVIndex(index), updateFlag: isUpdate))
        #expect(SecureNetworkBeacon.seal(statement, with: keys) == octets(hex))
        for position in 1..<22 where position < 2 || position > 9 {
            var damaged = octets(hex)
            damaged[position] ^= 0x10
            guard case .secureNetwork(let beacon) = try parse(damaged) else { throw Unexpected() }
            #expect(beacon.authenticate(with: AESCMAC(key: keys.beaconKey)) == nil, "octet \(position)")
        }
    }

    /// Mesh Protocol 1.1, sample data 8.4.6.
    @Test(arguments: [
        (
            "f7a2a44f8e8a8029064f173ddc1e2b00", "02435f18f85cf78a3121f58478a561e488e7cbf3174f022a514741",
            UInt32(0x1010_ABCD), true
        ),
        (
            "3bbb6f1fbd53e157417f308ce7aec58f", "021b998f82927535ea6f3076f422ce827408ab2f0ffb94cf97f881",
            UInt32(0), false
        ),
    ])
    func authenticatesMeshPrivateBeacons(key: String, hex: String, index: UInt32, isUpdate: Bool) throws {
        let keys = NetworkKeys(NetKey(value: block(key)))
        guard case .meshPrivate(let beacon) = try parse(octets(hex)) else { throw Unexpected() }
        let statement = try #require(beacon.authenticate(withPrivateBeaconKey: keys.privateBeaconKey))
        #expect(statement.state == IVState(index: IVIndex(index), updateFlag: isUpdate))
        #expect(beacon.authenticate(withPrivateBeaconKey: 1) == nil)
        let random = Array(octets(hex)[1..<14])
        #expect(MeshPrivateBeacon.seal(statement, random: random, with: keys) == octets(hex))
    }

    @Test func agreesWithAllBeaconsOfTheSampleData() throws {
        let rows = try SampleData.rows("beacons")
        #expect(rows.count == 9)
        for row in rows {
            let flag = row["iv_update"] as? Int == 1
            let index = IVIndex(UInt32(truncatingIfNeeded: block(row["iv_index"] as? String ?? "00")))
            let state = IVState(index: index, updateFlag: flag)
            switch try parse(octets(row.text("beacon"))) {
            case .unprovisionedDevice(let beacon):
                #expect(beacon.deviceUUID == block(row.text("device_uuid")))
                #expect(
                    beacon.oobInformation.rawValue == UInt16(truncatingIfNeeded: block(row.text("oob_information"))))
                guard let data = row["uri_data"] as? String, let hash = row["uri_hash"] as? String else { continue }
                #expect(UnprovisionedDeviceBeacon.uriHash(ofURIData: octets(data)) == beacon.uriHash)
                #expect(Hexadecimal.text(beacon.uriHash ?? 0, digits: 8) == hash.prefix(8))
            case .secureNetwork(let beacon):
                let keys = NetworkKeys(NetKey(value: block(row.text("net_key"))))
                #expect(beacon.networkID == keys.networkID)
                #expect(beacon.authenticate(with: AESCMAC(key: keys.beaconKey))?.state == state)
            case .meshPrivate(let beacon):
                let keys = NetworkKeys(NetKey(value: block(row.text("net_key"))))
                #expect(beacon.authenticate(withPrivateBeaconKey: keys.privateBeaconKey)?.state == state)
            }
        }
    }

    @Test func namesEveryOOBBit() {
        let names = OOBInformation(rawValue: 0xFFFF).names
        #expect(names.count == 16)
        #expect(Set(names).count == 16)
        #expect(OOBInformation(rawValue: 0xA040).names == ["string", "on piece of paper", "on device"])
        #expect(OOBInformation(rawValue: 0x0180).names.allSatisfy { $0.hasPrefix("support for") })
    }

    @Test func everyPrefixIsAnErrorInside() {
        let beacons = [
            "0070cf7c9732a345b691494810d2e9cbf44020d36b25b8", "01003ecaff672f673370123456788ea261582f364f6f",
            "02435f18f85cf78a3121f58478a561e488e7cbf3174f022a514741",
        ]
        for hex in beacons {
            let bytes = octets(hex)
            for count in 0..<bytes.count where !(bytes[0] == 0 && count == 19) {
                do {
                    _ = try parse(Array(bytes.prefix(count)))
                    Issue.record("a prefix of \(count) octets was parsed")
                } catch let error as ParseError {
                    #expect((0...count).contains(error.offset))
                } catch {
                    Issue.record("\(error)")
                }
            }
            #expect(throws: ParseError(.trailingOctets(1), at: bytes.count)) { try parse(bytes + [0]) }
        }
        #expect(throws: ParseError(.invalidValue(9), at: 0)) { try parse([9]) }
    }
}

struct Unexpected: Error {}
