import MeshProtocol
import MeshStacks
import Testing

/// The old node.json at hand: three values change, and what cannot be edited safely is refused.
@Suite struct BlueZNodeTests {
    private static let key = "83E464E682c8058d5666b4c19fc681a7"
    private let values = RestoreValues.updating

    private func node(_ index: Int64, _ flag: Int, _ sequence: String, _ more: String = "", key: String = key) -> String
    {
        "{\"IVindex\":\(index),\"IVupdate\":\(flag),\(sequence)\"netKeys\":[{\"key\":\"\(key)\"}]\(more)}"
    }

    private func restored(_ text: String, _ values: RestoreValues = .updating) throws -> (text: String, first: UInt32) {
        let restoration = try Stack.bluez.restoration(of: values, storedFile: text)
        let file = try #require(restoration.files.first)
        #expect(file.name == "node.json")
        return (file.text, restoration.first)
    }

    @Test func noOtherOctetChanges() throws {
        func node(_ index: String, _ flag: String, _ sequence: String) -> String {
            """
            {
            \t"cid":"05f1", "crpl" : "0064",
              "elements":[{"elementIndex":0,"IVindex":99,"name":"a \\"quoted\\" {näme} \\\\"}, {"IVupdate":[5,{}]}],
              "IVindex":  \(index) ,
              "IVupdate":\(flag),
              "netKeys":[{"index":0,"key":"\(Self.key)","keyRefresh":0}],
              "sequenceNumber":\(sequence)
              , "token":"0011223344556677", "unicastAddress":"0001"
            }

            """
        }
        let (text, first) = try restored(node("7", "0", "12"))
        #expect(text == node("305419896", "1", "4779") && first == 0x12AB)
    }

    @Test func withoutASEQOneIsAdded() throws {
        let (text, first) = try restored(node(7, 0, ""))
        #expect(text == node(0x1234_5678, 1, "\n  \"sequenceNumber\": 4779,") && first == 0x12AB)
    }

    /// Under the same transmit IV Index the higher SEQ counts, in whichever of the two states it was.
    @Test(arguments: [
        (Int64(0x1234_5678), 1, UInt32(9_000_000), UInt32(9_000_000)), (0x1234_5677, 0, 9_000_000, 9_000_000),
        (0x1234_5677, 1, 9_000_000, 0x12AB), (0x1234_5677, 0, 12, 0x12AB), (0, 0, 0x100_0000, 0x12AB),
    ])
    func aHigherSEQOfTheSameIVIndexStays(index: Int64, flag: Int, sequence: UInt32, first: UInt32) throws {
        let result = try restored(node(index, flag, "\"sequenceNumber\":\(sequence),"))
        #expect(result.first == first)
        #expect(result.text == node(0x1234_5678, 1, "\"sequenceNumber\":\(first),"))
    }

    @Test func anIVIndexFrom0x80000000OnIsNegative() throws {
        let values = RestoreValues.values(.normalOperation(IVIndex(0x8000_0001)), first: 5)
        #expect(
            try restored(node(-0x8000_0000, 1, ""), values).text.hasPrefix("{\"IVindex\":-2147483647,\"IVupdate\":0"))
        #expect(
            try restored(node(0x8000_0000, 1, ""), values).text.hasPrefix("{\"IVindex\":-2147483647,\"IVupdate\":0"))
        #expect(throws: StoredFileError.self) { try restored(node(0x1_0000_0000, 1, ""), values) }
    }

    @Test(
        arguments: [
            (7, 0, "", "", String(repeating: "ab", count: 16), "a node of another network"),
            (7, 0, "", "", "", "a node of another network"),
            (0x1234_5679, 0, "\"sequenceNumber\":5,", "", key, "newer IV state"),
            (7, 0, "\"sequenceNumber\":1e6,", "", key, "in a form"),
            (7, 0, "\"sequenceNumber\":4294967295,", "", key, "24 bits"),
            (7, 0, "\"sequenceNumber\":-5,", "", key, "is no node.json"),
            (0x1234_5678, 1, "\"sequenceNumber\":16777000,", "", key, "leaves too few SEQ"),
            (7, 2, "\"sequenceNumber\":5,", "", key, "0 or 1"),
            (7, 0, "\"sequenceNumber\":5,", ",\"unicastAddress\":\"0099\"", key, "node of 0x0099"),
            (7, 0, "\"sequenceNumbe\\u0072\":5,", "", key, "in a form"),
        ] as [(Int64, Int, String, String, String, String)])
    func isRefused(index: Int64, flag: Int, sequence: String, more: String, key: String, why: String) {
        let text = node(index, flag, sequence, more, key: key)
        let error = #expect(throws: StoredFileError.self) { try restored(text) }
        #expect(error?.explanation.contains(why) == true, "\(text): \(error?.explanation ?? "")")
        #expect(error?.explanation.lowercased().contains(Self.key.lowercased()) == false)
    }

    /// Every prefix of a good one is refused, as is what is no object, and nothing traps.
    @Test func whatIsNoObjectIsRefused() throws {
        let good = node(7, 0, "\"sequenceNumber\":5,")
        for count in 0..<good.count {
            #expect(throws: StoredFileError.self) { try restored(String(good.prefix(count))) }
        }
        let others = ["[]", "null", "\"", "{\"", "{}}}", "[[[", "{\"netKeys\":[]}", "\u{FEFF}", "{\u{0}\"\u{0}}\u{0}"]
        for text in others {
            #expect(throws: StoredFileError.self) { try restored(text) }
        }
        // As UTF-16, which a JSON decoder may recognise, but in a String.
        let wide = String(decoding: good.utf8.flatMap { [$0, 0] }, as: UTF8.self)
        #expect(throws: StoredFileError.self) { try restored(wide) }
    }
}
