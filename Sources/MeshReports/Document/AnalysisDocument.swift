import CaptureFiles
import MeshEvidence
import MeshTimelines
public import MeshVerdict
public import MeshProtocol

/// Says an analysis as a document: the answer first, then what it rests on. Its aspects stand in files of their own.
public struct AnalysisDocument {
    let analysis: Analysis
    let times: CaptureTimes
    /// Whether strangers are listed one by one, however many there are.
    let listsAll: Bool

    init(_ analysis: Analysis, listsAll: Bool = false) {
        self.analysis = analysis
        self.listsAll = listsAll
        times = CaptureTimes(analysis)
    }

    /// The whole report, as a terminal shows it; the same analysis gives the same document.
    ///
    /// `listsAll`: whether devices and links that are strangers to the networks are listed however many there are, and not summed up.
    public static func make(_ analysis: Analysis, listsAll: Bool = false) -> ReportDocument {
        let document = AnalysisDocument(analysis, listsAll: listsAll)
        return ReportDocument(
            sections: [ReportDocument.Section(document.answer), document.captures] + document.listening
                + document.cards + analysis.networkIndexes.map(document.network) + document.others + [document.findings]
        )
    }

    /// The same report as a page with pictures: the answer, the pictures, the findings, and then what all of it rests on.
    public static func page(_ analysis: Analysis) -> ReportDocument {
        let document = AnalysisDocument(analysis, listsAll: true)
        return ReportDocument(
            sections: [
                ReportDocument.Section(document.heads), document.pictures, document.findings, document.groundsSection,
            ].filter { !$0.blocks.isEmpty } + document.cards
                + [document.captures] + document.listening
                + analysis.networkIndexes.map(document.network) + document.others)
    }

    /// The numbers alone: a line for each that the replacement is given, or the headline where there are none.
    public static func brief(_ analysis: Analysis) -> ReportDocument {
        let document = AnalysisDocument(analysis)
        let numbers = analysis.masters.flatMap(document.numbers)
        return ReportDocument(sections: [ReportDocument.Section(numbers.isEmpty ? document.headlines : numbers)])
    }

    /// What must not be overlooked about a master and the captures, as the answer of the report says it.
    public static func attentions(_ analysis: Analysis, of master: Analysis.Master) -> [ReportDocument.Callout] {
        let document = AnalysisDocument(analysis)
        return document.attentions(of: master) + document.breaks
    }

    /// Why nothing that is said of a network is to be relied on.
    public static func doubts(_ analysis: Analysis, in network: NetworkIndex) -> [ReportDocument.Callout] {
        let document = AnalysisDocument(analysis)
        return analysis.doubts.filter { $0.network == network }.map(document.attention)
    }

    /// The captures that break off, so that what they held behind that is in no answer.
    public static func breaks(_ analysis: Analysis) -> [ReportDocument.Callout] { AnalysisDocument(analysis).breaks }

    /// Why no PDU of a network opened, and what to do: a few sentences; `nil` where one did.
    public static func whyNothingOpened(_ analysis: Analysis, in network: NetworkIndex) -> Prose? {
        guard analysis[network].opened == 0 else { return nil }
        guard analysis[network].iv == nil else {
            return "Beacons of the network are authentic, and no PDU of it opened: capture where its nodes send."
        }
        let reason = UnknownIVReason(analysis, in: network)
        return reason.text + " " + reason.advice
    }

    // MARK: What several aspects say

    /// What a frame is called where its time matters too.
    func place(of frame: FrameReference) -> String { "frame \(label(frame)), \(times.date(frame.time))" }

    /// A frame's number; with its capture's before it where there are several, as in `2:17`.
    func label(_ frame: FrameReference) -> String {
        analysis.captures.count > 1 ? "\(frame.capture + 1):\(frame.number)" : "\(frame.number)"
    }

    /// The network's name, cut to what a line has room for; its number where it has none.
    func name(of network: NetworkIndex) -> Prose {
        analysis[network].name.map { .cut($0, to: 40) } ?? "\(network.value + 1)"
    }

    /// Whether a name helps: of several networks, or of one that has one.
    func isNamed(_ network: NetworkIndex) -> Bool {
        analysis.networks.count > 1 || analysis[network].name != nil
    }

    /// What stands in the answer for a master: whatever is critical, and that its address is in use below its old SEQ.
    func attentions(of master: Analysis.Master) -> [ReportDocument.Callout] {
        findings(of: master).filter { $0.severity == .critical || $0.fact.saysThatItIsInUse }.map(attention)
    }

    /// What is said of the master, and of its network as a whole.
    func findings(of master: Analysis.Master) -> [Finding] {
        analysis.findings.filter { finding in
            finding.network == master.network && finding.source.map(master.elements.contains) ?? true
        }
    }

    /// Captures of which nothing, or only the beginning, is in the answer.
    var missingEvidence: [ReportDocument.Callout] {
        analysis.unusable.map { attention(.critical, "\(KeyMask.hide($0.path)) could not be used: \($0.explanation)") }
            + breaks
    }

    private var breaks: [ReportDocument.Callout] {
        analysis.captures.filter { !$0.isComplete && $0.frames > 0 }.map { capture in
            attention(
                .warning, "\(KeyMask.hide(capture.path)) breaks off: what it held behind that is not in the answer.")
        }
    }

    func attention(_ finding: Finding) -> ReportDocument.Callout {
        attention(finding.severity, Prose(finding.fact.sentence(times)))
    }

    func attention(_ severity: Fact.Severity, _ text: Prose) -> ReportDocument.Callout {
        ReportDocument.Callout(severity: severity, label: "ATTENTION", text)
    }
}

extension Fact {
    /// Whether another device sends under the source's address, or the source itself without its SEQ.
    fileprivate var saysThatItIsInUse: Bool { kind == .sequenceRestarted || kind == .heardAfterFailure }
}
