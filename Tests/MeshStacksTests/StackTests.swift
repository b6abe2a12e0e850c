import ByteParsing
import Foundation
import MeshCrypto
import MeshProtocol
import MeshStacks
import Testing

/// What must hold of every stack, whichever they are.
@Suite struct StackTests {
    @Test func eachHasWordsOfItsOwn() {
        #expect(Set(Stack.all.map(\.identifier)).count == Stack.all.count)
        #expect(Set(Stack.all.map(\.name)).count == Stack.all.count)
        // The words of the command line and of JSON, in the order of its help.
        #expect(
            Stack.all.map(\.identifier) == ["zephyr", "bluez", "silabs", "esp-idf", "nrf5-sdk", "nrf-mesh"])
        for stack in Stack.all {
            #expect(Stack(identifier: stack.identifier) == stack)
            #expect(stack.tried.contains("hardware") && stack.tried.hasSuffix("."))
        }
        #expect(Stack(identifier: "Zephyr") == nil && Stack(identifier: "") == nil)
    }

    @Test func isItsIdentifierInJSON() throws {
        let text = #"["zephyr","bluez","silabs","esp-idf","nrf5-sdk","nrf-mesh"]"#
        #expect(try String(decoding: JSONEncoder().encode(Stack.all), as: UTF8.self) == text)
        #expect(try JSONDecoder().decode([Stack].self, from: Data(text.utf8)) == Stack.all)
        for unknown in [#"["wireshark"]"#, #"[""]"#, "[1]", "[null]"] {
            #expect(throws: DecodingError.self) { try JSONDecoder().decode([Stack].self, from: Data(unknown.utf8)) }
        }
    }

    @Test(arguments: Stack.all, [RestoreValues.normal, .updating, .highest, .lowest])
    func givesFilesAndStepsWithTheSEQ(stack: Stack, values: RestoreValues) throws {
        let restoration = try stack.restoration(of: values)
        #expect(!restoration.steps.isEmpty && restoration.steps.allSatisfy { !$0.isEmpty })
        #expect(!restoration.files.isEmpty && Set(restoration.files.map(\.name)).count == restoration.files.count)
        #expect(restoration.files.allSatisfy { !$0.name.hasPrefix("/") && !$0.name.contains("..") && !$0.text.isEmpty })
        #expect(try stack.restoration(of: values) == restoration, "the same from the same values")

        #expect(restoration.first >= values.first.value)
        #expect(restoration.first - values.first.value < max(1, stack.reservation.block))
        let text = restoration.files.map(\.text).joined().lowercased()
        let little = (0..<3).map { UInt8(truncatingIfNeeded: restoration.first >> (8 * $0)) }
        let forms = [
            "\(restoration.first)", Hexadecimal.text(restoration.first, digits: 6), Hexadecimal.text(little),
        ]
        #expect(forms.contains { text.contains($0) }, "\(text)")
        for key in values.netKeys {
            #expect(!text.contains(Hexadecimal.text(key.value, digits: 32)), "no key is written")
        }
    }

    /// A list of sources is written where the stack names what bounds it, and only there.
    @Test(arguments: Stack.all)
    func aReplayProtectionListHasABound(stack: Stack) throws {
        let values = RestoreValues.updating
        let none = RestoreValues(
            state: values.state, first: values.first, elements: values.elements, heard: [], netKeys: values.netKeys)
        let writesIt = try stack.restoration(of: values).files != stack.restoration(of: none).files
        #expect(writesIt == (stack.replayListSetting != nil))
    }

    @Test(arguments: Stack.all.filter { $0.storedFileName == nil })
    func aFileThatIsOfNoUseIsRefused(stack: Stack) {
        let error = #expect(throws: StoredFileError.self) {
            try stack.restoration(of: .updating, storedFile: "{}")
        }
        #expect(error?.description.contains(stack.name) == true)
    }
}

/// What no receiver holds any more is no entry.
@Suite struct RestoreValuesTests {
    private func entries(_ state: IVState, _ indexes: [UInt32]) -> [UInt32] {
        let heard = indexes.map { index in
            ReplayEntry(.test, SequencePosition(IVIndex(index), SequenceNumber(truncating: 1)))
        }
        return RestoreValues(state: state, first: .last, elements: [.test], heard: heard, netKeys: []).replayList
            .map(\.position.ivIndex.value)
    }

    @Test func theReplayListHasTwoIVIndexes() {
        #expect(entries(.normalOperation(IVIndex(7)), [5, 6, 7]) == [6, 7])
        #expect(entries(.updateInProgress(IVIndex(7)), [5, 6]) == [6])
        #expect(entries(.normalOperation(IVIndex(0)), [0]) == [0])
        #expect(entries(.normalOperation(IVIndex(.max)), [.max - 2, .max - 1, .max]) == [.max - 1, .max])
    }
}

extension UnicastAddress {
    static let test = first(0x0001)

    static func first(_ value: UInt16) -> UnicastAddress {
        guard let address = UnicastAddress(value) else { preconditionFailure("no unicast address") }
        return address
    }
}

extension RestoreValues {
    static let netKey = NetKey(value: 0x83E4_64E6_82C8_058D_5666_B4C1_9FC6_81A7)

    static func values(_ state: IVState, first: UInt32, elements: [UInt16] = [0x0001]) -> RestoreValues {
        let index = state.index
        let before = index.advanced(by: -1) ?? index
        return RestoreValues(
            state: state, first: SequenceNumber(truncating: first), elements: elements.map(UnicastAddress.first),
            heard: [
                ReplayEntry(.first(0x000A), SequencePosition(before, SequenceNumber(truncating: 0x0102))),
                ReplayEntry(.first(0x0BCD), SequencePosition(index, SequenceNumber(truncating: 0xFF_FFFF))),
            ], netKeys: [netKey])
    }

    static let normal = values(.normalOperation(IVIndex(0x1234_5678)), first: 0x12AB)
    static let updating = values(.updateInProgress(IVIndex(0x1234_5678)), first: 0x12AB, elements: [0x0001, 0x0002])
    static let highest = values(.normalOperation(IVIndex(.max)), first: 0xFF_FFFF)
    static let lowest = values(.normalOperation(IVIndex(0)), first: 0)
}
