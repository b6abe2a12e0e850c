import ByteParsing
import CaptureFiles
import MeshEvidence
import MeshProtocol
import MeshStacks
import MeshTimelines

/// What a report says of a fact, in a sentence without its end.
extension Fact {
    /// `times`: how a time is written.
    func sentence(_ times: CaptureTimes) -> String {
        switch self {
        case .damagedRecord(_, let path, let reason):
            return "\(KeyMask.hide(path)) breaks off, what was before it is analysed: \(reason)"
        case .ofCapture(let notice, let capture): return Self.sentence(notice, capture: capture)
        case .unsupportedLinkType(let type):
            return "frames of link type \(type.number) cannot be peeled and were passed over"
        case .crcFailed: return "frames whose CRC failed, not decoded"
        case .truncatedFrame: return "frames that the capture holds only in part"
        case .malformedStructure(let first): return "structures that break their format; \(first ?? "")"
        case .timeUnknown:
            return
                "authentic statements in frames of which the capture does not tell the time: up to a day is added to what "
                + "went unheard"
        case .nothingAuthenticSince(let last, let captureEnd):
            return
                "the captures go on until \(times.text(captureEnd)), and nothing authentic was heard since \(times.text(last)): the "
                + "answer ends there; if the device lived on, say so with --failed-at"
        case .clockJumped(_, let from, let to):
            return
                "the capture's clock jumped from \(times.text(from)) to \(times.text(to)): the longest time that this allows is counted"
        case .captureAligned(let capture, let offset):
            return
                "the clock of capture \(capture + 1) was \(Wording.span(offset.magnitude)) \(offset > .zero ? "ahead" : "behind") and was "
                + "aligned by PDUs in common with another one: its times make no number smaller"
        case .clocksDisagree: return "what came later was captured at an earlier time: the captures' clocks disagree"
        case .beaconNotAuthentic(let key):
            return "beacons with the Network ID of key \(key) whose Authentication Value is wrong"
        case .subnetsDisagree(let key, let says, let network):
            return "key \(key) still says IV Index \(says.hexadecimal) while the network is at "
                + "\(network.hexadecimal): a key of another network, or an update that is not passed on"
        case .beaconReplayed(let state, let network, let advertiser):
            let who = advertiser.map { ", the first from device \($0.text)" } ?? ""
            return
                "authentic beacons that say \(state.hexadecimal), \(Wording.state(state)), long after \(network.hexadecimal), "
                + "\(Wording.state(network))\(who): replayed, or from a node that lags"
        case .nodeAhead(let state, let advertiser, let others):
            return
                "only device \(advertiser.text) says IV Index \(state.hexadecimal), while \(others) others or more "
                + "still say an older state: it leads, or nobody follows it; whether nodes take a PDU under it is not sure"
        case .ivUpdateTooSoon(let state, let longest):
            return
                "the state before IV Index \(state.hexadecimal) lasted at most \(longest.components.seconds / 3600) h, "
                + "the minimum is 96 h: test mode, or a faulty node"
        case .ivUpdateOverdue(let state, let since):
            return "IV Update to \(state.hexadecimal) in progress since \(times.text(since)), the maximum is 144 h"
        case .ivIndexJump(let from, let to):
            return "IV Index went from \(from.hexadecimal) to \(to.hexadecimal) faster than updates allow"
        case .ivRecoveryTooSoon(_, let to, let since):
            return
                "a second jump of the IV Index, to \(to.hexadecimal), less than 192 h after that of \(times.text(since)): a node "
                + "recovers at most once in 192 h, and others stay behind"
        case .ivIndexOutOfRange(let from, let to):
            return "IV Index went from \(from.hexadecimal) to \(to.hexadecimal): nodes take at most 42 ahead"
        case .beaconsSilent(let key, let silence):
            return
                "key \(key): no beacon for \(silence.components.seconds) s in which PDUs were heard; beacons look switched off, "
                + "or their senders are out of reach"
        case .keyFellSilent(let key, let since, let nids, let networkIDs, let sources):
            let instead =
                nids.map { "PDUs of NID \(Hexadecimal.prefixed($0, digits: 2))" }
                + networkIDs.map { "beacons of Network ID \(Hexadecimal.text($0, digits: 16))" }
            return
                "key \(key) is not used any more: nothing of its \(Wording.count(sources, "source")) is heard under it since \(times.text(since)), and "
                + "\(instead.prefix(4).joined(separator: ", ")), which no key opens, go on instead. The key was refreshed: get the new "
                + "one, and ask again with both"
        case .secondarySubnetAhead(let key, let says, let network):
            return
                "beacons of key \(key) say IV Index \(says.hexadecimal), ahead of the primary subnet's "
                + "\(network.hexadecimal): nodes of the primary subnet ignore them, and so does the answer"
        case .keyRefreshReverted(let key):
            return "key \(key): beacons of an earlier step of a Key Refresh long after the later one: "
                + "replayed, or from a node that lags"
        case .keyRefreshPhaseNotHeard(let key):
            return "key \(key): the old key was followed by the new one, and phase 2 was not heard"
        case .sequenceRestarted(let restart, let index, let short):
            let fall =
                "SEQ fell from \(restart.from.hexadecimal) to \(restart.first.hexadecimal) under IV Index \(index.hexadecimal) and "
                + "rises from there: "
            guard short > 0 else {
                return fall + "peers dropped the source until it passed its old SEQ, as it has since"
            }
            return fall + "another device sends under this address now, or the source restarted without its SEQ; peers "
                + "drop it until it passes its old SEQ, still \(short) messages short"
        case .sequenceJump(let jump, _, let stacks):
            return "SEQ jumped from \(jump.from.hexadecimal) to \(jump.to.hexadecimal)\(Self.reboot(of: stacks))"
        case .sequenceOutlier(let position, let others):
            return
                "one PDU with SEQ \(position.sequence.hexadecimal), far above all others (to \(others.hexadecimal)): spoofed, or a fault; "
                + "every node that heard it takes no lower SEQ under IV Index \(position.ivIndex.hexadecimal)"
        case .pduReplayed(let index, let isLate):
            return
                "old PDUs heard again more than \(isLate ? "90" : "10") s after a higher SEQ, under IV Index \(index.hexadecimal): "
                + (isLate ? "replayed" : "replayed, or copies that came on a slow path")
        case .solicitationFell(let from, let to):
            return
                "Solicitation PDUs with SSEQ \(to.hexadecimal) long after \(from.hexadecimal): the source began anew, or somebody sends a "
                + "recording; receivers ignore all up to \(from.hexadecimal), until their list is cleared"
        case .staleIVIndex(let index, let newer):
            return "PDUs under IV Index \(index.hexadecimal) long after \(newer.hexadecimal): peers drop them"
        case .heardAfterFailure(let failedAt):
            return
                "the source was heard after it is said to have failed (\(times.text(failedAt))): another device sends under its "
                + "address, or the time is wrong"
        case .answerOutlived(let failedAt, let validUntil):
            return
                "the source is said to have failed at \(times.text(failedAt)), and \(Self.validity(validUntil, times)): by then it may "
                + "have sent under another IV Index; take a fresh capture"
        case .takeoverTooLate(let takeoverAt, let validUntil):
            return
                "the replacement is to take over at \(times.text(takeoverAt)), and \(Self.validity(validUntil, times)): take a fresh "
                + "capture before"
        case .nonceReused(let position):
            return "the same IV Index and SEQ with other content: two devices send as this source, or one restarted; "
                + "first at IV Index \(position.ivIndex.hexadecimal), SEQ \(position.sequence.hexadecimal)"
        case .pduAlteredByRelay:
            return "relayed copies that are cut short (bluetooth-meshd 5.66 does this); their SEQ counts"
        case .sequenceNearExhaustion(let position, let left, let exhaustedAt):
            let forecast = exhaustedAt.map { ", at its busiest rate until \(times.text($0))" } ?? ""
            return
                "only \(left) SEQ are left under IV Index \(position.ivIndex.hexadecimal)\(forecast): an IV Update is due"
        case .pduNotOpened(let nid):
            return "PDUs with NID \(Hexadecimal.prefixed(nid, digits: 2)) that no key opened: "
                + "another network with the same NID, or an IV Index that nothing told"
        case .trafficStaysClosed(let pdus):
            return
                "\(Wording.count(pdus, "PDU has", "PDUs have")) a NID of the network's keys, and none opens under the IV Index that is known: what says it "
                + "may be a recording of long ago, or the PDUs are of another network with the same NID; do not rely on it"
        case .friendshipsForgotten:
            return
                "credentials of friendships that made room for others, the longest unused ones: what was sent under them stays "
                + "closed, and the margin is wider for it"
        case .sequencesForgotten:
            return
                "the lowest SEQ of some sources were forgotten to make room; they count as heard, so that a restart among them is "
                + "not seen, and the margin is wider for it"
        case .identitiesNotResolved:
            return "identities of proxy servers, more than are tried with these keys: whose they are is not told"
        case .pdusGivenUp:
            return
                "PDUs that had to be given up before anything told the IV Index: what a source said in them is unknown. "
                + "Run again with --iv-index and the IV Index of this report"
        case .foreignNetwork(let nid):
            return "PDUs with NID \(Hexadecimal.prefixed(nid, digits: 2)), which no key has"
        case .keyLearned(let key):
            return
                "a NetKey of index \(key) was handed out in a configuration message that a device key "
                + "opens: the analysis goes on with it"
        case .further(let kind):
            return "further findings of the kind \(kind.rawValue), of more subjects than are told apart"
        }
    }

    private static func validity(_ validUntil: CaptureTime?, _ times: CaptureTimes) -> String {
        validUntil.map { "this answer holds until \(times.text($0))" } ?? "how long this answer holds cannot be told"
    }

    /// The block that explains a jump of SEQ, and whose it is.
    private static func reboot(of stacks: [Stack]) -> String {
        guard let block = stacks.map(\.reservation.block).min() else { return "" }
        return ", as a reboot with blocks of \(block) does (\(stacks.map(\.identifier).joined(separator: ", ")))"
    }
}

extension IVState {
    fileprivate var hexadecimal: String { index.hexadecimal }
}

extension IVIndex {
    fileprivate var hexadecimal: String { Hexadecimal.prefixed(value, digits: 8) }
}

extension SequenceNumber {
    fileprivate var hexadecimal: String { Hexadecimal.prefixed(value, digits: 6) }
}

extension DeviceAddress {
    /// Six octets with colons between them.
    var text: String { Hexadecimal.deviceAddress(value) }
}

extension Fact {
    private static func sentence(_ notice: CaptureNotice, capture: Int) -> String {
        let name = "capture \(capture + 1)"
        switch notice {
        case .damaged: return "places of \(name) that are damaged; reading went on behind them"
        case .unknownRecord: return "records of \(name) that are of a kind which is not known, and were passed over"
        case .dewhitened:
            return "frames of \(name) that are whitened though it says that they are not; their CRCs prove it"
        case .connectionJoined:
            return "connections in \(name) whose CONNECT_IND was not heard: their CRCInit was found by their PDUs"
        case .connectionUnchecked:
            return
                "frames of connections in \(name) whose CONNECT_IND was not heard, and whose CRC cannot be checked: none is believed"
        case .connectionEncrypted:
            return
                "frames of connections in \(name) that are encrypted: what a proxy client sent in them is not seen; enable the log "
                + "before pairing, or capture on the host"
        case .lost:
            return
                "frames of \(name) came faster than they were taken, and were lost; SEQ in them are not in the answer"
        case .clockNotSet:
            return
                "the clock of \(name) was never set: its times are no dates; say with --started-at when it began, or with "
                + "--clock-offset how far it is off"
        }
    }
}
