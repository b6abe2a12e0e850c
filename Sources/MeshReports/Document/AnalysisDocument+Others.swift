import ByteParsing
import MeshEvidence
import MeshTimelines
import MeshVerdict
import MeshProtocol

/// What else is on the air: proxy servers, provisioning, devices that wait for it, other networks.
extension AnalysisDocument {
    typealias Item = ReportDocument.List.Item

    /// A section for each kind that was heard.
    var others: [ReportDocument.Section] {
        let kinds: [(title: Prose, items: [Item])] = [
            (
                "Provisioning (the keys that it hands over cannot be told from a capture)",
                analysis.provisioningLinks.map(item)
            ), ("Proxy servers that advertise", analysis.proxyServers.map(item)),
            ("Unprovisioned devices", analysis.unprovisionedDevices.map(item)),
            ("Beacons of other networks (not authenticated)", foreignBeacons),
            ("Proxy servers of other networks (not authenticated)", analysis.foreignProxyServers.map(item)),
        ]
        return kinds.filter { !$0.items.isEmpty }.map { title, items in
            ReportDocument.Section(title: title, [.list(.init(.plain, depth: 1, items))])
        }
    }

    private func item(_ server: ProxyServer) -> Item {
        let who = server.address.map { "\($0)" } ?? "some node"
        return Item("\(who) of network \(name(of: server.network)), heard \(server.count)×")
    }

    private func item(_ device: UnprovisionedDevice) -> Item {
        let oob = device.oobInformation.names.joined(separator: ", ")
        let uri = device.uri ?? device.uriHash.map { "URI hash " + Hexadecimal.text($0, digits: 8) }
        let notes = [oob.isEmpty ? nil : "OOB: \(oob)", uri].compactMap(\.self).map { "; \($0)" }.joined()
        return Item("\(Wording.uuid(device.uuid))  heard \(device.count)×\(notes)")
    }

    private func item(_ servers: Surroundings.ForeignProxyServers) -> Item {
        let devices = servers.devices.count
        return Item(
            "Network ID \(Hexadecimal.text(servers.networkID, digits: 16))  \(devices) \(devices == 1 ? "device" : "devices"), "
                + "heard \(servers.count)×")
    }

    private var foreignBeacons: [Item] {
        let beacons = analysis.foreignBeacons.map { beacon in
            Item("Network ID \(Hexadecimal.text(beacon.networkID, digits: 16))  \(beacon.count) beacons")
        }
        guard analysis.foreignPrivateBeacons > 0 else { return beacons }
        return beacons + [Item("\(analysis.foreignPrivateBeacons) Mesh Private beacons that no key authenticates")]
    }

    /// Who, how far, and how it ended.
    private func item(_ link: ProvisioningLink) -> Item {
        var parts = [
            link.deviceUUID.map { "device \(Wording.uuid($0))" } ?? "device unknown",
            Wording.algorithm(of: link),
        ]
        if link.bearer != .gatt { parts.append("\(link.transactions) transactions") }
        if link.damagedTransactions + link.malformed > 0 {
            parts.append("\(link.damagedTransactions + link.malformed) damaged")
        }
        parts.append(link.steps.last.map { "as far as \($0.kind.name)" } ?? "no Provisioning PDU")
        parts.append(Wording.outcome(of: link))
        parts.append("frame \(label(link.first)) to \(label(link.last))")
        return Item("\(Wording.bearer(link.bearer)): \(parts.joined(separator: "; "))")
    }
}
