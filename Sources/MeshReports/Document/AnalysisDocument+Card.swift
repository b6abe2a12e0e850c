import ByteParsing
import CaptureFiles
import MeshEvidence
import MeshProtocol
import MeshTimelines
import MeshVerdict

/// What else dies with a master: a line for each thing that was heard, with its frames, and what was not heard.
extension AnalysisDocument {
    /// A section for each master.
    var cards: [ReportDocument.Section] { analysis.masters.compactMap(card) }

    /// The card of a master; `nil` where its network has none.
    func card(of master: Analysis.Master) -> ReportDocument.Section? {
        guard let card = master.card else { return nil }
        let lines = kinds(card, in: analysis[master.network])
        let items = lines.flatMap(\.items)
        let silent = lines.filter(\.items.isEmpty).map(\.name)
        let whose: Prose = analysis.masters.count > 1 ? ", in network \(name(of: master.network))" : ""
        var blocks: [Block] = items.isEmpty ? [] : [.list(.init(.plain, depth: 1, items))]
        if !silent.isEmpty {
            blocks.append(.paragraph("Not heard: \(Prose(silent.joined(separator: "; "))).", depth: 1))
        }
        if analysis[master.network].keys.upperKeys.isEmpty, !silent.isEmpty {
            blocks.append(
                .paragraph(
                    "No application or device key was given: transfers, Key Refresh messages and nodes that join or leave stay closed "
                        + "without them.", depth: 1))
        }
        if !card.otherSolicitations.isEmpty {
            blocks.append(
                .paragraph(
                    "Other addresses solicit too; one that is an element of the master needs its SSEQ as well (--master ADDRESS shows "
                        + "it): \(Prose(others(card.otherSolicitations))).", depth: 1))
        }
        if !provisioned.isEmpty {
            blocks.append(
                .paragraph(
                    "\(Wording.count(provisioned.count, "device was", "devices were")) provisioned in the capture, last "
                        + "\(place(of: provisioned.map(\.last).max() ?? provisioned[0].last)): by whom, and to which addresses, no frame tells; "
                        + "see the section Provisioning.", depth: 1))
        }
        if card.isShortened {
            blocks.append(
                .paragraph("More senders and destinations were heard than are kept: the first are here.", depth: 1))
        }
        return ReportDocument.Section(title: "What else dies with the master \(master.address)\(whose)", blocks)
    }

    /// What there may be, in the order in which it matters, each with what was heard of it.
    private func kinds(_ card: TakeoverCard, in network: Analysis.Network) -> [(name: String, items: [Item])] {
        [
            ("Solicitation PDUs of it", card.solicitations.map(item)), ("a Key Refresh", card.keyRefresh.map(item)),
            ("a firmware update or BLOB transfer", card.transfers.map(item) + card.distributions.map(item)),
            ("nodes that report to its unicast address", summed(card.reporters.map(item), of: "reporting node")),
            ("groups that it commanded", card.groups.isEmpty ? [] : [item(card.groups)]),
            ("friendships in which it is the Friend", summed(card.friendships.map(item), of: "friendship")),
            ("Path Requests of it", card.paths.map(item)),
            ("nodes that were given keys, left, or are provisioned remotely", summed(card.nodes.map(item), of: "node")),
            ("segmented messages that stay unacknowledged", summed(card.unacknowledged.map(item), of: "node")),
        ]
    }

    /// Who, and how far.
    private func others(_ solicitations: [TakeoverCard.Solicitation]) -> String {
        let shown = solicitations.prefix(Self.mostOfAKind).map {
            "\($0.address) (last SSEQ \(Hexadecimal.prefixed($0.last.value, digits: 6)))"
        }
        let more = solicitations.count - shown.count
        return shown.joined(separator: ", ") + (more > 0 ? ", … and \(more) more" : "")
    }

    /// Nothing of provisioning is authenticated, so that it belongs to no network and no master.
    private var provisioned: [ProvisioningLink] { analysis.provisioningLinks.filter(\.isComplete) }

    private static let mostOfAKind = 12
    /// Half of what counts as higher, modulo 256.
    private static let forwardingMargin: UInt8 = 64

    private func summed(_ items: [Item], of what: String) -> [Item] {
        guard !listsAll, items.count > Self.mostOfAKind else { return items }
        return items.prefix(Self.mostOfAKind) + [
            Item("… and \(Wording.count(items.count - Self.mostOfAKind, what)) more; --all lists them")
        ]
    }

    // MARK: Line by line

    private func item(_ solicitation: TakeoverCard.Solicitation) -> Item {
        func number(_ number: SequenceNumber) -> String {
            "\(Hexadecimal.prefixed(number.value, digits: 6)) (\(number.value))"
        }
        let heard: Prose =
            "Solicitation PDUs of \(solicitation.address): last SSEQ \(number(solicitation.last)), "
            + "\(place(of: solicitation.lastHeard))"
        let clear: Prose =
            "No IV Update frees SSEQ: a replacement that starts lower is ignored until it passes the old one, or until each node takes a "
            + "Solicitation PDU RPL Items Clear for this address, under its application key."
        let fall = solicitation.fall.map { fall -> Prose in
            "SSEQ \(number(fall.to)) was heard long after \(number(fall.from)), \(place(of: fall.frame)): begun anew, or a recording."
        }
        guard let answer = solicitation.answer else {
            let only: Prose =
                "No SSEQ is left that is sure: each node must take a Solicitation PDU RPL Items Clear for this address, under its application key."
            return Item(heard, details: [only] + [fall].compactMap(\.self))
        }
        let start: Prose =
            "minimum \(number(answer.minimum)), start SSEQ \(number(answer.recommended)), with the margin that SEQ get"
        return Item(heard, details: [start, clear] + [fall].compactMap(\.self))
    }

    private func item(_ refresh: TakeoverCard.KeyRefresh) -> Item {
        let state: Prose =
            switch refresh.phase {
            case 0: "over, or none: the newest key is in use"
            case 1:
                "phase 1: nodes have the new key and send under the old one; hand out the new key to the rest, then go on, or revert"
            case 2:
                "phase 2: nodes send under the new key; end it with transition 3 at each node, and start with the Key Refresh flag 1"
            default:
                "not to be told: phase 1 has the same beacons as none; ask a node with Config Key Refresh Phase Get"
            }
        var details: [Prose] = []
        if let old = refresh.oldNetworkID {
            details.append(
                "old key: Network ID \(Hexadecimal.text(old, digits: 16)); new key: \(Hexadecimal.text(refresh.networkID, digits: 16))"
            )
        }
        if let step = refresh.beacons {
            details.append("beacons: \(Wording.keyRefresh(step.phase)), \(place(of: step.record.last))")
        }
        details += refresh.messages.prefix(Self.mostOfAKind).map { message in
            "\(Wording.keyRefresh(message)), \(place(of: message.frame))"
        }
        if refresh.messages.count > Self.mostOfAKind {
            details.append("… and \(refresh.messages.count - Self.mostOfAKind) more: all of them are in the JSON")
        }
        return Item("Key Refresh of key \(refresh.keyIndex): \(state)", details: details)
    }

    private func item(_ transfer: BLOBTransfer) -> Item {
        let state: Prose =
            switch transfer.end {
            case .cancelled: "cancelled"
            case .complete: "complete"
            case nil:
                "in flight: servers stay suspended until its client goes on with it, or cancels it by this BLOB ID"
            }
        let size = transfer.size.map { "\($0) octets" } ?? "size not heard"
        let block = transfer.lastBlock.map { last in
            "block \(Int(last) + 1)" + (transfer.blocks.map { " of \($0)" } ?? "") + " begun last"
        }
        let servers = transfer.servers.prefix(Self.mostOfAKind).map { "\($0)" }.joined(separator: ", ")
        let parts = [
            size, block ?? "no Block Start heard", "TTL \(transfer.ttl)",
            transfer.timeout.map { "servers wait \($0) s" },
            servers.isEmpty
                ? "no server answered"
                : "answered by \(servers)"
                    + (transfer.servers.count > Self.mostOfAKind ? ", … (\(transfer.servers.count))" : ""),
        ].compactMap(\.self)
        return Item(
            "BLOB transfer \(Hexadecimal.text(transfer.id, digits: 16)) of client \(transfer.client): \(state)",
            details: [
                "\(parts.joined(separator: "; "))", "from \(place(of: transfer.first)) to \(place(of: transfer.last))",
            ])
    }

    private func item(_ distribution: FirmwareDistribution) -> Item {
        let state: Prose =
            switch (distribution.phase, distribution.order) {
            case (let phase?, _): "the Distributor says \(Wording.phase(phase))"
            case (nil, let order?): "the last that it was told is \(order)"
            case (nil, nil): "in a phase that has no name"
            }
        let heard = "from \(place(of: distribution.first)) to \(place(of: distribution.last))"
        let parameters = distribution.parameters.map { parameters in
            let multicast = parameters.multicast.map { $0.value == 0 ? "each receiver by itself" : "\($0)" }
            return
                "image \(parameters.imageIndex) to \(multicast ?? "a virtual address"); TTL \(parameters.ttl); receivers wait "
                + "\(parameters.timeout) s; "
        }
        return Item(
            "Firmware distribution by \(distribution.distributor) for the Initiator \(distribution.initiator): \(state)",
            details: [
                "\(parameters ?? "")\(heard)",
                "The Distributor goes on by itself: ask it with Firmware Distribution Get, then let it apply or cancel.",
            ])
    }

    private func item(_ reporter: TakeoverCard.Reporter) -> Item {
        let period = reporter.period.map { " about every \(Wording.span($0))" } ?? ""
        let what: Prose =
            switch reporter.kind {
            case .heartbeat: "sends Heartbeats to \(reporter.destination)\(period), \(reporter.count) heard"
            case .publication: "publishes to \(reporter.destination)\(period), \(reporter.count) heard"
            case .heartbeatConfigured:
                "was told to send Heartbeats to \(reporter.destination)\(period), and none was heard"
            }
        return Item("\(reporter.source) \(what); last \(place(of: reporter.last))")
    }

    private func item(_ groups: [TakeoverCard.Group]) -> Item {
        let shown = listsAll ? groups : Array(groups.prefix(Self.mostOfAKind))
        let details = shown.map { group -> Prose in
            let name = group.name.map { " \($0)" } ?? ""
            return
                "\(group.address)\(name): \(Wording.count(group.count, "message")), last \(place(of: group.last))"
        }
        let more: [Prose] =
            groups.count > shown.count ? ["… and \(groups.count - shown.count) more; --all lists them"] : []
        return Item(
            "It commanded \(Wording.count(groups.count, "group or virtual address", "groups or virtual addresses"))",
            details: details + more)
    }

    private func item(_ friendship: Friendship) -> Item {
        guard let poll = friendship.lastPoll else {
            return Item(
                "It offered to be the Friend of \(friendship.lowPowerNode), \(place(of: friendship.last)); no poll was heard, so that nothing "
                    + "tells whether it is")
        }
        return Item(
            "It is the Friend of \(friendship.lowPowerNode), which looks for another one once its poll times out; last poll "
                + "\(place(of: poll))")
    }

    private func item(_ path: PathOrigin) -> Item {
        let next = Hexadecimal.prefixed(path.forwardingNumber &+ Self.forwardingMargin, digits: 2)
        let fall = path.fall.map { fall -> Prose in
            "it sent \(Hexadecimal.prefixed(fall.to, digits: 2)) behind that, \(place(of: fall.frame)): begun anew, so that peers may drop it"
        }
        return Item(
            "Path Requests of \(path.address): last forwarding number \(Hexadecimal.prefixed(path.forwardingNumber, digits: 2)), \(place(of: path.last))",
            details: [fall].compactMap(\.self) + [
                "go on with \(next), \(Self.forwardingMargin) above it, since some may have gone unheard; or wait \(Wording.span(.seconds(path.lifetimeSeconds))): until its paths expire, peers drop numbers that are less (modulo 256)"
            ])
    }

    private func item(_ change: NodeChange) -> Item {
        let what: Prose =
            switch change.kind {
            case .keysHandedOut: "was given keys"
            case .resetAsked: "was told to leave the network"
            case .reset:
                "says that it left the network: its address stays excluded until the IV Index has moved on twice"
            case .remoteProvisioning: "takes part in Remote Provisioning"
            }
        let times = change.count > 1 ? ", \(change.count)×" : ""
        return Item("\(change.node) \(what) (\(change.message)\(times)); last \(place(of: change.last))")
    }

    private func item(_ unacknowledged: TakeoverCard.Unacknowledged) -> Item {
        let messages = Wording.count(unacknowledged.count, "segmented message")
        return Item(
            "\(unacknowledged.node) acknowledged none of the last \(messages), and sent to the master since; last "
                + "\(place(of: unacknowledged.last))",
            details: [
                "It may hold a SeqAuth of the master that is too high, as old iOS libraries do: segmented messages alone are ignored until SEQ passes it."
            ])
    }
}

extension Wording {
    /// A phase of a Firmware Distribution Status.
    static func phase(_ phase: FirmwareDistribution.Phase) -> String {
        switch phase {
        case .idle: "that it is idle"
        case .transferActive: "that the transfer is active"
        case .transferSuccess: "that the receivers have the image and wait for Apply"
        case .applying: "that receivers apply the image"
        case .completed: "that it is complete"
        case .failed: "that it failed"
        case .cancelling: "that it is being cancelled"
        case .suspended: "that the transfer is suspended"
        }
    }

    /// What a configuration message told a node of a Key Refresh, or what the node says.
    static func keyRefresh(_ message: KeyRefreshMessage) -> String {
        switch message.kind {
        case .keyUpdate: "the new key was handed to \(message.node)"
        case .phaseSet: "\(message.node) was told to make transition \(message.phase)"
        case .phaseStatus: "\(message.node) says phase \(message.phase)"
        }
    }
}
