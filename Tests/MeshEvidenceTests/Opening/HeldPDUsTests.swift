import CaptureFiles
import MeshCrypto
import MeshProtocol
import MeshTestSupport
import MeshTimelines
import MeshVerdict
import TestSupport
import Testing

@testable import MeshEvidence

@Suite struct HeldPDUsTests {
    private func origin(_ number: Int) -> Origin {
        Origin(FrameReference(capture: 0, number: number, time: CaptureTime(nanoseconds: 0)))
    }

    private func waiting(_ pdu: ObfuscatedNetworkPDU, _ number: Int) -> HeardPDU {
        HeardPDU(pdu: pdu, origin: origin(number), order: number)
    }

    /// A PDU of any octets, which tell one number from another.
    private func pdu(nid: UInt8 = 0x68, _ number: Int) throws -> ObfuscatedNetworkPDU {
        let octets = [nid] + (0..<19).map { UInt8(truncatingIfNeeded: number >> (8 * ($0 % 4))) }
        return try #require(heard(octets))
    }

    @Test func whatIsHeldIsBoundedAndStaysCounted() throws {
        var held = HeldPDUs(capacity: 4096)
        for number in 0..<20_000 {
            _ = held.keep(waiting(try pdu(nid: UInt8(number % 3), number), number))
        }
        #expect(held.count == 4096 && held.lost == 20_000 - 4096)
        let kept = ([0, 1, 2] as [UInt8]).flatMap { held.remove(nid: $0) { _ in true } }
        #expect(Set(kept.map(\.origin.frame.number)) == Set((20_000 - 4096)..<20_000), "the oldest gave way")
        #expect(held.count == 0)
    }

    /// Somebody who sends a flood under one NID makes nothing of another one give way.
    @Test func aFloodMakesOnlyItselfGiveWay() throws {
        var held = HeldPDUs(capacity: 1000)
        for number in 0..<20 { _ = held.keep(waiting(try pdu(nid: 5, number), number)) }
        for number in 20..<5000 { _ = held.keep(waiting(try pdu(nid: 6, number), number)) }
        #expect(held.count == 1000 && held.lost == 4000)
        #expect(held.remove(nid: 5) { _ in true }.map(\.order) == Array(0..<20))
        #expect(held.remove(nid: 6) { $0.order % 2 == 0 }.count == 490)
        #expect(
            held.count == 490 && held.samples(nid: 6).map(\.order) == [4021, 4023, 4025, 4027, 4029, 4031, 4033, 4035])
    }

    @Test func copiesThatGiveWayStayCounted() throws {
        var held = HeldPDUs(capacity: 2)
        let first = try pdu(0)
        let place = held.keep(waiting(first, 0))
        for _ in 0..<4 { #expect(held.countCopy(of: waiting(first, 1), at: place) == place) }
        for number in 1..<3 { _ = held.keep(waiting(try pdu(number), number)) }
        #expect(held.lost == 5)
        #expect(held.countCopy(of: waiting(first, 9), at: place) != place, "it is kept anew")
        #expect(held.lost == 6 && held.remove(nid: 0x68) { _ in true }.map(\.origin.frame.number) == [2, 9])
    }

    /// What is tried again in vain keeps its order among what was not tried.
    @Test func whatIsTriedAgainKeepsTheOrderOfHearing() throws {
        var decryption = NetworkDecryption(isNeeded: true)
        let knowledge = [IVKnowledge(primary: SubnetIndex(0), given: nil)]
        decryption.add(
            scriptKeys.flooding, .flooding, network: NetworkIndex(0), subnet: SubnetIndex(0), key: KeyPlace(0))
        decryption.add(
            scriptOtherKeys.flooding, .flooding, network: NetworkIndex(0), subnet: SubnetIndex(0), key: KeyPlace(0))
        let (one, other) = (scriptKeys.flooding.nid, scriptOtherKeys.flooding.nid)
        var delivery = EvidenceDelivery([], given: nil)
        for number in 0..<20 {
            switch number % 3 {
            case 0: decryption.hear(try pdu(nid: one, number), from: origin(number))
            case 1: decryption.hear(try pdu(nid: other, number), from: origin(number))
            default: decryption.keepForeign(try pdu(nid: 3, number), from: origin(number))
            }
        }
        var batch = decryption.removePending()
        decryption.open(&batch, into: &delivery)
        #expect(batch.isDone && decryption.pending.isEmpty)
        decryption.updateOptions(knowledge, nids: [one])
        decryption.retry(decryption.removeHeld(nids: [one: .all], isFinal: false)[...], into: &delivery)
        let all = decryption.removeHeld(nids: [one: .all, other: .all, 3: .all], isFinal: false)
        #expect(all.map(\.heard.origin.frame.number) == Array(0..<20))
    }

    /// A friendship opens nothing that was heard before its request; and what was tried in vain many times waits for the end.
    @Test func whatCannotOpenIsNotTriedAgain() throws {
        var decryption = NetworkDecryption(isNeeded: true)
        decryption.add(
            scriptKeys.flooding, .flooding, network: NetworkIndex(0), subnet: SubnetIndex(0), key: KeyPlace(0))
        let nid = scriptKeys.flooding.nid
        var delivery = EvidenceDelivery([], given: nil)
        func retry(_ reach: NetworkDecryption.Reach, isFinal: Bool = false) -> [Int] {
            let held = decryption.removeHeld(nids: [nid: reach], isFinal: isFinal)
            decryption.retry(held[...], into: &delivery)
            return held.map(\.heard.origin.frame.number)
        }
        for number in 0..<20 { decryption.hear(try pdu(nid: nid, number), from: origin(number)) }
        var batch = decryption.removePending()
        decryption.open(&batch, into: &delivery)
        #expect(retry(.behind(origin(15).frame)) == Array(15..<20))
        let elsewhere = FrameReference(capture: 1, number: 15, time: CaptureTime(nanoseconds: 0))
        #expect(retry(.behind(elsewhere)) == Array(0..<20), "another capture's numbers tell nothing")
        while !decryption.hasWaiting { #expect(retry(.all).count == 20) }
        #expect(retry(.all) == Array(0..<15), "the others were tried once more often")
        #expect(retry(.all).isEmpty && retry(.all, isFinal: true) == Array(0..<20))
    }

    /// What gave way before anything told the IV Index is said; with a hint nothing has to.
    @Test func whatIsGivenUpIsSaid() throws {
        var script = Script()
        for number in UInt32(0)..<40_000 {
            script.pdu(Double(number) / 100, 0x1234_5678, number, source: number < 1000 ? 1 : 2)
        }
        for number in UInt32(0)..<30_000 { script.pdu(400 + Double(number) / 100, 0x1234_5678, number, source: 3) }
        script.beacon(800, normal(0x1234_5678))
        var options = AnalysisOptions()
        options.ivSearch = .off
        let analysis = try script.analyse(options: options)
        let givenUp = try #require(analysis.findings.first { $0.fact == .pdusGivenUp })
        #expect(givenUp.count == 70_000 - 1 << 16 && givenUp.severity == .warning)
        #expect(analysis.networks[0].sources.map(\.address.value) == [2, 3])
        options.givenIVIndex = IVIndex(0x1234_5678)
        let again = try script.analyse(options: options)
        #expect(!again.findings.contains { $0.kind == .pdusGivenUp })
        #expect(again.networks[0].sources.map(\.address.value) == [1, 2, 3])
    }
}
