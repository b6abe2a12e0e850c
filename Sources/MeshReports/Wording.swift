import ByteParsing
import CaptureFiles
import MeshEvidence
import MeshTimelines
import MeshVerdict
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
        case .reservedBlock: skipped(term)
        case .clocksDisagree:
            "what the source may have sent unheard: the captures' clocks disagree, and this is for the longest time that they "
                + "allow, at up to \(rate(term)) SEQ/s, or a fixed number where that is more"
        case .unheardElements:
            "elements that were not heard may count for themselves, and nothing tells how far: as much again as for busier traffic"
        case .busierThanHeard:
            "room for traffic that is busier than any that was heard, such as a firmware update; --margin tight leaves it out"
        case .forgotten:
            "something of the network had to be forgotten to make room, and it may have told a higher SEQ"
        case .allowance:
            "fixed allowance for what nothing else foresees"
        }
    }

    /// What restarts may have skipped.
    private static func skipped(_ term: MarginTerm) -> String {
        let restarts = term.restarts == 1 ? "a restart that was" : "\(term.restarts) restarts that were"
        let whose =
            term.stacks.isEmpty
            ? "what such a restart skips" : "what \(term.stacks.map(\.name).joined(separator: " or ")) reserves"
        return "what \(restarts) not heard may have skipped: \(whose)"
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

    /// How many of something: `1 node`, `2 nodes`.
    static func count(_ number: some BinaryInteger, _ one: String, _ many: String? = nil) -> String {
        "\(number) \(number == 1 ? one : many ?? one + "s")"
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

    static func outcome(_ outcome: KeyAudit.Outcome) -> String {
        switch outcome {
        case .works: "works"
        case .opensNothing: "opens nothing of what was heard: replaced, or of another network"
        case .fellSilent: "worked, and is not used any more"
        case .notHeard: "nothing was heard that it could open"
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
        case .configures(let nodes): "configures \(Wording.count(nodes, "node"))"
        case .fellSilent(let since): "fell silent at \(since.time.text(digits: 0)) while others went on"
        case .publishesToGroups(let count): "publishes to groups (\(Wording.count(count, "PDU")))"
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
        guard !alignment.isReadOnce else {
            return "read from a pipe, once: its clock was not held against the others'; name a file for that"
        }
        var text = "\(alignment.distinct) different PDUs that open, \(alignment.onlyHere) in no other capture"
        guard let reference = alignment.reference else { return text }
        let (seconds, attoseconds) = alignment.offset.components
        let tenths = abs(seconds * 10 + attoseconds / 100_000_000_000_000_000)
        if tenths == 0 {
            text += "; its clock agrees with [\(reference + 1)]"
        } else {
            let way = alignment.offset > .zero ? "ahead of" : "behind"
            text += "; its clock was \(tenths / 10).\(tenths % 10) s \(way) the first one's and was aligned"
        }
        return text + " (\(Wording.count(alignment.common, "PDU")) in common)"
    }

    static func bearer(_ bearer: ProvisioningStatement.Link.Bearer) -> String {
        switch bearer {
        case .advertising(let linkID): "PB-ADV link \(Hexadecimal.text(linkID, digits: 8))"
        case .gatt: "PB-GATT"
        }
    }

    static func algorithm(of link: ProvisioningLink) -> String {
        switch link.algorithm {
        case .hmacSHA256?: "Enhanced Provisioning (HMAC-SHA256)"
        case .cmacAES128?: "provisioning with CMAC-AES128"
        case nil: "algorithm not heard"
        }
    }

    static func outcome(of link: ProvisioningLink) -> String {
        let closed = link.closed.map { ", link closed: \($0.name)" } ?? ""
        if let failure = link.failure { return "failed: \(failure)\(closed)" }
        if link.isComplete { return "provisioned\(closed)" }
        if let closed = link.closed { return "link closed: \(closed.name)" }
        return "no end heard"
    }

    /// How far a number goes beyond what was heard, in a few words.
    static func basis(_ basis: RecoveryBasis) -> String {
        let times = "\(span(basis.unheard)) unheard on \(span(basis.heard)) heard"
        switch basis.kind {
        case .heardToItsEnd: return "heard to its end"
        case .asBusyAsHeard: return "as busy as heard: \(times)"
        case .extrapolated: return "extrapolated: \(times)"
        }
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
}
