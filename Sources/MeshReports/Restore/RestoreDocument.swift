import ByteParsing
import MeshEvidence
import MeshProtocol
import MeshStacks
import MeshTimelines
import MeshVerdict

/// What goes along with the files of a stack: the values, what to do and what to beware of, and what the numbers rest on.
extension RestoreFiles {
    /// The README of a stack's files.
    ///
    /// `next`: the start SEQ as this stack's files say it. `steps`: with code between backticks.
    func readme(_ target: Target, _ steps: [String], next: UInt32) -> String {
        MarkdownRenderer.render(document(target, steps, next: next))
    }

    func document(_ target: Target, _ steps: [String], next: UInt32) -> ReportDocument {
        let master = elements.first.map { "\($0)" } ?? ""
        let names = captureNames.map { Prose($0) }.joined(separator: ", ")
        let steps = ReportDocument.Section(
            title: "Steps", [.list(.init(.numbered, steps.map { .init(Prose(markingCode: $0)) }))])
        let origin = ReportDocument.Section(
            title: "What the numbers rest on",
            [.excerpt(grounds), .paragraph("Generated from \(names).\n\(Prose(markingCode: target.tried))")])
        let device = [ReportDocument.Section(values(target, next: next)), warnings(target)]
        return ReportDocument(
            title: "Restoring the master \(master) on \(target.name)",
            sections: (target.stack == nil ? [] : device) + [steps] + [card].compactMap(\.self) + [origin])
    }

    private func values(_ target: Target, next: UInt32) -> [ReportDocument.Block] {
        let last = next > 0 ? "\(Hexadecimal.prefixed(next - 1, digits: 6)) (\(next - 1))" : "none: it begins at 0"
        let transmit = Hexadecimal.prefixed(recovery.state.transmitIndex.value, digits: 8)
        let table = ReportDocument.Table(
            [.init("what"), .init("value")],
            rows: [
                ["IV Index, as a beacon says it", "\(Hexadecimal.prefixed(ivIndex, digits: 8)) (\(ivIndex))"],
                ["IV Update flag", "\(flag) (\(stateWording))"], ["IV Index to transmit with", "\(transmit)"],
                ["Key Refresh flag", "\(keyRefreshWording)"],
                ["next SEQ to use", "\(Hexadecimal.prefixed(next, digits: 6)) (\(next))"],
                ["last SEQ used, for APIs that want it", "\(last)"],
                ["next SSEQ to use, where it solicits proxy servers", "\(sseqWording)"],
                ["addresses of its elements", "\(elements.map { "\($0)" }.joined(separator: ", "))"],
            ])
        let asked = "meshscope analyze --stack \(target.identifier)"
        let counted: [ReportDocument.Block] =
            recovery.margin.contains { $0.term == .reservedBlock }
            ? [
                .paragraph(
                    """
                    It counts restarts that nobody heard by what \(target.name) skips at one. \(code: "meshscope analyze") without \(code: "--stack")
                    does not know the stack, and may say another number, higher or lower: take this one for this stack.
                    """)
            ] : []
        guard next != first else { return [.table(table)] + counted }
        let higher: Prose = """
            \(code: asked) says \(Hexadecimal.prefixed(first, digits: 6)) (\(first)); the higher number here is what the device
            itself had stored, or the beginning of the next block that the stack reserves. Both are right.
            """
        return [.table(table)] + counted + [.paragraph(higher)]
    }

    private var keyRefreshWording: String {
        switch values.keyRefreshPhase {
        case 0: "0 (a Key Refresh is over: only the newest key is in use)"
        case 1: "0 (phase 1: the old key is in use; nodes have the new one already)"
        case 2: "1 (phase 2: the new key is in use)"
        default: "0, as long as nobody began a Key Refresh: none was heard"
        }
    }

    private var sseqWording: String {
        values.nextSSEQ.map { "\(Hexadecimal.prefixed($0.value, digits: 6)) (\($0.value))" }
            ?? (isSSEQHeard
                ? "none is left that is sure: clear the nodes' lists first, as said below"
                : "cannot be told: no Solicitation PDU of it was heard")
    }

    private func warnings(_ target: Target) -> ReportDocument.Section {
        let never: Prose = """
            \(strong: "The failed device must never transmit again"): the same address, keys, IV Index and SEQ is nonce reuse. Take its power,
            and erase it before anybody repairs it.
            """
        return ReportDocument.Section(
            title: "Before anything else",
            [
                .paragraph(never),
                .paragraph(
                    "A readable old storage of the device beats any capture: if there is one, take its values where they are higher."
                ),
                .paragraph(
                    "A replacement that knows no one's SEQ can be fooled by old messages.\n\(replayProtection(target))"),
                .paragraph("After the swap take a capture, and run \(code: "meshscope verify") on it."),
            ])
    }

    /// A replay protection list has a fixed size.
    private func replayProtection(_ target: Target) -> Prose {
        guard let setting = target.stack?.replayListSetting else {
            return "This stack takes no replay protection list from outside."
        }
        return
            "The replay protection list here has the \(Wording.count(replayList.count, "source that was", "sources that were")) heard, and no others; the stack needs "
            + "room for them (\(Prose(markingCode: setting)))."
    }
}

extension RestoreFiles.Target {
    /// How far what is written was tried: a sentence.
    fileprivate var tried: String { stack?.tried ?? "tshark 4.0 opens captures with such files." }
}
