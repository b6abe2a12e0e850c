import ByteParsing
import CaptureFiles
import MeshAnalysis
import MeshProtocol

/// The answer, before anything else: what to give the replacement, and what that rests on.
extension TextReport {
    mutating func addAnswer() {
        if analysis.networks.isEmpty {
            add(emphasised("No key was given: beacons are not authenticated and PDUs stay closed."))
            addWrapped("Give the network's NetKey with --keys FILE, MESHSCOPE_NETKEY or --netkey.", indent: "  ")
        } else if analysis.masters.isEmpty {
            for index in analysis.networks.indices { addAnswer(forNetwork: index) }
        } else {
            if analysis.masters.count > 1 {
                addWrapped(
                    "The address is in \(analysis.masters.count) networks: take the answer of the right one.",
                    indent: "")
            }
            for master in analysis.masters { addAnswer(for: master) }
        }
        for error in analysis.unusable { addAttention("\(error.path) could not be used: \(error.explanation)") }
        for capture in analysis.captures where !capture.isComplete {
            addAttention("\(capture.path) breaks off: what it held behind that is not in the answer.")
        }
    }

    private mutating func addAnswer(for master: Analysis.Master) {
        guard let source = analysis.source(of: master) else { return }
        let network = analysis.networks[master.network]
        let name =
            analysis.networks.count > 1 || network.name != nil ? " of network \(self.name(of: master.network))" : ""
        addHeadline("Master \(source.address)\(name) \(Wording.verdict(master.verdict)).")
        addReasons(master)
        add("")
        if let recovery = master.verdict.recovery {
            addTriple(recovery, source, network)
            addElements(master, network)
        } else {
            addNoNumber(master.verdict, network)
            addWaysOut(master)
        }
        for finding in findings([.critical], of: master) { addAttention(Wording.finding(finding, times)) }
        if analysis.masters.count > 1 { add("") }
    }

    /// Of the master and of its network as a whole.
    func findings(_ severities: Set<Finding.Severity>, of master: Analysis.Master) -> [Finding] {
        analysis.findings.filter { finding in
            severities.contains(finding.severity) && finding.network == master.network
                && finding.source.map(master.elements.contains) ?? true
        }
    }

    mutating func addGrounds(of master: Analysis.Master) {
        guard let recovery = master.verdict.recovery else { return }
        addReasons(master)
        if let source = analysis.source(of: master) { addDerivation(recovery, source) }
        addIVEvidence(analysis.networks[master.network])
        for finding in findings([.critical, .warning], of: master) { addAttention(Wording.finding(finding, times)) }
    }

    /// Why this source, where nobody said it.
    private mutating func addReasons(_ master: Analysis.Master) {
        guard master.choice == .inference else { return }
        var text = "Nobody named the master; this source was taken for it: \(Wording.reasons(master.reasons))."
        if let other = master.runnerUp {
            text += " The next likely one is \(other.address): \(Wording.reasons(other.reasons))."
        }
        addWrapped(text + " Name it with --master if that is wrong.", indent: "  ")
    }

    /// The elements of a node that has several; some stacks count for each, others for the node.
    private mutating func addElements(_ master: Analysis.Master, _ network: Analysis.Network) {
        guard master.elements.count > 1 else { return }
        addWrapped(
            "The node has \(master.elements.count) elements. The first SEQ above is the highest of theirs, for stacks with one counter "
                + "for each node; the rows of the elements below have those for stacks that count for each element "
                + "(Silicon Labs, nRF Mesh for iOS). An element that was not heard can take the same number.",
            indent: "  ")
    }

    private mutating func addTriple(_ recovery: Recovery, _ source: Analysis.Source, _ network: Analysis.Network) {
        add("  Give the replacement, together with the keys and the address \(source.address):")
        add("")
        addValue("IV Index", Hexadecimal.prefixed(recovery.state.index.value, digits: 8), recovery.state.index.value)
        addFlag(recovery.state, network)
        addValue("first SEQ", Hexadecimal.prefixed(recovery.recommended.value, digits: 6), recovery.recommended.value)
        add("")
        addDerivation(recovery, source)
        addIVEvidence(network)
        addWrapped(
            "The failed device must never transmit again: the same address, keys, IV Index and SEQ is nonce reuse.",
            indent: "  ")
    }

    private mutating func addFlag(_ state: IVState, _ network: Analysis.Network) {
        add(
            "    \(pad("IV Update flag"))\(state.isUpdateInProgress ? "1" : "0")  (\(Wording.state(state, of: network)))"
        )
    }

    private mutating func addDerivation(_ recovery: Recovery, _ source: Analysis.Source) {
        let last = Hexadecimal.prefixed(recovery.last.sequence.value, digits: 6)
        let lastIndex = Hexadecimal.prefixed(recovery.last.ivIndex.value, digits: 8)
        let minimum = Hexadecimal.prefixed(recovery.minimum.value, digits: 6)
        let isRestart = recovery.last.ivIndex < recovery.state.transmitIndex
        addWrapped(
            "The last SEQ heard is \(last) (\(recovery.last.sequence.value)) under IV Index \(lastIndex), in "
                + "\(place(of: recovery.lastHeard))\(silence(recovery.lastHeard)).", indent: "  ")
        addWrapped(
            (isRestart
                ? "SEQ begins at 0 under each new IV Index, so that the lowest first SEQ is 0 if the source sent nothing since"
                : "The lowest first SEQ that this leaves is \(minimum) (\(recovery.minimum.value))")
                + "; the recommended one adds:", indent: "  ")
        for term in recovery.margin { addTerm(term) }
        if let coverage = source.epochs.last?.coverage, coverage < 0.5 {
            addWrapped(
                "Only \(coverage < 0.01 ? "less than 1" : "\(Int(coverage * 100))") % of its SEQ were heard: a longer capture or a second sniffer makes this surer.",
                indent: "  ")
        }
        if !recovery.margin.contains(where: \.isFailureGiven) {
            addWrapped("If it lived on after the captures ended, add what it sends in that time.", indent: "  ")
        }
        guard let until = recovery.validUntil else {
            addWrapped(
                "How long this holds cannot be told: take a fresh capture right before the replacement.", indent: "  ")
            return
        }
        let isPast = analysis.lastTime.map { $0 > until } ?? false
        addWrapped(
            isPast
                ? "This is sure until \(until.text(digits: 0)) only, and the captures go on: take a fresh one before the replacement."
                : "This IV Index holds until \(until.text(digits: 0)); after that, take a fresh capture first.",
            indent: "  ")
    }

    private mutating func addTerm(_ term: MarginTerm) {
        let number = "+ \(term.value)  "
        for (index, line) in wrapped(Wording.reason(of: term), width: Self.width - 4 - number.count).enumerated() {
            add("    " + (index == 0 ? number : String(repeating: " ", count: number.count)) + line)
        }
    }

    /// How long before the captures' end the frame was.
    private func silence(_ frame: FrameReference) -> String {
        guard let end = analysis.lastTime else { return "" }
        return ", \(Wording.span(end.since(frame.time))) before the end"
    }

    private mutating func addIVEvidence(_ network: Analysis.Network) {
        guard let iv = network.iv else { return }
        var text =
            iv.evidence == .search
            ? "The IV Index was found by trial: \(network.distinct) distinct PDUs open under it, the first in \(place(of: iv.frame))."
            : "The IV Index rests on a \(Wording.evidence(iv.evidence)): \(place(of: iv.frame))."
        if let given = network.givenIVIndex, given != iv.state.index, given != iv.state.transmitIndex {
            text += " The \(given.value) of --iv-index is not it."
        }
        if !iv.evidence.isStatement, let next = iv.state.index.advanced(by: 1) {
            text +=
                " No beacon says so: the network is in Normal Operation, or already in an IV Update to "
                + "\(Hexadecimal.prefixed(next.value, digits: 8)). Nodes transmit with the same IV Index in both."
        }
        addWrapped(text, indent: "  ")
    }

    /// In the order in which they should be tried.
    private mutating func addWaysOut(_ master: Analysis.Master) {
        var ways: [String] = []
        if master.newAddress == nil {
            ways.append(
                "A new unicast address that no node of the network uses; the captures do not tell which are free. SEQ starts at 0 "
                    + "there, and whoever sends to the old address must be configured anew.")
        }
        if let address = master.newAddress {
            let range = master.elements.count > 1 ? " and the \(master.elements.count - 1) behind it" : ""
            ways.append(
                "A new unicast address, such as \(address)\(range): nothing that was heard or that the key file names uses it. SEQ starts "
                    + "at 0 there, and whoever sends to the old address must be configured anew.")
        }
        ways.append(
            "An IV Update, started by another node of the primary subnet: possible once the network has been in Normal Operation for 96 h, "
                + "and over after 96 to 144 h more; then SEQ starts at 0 for everyone, the old address included.")
        if master.verdict.name != "exhausted" {
            ways.append(
                "A value that the old device stored: any SEQ above it will do, as long as nothing later was sent.")
            ways.append("A capture from before the failure that holds its PDUs.")
        }
        for (index, way) in ways.enumerated() { addWrapped("\(index + 1). \(way)", indent: "    ") }
    }

    private mutating func addNoNumber(_ verdict: RecoveryVerdict, _ network: Analysis.Network) {
        switch verdict {
        case .resume, .restart: return
        case .exhausted(let state, let last):
            addValue("IV Index", Hexadecimal.prefixed(state.index.value, digits: 8), state.index.value)
            addValue("last SEQ", Hexadecimal.prefixed(last.sequence.value, digits: 6), last.sequence.value)
            addWrapped("No SEQ is left to go on with. The ways out, in this order:", indent: "  ")
        case .notHeard(let state):
            addValue("IV Index", Hexadecimal.prefixed(state.index.value, digits: 8), state.index.value)
            addFlag(state, network)
            let heard = network.heardAddresses.prefix(8).map { "\($0)" }
            addWrapped(
                (heard.isEmpty ? "" : "Is it the right address? Heard were \(heard.joined(separator: ", ")). ")
                    + "The first SEQ cannot be told.", indent: "  ")
            addIVEvidence(network)
            addWrapped("The ways out, in this order:", indent: "  ")
        case .ivIndexUnknown:
            addUnknownIV(network)
            addWrapped("Beside the IV Index, the ways out are:", indent: "  ")
        }
    }

    private mutating func addUnknownIV(_ network: Analysis.Network) {
        let foreignBeacons = analysis.foreignBeacons.reduce(0) { $0 + $1.count } + analysis.foreignPrivateBeacons
        let foreignPDUs = analysis.unopened.reduce(0) { $0 + $1.heard }
        if network.heard > 0 {
            addWrapped(
                "\(network.heard) PDUs have a NID of this key and none opened: the IV Index is another than was tried (by default "
                    + "up to 0x000FFFFF), or they belong to another network with the same NID. "
                    + "--iv-search full tries all of 32 bits.", indent: "  ")
        } else if network.subnets.contains(where: { $0.notAuthenticBeacons > 0 }) {
            addWrapped("Beacons with this Network ID were heard, and none is authentic.", indent: "  ")
        } else if foreignBeacons + foreignPDUs > 0 {
            addWrapped(
                "Nothing of this key was heard, but \(foreignBeacons) beacons and \(foreignPDUs) PDUs of other networks: is it "
                    + "the right key? Compare `meshscope keys` with the Network IDs and NIDs below.", indent: "  ")
        } else {
            addWrapped("The captures hold no mesh traffic that can be read.", indent: "  ")
        }
        addWrapped(
            "Capture until a beacon of the network is heard (each node should hear one about every 10 s), or say a likely "
                + "value with --iv-index.", indent: "  ")
    }

    private mutating func addAnswer(forNetwork index: Int) {
        let network = analysis.networks[index]
        let name =
            analysis.networks.count > 1 || network.name != nil ? "Network \(self.name(of: index))" : "The network"
        guard let iv = network.iv else {
            addHeadline("\(name): the IV Index cannot be told.")
            addUnknownIV(network)
            return
        }
        let state = iv.state
        addHeadline(
            "\(name) is at IV Index \(Hexadecimal.prefixed(state.index.value, digits: 8)) (\(state.index.value)), "
                + "\(Wording.state(state)).")
        addWrapped(
            "A replacement needs that IV Index, the IV Update flag \(state.isUpdateInProgress ? "1" : "0"), and a first SEQ from "
                + "the table of sources below. Name the failed address with --master for the whole answer.",
            indent: "  ")
        addIVEvidence(network)
        let critical = analysis.findings.filter { $0.severity == .critical && $0.network == index }
        for finding in critical { addAttention(Wording.finding(finding, times)) }
    }

    private mutating func addAttention(_ text: String) {
        addWrapped("ATTENTION: " + Wording.printable(text), indent: "  ")
    }

    /// The network's name, cut to what a line has room for; its number where it has none.
    func name(of index: Int) -> String {
        let name = analysis.networks[index].name.map { Wording.printable($0) } ?? "\(index + 1)"
        return name.count > 40 ? name.prefix(39) + "…" : name
    }
}
