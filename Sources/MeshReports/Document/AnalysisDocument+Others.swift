import ByteParsing
import MeshEvidence
import MeshTimelines
import MeshVerdict
import MeshProtocol

/// What else is on the air: proxy servers, provisioning, devices that wait for it, other networks.
extension AnalysisDocument {
    typealias Item = ReportDocument.List.Item

    /// Of more strangers than this, the rest is summed up.
    private static let mostStrangers = 8

    /// A section for each kind that was heard.
    var others: [ReportDocument.Section] {
        let kinds: [(title: Prose, items: [Item])] = [
            (
                "Provisioning (the keys that it hands over cannot be told from a capture)",
                provisioning
            ), ("Proxy servers that advertise", analysis.proxyServers.map(item)),
            ("Unprovisioned devices", shortened(analysis.unprovisionedDevices.map(item), of: "device")),
            ("Solicitation PDUs (not authenticated)", closedSolicitations),
            ("Beacons of other networks (not authenticated)", foreignBeacons),
            ("Proxy servers of other networks (not authenticated)", analysis.foreignProxyServers.map(item)),
        ]
        return kinds.filter { !$0.items.isEmpty }.map { title, items in
            ReportDocument.Section(title: title, [.list(.init(.plain, depth: 1, items))])
        }
    }

    /// Links on which nothing was said that tells a provisioning are many where devices wait, and say little.
    private var provisioning: [Item] {
        let silent = analysis.provisioningLinks.filter(\.steps.isEmpty)
        guard !listsAll, silent.count > 1 else { return analysis.provisioningLinks.map(item) }
        let rest: Prose = "\(Wording.count(silent.count, "link")) without a Provisioning PDU; --all lists them"
        return shortened(analysis.provisioningLinks.filter { !$0.steps.isEmpty }.map(item), of: "link") + [Item(rest)]
    }

    /// The first few, and how many there are more.
    private func shortened(_ items: [Item], of what: String) -> [Item] {
        guard !listsAll, items.count > Self.mostStrangers else { return items }
        let more: Prose = "… and \(Wording.count(items.count - Self.mostStrangers, what)) more; --all lists them"
        return items.prefix(Self.mostStrangers) + [Item(more)]
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
            "Network ID \(Hexadecimal.text(servers.networkID, digits: 16))  \(Wording.count(devices, "device")), "
                + "heard \(servers.count)×")
    }

    private var closedSolicitations: [Item] {
        guard analysis.closedSolicitations > 0 else { return [] }
        return [Item("\(Wording.count(analysis.closedSolicitations, "Solicitation PDU")) that no key opens")]
    }

    private var foreignBeacons: [Item] {
        let beacons = analysis.foreignBeacons.map { beacon in
            Item(
                "Network ID \(Hexadecimal.text(beacon.networkID, digits: 16))  \(Wording.count(beacon.count, "beacon"))"
            )
        }
        guard analysis.foreignPrivateBeacons > 0 else { return beacons }
        return beacons + [
            Item("\(Wording.count(analysis.foreignPrivateBeacons, "Mesh Private beacon")) that no key authenticates")
        ]
    }

    /// Who, how far, and how it ended.
    private func item(_ link: ProvisioningLink) -> Item {
        var parts = [
            link.deviceUUID.map { "device \(Wording.uuid($0))" } ?? "device unknown",
            Wording.algorithm(of: link),
        ]
        if link.bearer != .gatt { parts.append(Wording.count(link.transactions, "transaction")) }
        if link.damagedTransactions + link.malformed > 0 {
            parts.append("\(link.damagedTransactions + link.malformed) damaged")
        }
        parts.append(link.steps.last.map { "as far as \($0.kind.name)" } ?? "no Provisioning PDU")
        parts.append(Wording.outcome(of: link))
        parts.append("frame \(label(link.first)) to \(label(link.last))")
        return Item("\(Wording.bearer(link.bearer)): \(parts.joined(separator: "; "))")
    }
}
