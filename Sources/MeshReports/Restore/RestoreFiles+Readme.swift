import ByteParsing
import MeshAnalysis
import MeshProtocol
import MeshStacks

/// What goes along with the files of a stack: the values, what to do and what to beware of, and what the numbers rest on.
extension RestoreFiles {
    /// `next`: the first SEQ as this stack's files say it.
    func readme(_ target: Target, _ steps: [String], next: UInt32) -> String {
        let title = "# Restoring the master \(elements.first.map { "\($0)" } ?? "") on \(target.name)"
        let sections = [
            [title, ""], target == .wireshark ? [] : values(next: next), warnings(target), ["## Steps", ""],
            steps.enumerated().map { "\($0 + 1). \($1)" }, [""],
            ["## What the numbers rest on", "", "```", grounds + "```", ""],
            [
                "Generated from \(captureNames.map { PrintableText.escape($0) }.joined(separator: ", ")).",
                Self.tried(target),
            ],
        ]
        return sections.flatMap(\.self).joined(separator: "\n") + "\n"
    }

    private func values(next: UInt32) -> [String] {
        let last = next > 0 ? "\(Hexadecimal.prefixed(next - 1, digits: 6)) (\(next - 1))" : "none: it begins at 0"
        let table = [
            "| what | value |", "| --- | --- |",
            "| IV Index, as a beacon says it | \(Hexadecimal.prefixed(ivIndex, digits: 8)) (\(ivIndex)) |",
            "| IV Update flag | \(flag) (\(stateWording)) |",
            "| IV Index to transmit with | \(Hexadecimal.prefixed(recovery.state.transmitIndex.value, digits: 8)) |",
            "| next SEQ to use | \(Hexadecimal.prefixed(next, digits: 6)) (\(next)) |",
            "| last SEQ used, for APIs that want it | \(last) |",
            "| addresses of its elements | \(elements.map { "\($0)" }.joined(separator: ", ")) |", "",
        ]
        guard next != first else { return table }
        return table + [
            "The capture asks for \(Hexadecimal.prefixed(first, digits: 6)) (\(first)); the higher number is what the device itself had",
            "stored, or the beginning of the next block that the stack reserves.", "",
        ]
    }

    private func warnings(_ target: Target) -> [String] {
        guard target != .wireshark else { return [] }
        return [
            "## Before anything else", "",
            "**The failed device must never transmit again**: the same address, keys, IV Index and SEQ is nonce reuse. Take its power,",
            "and erase it before anybody repairs it.", "",
            "A readable old storage of the device beats any capture: if there is one, take its values where they are higher.",
            "",
            "A replacement that knows no one's SEQ can be fooled by old messages.", replayProtection(target), "",
            "After the swap take a capture, and run `meshscope verify` on it.", "",
        ]
    }

    /// A replay protection list has a fixed size.
    private func replayProtection(_ target: Target) -> String {
        guard let setting = target.stack?.replayListSetting else {
            return "This stack takes no replay protection list from outside."
        }
        return
            "The replay protection list here has the \(replayList.count) sources that were heard, and no others; the stack needs "
            + "room for them (\(setting))."
    }

    /// How far what is written was tried; see the tests of the same names.
    private static func tried(_ target: Target) -> String {
        target.stack?.tried ?? "tshark 4.0 opens captures with such files."
    }
}
