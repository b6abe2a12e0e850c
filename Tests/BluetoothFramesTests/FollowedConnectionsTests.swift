import TestSupport
import Testing

@testable import BluetoothFrames

/// Connections whose CONNECT_IND nobody heard.
@Suite struct FollowedConnectionsTests {
    private let accessAddress: UInt32 = 0x5065_5D3A
    private let crcInit: UInt32 = 0xABCDEF

    private func held(_ octets: [UInt8], number: Int = 1, damage: UInt32 = 0) -> FollowedConnections.HeldPDU {
        FollowedConnections.HeldPDU(
            frame: FrameStamp(capture: 0, number: number, nanoseconds: 0), octets: octets,
            crc: CRC24.compute(octets, from: crcInit) ^ damage, isFromCentral: nil)
    }

    private func isHeld(_ check: FollowedConnections.Check) -> Bool {
        if case .held = check { true } else { false }
    }

    @Test func theCRCBackwardsGivesTheCRCInit() {
        var random = SeededNumbers(seed: 5)
        for count in 0..<60 {
            let octets = (0..<count).map { _ in UInt8(random.below(256)) }
            let initial = UInt32(random.below(1 << 24))
            #expect(CRC24.initial(of: octets, crc: CRC24.compute(octets, from: initial)) == initial)
        }
    }

    @Test func twoDifferentPDUsThatAgreeAreBelievedAndOneIsNot() throws {
        var followed = FollowedConnections()
        let first = held([2, 3, 1, 2, 3], number: 1)
        // Sent again to the bit it proves nothing.
        let again = held([2, 3, 1, 2, 3], number: 2)
        for pdu in [first, again, held([2, 1, 9], number: 3, damage: 1)] {
            let check = followed.check(pdu, of: accessAddress)
            #expect(isHeld(check))
        }
        #expect(followed.unchecked == 3 && followed.joined == 0)
        guard case .found(let earlier) = followed.check(held([1, 1, 7], number: 4), of: accessAddress) else {
            Issue.record("not found")
            return
        }
        #expect(earlier.map(\.frame.number) == [1, 2])
        #expect(followed.unchecked == 0 && followed.joined == 1)
        guard case .wrong = followed.check(held([1, 1, 8], damage: 4), of: accessAddress),
            case .right = followed.check(held([1, 1, 9]), of: accessAddress)
        else {
            Issue.record("not checked")
            return
        }
    }

    @Test func whatIsHeldIsBounded() {
        var followed = FollowedConnections()
        for connection in UInt32(0)..<1000 {
            for number in UInt8(0)..<100 {
                _ = followed.check(held([1, 1, number], damage: UInt32(number) << 8 | 1), of: connection)
            }
        }
        #expect(followed.count <= 256 && followed.unchecked > 90_000)
    }

    @Test func encryptionIsToldOrSeen() {
        var followed = FollowedConnections()
        func areEncrypted(_ payload: [UInt8], isStart: Bool = true, of address: UInt32, count: Int) -> [Bool] {
            (0..<count).map { _ in followed.isEncrypted(payload, isStart: isStart, of: address) }
        }
        let attribute: [UInt8] = [3, 0, 4, 0, 0x0A, 1, 0]
        #expect(areEncrypted(attribute, of: 1, count: 1) == [false])
        followed.beginEncryption(of: 1)
        #expect(areEncrypted(attribute, of: 1, count: 1) == [true] && followed.encrypted == 1)
        // Joined in the middle: what begins is no L2CAP PDU, three times.
        let noise: [UInt8] = [0x91, 0x33, 0xE0, 0x7C, 5]
        #expect(areEncrypted(noise, of: 2, count: 3) == [false, false, true] && followed.encrypted == 4)
        #expect(areEncrypted(noise, isStart: false, of: 2, count: 1) == [true] && followed.encrypted == 5)
        // One that was understood is not encrypted for some that are not.
        #expect(areEncrypted(attribute, of: 3, count: 1) == [false])
        #expect(areEncrypted(noise, of: 3, count: 9) == Array(repeating: false, count: 9))
    }
}
