/// The log that Android keeps in memory and prints into a bug report, in base64 between two lines.
enum Snooz {
    static let beginning = Array("--- BEGIN:BTSNOOP_LOG_SUMMARY".utf8)
    /// How far into a text the line is looked for: bug reports of a few ten MiB have it near their end.
    static let farthest = 256 << 20
    static let advice =
        "it holds a Bluetooth log of Android, compressed, between '--- BEGIN:BTSNOOP_LOG_SUMMARY' and '--- END': "
        + "'btsnooz.py FILE > capture.btsnoop' (of Android's packages/modules/Bluetooth) makes a capture of it"
}

extension ForeignFile {
    /// Logs of other tools, and captures exported as text.
    static let logs: [ForeignFile] = [
        ForeignFile(
            phrase: "is a trace of Windows (ETL)", mark: .octets(isEventTrace),
            advice: { _, _ in
                "'btetlparse -pcapng capture.pcapng FILE' of Microsoft's Bluetooth Test Platform makes a capture of it"
            }),
        // Nothing is published of these octets: where they are not btsnoop, only the name is left.
        ForeignFile(
            phrase: "is a capture of Frontline's ComProbe by its name (.cfa), but no btsnoop", saysNo: false,
            mark: .weak { $0.text == nil && $0.name.hasSuffix(".cfa") },
            advice: { _, _ in
                "export it as btsnoop in Frontline's software; a .cfa that is btsnoop is read as it is"
            }),
        ForeignFile(
            phrase: "is a Bluetooth log that Android compressed (btsnooz)", mark: .weak(isSnooz),
            advice: { _, _ in
                "btsnooz.py (of Android's packages/modules/Bluetooth) makes a capture of the bug report that it is from: "
                    + "'btsnooz.py BUGREPORT.txt > capture.btsnoop'"
            }),
        ForeignFile(
            phrase: "is a text",
            mark: .text { $0.mentions([String(decoding: Snooz.beginning, as: UTF8.self).lowercased()]) },
            advice: { _, _ in Snooz.advice }),
        ForeignFile(
            phrase: "is an export of Wireshark as text", mark: .text(isWiresharkText),
            advice: { _, use in
                use == .keys
                    ? "the keys are in the files btmesh_nw_keys and btmesh_dev_keys of Wireshark's profile"
                    : "save the capture itself with File, Save As, as pcapng, or with 'tshark -w FILE'"
            }),
        ForeignFile(
            phrase: "is an export of Ellisys' analyzer as CSV", mark: .text(isEllisysTable),
            advice: { _, use in
                use == .keys
                    ? "name the NetKeys with --netkey or in a file of keys"
                    : "it holds no whole packets; give the trace itself, which is the .btt file"
            }),
    ]

    /// A buffer's header, and behind it the event that every trace begins with, a system header of version 2.
    ///
    ///     buffer  size 4 · … · 72 octets in all
    ///     event   version 2 · header type 1 (1 or 2, by the size of a pointer) · flags 1 (C0)
    @Sendable private static func isEventTrace(_ start: FileStart) -> Bool {
        let (size, header) = (start.octets.prefix(4), 72)
        guard size.count == 4, size.first == 0, start.octets[1] & 3 == 0, size.contains(where: { $0 != 0 }),
            start.octets[3] == 0
        else { return false }
        return start.has([2, 0, 1, 0xC0], at: header) || start.has([2, 0, 2, 0xC0], at: header)
    }

    /// Version 1 or 2, a time of 8 octets, and a stream of zlib.
    @Sendable private static func isSnooz(_ start: FileStart) -> Bool {
        guard start.octets.count > 10, start.has([1]) || start.has([2]), start.has([0x78], at: 9) else { return false }
        return (Int(start.octets[9]) << 8 | Int(start.octets[10])) % 31 == 0
    }

    /// What Wireshark and tshark print: lines, rows, trees of fields, octets, XML and JSON.
    @Sendable private static func isWiresharkText(_ start: FileStart) -> Bool {
        let (line, words) = (start.firstLine, start.firstLine.split(separator: " "))
        let isRow =
            words.count > 5 && Int(words[0]) != nil && Double(words[1]) != nil
            && (line.contains("→") || line.contains("->"))
        let isHeading = ["No.", "\"No.\""].contains { line.hasPrefix($0) } && line.contains("Time")
        let isTree = line.hasPrefix("Frame ") && line.contains(" on wire")
        let octets = words.prefix(9).dropFirst()
        let isDump =
            words.first == "0000" && octets.count == 8
            && octets.allSatisfy { $0.count == 2 && UInt8($0, radix: 16) != nil }
        let isDocument = start.mentions(["<pdml", "<psml", "\"_source\": {", "{\"index\":{\"_index\":\"packets-"])
        return isRow || isHeading || isTree || isDump || isDocument
    }

    /// A table whose first line names columns of Ellisys' overview.
    @Sendable private static func isEllisysTable(_ start: FileStart) -> Bool {
        let columns = start.firstLine.split { ",;\t".contains($0) }.map { column in
            column.filter { $0 != "\"" }.lowercased()
        }
        let names = ["communication", "payload", "initiator", "status", "time", "time delta", "rssi"]
        return columns.contains("item") && columns.count { names.contains($0) } >= 2
            || columns.count > 1 && start.firstLine.lowercased().contains("ellisys")
    }
}
