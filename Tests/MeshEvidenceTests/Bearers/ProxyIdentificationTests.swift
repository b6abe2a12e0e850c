import MeshProtocol
import MeshTestSupport
import MeshTimelines
import MeshVerdict
import TestSupport
import Testing

@Suite struct ProxyIdentificationTests {
    @Test func aDeviceThatOffersProvisioningOverGATTIsListed() throws {
        var script = Script()
        let uuid = Array(UInt8(1)...16)
        script.add(0, 0x16, [0x27, 0x18] + uuid + [0x00, 0x20])
        let devices = try script.analyse().unprovisionedDevices
        #expect(devices.map(\.uuid) == [0x0102_0304_0506_0708_090A_0B0C_0D0E_0F10])
        #expect(devices[0].oobInformation.names == ["number"])
    }

    @Test func advertisedIdentitiesAreResolved() throws {
        var script = Script()
        for (second, row) in try SampleData.rows("proxy_service_data").enumerated() {
            for _ in 0..<3 { script.add(Double(second), octets(row.text("ad_structure"))) }
        }
        let servers = try script.analyse().proxyServers
        #expect(servers.map(\.address?.value) == [nil, 0x1201], "two say the network, two who they are")
        #expect(servers.map(\.count) == [6, 6])
    }
}
