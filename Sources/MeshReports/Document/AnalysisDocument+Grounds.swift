import ByteParsing
import CaptureFiles
import MeshEvidence
import MeshTimelines
import MeshVerdict
import MeshProtocol

/// What an answer rests on: why this master, which frames, which margin, which beacon.
extension AnalysisDocument {
    /// What the answer for one master rests on, and what warns of it, without the rest of the report; empty where the
    /// verdict gives no number.
    func grounds(of master: Analysis.Master) -> [Block] {
        guard let recovery = master.verdict.recovery else { return [] }
        return choice(of: master) + (analysis.source(of: master).map { derivation(recovery, $0) } ?? [])
            + ivEvidence(analysis[master.network])
            + findings(of: master).filter { $0.severity != .info }.map { .callout(attention($0)) }
            + missingEvidence.map { .callout($0) }
    }

    /// Why this source, where nobody said it.
    func choice(of master: Analysis.Master) -> [Block] {
        guard master.choice == .inference else { return [] }
        var text: Prose =
            "Nobody named the master; this source was taken for it: \(Wording.reasons(master.reasons))."
        if let other = master.runnerUp {
            text += " The next likely one is \(other.address): \(Wording.reasons(other.reasons))."
        }
        return [.paragraph(text + " Name it with --master if that is wrong.", depth: 1)]
    }

    /// From the last SEQ that was heard to the start SEQ, and how long that holds.
    func derivation(_ recovery: Recovery, _ source: Analysis.Source) -> [Block] {
        let terms = recovery.margin.map { term in
            ReportDocument.Term(value: term.value, reason: Prose(Wording.reason(of: term)))
        }
        return [
            .paragraph(lastHeard(recovery), depth: 1), .paragraph(lowest(recovery), depth: 1), .terms(terms),
        ] + doubts(source) + [.paragraph(validity(recovery), depth: 1)]
    }

    private func lastHeard(_ recovery: Recovery) -> Prose {
        let last = recovery.last
        let silence = analysis.lastTime.map { end in
            ", \(Wording.span(end.since(recovery.lastHeard.time))) before the end"
        }
        return
            "The last SEQ heard is \(Hexadecimal.prefixed(last.sequence.value, digits: 6)) (\(last.sequence.value)) under IV Index "
            + "\(Hexadecimal.prefixed(last.ivIndex.value, digits: 8)), in \(place(of: recovery.lastHeard))\(silence ?? "")."
    }

    private func lowest(_ recovery: Recovery) -> Prose {
        guard recovery.last.ivIndex >= recovery.state.transmitIndex else {
            return
                "SEQ begins at 0 under each new IV Index, so that the minimum is 0 if the source sent nothing since; the start SEQ "
                + "adds:"
        }
        let minimum = Hexadecimal.prefixed(recovery.minimum.value, digits: 6)
        return
            "The minimum that this leaves is \(minimum) (\(recovery.minimum.value)); the start SEQ adds:"
    }

    /// What would make the number surer.
    private func doubts(_ source: Analysis.Source) -> [Block] {
        var doubts: [Block] = []
        if let coverage = source.epochs.last?.coverage, coverage < 0.5 {
            let share = coverage < 0.01 ? "less than 1" : "\(Int(coverage * 100))"
            doubts.append(
                .paragraph(
                    "Only \(share) % of its SEQ were heard: a longer capture or a second sniffer makes this surer.",
                    depth: 1))
        }
        if let bridge = source.bridge,
            let network = analysis.networks.first(where: {
                $0.sources.contains { $0.address == source.address && $0.bridge == bridge }
            })
        {
            let (from, to) = (
                network.subnets[bridge.from.value].identity.keyIndex, network.subnets[bridge.to.value].identity.keyIndex
            )
            doubts.append(
                .paragraph(
                    "It was heard under key \(to) only, where a subnet bridge repeats PDUs of key \(from): if it is a node of key \(from), "
                        + "what the bridge does not repeat was not heard.", depth: 1))
        }
        return doubts
    }

    private func validity(_ recovery: Recovery) -> Prose {
        guard let until = recovery.validUntil else {
            return "How long this holds cannot be told: take a fresh capture right before the replacement."
        }
        let isPast = analysis.lastTime.map { $0 > until } ?? false
        return isPast
            ? "This is sure until \(time: until, as: times.text(until, digits: 0)) only, and the captures go on: take a fresh one before the replacement."
            : "This IV Index holds until \(time: until, as: times.text(until, digits: 0)); after that, take a fresh capture first."
    }

    /// What tells the network's IV Index.
    func ivEvidence(_ network: Analysis.Network) -> [Block] {
        guard let iv = network.iv else { return [] }
        var text: Prose =
            iv.evidence == .search
            ? "The IV Index was found by trial: \(Wording.count(network.distinct, "distinct PDU opens", "distinct PDUs open")) under it, the first in \(place(of: iv.frame))."
            : "The IV Index rests on a \(Wording.evidence(iv.evidence)): \(place(of: iv.frame))."
        if let given = network.givenIVIndex, given != iv.state.index, given != iv.state.transmitIndex {
            text += " The \(given.value) of --iv-index is not it."
        }
        if !iv.evidence.isStatement, let next = iv.state.index.advanced(by: 1) {
            text +=
                " No beacon says so: the network is in Normal Operation, or already in an IV Update to "
                + "\(Hexadecimal.prefixed(next.value, digits: 8)). Nodes transmit with the same IV Index in both."
        }
        return [.paragraph(text, depth: 1)]
    }
}
