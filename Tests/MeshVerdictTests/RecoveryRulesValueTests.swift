import CaptureFiles
import MeshEvidence
import MeshProtocol
import MeshStacks
import MeshTimelines
import MeshVerdict
import Testing

/// Which of the five verdicts it is.
@Suite struct RecoveryRulesValueTests {
    private let master = AnalysisOptions(master: UnicastAddress(1))

    /// The network says a state, and source 1 sent one PDU.
    private func scene(_ state: IVState, iv index: UInt32, seq sequence: UInt32) -> Scene {
        var scene = Scene()
        scene.beacon(state, at: 0)
        scene.heard(pdu: 1, iv: index, seq: sequence, at: 1)
        return scene
    }

    @Test func withoutEvidenceTheIVIndexIsUnknown() throws {
        let analysis = try Scene().analysis(master)
        #expect(analysis.masters.map(\.verdict) == [.ivIndexUnknown] && !analysis.isAnswered)
    }

    @Test func aSourceNotHeardHasTheStateOnly() throws {
        var scene = Scene()
        scene.beacon(.updating(9), at: 0)
        let analysis = try scene.analysis(master)
        #expect(analysis.masters.map(\.verdict) == [.notHeard(state: .updating(9))] && !analysis.isAnswered)
    }

    @Test(arguments: [.normal(9), .updating(10)] as [IVState])
    func aSourceUnderTheTransmitIVIndexResumes(state: IVState) throws {
        guard case .resume(let recovery) = try scene(state, iv: 9, seq: 5).verdict() else {
            Issue.record("no resume")
            return
        }
        #expect(recovery.state == state && recovery.minimum.value == 6)
        #expect(recovery.last == SequencePosition(IVIndex(9), SequenceNumber(truncating: 5)))
        #expect(recovery.lastHeard.number == 2)
    }

    @Test(arguments: [(.normal(9), 8), (.updating(10), 8), (.normal(9), 2)] as [(IVState, UInt32)])
    func aSourceUnderAnOlderOneRestarts(state: IVState, index: UInt32) throws {
        guard case .restart(let recovery) = try scene(state, iv: index, seq: 500).verdict() else {
            Issue.record("no restart")
            return
        }
        #expect(recovery.state == state && recovery.minimum.value == 0)
        #expect(recovery.last.ivIndex == IVIndex(index))
    }

    @Test func itIsExhaustedWhereTheAllowanceDoesNotFit() throws {
        let last: UInt32 = 0xFF_FFFF - Recovery.allowance - 1
        var tight = AnalysisOptions()
        tight.margin = .tight
        #expect(try scene(.normal(9), iv: 9, seq: last).recovery(tight).recommended == .last)
        #expect(
            try scene(.normal(9), iv: 9, seq: last + 1).verdict(tight)
                == .exhausted(
                    state: .normal(9), last: SequencePosition(IVIndex(9), SequenceNumber(truncating: last + 1))))
        #expect(try scene(.normal(10), iv: 9, seq: last + 1).verdict().name == "restart", "an update came")
    }

    @Test func itIsExhaustedWhereTheMarginDoesNotFit() throws {
        var options = AnalysisOptions()
        options.stack = .silabs
        let scene = scene(.normal(9), iv: 9, seq: 0xFE_0000)
        #expect(try scene.verdict().name == "resume" && scene.verdict(options).name == "exhausted")
    }

    /// A node may have one counter for all elements.
    @Test func aNodesVerdictIsTheHighestOfItsElements() throws {
        var scene = scene(.normal(9), iv: 9, seq: 5)
        scene.heard(pdu: 2, iv: 9, seq: 700, at: 2)
        scene.heard(pdu: 3, iv: 9, seq: 9000, at: 3)
        var options = master
        for (elements, minimum) in [(nil, UInt32(6)), (2, 701), (3, 9001)] {
            options.elements = elements
            let found = try #require(try scene.analysis(options).masters.first)
            #expect(found.elements.count == elements ?? 1 && found.verdict.recovery?.minimum.value == minimum)
        }
        scene.heard(pdu: 4, iv: 9, seq: 0xFF_FFFF, at: 4)
        options.elements = 4
        #expect(try scene.analysis(options).masters.first?.verdict.name == "exhausted")
    }

    /// The primary subnet stays at 5, and source 1 sends under 6 in the subnet that is ahead.
    @Test func aSourceAheadOfTheNetworkIsJudgedByWhatItProves() throws {
        var scene = Scene(subnets: 2)
        scene.beacon(.normal(5), at: 0)
        scene.beacon(.normal(6), at: 1, subnet: 1)
        scene.heard(pdu: 1, iv: 6, seq: 7, at: 2, subnet: 1)
        scene.beacon(.normal(5), at: 700)
        let recovery = try scene.recovery()
        #expect(recovery.state == .normal(6) && recovery.minimum.value == 8 && recovery.validUntil == nil)
    }

    /// Source 2 is heard on the one side of a bridge only, source 1 on both.
    @Test func whoIsHeardBehindABridgeOnlyIsSaid() throws {
        let scene = Scene.bridged
        let sources = try scene.analysis().networks[0].sources
        #expect(sources.map(\.bridge) == [nil, .init(from: SubnetIndex(0), to: SubnetIndex(1))])
    }

    // MARK: Until when

    @Test func inNormalOperationItHolds96HoursFromTheLastBeacon() throws {
        var scene = scene(.normal(9), iv: 9, seq: 5)
        scene.beacon(.normal(9), at: 100)
        #expect(try scene.recovery().validUntil == Scene.time(100 + 96 * .hour))
    }

    @Test func inProgressItHolds96HoursFromTheLastWordOfTheStateBefore() throws {
        var scene = scene(.normal(9), iv: 9, seq: 5)
        scene.beacon(.updating(10), at: 500)
        scene.beacon(.updating(10), at: 50 * .hour)
        #expect(try scene.recovery().validUntil == Scene.time(96 * .hour))
        scene.beacon(.normal(9), at: 51 * .hour)
        #expect(try scene.recovery().validUntil == Scene.time(96 * .hour), "a laggard changes nothing")
    }

    @Test func withoutTheStateBeforeNothingTellsHowLongAnUpdateHolds() throws {
        #expect(try scene(.updating(10), iv: 9, seq: 5).recovery().validUntil == nil)
    }

    @Test func aPDUTellsNoState() throws {
        var scene = Scene()
        scene.heard(pdu: 1, iv: 9, seq: 5, at: 0)
        let recovery = try scene.recovery()
        #expect(recovery.state == .normal(9) && recovery.validUntil == nil)
    }

    // MARK: What the user says of the time

    @Test func whatIsHeardTenSecondsAfterTheFailureIsSaid() throws {
        var options = master
        for (seconds, isTold) in [(10.0, false), (10.1, true)] {
            options.failedAt = .at(Scene.time(1 - seconds))
            let analysis = try scene(.normal(9), iv: 9, seq: 5).analysis(options)
            #expect(analysis.findings.contains { $0.kind == .heardAfterFailure } == isTold)
        }
    }

    @Test func aFailureAfterTheEndOfValidityIsSaid() throws {
        var options = master
        for (seconds, isTold) in [(96 * Double.hour, false), (96 * .hour + 1, true)] {
            options.failedAt = .at(Scene.time(seconds))
            let findings = try scene(.normal(9), iv: 9, seq: 5).analysis(options).findings
            #expect(findings.contains { $0.kind == .answerOutlived } == isTold)
        }
    }

    @Test func whereNothingTellsHowLongTheAnswerHoldsAFailureBehindTheCapturesIsSaid() throws {
        var scene = scene(.updating(10), iv: 9, seq: 5)
        scene.goesOn(until: 20)
        var options = master
        for (seconds, isTold) in [(20.0, false), (20.1, true)] {
            options.failedAt = .at(Scene.time(seconds))
            let findings = try scene.analysis(options).findings
            #expect(findings.contains { $0.kind == .answerOutlived } == isTold)
        }
    }

    @Test func aTakeoverAfterTheEndOfValidityIsSaid() throws {
        var options = master
        for (seconds, isTold) in [(96 * Double.hour, false), (96 * .hour + 1, true)] {
            options.takeoverAt = Scene.time(seconds)
            let findings = try scene(.normal(9), iv: 9, seq: 5).analysis(options).findings
            #expect(findings.contains { $0.kind == .takeoverTooLate } == isTold)
        }
        let unknown = try scene(.updating(10), iv: 9, seq: 5).analysis(options).findings
        #expect(unknown.contains { $0.kind == .takeoverTooLate }, "nothing says that it still holds")
    }
}
