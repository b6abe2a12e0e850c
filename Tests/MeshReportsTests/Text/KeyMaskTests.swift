import MeshReports
import Testing

private let key = "7dd7364cd842ad18c17c2b820c84c3d6"
private let masked = "[masked: looks like a key]"

private func grouped(_ size: Int, _ separator: String, prefix: String = "") -> String {
    let digits = Array(key)
    return stride(from: 0, to: digits.count, by: size).map { start in
        prefix + String(digits[start..<min(start + size, digits.count)])
    }.joined(separator: separator)
}

@Suite struct KeyMaskTests {
    @Test(arguments: [
        key, key.uppercased(), "0x" + key, "0X" + key.uppercased(), grouped(2, ":"), grouped(2, "-"), grouped(2, " "),
        grouped(4, ":"), grouped(8, "-"), grouped(16, "_"), grouped(2, "", prefix: "0x"), grouped(2, ",", prefix: "0x"),
        grouped(2, " ", prefix: "0X"), key + "a", "face" + key,
    ])
    func aKeyIsMaskedInEveryForm(form: String) {
        #expect(KeyMask.hide(form) == masked)
        #expect(KeyMask.hide("'\(form)': is no file") == "'\(masked)': is no file")
        #expect(KeyMask.hide("/tmp/\(form)/x.pcap") == "/tmp/\(masked)/x.pcap")
        #expect(KeyMask.hide("3=\(form).pcap") == "3=\(masked).pcap")
        #expect(KeyMask.hide("\(form);\(form)") == "\(masked);\(masked)")
        #expect(KeyMask.hide("\u{1F511}ü\(form)\u{301}") == "\u{1F511}ü\(masked)\u{301}")
    }

    @Test func neighboursThatAreHexadecimalAreNoCover() {
        for text in ["2026-06-01-\(key)", "0001 \(grouped(2, " "))", "\(grouped(2, ":")):d7", "a-\(grouped(8, "-"))-b"]
        {
            let shown = KeyMask.hide(text)
            #expect(shown.contains(masked) && !shown.contains("c3") && !shown.contains("7dd7"), "\(shown)")
        }
        #expect(!KeyMask.hide("x" + String(key.dropLast()) + "z").contains("7dd7"), "a slip in the last digit")
    }

    @Test(arguments: [
        "", "office.pcap", "2026-06-01T12:00:00Z",
        "heard were 0x0001, 0x0002, 0x0003, 0x0004, 0x0005, 0x0006, 0x0007, 0x0008",
        "/run/7dd7364c-d842-ad18-c17c-2b820c84c3d6/x.pcap", "meshscope-7DD7364C-D842-AD18-C17C-2B820C84C3D6",
        "3ecaff672f673370", "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "dead beef cafe", "0x", "0x0x0x", masked,
    ])
    func whatIsNoKeyStays(text: String) {
        #expect(KeyMask.hide(text) == text)
        #expect(KeyMask.explain(text) == text)
    }

    @Test func maskingSaysHowKeysAreGiven() {
        #expect(
            KeyMask.explain("\(key): cannot be opened")
                == "\(masked): cannot be opened; this looks like a key: use --keys, --netkey or MESHSCOPE_NETKEY")
        #expect(KeyMask.hide(KeyMask.explain(key)) == KeyMask.explain(key))
    }
}
