import ByteParsing
import MeshAnalysis
import MeshProtocol
import MeshStacks

/// The sentences of the reports, each said in one place.
enum Wording {
    static func reason(of term: MarginTerm) -> String {
        switch term.term {
        case .unheardAfterLast:
            "as many PDUs in a row as the capture missed elsewhere, or could miss by its coverage of this source"
                + (term.value >= Recovery.allowance ? "; more are not counted here" : "")
        case .unheardAtBusiestRate:
            "what the source may have sent unheard until \(end(of: term)), at up to \(rate(term)) SEQ/s: its busiest minute, and "
                + "what that leaves open"
        case .unheardAtAssumedRate:
            "what the source may have sent unheard until \(end(of: term)), at up to \(rate(term)) SEQ/s: it was "
                + "heard too briefly to tell that better"
        case .reservedBlock:
            "what a restart that was not heard may have skipped: the block that "
                + "\(term.stacks.map(\.name).joined(separator: " or ")) reserves"
        case .clocksDisagree:
            "the captures' clocks disagree, so that nothing tells for how long the source may have gone on: a fixed number"
        case .allowance:
            "fixed allowance for what nothing else foresees"
        }
    }

    private static func end(of term: MarginTerm) -> String {
        term.isFailureGiven ? "the failure" : "the end of the capture"
    }

    /// Two decimals, without a locale.
    private static func rate(_ term: MarginTerm) -> String {
        let hundredths = Int(((term.rate ?? 0) * 100).rounded())
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }

    static func printable(_ text: String) -> String { PrintableText.escape(text) }

    /// Seconds in the largest fitting unit.
    static func span(_ duration: Duration) -> String {
        let seconds = max(0, duration.components.seconds)
        switch seconds {
        case ..<120: return "\(seconds) s"
        case ..<7200: return "\(seconds / 60) min"
        case ..<172_800: return "\(seconds / 3600) h"
        default: return "\(seconds / 86400) days"
        }
    }

    static func state(_ state: IVState) -> String {
        state.isUpdateInProgress ? "IV Update in progress" : "Normal Operation"
    }

    /// A network's state, and whether anything says it.
    static func state(_ state: IVState, of network: Analysis.Network) -> String {
        let isProven = network.iv?.evidence.isStatement ?? true
        return Self.state(state) + (isProven ? "" : "; not proven, no beacon says so")
    }

    static func keyRefresh(_ phase: KeyRefreshPhase) -> String {
        switch phase {
        case .normal: "no Key Refresh"
        case .oldKey: "old key: not refreshed, or phase 1"
        case .phase2: "Key Refresh phase 2"
        case .newKey: "new key: Key Refresh completed"
        }
    }

    static func evidence(_ evidence: IVEvidence) -> String {
        switch evidence {
        case .secureNetworkBeacon: "Secure Network beacon"
        case .privateBeacon: "Mesh Private beacon"
        case .friendUpdate: "Friend Update"
        case .networkPDU: "Network PDU"
        case .search: "search over IV Indexes"
        }
    }

    /// 8-4-4-4-12 digits.
    static func uuid(_ value: UInt128) -> String {
        let digits = Hexadecimal.text(value.octets)
        var parts: [Substring] = []
        var rest = digits[...]
        for length in [8, 4, 4, 4, 12] {
            parts.append(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        return parts.joined(separator: "-")
    }

    static func reason(_ reason: MasterReason) -> String {
        switch reason {
        case .provisioner: "a provisioner of the key file"
        case .configures(let nodes): "configures \(nodes) \(nodes == 1 ? "node" : "nodes")"
        case .fellSilent: "fell silent while others went on"
        case .publishesToGroups(let count): "publishes to groups (\(count) PDUs)"
        case .lowestAddress: "lowest address"
        }
    }

    static func reasons(_ reasons: [MasterReason]) -> String {
        reasons.isEmpty ? "nothing" : reasons.map(Self.reason).joined(separator: ", ")
    }

    static func replacement(_ step: ReplacementStep) -> String {
        let zero =
            step.peersHold.map {
                "; its SEQ becomes 0, and peers take nothing below \(Hexadecimal.prefixed($0.value + 1, digits: 6)) from its address"
            } ?? "; its SEQ becomes 0"
        switch step.outcome {
        case .agrees: return "has it already"
        case .follows: return "goes along"
        case .recovers: return "takes it by IV Index Recovery, and no other for 192 h\(zero)"
        case .recoversOrIgnores:
            return
                "missed the update: takes it by IV Index Recovery, and no other for 192 h\(zero); or ignores it for good "
                + "(ESP-IDF by default)"
        case .ignoresLower: return "ignores it, lower than its own"
        case .ignoresFarAhead: return "ignores it, more than 42 ahead: it stays deaf"
        case .ignoresTooSoon: return "ignores it, less than 192 h after its recovery"
        }
    }

    static func alignment(_ alignment: CaptureAlignment) -> String {
        var text = "\(alignment.distinct) different advertised PDUs, \(alignment.onlyHere) in no other capture"
        guard let reference = alignment.reference else { return text }
        let (seconds, attoseconds) = alignment.offset.components
        let tenths = abs(seconds * 10 + attoseconds / 100_000_000_000_000_000)
        if tenths == 0 {
            text += "; its clock agrees with [\(reference + 1)]"
        } else {
            let way = alignment.offset > .zero ? "ahead of" : "behind"
            text += "; its clock was \(tenths / 10).\(tenths % 10) s \(way) the first one's and was aligned"
        }
        return text + " (\(alignment.common) PDUs in common)"
    }

    static func bearer(_ bearer: Analysis.ProvisioningLink.Bearer) -> String {
        switch bearer {
        case .advertising(let linkID): "PB-ADV link \(Hexadecimal.text(linkID, digits: 8))"
        case .gatt: "PB-GATT"
        }
    }

    static func algorithm(of link: Analysis.ProvisioningLink) -> String {
        switch link.algorithm {
        case .hmacSHA256?: "Enhanced Provisioning (HMAC-SHA256)"
        case .cmacAES128?: "provisioning with CMAC-AES128"
        case nil: "algorithm not heard"
        }
    }

    static func outcome(of link: Analysis.ProvisioningLink) -> String {
        let closed = link.closed.map { ", link closed: \($0.name)" } ?? ""
        if let failure = link.failure { return "failed: \(failure)\(closed)" }
        if link.isComplete { return "provisioned\(closed)" }
        if let closed = link.closed { return "link closed: \(closed.name)" }
        return "no end heard"
    }

    static func verdict(_ verdict: RecoveryVerdict) -> String {
        switch verdict {
        case .resume: "can be resumed"
        case .restart: "can be restarted under a newer IV Index, to which the network has moved since"
        case .exhausted: "has too few SEQ left under this IV Index"
        case .notHeard: "was not heard"
        case .ivIndexUnknown: "cannot be told: nothing authentic gives the IV Index"
        }
    }

    static func finding(_ finding: Finding, _ times: CaptureTimes) -> String {
        let detail = Dictionary(finding.detail.map { ($0.name, $0.value) }) { first, _ in first }
        func number(_ name: String) -> Int64 {
            if case .number(let number)? = detail[name] { number } else { 0 }
        }
        func text(_ name: String) -> String {
            switch detail[name] {
            case .text(let text)?: printable(text)
            case .number(let number)?: "\(number)"
            case .time(let time)?: times.text(time)
            case nil: ""
            }
        }
        func sequence(_ name: String) -> String { Hexadecimal.prefixed(number(name), digits: 6) }
        func index(_ name: String) -> String { Hexadecimal.prefixed(number(name), digits: 8) }
        if finding.detail.isEmpty, [.unsupportedLinkType, .beaconNotAuthentic, .beaconReplayed].contains(finding.kind) {
            return "further findings of the kind \(finding.kind.rawValue), of more subjects than are told apart"
        }
        switch finding.kind {
        case .damagedRecord: return "\(text("capture")) breaks off, what was before it is analysed: \(text("reason"))"
        case .unsupportedLinkType:
            return "frames of link type \(number("link_type")) cannot be peeled and were passed over"
        case .crcFailed: return "frames whose CRC failed, not decoded"
        case .truncatedFrame: return "frames that the capture holds only in part"
        case .malformedStructure: return "structures that break their format; \(text("first"))"
        case .clockJumped:
            return "the capture's clock jumped from \(text("from")) to \(text("to")): no time is turned into a number"
        case .clocksDisagree: return "a later IV state was captured at an earlier time: the captures' clocks disagree"
        case .beaconNotAuthentic:
            return "beacons with the Network ID of key \(number("key_index")) whose Authentication Value is wrong"
        case .subnetsDisagree:
            return "key \(number("key_index")) still says IV Index \(index("iv_index")) while the network is at "
                + "\(index("network_iv_index")): a key of another network, or an update that is not passed on"
        case .beaconReplayed:
            let who = detail["advertiser"] == nil ? "" : ", the first from device \(text("advertiser"))"
            return
                "authentic beacons with IV Index \(index("iv_index")) long after \(index("network_iv_index"))\(who): "
                + "replayed, or from a node that lags"
        case .nodeAhead:
            return
                "only device \(text("advertiser")) says IV Index \(index("iv_index")), while \(number("others")) others or more "
                + "still say an older state: it leads, or nobody follows it; whether nodes take a PDU under it is not sure"
        case .ivUpdateTooSoon:
            return "the state before IV Index \(index("iv_index")) lasted at most \(number("at_most_hours")) h, "
                + "the minimum is 96 h: test mode, or a faulty node"
        case .ivUpdateOverdue:
            return "IV Update to \(index("iv_index")) in progress since \(text("since")), the maximum is 144 h"
        case .ivIndexJump:
            return "IV Index went from \(index("from_iv_index")) to \(index("iv_index")) faster than updates allow"
        case .ivRecoveryTooSoon:
            return
                "a second jump of the IV Index, to \(index("iv_index")), less than 192 h after that of \(text("since")): a node "
                + "recovers at most once in 192 h, and others stay behind"
        case .ivIndexOutOfRange:
            return "IV Index went from \(index("from_iv_index")) to \(index("iv_index")): nodes take at most 42 ahead"
        case .beaconsSilent:
            return
                "key \(number("key_index")): no beacon for \(number("seconds")) s in which PDUs were heard; beacons look switched off, "
                + "or their senders are out of reach"
        case .secondarySubnetAhead:
            return
                "beacons of key \(number("key_index")) say IV Index \(index("iv_index")), ahead of the primary subnet's "
                + "\(index("network_iv_index")): nodes of the primary subnet ignore them, and so does the answer"
        case .keyRefreshReverted:
            return "key \(number("key_index")): beacons of an earlier step of a Key Refresh long after the later one: "
                + "replayed, or from a node that lags"
        case .keyRefreshPhaseNotHeard:
            return "key \(number("key_index")): the old key was followed by the new one, and phase 2 was not heard"
        case .sequenceRestarted:
            let short = number("short")
            let state = short > 0 ? "still \(short) messages short" : "it has passed it since"
            return
                "SEQ fell from \(sequence("from_seq")) to \(sequence("first_seq")) under IV Index \(index("iv_index")) and rises "
                + "from there: peers drop the source until it passes its old SEQ; \(state)"
        case .sequenceJump:
            let block =
                detail["block"] == nil ? "" : ", as a reboot with blocks of \(number("block")) does (\(text("stack")))"
            return "SEQ jumped from \(sequence("from_seq")) to \(sequence("to_seq"))\(block)"
        case .sequenceOutlier:
            return
                "one PDU with SEQ \(sequence("seq")), far above all others (to \(sequence("others_to_seq"))): spoofed, or a fault; "
                + "every node that heard it takes no lower SEQ under IV Index \(index("iv_index"))"
        case .pduReplayed:
            return
                "old PDUs heard again more than 10 s after a higher SEQ, under IV Index \(index("iv_index")): replayed"
        case .staleIVIndex:
            return "PDUs under IV Index \(index("iv_index")) long after \(index("newer_iv_index")): peers drop them"
        case .heardAfterFailure:
            return
                "the source was heard after it is said to have failed (\(text("failed_at"))): another device sends under its "
                + "address, or the time is wrong"
        case .takeoverTooLate:
            let until =
                detail["valid_until"] == nil
                ? "how long this answer holds cannot be told" : "this answer holds until \(text("valid_until"))"
            return
                "the replacement is to take over at \(text("takeover_at")), and \(until): take a fresh capture before"
        case .nonceReused:
            return "the same IV Index and SEQ with other content: two devices send as this source, or one restarted; "
                + "first at IV Index \(index("iv_index")), SEQ \(Hexadecimal.prefixed(number("seq"), digits: 6))"
        case .pduAlteredByRelay:
            return "relayed copies that are cut short (bluetooth-meshd 5.66 does this); their SEQ counts"
        case .sequenceNearExhaustion:
            let forecast = detail["exhausted_at"] == nil ? "" : ", at its busiest rate until \(text("exhausted_at"))"
            return
                "only \(number("left")) SEQ are left under IV Index \(index("iv_index"))\(forecast): an IV Update is due"
        case .pduNotOpened:
            return "PDUs with NID \(Hexadecimal.prefixed(number("nid"), digits: 2)) that no key opened: "
                + "another network with the same NID, or an IV Index that nothing told"
        case .keyLearned:
            return
                "a NetKey of index \(number("key_index")) was handed out in a configuration message that a device key "
                + "opens: the analysis goes on with it"
        case .pdusGivenUp:
            return
                "PDUs that had to be given up before anything told the IV Index: what a source said in them is unknown. "
                + "Run again with --iv-index and the IV Index of this report"
        case .foreignNetwork: return "PDUs with NID \(Hexadecimal.prefixed(number("nid"), digits: 2)), which no key has"
        }
    }
}
