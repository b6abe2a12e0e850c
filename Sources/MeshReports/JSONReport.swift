import ByteParsing
import CaptureFiles
import FoundationEssentials
import MeshEvidence
import MeshProtocol
import MeshTimelines
public import MeshVerdict

/// Renders an analysis as one JSON object; the same analysis gives the same bytes.
public enum JSONReport {
    /// The object of schema `meshscope.analysis/1`, with a line feed at its end.
    ///
    /// `provenance`: what made the report of which files; left out where reports of several versions are compared.
    ///
    /// - Throws: `EncodingError`, for a number that JSON cannot say; no analysis has one.
    public static func render(_ analysis: Analysis, provenance: Provenance? = nil) throws -> String {
        var text = ""
        try render(analysis, provenance: provenance) { text += $0 }
        return text
    }

    /// The same, piece by piece: of a hundred thousand sources the text alone is a hundred megabytes.
    ///
    /// - Throws: as above, and what `sink` throws.
    public static func render(
        _ analysis: Analysis, provenance: Provenance? = nil, to sink: (String) throws -> Void
    ) throws {
        var model = model(analysis)
        if let provenance {
            model.tool = .init(version: provenance.version)
            for (index, digest) in provenance.digests where model.captures.indices.contains(index) {
                model.captures[index].sha256 = .init(digest)
            }
        }
        try JSONText.write(model, to: sink)
    }

    /// The form that all objects have.
    static func encode(_ model: some Encodable) throws -> String {
        var text = ""
        try JSONText.write(model) { text += $0 }
        return text
    }

    static func model(_ analysis: Analysis) -> JSONModel {
        let times = CaptureTimes(analysis)
        return JSONModel(
            captures: analysis.captures.map { capture(of: $0) },
            networks: LongList(analysis.networks) { network(of: $0, times) },
            master: .init(analysis.masters.first.map { master(of: $0, times) }),
            masters: analysis.masters.map { master(of: $0, times) },
            unusableCaptures: analysis.unusable.map { .init(path: KeyMask.hide($0.path), reason: $0.explanation) },
            closedSolicitations: analysis.closedSolicitations,
            unopened: analysis.unopened.map { .init(nid: $0.nid, heard: $0.heard) },
            foreignBeacons: analysis.foreignBeacons.map {
                .init(
                    networkId: Hexadecimal.text($0.networkID, digits: 16), heard: $0.count,
                    firstCapture: $0.first.capture,
                    firstFrame: $0.first.number)
            },
            foreignPrivateBeacons: analysis.foreignPrivateBeacons,
            foreignProxyServers: analysis.foreignProxyServers.map {
                .init(
                    networkId: Hexadecimal.text($0.networkID, digits: 16), heard: $0.count, devices: $0.devices.count)
            },
            proxyServers: analysis.proxyServers.map {
                .init(
                    network: $0.network.value, address: .init($0.address.map { "\($0)" }), heard: $0.count,
                    firstCapture: $0.first.capture, firstFrame: $0.first.number)
            },
            unprovisionedDevices: analysis.unprovisionedDevices.map { device(of: $0) },
            provisioningLinks: analysis.provisioningLinks.map { link(of: $0) },
            listening: analysis.listening.flatMap { listening(of: $0) },
            findings: analysis.findings.map { finding(of: $0, times) })
    }

    private static func listening(of listening: Listening) -> JSONModel.Listening? {
        guard let since = listening.since, let until = listening.until else { return nil }
        return .init(
            since: since.text(digits: 0), until: until.text(digits: 0), goesOn: listening.isOpen, runs: listening.count,
            silentSeconds: listening.silence.components.seconds,
            gaps: listening.gaps.map {
                .init(
                    from: $0.start.text(digits: 0), to: $0.end.text(digits: 0),
                    seconds: $0.duration.components.seconds)
            })
    }

    private static func master(of master: Analysis.Master, _ times: CaptureTimes) -> JSONModel.Master {
        let numbers = recovery(of: master.verdict, times)
        return .init(
            network: master.network.value, address: "\(master.address)", chosenBy: master.choice.rawValue,
            reasons: master.reasons.map(Wording.reason),
            runnerUp: .init(
                master.runnerUp.map { .init(address: "\($0.address)", reasons: $0.reasons.map(Wording.reason)) }),
            elements: master.elements.map { "\($0)" }, newAddress: master.newAddress.map { "\($0)" },
            verdict: numbers.verdict, ivIndex: numbers.ivIndex, updateInProgress: numbers.updateInProgress,
            transmitIvIndex: numbers.transmitIvIndex, lastSeq: numbers.lastSeq, minimumSeq: numbers.minimumSeq,
            recommendedSeq: numbers.recommendedSeq, validUntil: numbers.validUntil,
            ifItLivedOn: master.ifItLivedOn.isEmpty
                ? nil
                : master.ifItLivedOn.map {
                    .init(seconds: $0.time.components.seconds, recommendedSeq: .init($0.recommended?.value))
                }, card: master.card.map { JSONCard($0, times) })
    }

    private static func capture(of capture: CaptureSummary) -> JSONModel.Capture {
        .init(
            path: KeyMask.hide(capture.path), format: capture.format.rawValue,
            linkTypes: capture.linkTypes.map(\.number),
            frames: capture.frames, crcFailed: capture.crcFailed,
            firstTime: .init(capture.firstTime?.text(digits: capture.timeDigits)),
            lastTime: .init(capture.lastTime?.text(digits: capture.timeDigits)), complete: capture.isComplete,
            failure: capture.failure?.explanation,
            alignment: capture.alignment.map {
                .init(
                    clockOffset: Double($0.offset.components.seconds)
                        + Double($0.offset.components.attoseconds / 1_000_000_000_000) / 1e6,
                    reference: .init($0.reference), commonPdus: $0.common, distinctPdus: $0.distinct,
                    onlyHere: $0.onlyHere)
            })
    }

    private static func network(of network: Analysis.Network, _ times: CaptureTimes) -> JSONModel.Network {
        .init(
            name: .init(network.name),
            subnets: network.subnets.map { subnet in
                .init(
                    keyIndex: subnet.identity.keyIndex.value,
                    networkId: Hexadecimal.text(subnet.identity.networkID, digits: 16), nid: subnet.identity.nid,
                    name: .init(subnet.identity.name),
                    oldNetworkId: .init(subnet.identity.oldNetworkID.map { Hexadecimal.text($0, digits: 16) }),
                    beacons: .init(authentic: subnet.authenticBeacons, notAuthentic: subnet.notAuthenticBeacons),
                    keyRefresh: subnet.keyRefresh.map { step in
                        .init(
                            phase: step.phase.rawValue, flag: step.record.flag,
                            firstTime: times.date(step.record.first.time),
                            lastTime: times.date(step.record.last.time), count: step.record.count,
                            capture: step.record.first.capture, frame: step.record.first.number)
                    },
                    beaconInterval: .init(
                        subnet.beaconInterval.map {
                            Double($0.components.seconds) + Double($0.components.attoseconds / 1_000_000_000_000_000)
                                / 1000
                        }),
                    beaconMarks: subnet.beaconMarks.map {
                        .init(
                            time: times.date($0.frame.time), ivIndex: $0.state.index.value,
                            updateInProgress: $0.state.isUpdateInProgress, count: $0.count,
                            capture: $0.frame.capture, frame: $0.frame.number)
                    })
            },
            iv: .init(network.iv.map { iv(of: $0, confirmedBy: network.distinct, times) }),
            givenIvIndex: network.givenIVIndex?.value,
            ivTimeline: network.ivTimeline.map { record in
                .init(
                    index: record.state.index.value, updateInProgress: record.state.isUpdateInProgress,
                    firstTime: times.date(record.firstTime), lastTime: times.date(record.lastTime),
                    evidence: record.evidence.rawValue, count: record.count, capture: record.frame.capture,
                    frame: record.frame.number)
            },
            replacement: network.replacement.map { replacement in
                .init(
                    startIvIndex: replacement.start.value,
                    steps: replacement.steps.map { step in
                        .init(
                            index: step.state.index.value, updateInProgress: step.state.isUpdateInProgress,
                            capture: step.frame.capture, frame: step.frame.number, outcome: step.outcome.rawValue,
                            ownIndex: step.own.index.value, ownUpdateInProgress: step.own.isUpdateInProgress,
                            ownTransmitIndex: step.own.transmitIndex.value, peersHoldSeq: step.peersHold?.value)
                    })
            },
            pdus: .init(
                heard: network.heard, opened: network.opened, distinct: network.distinct, notOpened: network.notOpened),
            sources: LongList(network.sources) { source(of: $0, times) },
            keyAudit: network.keyAudit.flatMap { $0.isWorthwhile ? audit(of: $0) : nil },
            masterCandidates: network.masterCandidates.isEmpty
                ? nil
                : network.masterCandidates.map {
                    .init(address: "\($0.address)", reasons: $0.reasons.map(Wording.reason))
                })
    }

    private static func audit(of audit: KeyAudit) -> JSONModel.KeyAudit {
        .init(
            netKeys: audit.netKeys.map {
                .init(keyIndex: $0.keyIndex.value, old: $0.isOld, opened: $0.use.count, outcome: $0.outcome.rawValue)
            },
            appKeys: audit.appKeys.map { .init(aid: $0.aid, opened: $0.opened, outcome: $0.outcome.rawValue) },
            deviceKeys: audit.deviceKeys.map {
                .init(address: "\($0.address)", opened: $0.opened, outcome: $0.outcome.rawValue)
            },
            nodes: audit.nodes.map { .init(address: "\($0.address)", heard: $0.isHeard) },
            unknownAddresses: audit.unknownAddresses.map { "\($0)" },
            unknownAids: audit.unknownAIDs.map { .init(aid: $0.aid, messages: $0.messages) })
    }

    private static func iv(of record: IVStateRecord, confirmedBy: Int, _ times: CaptureTimes) -> JSONModel.IV {
        .init(
            index: record.state.index.value, updateInProgress: record.state.isUpdateInProgress,
            confirmedBy: record.evidence == .search ? confirmedBy : nil,
            transmitIndex: record.state.transmitIndex.value, mayBeInProgress: !record.evidence.isStatement,
            evidence: record.evidence.rawValue, time: times.date(record.frame.time), capture: record.frame.capture,
            frame: record.frame.number)
    }

    private static func source(of source: Analysis.Source, _ times: CaptureTimes) -> JSONModel.Source {
        .init(
            address: "\(source.address)", name: .init(source.name),
            epochs: source.epochs.map { epoch in
                .init(
                    ivIndex: epoch.ivIndex.value, firstSeq: epoch.firstSequence.value,
                    lastSeq: epoch.lastSequence.value,
                    distinct: epoch.distinct, heard: epoch.heard, missed: epoch.missed, skipped: epoch.skippedOfMissed,
                    coverage: (epoch.coverage * 10000).rounded() / 10000,
                    longestMissedRun: epoch.longestMissedRun, firstTime: times.date(epoch.firstTime),
                    lastTime: times.date(epoch.lastFrame.time), lastCapture: epoch.lastFrame.capture,
                    lastFrame: epoch.lastFrame.number)
            },
            recovery: recovery(of: source.verdict, times), marks: source.marks.map { mark(of: $0, times) },
            replays: source.replays.map { mark(of: $0, times) })
    }

    private static func mark(of mark: SequenceMark, _ times: CaptureTimes) -> JSONModel.Mark {
        .init(
            time: times.date(mark.frame.time), ivIndex: mark.position.ivIndex.value, seq: mark.position.sequence.value,
            distinct: mark.distinct, capture: mark.frame.capture, frame: mark.frame.number)
    }

    private static func recovery(of verdict: RecoveryVerdict, _ times: CaptureTimes) -> JSONModel.Recovery {
        var model = JSONModel.Recovery(verdict: verdict.name)
        switch verdict {
        case .resume(let recovery), .restart(let recovery):
            model.take(recovery.state)
            model.lastSeq = recovery.last.sequence.value
            model.minimumSeq = recovery.minimum.value
            model.recommendedSeq = recovery.recommended.value
            model.margin = recovery.margin.map {
                .init(term: $0.term.rawValue, value: $0.value, reason: Wording.reason(of: $0))
            }
            model.basis = .init(
                kind: recovery.basis.kind.rawValue, heardSeconds: recovery.basis.heard.components.seconds,
                unheardSeconds: recovery.basis.unheard.components.seconds,
                assumesNoRestart: recovery.basis.assumesNoRestart)
            model.lastHeard = times.date(recovery.lastHeard.time)
            model.validUntil = .init(times.areDates ? recovery.validUntil.map(times.date) : nil)
            model.validForSeconds = .init(recovery.validUntil.flatMap(times.secondsBehindEnd))
        case .exhausted(let state, let last):
            model.take(state)
            model.lastSeq = last.sequence.value
        case .notHeard(let state): model.take(state)
        case .ivIndexUnknown: break
        }
        return model
    }

    private static func device(of device: UnprovisionedDevice) -> JSONModel.UnprovisionedDevice {
        .init(
            uuid: Wording.uuid(device.uuid), oob: device.oobInformation.names,
            uriHash: .init(device.uriHash.map { Hexadecimal.text($0, digits: 8) }), uri: .init(device.uri),
            heard: device.count, firstCapture: device.first.capture, firstFrame: device.first.number)
    }

    private static func link(of link: ProvisioningLink) -> JSONModel.ProvisioningLink {
        var linkID: String?
        if case .advertising(let id) = link.bearer { linkID = Hexadecimal.text(id, digits: 8) }
        return .init(
            bearer: linkID == nil ? "pb_gatt" : "pb_adv", linkId: .init(linkID),
            deviceUuid: .init(link.deviceUUID.map(Wording.uuid)), algorithm: .init(link.algorithm?.name),
            elements: .init(link.elements), transactions: link.transactions,
            damagedTransactions: link.damagedTransactions,
            pdus: link.steps.map {
                .init(
                    name: $0.kind.name, fromProvisioner: $0.isFromProvisioner, capture: $0.frame.capture,
                    frame: $0.frame.number)
            }, complete: link.isComplete, closed: .init(link.closed?.name), failure: .init(link.failure),
            heard: link.heard, firstCapture: link.first.capture, firstFrame: link.first.number,
            lastCapture: link.last.capture, lastFrame: link.last.number)
    }

    private static func finding(of finding: Finding, _ times: CaptureTimes) -> JSONModel.Finding {
        .init(
            kind: finding.kind.rawValue, severity: finding.severity.rawValue, count: finding.count,
            network: .init(finding.network?.value), source: .init(finding.source.map { "\($0)" }),
            captures: finding.frames.map(\.capture), frames: finding.frames.map(\.number),
            message: PrintableText.escape(finding.fact.sentence(times)),
            detail: finding.fact.detail(times))
    }
}

extension JSONModel.Recovery {
    fileprivate mutating func take(_ state: IVState) {
        ivIndex = state.index.value
        updateInProgress = state.isUpdateInProgress
        transmitIvIndex = state.transmitIndex.value
    }
}

/// Times that are not of one capture have the digits of the finest one. Where a clock was never set, no dates are told but how long
/// before or after the end of the captures something is.
struct CaptureTimes {
    private let digits: Int
    private let end: CaptureTime?
    /// Whether times are dates: all clocks were set.
    let areDates: Bool

    init(_ analysis: Analysis) {
        digits = analysis.captures.map(\.timeDigits).max() ?? 6
        end = analysis.lastTime
        areDates = end == nil || analysis.captures.allSatisfy(\.isClockSet)
    }

    private init(digits: Int) {
        (self.digits, end, areDates) = (digits, nil, true)
    }

    /// Of captures whose clocks were set, to the second.
    static let examples = CaptureTimes(digits: 0)

    /// Whole seconds from the end of the captures to a time; negative for a time before.
    func secondsBehindEnd(_ time: CaptureTime) -> Int64? {
        end.map { time.since($0).components.seconds }
    }

    /// As a machine reads it, by the captures' clock, whether or not that was set.
    func date(_ time: CaptureTime) -> String { time.text(digits: digits) }

    /// As people read it.
    func text(_ time: CaptureTime) -> String { text(time, digits: digits) }

    /// As people read it, with so many decimal digits of a second.
    func text(_ time: CaptureTime, digits: Int) -> String {
        guard let end, !areDates else { return time.text(digits: digits) }
        let distance = time.since(end)
        guard distance.magnitude >= .seconds(1) else { return "the end of the captures" }
        return "\(Wording.span(distance.magnitude)) \(distance > .zero ? "after" : "before") the end of the captures"
    }
}
