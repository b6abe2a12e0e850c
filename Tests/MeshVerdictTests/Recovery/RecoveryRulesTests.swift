import CaptureFiles
import MeshEvidence
import MeshProtocol
import MeshTestSupport
import MeshTimelines
import MeshVerdict
import Testing

@Suite struct RecoveryRulesTests {
    @Test func withoutEvidenceTheIVIndexIsUnknown() throws {
        var script = Script()
        script.pdu(0, 77, 5)
        let analysis = try script.analyse(options: .init(master: UnicastAddress(1)))
        #expect(analysis.masters.first.flatMap(analysis.source(of:))?.verdict == .ivIndexUnknown)
        #expect(analysis.findings.map(\.kind) == [.pduNotOpened])
        #expect(!analysis.isAnswered)
    }

    @Test func aHintOpensAndPDUsAreThenTheEvidence() throws {
        var script = Script()
        script.pdu(0, 77, 5)
        for given in [UInt32(77), 78] {
            let analysis = try script.analyse(options: .init(givenIVIndex: IVIndex(given), master: UnicastAddress(1)))
            let iv = try #require(analysis.networks[0].iv)
            #expect(iv.state == normal(77) && iv.evidence == .networkPDU)
            #expect(analysis.masters.first.flatMap(analysis.source(of:))?.verdict.recovery?.minimum.value == 6)
            #expect(analysis.masters.first.flatMap(analysis.source(of:))?.verdict.recovery?.validUntil == nil)
        }
        let wrong = try script.analyse(options: .init(givenIVIndex: IVIndex(500)))
        #expect(wrong.networks[0].iv == nil, "a hint is never evidence")
    }

    @Test func pdusBeforeTheFirstBeaconAreOpenedWithTheirCopies() throws {
        var script = Script()
        for sequence in UInt32(0)..<700 {
            script.pdu(Double(sequence) / 100, 8, sequence)
            script.pdu(Double(sequence) / 100 + 0.001, 8, sequence)
        }
        script.beacon(10, normal(8))
        let network = try script.analyse().networks[0]
        #expect(network.opened == 1400 && network.distinct == 700 && network.notOpened == 0)
        #expect(network.sources[0].epochs[0].heard == 1400)
        #expect(network.sources[0].epochs[0].lastFrame.number == 1399)
    }

    @Test func aPDUUnderANewerIndexCorrectsTheState() throws {
        var script = Script()
        script.beacon(0, updating(9))
        script.pdu(1, 8, 100)
        script.pdu(500 * hour, 9, 3)
        let analysis = try script.analyse(options: .init(master: UnicastAddress(1)))
        #expect(analysis.networks[0].iv?.state == normal(9))
        #expect(analysis.networks[0].iv?.evidence == .networkPDU)
        let recovery = try #require(analysis.masters.first.flatMap(analysis.source(of:))?.verdict.recovery)
        #expect(recovery.minimum.value == 4)
        // Two updates missed: the index two above has the same IVI bit.
        var later = Script()
        later.beacon(0, normal(9))
        later.pdu(500 * hour, 10, 3)
        #expect(try later.analyse().networks[0].iv?.state == normal(10))
    }

    @Test func aSourceNotHeardHasTheIVStateOnly() throws {
        var script = Script()
        script.beacon(0, updating(9))
        let analysis = try script.analyse(options: .init(master: UnicastAddress(0x123)))
        #expect(analysis.masters.first.flatMap(analysis.source(of:))?.verdict == .notHeard(state: updating(9)))
        #expect(!analysis.isAnswered)
    }

    @Test func theEndOfTheSequenceSpaceIsExhausted() throws {
        var script = Script()
        script.beacon(0, normal(9))
        script.pdu(1, 9, 0xFF_FFF0)
        let analysis = try script.analyse()
        #expect(analysis.networks[0].sources[0].verdict.name == "exhausted")
        #expect(analysis.findings.map(\.kind) == [.sequenceNearExhaustion])
    }

    @Test func validUntilFollowsTheNinetySixHours() throws {
        var script = Script()
        script.beacon(0, normal(9))
        script.beacon(100, normal(9))
        script.pdu(101, 9, 1)
        let start = CaptureTime(seconds: 1_780_272_000)
        let calm = try script.analyse().networks[0].sources[0].verdict.recovery
        #expect(calm?.validUntil == start.advanced(by: .seconds(100 + 96 * 3600)))
        script.beacon(200, updating(10))
        let updating = try script.analyse().networks[0].sources[0].verdict.recovery
        #expect(
            updating?.validUntil == start.advanced(by: .seconds(100 + 96 * 3600)), "the update began after second 100")
    }

    /// An update of which nothing says when it began.
    @Test func nothingIsValidUntilATimeThatNothingTells() throws {
        for given in [nil, IVIndex(5)] {
            var script = Script()
            for number in UInt32(0)..<300 { script.pdu(Double(number) / 10, 5, number) }
            script.beacon(40, updating(6))
            var options = AnalysisOptions(givenIVIndex: given)
            options.ivSearch = .off
            let source = try #require(try script.analyse(options: options).networks[0].sources.first)
            #expect(try #require(source.verdict.recovery).validUntil == nil)
        }
    }
}

@Suite struct MarginTests {
    @Test func aSilentSourceMayHaveSentAtItsBusiestRate() throws {
        var script = Script()
        script.beacon(0, normal(9))
        for second in 0..<200 { script.pdu(Double(second), 9, UInt32(second * 2)) }
        script.beacon(199 + 3600, normal(9))
        let recovery = try #require(try script.analyse().networks[0].sources[0].verdict.recovery)
        #expect(recovery.minimum.value == 399)
        #expect(
            recovery.margin.map(\.term) == [.unheardAfterLast, .unheardAtBusiestRate, .allowance, .busierThanHeard])
        #expect(recovery.margin[0].value == 20, "half of the SEQ were missed: 2 to the power of 20 is a million")
        // Two a second for an hour, and what three stretches with 120 SEQ in a minute leave open: a third of 4 × √120 + 4.
        let doubt: Double = (4 * 120.0.squareRoot() + 4) / 3
        let unheard: Double = (120 + doubt) * 60
        #expect(recovery.margin[1].value == UInt32(unheard.rounded(.up)))
        #expect(recovery.recommended.value == 399 + 20 + recovery.margin[1].value + 4096 + 262_144)
    }

    @Test func aSourceHeardTooBrieflyIsGivenTheBusiestOnesRate() throws {
        var script = Script()
        script.beacon(0, normal(9))
        script.pdu(1, 9, 500_000)
        for second in 0..<200 { script.pdu(Double(second), 9, UInt32(second), source: 2) }
        script.beacon(200 * hour, normal(10))
        script.beacon(201 * hour, normal(10))
        let sources = try script.analyse().networks[0].sources
        let recovery = try #require(sources[0].verdict.recovery)
        #expect(sources[0].verdict.name == "restart")
        #expect(recovery.margin.map(\.term) == [.unheardAtAssumedRate, .allowance, .busierThanHeard])
        #expect(recovery.recommended.value > 500_000)
    }

    /// A relay may bring the last PDU a moment after the failure; what comes later was sent later.
    @Test func whatIsHeardAfterTheFailureIsSaid() throws {
        for (seconds, isTold) in [(0.5, false), (30.0, true)] {
            var script = Script()
            script.beacon(0, normal(9))
            for number in UInt32(0)..<10 { script.pdu(Double(number), 9, number) }
            script.pdu(9 + seconds, 9, 10)
            var options = AnalysisOptions(master: UnicastAddress(1))
            options.failedAt = .at(CaptureTime(seconds: 1_780_272_000 + 9))
            let findings = try script.analyse(options: options).findings
            #expect(findings.contains { $0.kind == .heardAfterFailure } == isTold)
        }
    }

    @Test func aBurstBeforeALongGapIsNoExhaustion() throws {
        var script = Script()
        script.beacon(0, normal(5))
        for number in 0..<10 { script.pdu(0.02 * Double(number), 5, UInt32(1000 + number)) }
        script.beacon(200 * hour, normal(6))
        let verdict = try script.analyse().networks[0].sources[0].verdict
        #expect(verdict.name == "restart")
        #expect(try #require(verdict.recovery).recommended.value <= 0x80_0000 + 4096)
    }

    @Test func beyondTheUsualEndTheMarginGoesOn() throws {
        var script = Script()
        script.beacon(0, normal(9))
        for second in 0..<130 { script.pdu(Double(second), 9, UInt32(0x7F_FFF0 + second * 5)) }
        script.beacon(129 + 36_000, normal(9))
        let recovery = try #require(try script.analyse().networks[0].sources[0].verdict.recovery)
        let unheard = try #require(recovery.margin.first { $0.term == .unheardAtBusiestRate }?.value)
        #expect((180_000..<220_000).contains(unheard))
    }

    @Test func clocksThatDisagreeAreTold() throws {
        var script = Script()
        script.beacon(0, normal(5))
        for second in 0..<100 { script.pdu(Double(second), 5, UInt32(second)) }
        script.beacon(-100_000_000, normal(5))
        let analysis = try script.analyse()
        #expect(analysis.findings.map(\.kind).contains(.clockJumped))
        let recovery = try #require(analysis.networks[0].sources[0].verdict.recovery)
        #expect(recovery.margin.map(\.term) == [.clocksDisagree, .allowance, .busierThanHeard])
        #expect(recovery.validUntil == nil)
    }
}
