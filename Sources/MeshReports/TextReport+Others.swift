import ByteParsing
import MeshAnalysis
import MeshProtocol

/// What else is on the air: proxy servers, provisioning, devices that wait for it, other networks.
extension TextReport {
    mutating func addOthers() {
        addProvisioning()
        if !analysis.proxyServers.isEmpty { addTitle("Proxy servers that advertise") }
        for server in analysis.proxyServers {
            let who = server.address.map { "\($0)" } ?? "some node"
            add("  \(who) of network \(name(of: server.network)), heard \(server.count)×")
        }
        if !analysis.unprovisionedDevices.isEmpty {
            addTitle("Unprovisioned devices")
            for device in analysis.unprovisionedDevices {
                let oob = device.oobInformation.names.joined(separator: ", ")
                let uri =
                    device.uri.map { Wording.printable($0) }
                    ?? device.uriHash.map { "URI hash " + Hexadecimal.text($0, digits: 8) }
                let notes = [oob.isEmpty ? nil : "OOB: \(oob)", uri].compactMap(\.self).joined(separator: "; ")
                addWrapped(
                    "\(Wording.uuid(device.uuid))  heard \(device.count)×\(notes.isEmpty ? "" : "; " + notes)",
                    indent: "  ")
            }
        }
        guard !analysis.foreignBeacons.isEmpty || analysis.foreignPrivateBeacons > 0 else { return }
        addTitle("Beacons of other networks (not authenticated)")
        for beacon in analysis.foreignBeacons {
            add("  Network ID \(Hexadecimal.text(beacon.networkID, digits: 16))  \(beacon.count) beacons")
        }
        if analysis.foreignPrivateBeacons > 0 {
            add("  \(analysis.foreignPrivateBeacons) Mesh Private beacons that no key authenticates")
        }
    }

    private mutating func addProvisioning() {
        guard !analysis.provisioningLinks.isEmpty else { return }
        addTitle("Provisioning (the keys that it hands over cannot be told from a capture)")
        for link in analysis.provisioningLinks {
            addWrapped("\(Wording.bearer(link.bearer)): \(describe(link).joined(separator: "; "))", indent: "  ")
        }
    }

    /// Who, how far, and how it ended.
    private func describe(_ link: Analysis.ProvisioningLink) -> [String] {
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
        return parts + ["frame \(label(link.first)) to \(label(link.last))"]
    }
}
