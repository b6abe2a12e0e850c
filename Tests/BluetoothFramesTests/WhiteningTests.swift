import TestSupport
import Testing

@testable import BluetoothFrames

@Suite struct WhiteningTests {
    /// The first octets of three channels, as tables of senders without a link layer hold them.
    @Test(arguments: [
        (UInt8(37), "8dd257a13da766b0"), (38, "d6c5442059dee18f"),
        (39, "1f374a5f85f69c9a"),
    ])
    func sequencesBeginAsOthersHaveThem(_ channel: UInt8, _ sequence: String) {
        let expected = octets(sequence)
        var zeros = [UInt8](repeating: 0, count: expected.count)
        Whitening.apply(to: &zeros, channel: channel)
        #expect(zeros == expected)
    }

    @Test func itTakesItselfBackAndRepeats() {
        for channel in UInt8(0)..<40 {
            let pdu = (0..<300).map { UInt8(truncatingIfNeeded: $0) }
            var whitened = pdu
            Whitening.apply(to: &whitened, channel: channel)
            #expect(whitened != pdu)
            #expect((0..<173).allSatisfy { whitened[$0] ^ pdu[$0] == whitened[$0 + 127] ^ pdu[$0 + 127] })
            Whitening.apply(to: &whitened, channel: channel)
            #expect(whitened == pdu)
        }
    }

    @Test func channelIndexesAreThoseOfTheRFChannels() {
        let indexes = (UInt8(0)..<40).compactMap(Whitening.channelIndex)
        #expect(Set(indexes) == Set(0..<40) && indexes.count == 40)
        for channel in UInt8(0)..<40 {
            #expect(Whitening.channelIndex(rfChannel: channel).flatMap(Whitening.rfChannel) == channel)
        }
        #expect(Whitening.channelIndex(rfChannel: 0) == 37 && Whitening.channelIndex(rfChannel: 12) == 38)
        #expect(Whitening.channelIndex(rfChannel: 40) == nil && Whitening.rfChannel(40) == nil)
    }
}
