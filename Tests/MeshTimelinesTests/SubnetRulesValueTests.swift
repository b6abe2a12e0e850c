import CaptureFiles
import MeshEvidence
import MeshProtocol
import Testing

@testable import MeshTimelines

/// What the subnets of a network say beside each other, when, and under which key.
@Suite struct SubnetRulesValueTests {
    private let second = KeyIndex(truncating: 1)

    // MARK: Disagreement

    @Test func aSubnetThatDoesNotFollowForTenMinutesDisagrees() throws {
        func facts(_ seconds: Double) throws -> [Fact] {
            var scene = Scene(subnets: 2)
            scene.beacon(.normal(5), at: 0)
            scene.beacon(.updating(6), at: 100)
            scene.beacon(.normal(5), at: seconds, subnet: 1)
            return try scene.facts(.subnetsDisagree)
        }
        #expect(try facts(700).isEmpty)
        #expect(try facts(701) == [.subnetsDisagree(second, says: .normal(5), network: .updating(6))])
    }

    @Test func aSubnetThatIsFurtherBehindThanTheTimeAllowsDisagreesAtOnce() throws {
        func facts(_ seconds: Double) throws -> [Fact] {
            var scene = Scene(subnets: 2)
            scene.beacon(.normal(5), at: 0, subnet: 1)
            scene.beacon(.normal(6), at: seconds)
            return try scene.facts(.subnetsDisagree)
        }
        #expect(try facts(96 * .hour).isEmpty)
        #expect(
            try facts(96 * .hour - 1) == [.subnetsDisagree(second, says: .normal(5), network: .normal(6))])
    }

    @Test func onlyAStatementOfTheStateIsHeldAgainstASubnet() throws {
        var scene = Scene(subnets: 2)
        scene.beacon(.normal(5), at: 0, subnet: 1)
        scene.heard(pdu: 1, iv: 9, seq: 1, at: 1)
        scene.beacon(.normal(5), at: 2000, subnet: 1)
        #expect(try scene.facts(.subnetsDisagree).isEmpty)
    }

    // MARK: Cadence

    @Test func beaconsAreSilentAfterTwoMinutesOfPDUs() throws {
        func facts(_ seconds: Double) throws -> [Fact] {
            var scene = Scene()
            scene.beacon(.normal(5), at: 10)
            scene.heard(pdu: 1, iv: 5, seq: 1, at: 11)
            scene.heard(pdu: 1, iv: 5, seq: 2, at: 10 + seconds)
            return try scene.facts()
        }
        #expect(try facts(120).isEmpty)
        #expect(try facts(121) == [.beaconsSilent(.primary, for: .seconds(121))])
    }

    @Test func aSubnetWithoutAnyBeaconIsSilentFromTheFirstPDUOn() throws {
        func facts(_ seconds: Double) throws -> [Fact] {
            var scene = Scene()
            scene.heard(pdu: 1, iv: 5, seq: 1, at: 0)
            scene.heard(pdu: 2, iv: 5, seq: 2, at: seconds)
            return try scene.facts()
        }
        #expect(try facts(120).isEmpty)
        #expect(try facts(121) == [.beaconsSilent(.primary, for: .seconds(121))])
    }

    @Test func theUsualIntervalIsTheMedianWithoutCopies() throws {
        var scene = Scene()
        for seconds in [0.0, 0.02, 10, 10.02, 20, 20.5, 50] { scene.beacon(.normal(5), at: seconds) }
        let subnet = try #require(try scene.state().networks[0].subnets.first)
        #expect(subnet.cadence.interval == .milliseconds(9980) && subnet.authentic == 7)
        var brief = Scene()
        brief.beacon(.normal(5), at: 0)
        brief.beacon(.normal(5), at: 10)
        #expect(try brief.state().networks[0].subnets[0].cadence.interval == nil)
    }

    // MARK: Key Refresh

    /// A subnet with an old key at place 0, and a new one at place 1.
    private func refresh(_ said: [(key: Int, flag: Bool, seconds: Double)]) -> Scene {
        let subnet = KeyRing.Subnet(keyIndex: .primary, netKey: Scene.netKeys[1], oldNetKey: Scene.netKeys[0])
        var scene = Scene(KeyRing(networks: [.init(subnets: [subnet])]))
        for (key, flag, seconds) in said {
            scene.beacon(.normal(5), at: seconds, key: key, isKeyRefresh: flag)
        }
        return scene
    }

    @Test func aKeyRefreshThatGoesForwardIsNoFinding() throws {
        let scene = refresh([(0, false, 0), (1, true, 10), (1, false, 20)])
        #expect(try scene.kinds().isEmpty)
        let steps = try scene.state().networks[0].subnets[0].keyRefreshSteps
        #expect(steps.map(\.phase) == [.oldKey, .phase2, .newKey])
    }

    @Test func nodesMayLagInAKeyRefreshForTenMinutes() throws {
        #expect(try refresh([(0, false, 0), (1, true, 10), (0, false, 610)]).kinds().isEmpty)
        let late = refresh([(0, false, 0), (1, true, 10), (0, false, 611)])
        #expect(try late.facts() == [.keyRefreshReverted(.primary)])
        let back = refresh([(1, true, 0), (1, false, 10), (1, true, 611)])
        #expect(try back.facts() == [.keyRefreshReverted(.primary)], "phase 2 again")
    }

    @Test func aPhaseThatWasNotHeardIsSaid() throws {
        #expect(try refresh([(0, false, 0), (1, false, 10)]).facts() == [.keyRefreshPhaseNotHeard(.primary)])
        #expect(try refresh([(1, true, 0), (1, false, 10)]).kinds().isEmpty, "nothing says what was before it")
    }

    @Test func aSubnetThatIsNotRefreshedIsNormal() throws {
        var scene = Scene()
        scene.beacon(.normal(5), at: 0)
        #expect(try scene.state().networks[0].subnets[0].keyRefreshSteps.map(\.phase) == [.normal])
    }

    // MARK: Clocks

    @Test func clocksDisagreeWhereTheStateRoseBackInTime() throws {
        func facts(_ seconds: Double, capture: Int) throws -> [Fact] {
            var scene = Scene()
            scene.capture = capture
            scene.beacon(.updating(6), at: 0)
            scene.capture = 0
            scene.beacon(.normal(5), at: seconds)
            return try scene.facts(.clocksDisagree)
        }
        #expect(try facts(600, capture: 1).isEmpty)
        #expect(try facts(601, capture: 1) == [.clocksDisagree(by: .seconds(601))])
        #expect(try facts(601, capture: 0).isEmpty, "one clock is never in doubt")
    }
}

/// How often a subnet's beacons come.
@Suite struct CadenceValueTests {
    /// Of beacons that were foreign until their key was learned only the first and the last hearing are told.
    @Test func hearingsThatAreNotToldOneByOneAreNoInterval() throws {
        var scene = Scene()
        let statement = NetworkBeaconStatement(state: .normal(5), isKeyRefresh: false)
        for (seconds, heard) in [(0.0, 39), (390, 1)] {
            let late = AuthenticBeacon(
                statement, .secureNetworkBeacon, subnet: SubnetIndex(0), key: KeyPlace(0), heard: heard,
                isRecognisedLate: true)
            scene.authentic(.beacon(late), at: seconds)
        }
        #expect(try scene.state().networks[0].subnets[0].cadence.interval == nil)
        for place in 0..<3 { scene.beacon(.normal(5), at: 400 + 10 * Double(place)) }
        let subnet = try scene.state().networks[0].subnets[0]
        #expect(subnet.cadence.interval == .seconds(10) && subnet.authentic == 43)
    }
}

/// IV updates count in the primary subnet, and are passed on to the others: one that is ahead is held back.
@Suite struct SubnetAheadValueTests {
    /// The primary subnet says (5, normal), the second one (6, in progress) from second 10 on.
    private var scene: Scene {
        var scene = Scene(subnets: 2)
        scene.beacon(.normal(5), at: 0)
        scene.beacon(.updating(6), at: 10, subnet: 1)
        return scene
    }

    @Test func itIsHeldUntilTheStateIsJudged() throws {
        let network = try scene.state().networks[0]
        #expect(network.iv.current?.state == .normal(5) && network.ahead?.state == .updating(6))
        #expect(network.settled().iv.current?.state == .updating(6), "the primary subnet had no time to follow")
        #expect(network.settled().ahead == nil)
    }

    @Test func itIsRefusedWhereThePrimarySubnetHadTenMinutesToFollow() throws {
        for (seconds, isRefused) in [(610.0, false), (611, true)] {
            var scene = scene
            scene.beacon(.updating(6), at: 20, subnet: 1)
            scene.beacon(.normal(5), at: seconds)
            let fact = Fact.secondarySubnetAhead(
                KeyIndex(truncating: 1), says: .updating(6), network: .normal(5))
            let findings = try scene.judge().filter { $0.kind == .secondarySubnetAhead }
            #expect(findings.map(\.fact) == (isRefused ? [fact] : []))
            #expect(findings.allSatisfy { $0.count == 2 && $0.frames.map(\.number) == [2] })
            let state = try scene.state().networks[0].settled().iv.current?.state
            #expect(state == (isRefused ? .normal(5) : .updating(6)))
        }
    }

    @Test func itIsForgottenOnceThePrimarySubnetFollows() throws {
        var scene = scene
        scene.beacon(.normal(5), at: 800)
        scene.beacon(.updating(6), at: 900)
        let network = try scene.state().networks[0]
        #expect(network.ahead == nil && network.iv.current?.state == .updating(6))
        #expect(network.iv.current?.frame.number == 4, "the primary subnet's own word")
        #expect(try scene.kinds().isEmpty)
    }

    @Test func itsPDUsDoNotMoveTheState() throws {
        var scene = scene
        scene.beacon(.normal(6), at: 10.5, subnet: 1)
        scene.heard(pdu: 1, iv: 6, seq: 1, at: 11, subnet: 1)
        #expect(try scene.state().networks[0].iv.current?.state == .normal(5))
        var further = scene
        further.heard(pdu: 1, iv: 7, seq: 1, at: 12, subnet: 1)
        #expect(try further.state().networks[0].iv.current?.state == .normal(7), "no beacon explains that one")
        var primary = scene
        primary.heard(pdu: 1, iv: 6, seq: 2, at: 12)
        #expect(try primary.state().networks[0].iv.current?.state == .normal(6), "the primary subnet's do")
    }

    /// In (6, in progress) nodes send under 5: one that sends under 6 has left that state.
    @Test func aPDUThatItsStateDoesNotExplainMovesTheState() throws {
        var scene = scene
        scene.heard(pdu: 1, iv: 6, seq: 1, at: 11, subnet: 1)
        #expect(try scene.state().networks[0].settled().iv.current?.state == .normal(6))
    }

    @Test func aNodeThatLagsBehindItsOwnSubnetTakesNothingBack() throws {
        for lagging in [IVState.updating(6), .normal(5)] {
            var scene = scene
            scene.beacon(.normal(6), at: 11, subnet: 1)
            scene.heard(pdu: 1, iv: 6, seq: 1, at: 12, subnet: 1)
            scene.beacon(lagging, at: 13, subnet: 1)
            #expect(try scene.state().networks[0].settled().iv.current?.state == .normal(6))
        }
    }

    @Test func withoutAPrimarySubnetsBeaconNothingIsAhead() throws {
        var scene = Scene(subnets: 2)
        scene.beacon(.updating(6), at: 10, subnet: 1)
        #expect(try scene.state().networks[0].iv.current?.state == .updating(6))
    }
}

extension NetworkState {
    /// As it stands if nothing more is heard.
    fileprivate func settled() -> NetworkState {
        var settled = self
        settled.settle()
        return settled
    }
}
