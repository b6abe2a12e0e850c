import ByteParsing
import CaptureFiles
import MeshEvidence
import MeshTimelines
import MeshVerdict
import MeshProtocol

/// The answer, before anything else: what to give the replacement, or what to do where no number can be given.
extension AnalysisDocument {
    typealias Block = ReportDocument.Block

    /// With what each answer rests on right behind it.
    var answer: [Block] {
        guard analysis.masters.count > 1 else { return heads + analysis.masters.flatMap(grounds(below:)) }
        return [.paragraph(choose)] + analysis.masters.flatMap { head(of: $0) + grounds(below: $0) + [.pause] }
            + missingEvidence.map { .callout($0) }
    }

    /// The answers alone, with what must not be overlooked.
    var heads: [Block] {
        guard !analysis.networks.isEmpty else { return withoutKeys + missingEvidence.map { .callout($0) } }
        let answers =
            analysis.masters.isEmpty
            ? analysis.networkIndexes.flatMap(answer(forNetwork:))
            : (analysis.masters.count > 1 ? [.paragraph(choose)] : []) + analysis.masters.flatMap(head(of:))
        return answers + missingEvidence.map { .callout($0) }
    }

    /// What the answers rest on, without the answers.
    var groundsSection: ReportDocument.Section {
        ReportDocument.Section(title: "What the answer rests on", analysis.masters.flatMap(grounds(below:)))
    }

    /// Each answer in a sentence.
    var headlines: [Block] {
        heads.filter { block in
            if case .headline = block { true } else { false }
        }
    }

    private var choose: Prose {
        "The address is in \(analysis.masters.count) networks: take the answer of the right one."
    }

    private var withoutKeys: [Block] {
        let reason = UnknownIVReason(analysis)
        guard reason.isAboutOtherNetworks else {
            return [.headline("No key was given, and there is nothing to open.", .neutral)] + paragraphs(reason)
        }
        return [
            .headline("No key was given: beacons are not authenticated and PDUs stay closed."),
            .paragraph("Give the network's NetKey with --keys FILE, MESHSCOPE_NETKEY or --netkey.", depth: 1),
        ]
    }

    // MARK: Of a master

    private func head(of master: Analysis.Master) -> [Block] {
        guard let source = analysis.source(of: master) else { return [] }
        let name: Prose = isNamed(master.network) ? " of network \(name(of: master.network))" : ""
        let attentions = attentions(of: master)
        let sentence: Prose =
            "Master \(source.address)\(name) \(Wording.verdict(master.verdict))\(condition(of: master))."
        let blocks: [Block] = [headline(sentence, tone(of: master, attentions))] + choice(of: master) + [.pause]
        let warnings = attentions.map { Block.callout($0) }
        guard master.verdict.recovery != nil else {
            return blocks + noNumber(of: master) + waysOut(of: master) + warnings
        }
        let give: Prose = "Give the replacement, together with the keys and the address \(source.address):"
        return blocks + [.paragraph(give, depth: 1), .pause] + numbers(of: master) + [.pause] + warnings
            + (warnings.isEmpty ? [] : [.pause])
    }

    private func headline(_ sentence: Prose, _ tone: ReportDocument.Tone) -> Block {
        .headline(tone.mark + sentence, tone)
    }

    private func tone(_ isRight: Bool, _ warnings: [ReportDocument.Callout]) -> ReportDocument.Tone {
        isRight ? warnings.isEmpty ? .good : .caution : .alarm
    }

    private func tone(of master: Analysis.Master, _ warnings: [ReportDocument.Callout]) -> ReportDocument.Tone {
        let doubts = analysis.doubts.filter { $0.network == master.network }
        return tone(master.verdict.recovery != nil && doubts.isEmpty, warnings + missingEvidence)
    }

    /// What the replacement is given; empty where there is no number.
    func numbers(of master: Analysis.Master) -> [Block] {
        guard let recovery = master.verdict.recovery else { return [] }
        return [
            .values([
                ivIndex(recovery.state), flag(recovery.state, analysis[master.network]),
                sequence("start SEQ", recovery.recommended),
            ])
        ]
    }

    private func grounds(below master: Analysis.Master) -> [Block] {
        guard let recovery = master.verdict.recovery, let source = analysis.source(of: master) else { return [] }
        let never: Prose =
            "The failed device must never transmit again: the same address, keys, IV Index and SEQ is nonce reuse."
        let other: Prose =
            "\(code: "meshscope restore") may write another number, and says why: it counts the restarts of its own stack, and begins with "
            + "the next block where that stack reserves SEQ in blocks. For that stack, take its number."
        return assumptions(recovery, master) + derivation(recovery, source) + ivEvidence(analysis[master.network])
            + [.paragraph(never, depth: 1), .paragraph(other, depth: 1)] + elements(of: master)
    }

    /// The elements of a node that has several; some stacks count for each, others for the node.
    private func elements(of master: Analysis.Master) -> [Block] {
        guard master.elements.count > 1 else { return [] }
        let text: Prose =
            "The node has \(master.elements.count) elements. The start SEQ above is the highest of theirs, for stacks with one counter "
            + "for each node; the rows of the elements below have those for stacks that count for each element "
            + "(Silicon Labs, nRF Mesh for iOS)."
        let heard = analysis[master.network].heardAddresses
        let unheard = master.elements.filter { !heard.contains($0) }
        guard !unheard.isEmpty else { return [.paragraph(text, depth: 1)] }
        let names = unheard.prefix(8).map { "\($0)" }.joined(separator: ", ") + (unheard.count > 8 ? ", …" : "")
        let doubt: Prose =
            " Not heard: \(names). Where they count for themselves, nothing tells what they used: the start SEQ above is enough for "
            + "them only if they sent less than the others."
        return [.paragraph(text + doubt, depth: 1)]
    }

    // MARK: What the number takes for granted

    /// Until when the device is taken to have lived, and how far the number goes beyond what was heard.
    private func condition(of master: Analysis.Master) -> Prose {
        guard let recovery = master.verdict.recovery else { return "" }
        let basis: Prose = "; \(Wording.basis(recovery.basis))"
        guard !master.ifItLivedOn.isEmpty, let end = analysis.lastTime else { return basis }
        return ", if it failed by \(time: end, as: times.text(end, digits: 0))\(basis)"
    }

    /// What the number has no room for: a longer life, and restarts.
    private func assumptions(_ recovery: Recovery, _ master: Analysis.Master) -> [Block] {
        var blocks: [Block] = []
        if recovery.basis.assumesNoRestart {
            blocks.append(
                .paragraph("It assumes that no restart went unheard: name what the device ran with --stack.", depth: 1))
        }
        guard !master.ifItLivedOn.isEmpty else { return blocks }
        let rows = master.ifItLivedOn.map { longer -> [Prose] in
            let hours = longer.time.components.seconds / 3600
            let number = longer.recommended.map { "\(Hexadecimal.prefixed($0.value, digits: 6)) (\($0.value))" }
            return [hours < 24 ? "\(hours) h" : "\(hours / 24) d", Prose(number ?? "no SEQ is sure")]
        }
        let question: Prose =
            "If it lived on behind the end of the captures, say with --failed-at until when. The start SEQ is then:"
        return blocks + [
            .paragraph(question, depth: 1), .pause, .table(.init([.init("longer"), .init("start SEQ")], rows: rows)),
            .pause,
        ]
    }

    // MARK: Values

    private func ivIndex(_ state: IVState) -> ReportDocument.Value {
        .init(
            name: "IV Index", hexadecimal: Hexadecimal.prefixed(state.index.value, digits: 8),
            decimal: state.index.value)
    }

    private func flag(_ state: IVState, _ network: Analysis.Network) -> ReportDocument.Value {
        .init(
            name: "IV Update flag", hexadecimal: state.isUpdateInProgress ? "1" : "0",
            note: Prose(Wording.state(state, of: network)))
    }

    private func sequence(_ name: Prose, _ number: SequenceNumber) -> ReportDocument.Value {
        .init(name: name, hexadecimal: Hexadecimal.prefixed(number.value, digits: 6), decimal: number.value)
    }

    // MARK: Where there is no number

    private func noNumber(of master: Analysis.Master) -> [Block] {
        let network = analysis[master.network]
        switch master.verdict {
        case .resume, .restart: return []
        case .exhausted(let state, let last):
            return [
                .values([ivIndex(state), sequence("last SEQ", last.sequence)]),
                .paragraph("No SEQ is left to go on with. The ways out, in this order:", depth: 1),
            ]
        case .notHeard(let state):
            let heard = network.heardAddresses.prefix(8).map { "\($0)" }.joined(separator: ", ")
            let question: Prose = heard.isEmpty ? "" : "Is it the right address? Heard were \(heard). "
            return [
                .values([ivIndex(state), flag(state, network)]),
                .paragraph(question + "The start SEQ cannot be told.", depth: 1),
            ] + ivEvidence(network) + [.paragraph("The ways out, in this order:", depth: 1)]
        case .ivIndexUnknown:
            return paragraphs(UnknownIVReason(analysis, in: master.network))
        }
    }

    /// In the order in which they should be tried; none where nothing shows that this is the network at all.
    private func waysOut(of master: Analysis.Master) -> [Block] {
        var introduction: [Block] = []
        if case .ivIndexUnknown = master.verdict {
            guard UnknownIVReason(analysis, in: master.network).isOfThisNetwork else { return [] }
            introduction = [.paragraph("Beside the IV Index, the ways out are:", depth: 1)]
        }
        let ways: [Prose] = [
            newAddress(of: master),
            "An IV Update, started by another node of the primary subnet: possible once the network has been in Normal Operation for 96 h, "
                + "and over after 96 to 144 h more; then SEQ starts at 0 for everyone, the old address included.",
        ]
        let items = (ways + evidenceToFind(master.verdict)).map { ReportDocument.List.Item($0) }
        return introduction + [.list(.init(.numbered, depth: 2, items))]
    }

    private func newAddress(of master: Analysis.Master) -> Prose {
        guard let address = master.newAddress else {
            return
                "A new unicast address that no node of the network uses; the captures do not tell which are free. SEQ starts at 0 "
                + "there, and whoever sends to the old address must be configured anew."
        }
        let range = master.elements.count > 1 ? " and the \(master.elements.count - 1) behind it" : ""
        return
            "A new unicast address, such as \(address)\(range): nothing that was heard or that the key file names uses it. SEQ starts "
            + "at 0 there, and whoever sends to the old address must be configured anew."
    }

    /// What evidence would help; nothing where all SEQ are used up.
    private func evidenceToFind(_ verdict: RecoveryVerdict) -> [Prose] {
        switch verdict {
        case .exhausted: []
        case .resume, .restart, .notHeard, .ivIndexUnknown:
            [
                "A value that the old device stored: any SEQ above it will do, as long as nothing later was sent.",
                "A capture from before the failure that holds its PDUs.",
            ]
        }
    }

    private func paragraphs(_ reason: UnknownIVReason) -> [Block] {
        [.paragraph(reason.text, depth: 1), .paragraph(reason.advice, depth: 1)]
    }

    // MARK: Of a network, where no master is known

    /// Who may be the master, where the traffic does not decide it.
    private func candidates(_ network: Analysis.Network) -> [Block] {
        guard !network.masterCandidates.isEmpty else { return [] }
        let items = network.masterCandidates.map { candidate in
            Item("\(candidate.address): \(Wording.reasons(candidate.reasons))")
        }
        return [
            .paragraph("The traffic does not tell which of these it is:", depth: 1),
            .list(.init(.plain, depth: 2, items)),
        ]
    }

    private func answer(forNetwork index: NetworkIndex) -> [Block] {
        let network = analysis[index]
        let name: Prose = isNamed(index) ? "Network \(name(of: index))" : "The network"
        guard let iv = network.iv else {
            return [headline("\(name): the IV Index cannot be told.", .alarm)]
                + paragraphs(UnknownIVReason(analysis, in: index))
        }
        let state = iv.state
        let number = "\(Hexadecimal.prefixed(state.index.value, digits: 8)) (\(state.index.value))"
        let need: Prose =
            "A replacement needs that IV Index, the IV Update flag \(state.isUpdateInProgress ? "1" : "0"), and a start SEQ from "
            + "the table of sources below. Name the failed address with --master for the whole answer."
        let critical = analysis.findings.filter { $0.severity == .critical && $0.network == index }
        let doubts = analysis.doubts.filter { $0.network == index }
        let tone = tone(doubts.isEmpty, critical.map(attention) + missingEvidence)
        return [
            headline("\(name) is at IV Index \(number), \(Wording.state(state)).", tone), .paragraph(need, depth: 1),
        ] + candidates(network) + ivEvidence(network) + critical.map { .callout(attention($0)) }
    }
}
