import ByteParsing
import MeshProtocol
import MeshTimelines
public import MeshVerdict

/// How much a key file is worth, by what its keys opened.
extension AnalysisDocument {
    private typealias Table = ReportDocument.Table

    /// The audit of every network by itself: what `keys --audit` shows.
    public static func audit(_ analysis: Analysis) -> ReportDocument {
        let document = AnalysisDocument(analysis)
        let sections = analysis.networkIndexes.map { index in
            ReportDocument.Section(
                title: "Network \(document.name(of: index))", document.keyAudit(analysis[index], isWhole: true))
        }
        return ReportDocument(sections: sections + [document.captures])
    }

    /// Nothing where there is no more than one NetKey to say something of; `isWhole`: also the keys that work.
    func keyAudit(_ network: Analysis.Network, isWhole: Bool = false) -> [Block] {
        guard let audit = network.keyAudit, isWhole || audit.isWorthwhile else { return [] }
        return [.pause, .paragraph(summary(audit), depth: 1)] + table(audit, isWhole: isWhole) + strangers(audit)
    }

    private func summary(_ audit: KeyAudit) -> Prose {
        func share(_ outcomes: [KeyAudit.Outcome], _ what: String) -> String? {
            outcomes.isEmpty ? nil : "\(outcomes.count { $0 == .works }) of \(outcomes.count) \(what)"
        }
        let parts = [
            share(audit.netKeys.map(\.outcome), "NetKeys"), share(audit.appKeys.map(\.outcome), "AppKeys"),
            share(audit.deviceKeys.map(\.outcome), "device keys"),
        ].compactMap(\.self)
        let nodes =
            audit.nodes.isEmpty
            ? "" : "; \(audit.nodes.count(where: \.isHeard)) of its \(Wording.count(audit.nodes.count, "node")) heard"
        return "The key file: \(parts.joined(separator: ", ")) were seen to work\(nodes)."
    }

    /// The keys of which there is something to say.
    private func table(_ audit: KeyAudit, isWhole: Bool) -> [Block] {
        var table = Table([.init("key"), .init("of"), .init("opened", .right), .init("outcome")])
        func add(_ kind: Prose, _ whose: Prose, _ opened: Int, _ outcome: KeyAudit.Outcome) {
            guard isWhole || outcome == .opensNothing || outcome == .fellSilent else { return }
            table.add([kind, whose, "\(opened)", Prose(Wording.outcome(outcome))])
        }
        for key in audit.netKeys {
            add(
                "NetKey \(key.keyIndex)\(key.isOld ? ", old" : "")", "NID \(Hexadecimal.prefixed(key.nid, digits: 2))",
                key.use.count, key.outcome)
        }
        for key in audit.appKeys {
            add("AppKey", "AID \(Hexadecimal.prefixed(key.aid, digits: 2))", key.opened, key.outcome)
        }
        for key in audit.deviceKeys { add("device key", "\(key.address)", key.opened, key.outcome) }
        return table.rows.isEmpty ? [] : [.pause, .table(table)]
    }

    private func strangers(_ audit: KeyAudit) -> [Block] {
        func list(_ addresses: [UnicastAddress]) -> String {
            addresses.prefix(16).map { "\($0)" }.joined(separator: ", ") + (addresses.count > 16 ? ", …" : "")
        }
        let silent = audit.nodes.filter { !$0.isHeard }.map(\.address)
        var blocks: [Block] = []
        if !audit.unknownAddresses.isEmpty {
            blocks.append(.paragraph("On the air and not in the key file: \(list(audit.unknownAddresses)).", depth: 1))
        }
        if !silent.isEmpty { blocks.append(.paragraph("In the key file and not heard: \(list(silent)).", depth: 1)) }
        if !audit.unknownAIDs.isEmpty {
            let aids = audit.unknownAIDs.prefix(8).map {
                "\(Hexadecimal.prefixed($0.aid, digits: 2)) (\($0.messages) messages)"
            }
            blocks.append(
                .paragraph("AIDs of no AppKey of the key file: \(aids.joined(separator: ", ")).", depth: 1))
        }
        return blocks
    }
}
