import MeshCrypto
import MeshEvidence
import MeshProtocol
import MeshTestSupport
import MeshTimelines
import MeshVerdict
import Testing

@Suite struct BeaconRulesTests {
    private func kinds(_ said: [(Double, IVState)]) throws -> [Fact.Kind] {
        var script = Script()
        for (seconds, state) in said { script.beacon(seconds, state) }
        return try script.analyse().findings.map(\.kind)
    }

    @Test func aRegularUpdateIsNoFinding() throws {
        let said = [(0.0, normal(5)), (100 * hour, updating(6)), (200 * hour, normal(6)), (300 * hour, updating(7))]
        #expect(try kinds(said) == [])
        #expect(
            try kinds([(0, normal(5)), (10, updating(6)), (15, normal(5)), (20, updating(6))]) == [],
            "nodes lag a little")
        #expect(try kinds([(0, normal(5)), (400 * hour, normal(7))]) == [], "a long gap explains two updates")
    }

    @Test func anUpdateThatEndsTooSoonIsToldWhereItIsProven() throws {
        #expect(try kinds([(0, normal(5)), (10, updating(6)), (90 * hour, normal(6))]) == [.ivUpdateTooSoon])
        // Not proven: it is unknown since when the first state held.
        #expect(try kinds([(0, updating(6)), (10, normal(6))]) == [])
    }

    @Test func anUpdateThatLastsTooLongIsTold() throws {
        #expect(try kinds([(0, updating(6)), (150 * hour, updating(6))]) == [.ivUpdateOverdue])
        #expect(try kinds([(0, updating(6)), (140 * hour, updating(6))]) == [])
    }

    @Test func jumpsAndLeapsAreTold() throws {
        #expect(try kinds([(0, normal(5)), (10, normal(6))]) == [.ivIndexJump])
        #expect(try kinds([(0, normal(5)), (10, normal(47))]) == [.ivIndexJump])
        #expect(try kinds([(0, normal(5)), (10, normal(48))]) == [.ivIndexOutOfRange])
    }

    /// A PDU under n is sent in (n, Normal) and in (n+1, in progress): the next index may follow at once, the one after
    /// that not before 192 hours.
    @Test func aChangeThatOnlyPDUsTellIsNoJump() throws {
        func kinds(_ next: UInt32, after hours: Double) throws -> [Fact.Kind] {
            var script = Script()
            for number in UInt32(0)..<5 { script.pdu(Double(number), 5, 100 + number) }
            script.pdu(hours * hour, next, 7)
            var options = AnalysisOptions(givenIVIndex: IVIndex(5))
            options.ivSearch = .off
            let findings = try script.analyse(options: options).findings
            return findings.map(\.kind).filter { $0 != .beaconsSilent }
        }
        #expect(try kinds(6, after: 1) == [] && kinds(6, after: 50) == [])
        #expect(try kinds(7, after: 190) == [.ivIndexJump] && kinds(7, after: 193) == [])
    }

    /// One device is an update ahead of several others for long: it is named, and not where the others follow in time.
    @Test func aDeviceThatLeadsIsNamed() throws {
        for (others, lag, isTold) in [(2, 1200.0, true), (2, 60, false), (1, 1200, false)] {
            var script = Script()
            for second in stride(from: 0.0, to: 3000, by: 100) {
                for device in 0..<UInt64(others) {
                    script.device = 0x10 + device
                    script.beacon(second, second < 1000 + lag ? normal(5) : updating(6))
                }
                script.device = 0xC0_0000_0000_07
                script.beacon(second + 5, second < 1000 ? normal(5) : updating(6))
            }
            // Those that never follow are laggards; once they do, nobody leads.
            if isTold { script.frames.removeAll { $0.seconds >= 1000 + lag } }
            let findings = try script.analyse().findings.filter { $0.kind == .nodeAhead }
            #expect(findings.count == (isTold ? 1 : 0), "\(others) others lag for \(lag) s")
            guard isTold else { continue }
            let fact = Fact.nodeAhead(updating(6), advertiser: DeviceAddress(0xC0_0000_0000_07), others: others)
            #expect(findings.first?.fact == fact)
        }
    }

    /// One device that lags and changes its address is not several.
    @Test func aLaggardThatChangesItsAddressIsOne() throws {
        var script = Script()
        for (number, second) in stride(from: 0.0, to: 3000, by: 100).enumerated() {
            script.device = 0x10_0000 + UInt64(number / 3)
            script.beacon(second, normal(5))
            script.device = 0xC0_0000_0000_07
            script.beacon(second + 5, second < 1000 ? normal(5) : updating(6))
        }
        #expect(try script.analyse().findings.allSatisfy { $0.kind != .nodeAhead })
    }

    @Test func oldBeaconsNeverMoveTheStateBack() throws {
        var script = Script()
        script.beacon(0, normal(9))
        script.beacon(700, normal(8))
        let analysis = try script.analyse()
        #expect(analysis.findings.filter { $0.severity != .info }.map(\.kind) == [.beaconReplayed])
        #expect(analysis.networks[0].iv?.state == normal(9))
        #expect(analysis.networks[0].ivTimeline.map(\.state) == [normal(8), normal(9)])
    }

    @Test func aBeaconThatIsNotAuthenticMovesNothing() throws {
        var script = Script()
        script.beacon(0, normal(9))
        script.beacon(1, normal(10))
        script.frames[1].data[20] ^= 1
        let analysis = try script.analyse()
        #expect(analysis.findings.map(\.kind) == [.beaconNotAuthentic])
        #expect(analysis.networks[0].iv?.state == normal(9))
        #expect(analysis.networks[0].subnets[0].notAuthenticBeacons == 1)
    }

    @Test func keysOfTwoNetworksGivenAsOneContradictEachOther() throws {
        let foreign = NetworkKeys(NetKey(value: 99))
        var script = Script()
        script.beacon(0, normal(900))
        script.beacon(1, normal(3), with: foreign)
        script.beacon(800, normal(3), with: foreign)
        let ring = KeyRing(networks: [
            .init(subnets: [
                .init(keyIndex: .primary, netKey: scriptKeys.netKey),
                .init(keyIndex: KeyIndex(truncating: 1), netKey: foreign.netKey),
            ])
        ])
        #expect(try script.analyse(ring).findings.map(\.kind).contains(.subnetsDisagree))
    }

    @Test func twoRecoveriesWithin192HoursAreTold() throws {
        var script = Script()
        for (hours, state) in [(0.0, normal(5)), (1, normal(9)), (100, normal(14))] {
            script.beacon(hours * hour, state)
        }
        let kinds = try script.analyse().findings.map(\.kind)
        #expect(kinds.contains(.ivRecoveryTooSoon) && kinds.filter { $0 == .ivIndexJump }.count == 2)
        var later = Script()
        for (hours, state) in [(0.0, normal(5)), (1, normal(9)), (200, normal(14))] {
            later.beacon(hours * hour, state)
        }
        #expect(!(try later.analyse().findings.contains { $0.kind == .ivRecoveryTooSoon }))
    }
}
