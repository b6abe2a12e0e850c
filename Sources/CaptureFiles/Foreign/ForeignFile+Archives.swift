extension ForeignFile {
    /// Files with others in them, and compressions that are not read.
    static let archives: [ForeignFile] =
        Compression.allCases.map(compressedTwice) + [
            ForeignFile(
                phrase: "is a zip archive of an Android bug report", mark: .octets { isZip($0) && isBugReport($0) },
                advice: { start, use in
                    let entries = ["FS/data/misc/bluetooth/logs/btsnoop_hci.log", "FS/data/log/bt/btsnoop_hci.log"]
                    return
                        "its capture is the entry \(entries[0]), or \(entries[1]) (phones of Samsung), if the HCI snoop "
                        + "log was enabled: '\(printingZip(start, entries[0])) | meshscope analyze - --keys KEYS'; "
                        + "'unzip -l FILE' lists the entries"
                }),
            ForeignFile(
                phrase: "is a zip archive", mark: .octets(isZip),
                advice: { start, use in
                    "'unzip -l FILE' lists what is in it, '\(printingZip(start, "NAME")) | \(use.command)' reads one of it"
                }),
            ForeignFile(
                phrase: "is a 7z archive", mark: .octets { $0.has([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C]) },
                advice: { start, use in
                    "'7z l FILE' lists what is in it (the program is called 7zz on some systems), '7z x -so FILE NAME | \(use.command)' reads one of it"
                }),
            ForeignFile(
                phrase: "is a rar archive", mark: .octets { $0.has(Array("Rar!\u{1A}\u{07}".utf8)) },
                advice: { start, use in
                    "'unrar lb FILE' lists what is in it, 'unrar p -inul FILE NAME | \(use.command)' reads one of it"
                }),
            ForeignFile(
                phrase: "is a tar archive", mark: .octets { $0.has(Array("ustar".utf8), at: 257) },
                advice: { start, use in
                    "'tar tf FILE' lists what is in it, 'tar xOf FILE NAME | \(use.command)' reads one of it"
                }),
            compressed("bzip2", with: "bzcat") { start in
                // A block, or the end of a file of nothing.
                let beginnings: [[UInt8]] = [
                    [0x31, 0x41, 0x59, 0x26, 0x53, 0x59], [0x17, 0x72, 0x45, 0x38, 0x50, 0x90],
                ]
                return start.has(Array("BZh".utf8)) && beginnings.contains { start.has($0, at: 4) }
            },
            compressed("lz4", with: "lz4cat") {
                $0.has([0x04, 0x22, 0x4D, 0x18]) || $0.has([0x02, 0x21, 0x4C, 0x18])
            },
            compressed("lzip", with: "lzip -dc") { $0.has(Array("LZIP".utf8)) },
            compressed("compress", with: "zcat") { $0.has([0x1F, 0x9D]) },
            // The usual properties, and that the length is not known.
            compressed("LZMA of before xz", with: "xzcat") { start in
                start.has([0x5D, 0x00, 0x00]) && start.has(Array(repeating: 0xFF, count: 8), at: 5)
            },
        ]

    private static func compressed(
        _ program: String, with reader: String, _ isSuch: @escaping @Sendable (FileStart) -> Bool
    ) -> ForeignFile {
        ForeignFile(
            phrase: "is compressed with \(program)", mark: .octets(isSuch),
            advice: { start, use in "'\(start.printing(with: reader)) | \(use.command)' reads it" })
    }

    private static func compressedTwice(_ inner: Compression) -> ForeignFile {
        ForeignFile(
            phrase: "is \(inner.rawValue)", mark: .octets { inner.isBeginning($0.octets) },
            advice: { start, use in
                "it is compressed twice, and only one compression is read: "
                    + "'\((start.compression ?? inner).command) FILE | \(use.command)' reads it"
            })
    }

    @Sendable private static func isZip(_ start: FileStart) -> Bool {
        // Of an archive with something in it, of one with nothing, of one in several parts.
        [[0x03, 0x04], [0x05, 0x06], [0x07, 0x08]].contains { start.has(Array("PK".utf8) + $0) }
    }

    /// By the names of the first entries, or by its own.
    private static func isBugReport(_ start: FileStart) -> Bool {
        let names = zipEntries(start.octets)
        return (names + [start.name]).contains { name in
            ["fs/data/", "bugreport", "btsnoop_hci.log", "dumpstate"].contains { name.lowercased().contains($0) }
        }
    }

    /// The names in the local headers that stand in the first octets.
    ///
    ///     header  "PK" 3 4 · version 2 · flags 2 · method 2 · time 4 · CRC 4 · lengths 8 · length of the name 2 · of the rest 2
    private static func zipEntries(_ octets: [UInt8]) -> [String] {
        let (mark, header) = (Array("PK\u{03}\u{04}".utf8), 30)
        return octets.indices.lazy.filter { octets[$0] == mark[0] && octets[$0...].starts(with: mark) }
            .compactMap { place in
                guard place + header <= octets.count else { return nil }
                let length = Int(octets[place + 26]) | Int(octets[place + 27]) << 8
                return String(decoding: octets.dropFirst(place + header).prefix(length), as: UTF8.self)
            }
    }

    /// unzip wants a file, and reads no pipe.
    private static func printingZip(_ start: FileStart, _ entry: String) -> String {
        start.compression.map { "\($0.command) FILE > FILE.zip; unzip -p FILE.zip \(entry)" }
            ?? "unzip -p FILE \(entry)"
    }
}
