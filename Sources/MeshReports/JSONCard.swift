import ByteParsing
import CaptureFiles
import MeshEvidence
import MeshProtocol
import MeshTimelines
import MeshVerdict

/// `card` of a master in `meshscope.analysis/1`: what else dies with it. What was not heard is an empty list.
struct JSONCard: Encodable {
    typealias Nullable = JSONModel.Nullable

    /// Where something was heard.
    struct Place: Encodable {
        var time: String
        var capture: Int
        var frame: Int

        init(_ frame: FrameReference, _ times: CaptureTimes) {
            (time, capture, self.frame) = (times.date(frame.time), frame.capture, frame.number)
        }
    }

    struct Solicitation: Encodable {
        var source: String
        var lastSseq: UInt32
        var distinct: Int
        var last: Place
        var minimumSseq: Nullable<UInt32>
        var recommendedSseq: Nullable<UInt32>
        var margin: [JSONModel.Margin]
        /// An SSEQ that was heard long after a higher one.
        var fellTo: Nullable<UInt32>
    }

    struct KeyRefresh: Encodable {
        struct Message: Encodable {
            var kind: String
            var node: String
            var phase: UInt8
            var place: Place
        }

        var keyIndex: UInt16
        var phase: Nullable<UInt8>
        var networkId: String
        var oldNetworkId: Nullable<String>
        var beacons: Nullable<Place>
        var messages: [Message]
    }

    struct Transfer: Encodable {
        var client: String
        var blobId: String
        /// `in_flight`, `cancelled` or `complete`.
        var state: String
        var size: Nullable<UInt32>
        var blocks: Nullable<Int>
        var lastBlock: Nullable<UInt16>
        var ttl: UInt8
        var timeoutSeconds: Nullable<Int>
        var servers: [String]
        var first: Place
        var last: Place
    }

    struct Distribution: Encodable {
        var distributor: String
        var initiator: String
        /// What the Distributor said last, unless it was told something since.
        var phase: Nullable<String>
        var order: Nullable<String>
        var ttl: Nullable<UInt8>
        var timeoutSeconds: Nullable<Int>
        var imageIndex: Nullable<UInt16>
        var multicast: Nullable<String>
        var first: Place
        var last: Place
    }

    struct Reporter: Encodable {
        var source: String
        var destination: String
        var kind: String
        var periodSeconds: Nullable<Double>
        var count: Int
        var last: Place
    }

    struct Group: Encodable {
        var address: String
        var name: Nullable<String>
        var count: Int
        var last: Place
    }

    struct Friendship: Encodable {
        var lowPowerNode: String
        var count: Int
        var last: Place
    }

    struct Path: Encodable {
        var origin: String
        var forwardingNumber: UInt8
        var lifetimeSeconds: Int
        var count: Int
        var last: Place
        /// A lower number of the origin's own, heard later.
        var fellTo: Nullable<UInt8>
    }

    struct Node: Encodable {
        var address: String
        var kind: String
        var message: String
        var count: Int
        var first: Place
        var last: Place
    }

    struct Unacknowledged: Encodable {
        var node: String
        var count: Int
        var answers: Int
        var last: Place
    }

    var solicitations: [Solicitation]
    var otherSolicitations: [Solicitation]
    var keyRefresh: [KeyRefresh]
    var blobTransfers: [Transfer]
    var firmwareDistributions: [Distribution]
    var reporters: [Reporter]
    var groups: [Group]
    var friendships: [Friendship]
    var paths: [Path]
    var nodes: [Node]
    var unacknowledged: [Unacknowledged]
    var shortened: Bool
}

extension JSONCard {
    init(_ card: TakeoverCard, _ times: CaptureTimes) {
        func place(_ frame: FrameReference) -> Place { Place(frame, times) }
        solicitations = card.solicitations.map { .init($0, times) }
        otherSolicitations = card.otherSolicitations.map { .init($0, times) }
        keyRefresh = card.keyRefresh.map { .init($0, times) }
        blobTransfers = card.transfers.map { .init($0, times) }
        firmwareDistributions = card.distributions.map { .init($0, times) }
        reporters = card.reporters.map {
            .init(
                source: "\($0.source)", destination: "\($0.destination)", kind: $0.kind.rawValue,
                periodSeconds: .init($0.period.map { Double($0.components.seconds) }), count: $0.count,
                last: place($0.last))
        }
        groups = card.groups.map {
            .init(address: "\($0.address)", name: .init($0.name), count: $0.count, last: place($0.last))
        }
        friendships = card.friendships.map {
            .init(lowPowerNode: "\($0.lowPowerNode)", count: $0.count, last: place($0.last))
        }
        paths = card.paths.map {
            .init(
                origin: "\($0.address)", forwardingNumber: $0.forwardingNumber, lifetimeSeconds: $0.lifetimeSeconds,
                count: $0.count, last: place($0.last), fellTo: .init($0.fall?.to))
        }
        nodes = card.nodes.map {
            .init(
                address: "\($0.node)", kind: $0.kind.rawValue, message: $0.message, count: $0.count,
                first: place($0.first), last: place($0.last))
        }
        unacknowledged = card.unacknowledged.map {
            .init(node: "\($0.node)", count: $0.count, answers: $0.answers, last: place($0.last))
        }
        shortened = card.isShortened
    }
}

extension JSONCard.Solicitation {
    fileprivate init(_ solicitation: TakeoverCard.Solicitation, _ times: CaptureTimes) {
        self.init(
            source: "\(solicitation.address)", lastSseq: solicitation.last.value, distinct: solicitation.distinct,
            last: .init(solicitation.lastHeard, times), minimumSseq: .init(solicitation.answer?.minimum.value),
            recommendedSseq: .init(solicitation.answer?.recommended.value),
            margin: (solicitation.answer?.margin ?? []).map {
                .init(term: $0.term.rawValue, value: $0.value, reason: Wording.reason(of: $0))
            }, fellTo: .init(solicitation.fall?.to.value))
    }
}

extension JSONCard.KeyRefresh {
    fileprivate init(_ refresh: TakeoverCard.KeyRefresh, _ times: CaptureTimes) {
        self.init(
            keyIndex: refresh.keyIndex.value, phase: .init(refresh.phase),
            networkId: Hexadecimal.text(refresh.networkID, digits: 16),
            oldNetworkId: .init(refresh.oldNetworkID.map { Hexadecimal.text($0, digits: 16) }),
            beacons: .init(refresh.beacons.map { .init($0.record.last, times) }),
            messages: refresh.messages.map {
                .init(kind: $0.kind.rawValue, node: "\($0.node)", phase: $0.phase, place: .init($0.frame, times))
            })
    }
}

extension JSONCard.Transfer {
    fileprivate init(_ transfer: BLOBTransfer, _ times: CaptureTimes) {
        self.init(
            client: "\(transfer.client)", blobId: Hexadecimal.text(transfer.id, digits: 16),
            state: transfer.end?.rawValue ?? "in_flight", size: .init(transfer.size), blocks: .init(transfer.blocks),
            lastBlock: .init(transfer.lastBlock), ttl: transfer.ttl, timeoutSeconds: .init(transfer.timeout),
            servers: transfer.servers.map { "\($0)" }, first: .init(transfer.first, times),
            last: .init(transfer.last, times))
    }
}

extension JSONCard.Distribution {
    fileprivate init(_ distribution: FirmwareDistribution, _ times: CaptureTimes) {
        let parameters = distribution.parameters
        self.init(
            distributor: "\(distribution.distributor)", initiator: "\(distribution.initiator)",
            phase: .init(distribution.phase?.rawValue), order: .init(distribution.order), ttl: .init(parameters?.ttl),
            timeoutSeconds: .init(parameters?.timeout),
            imageIndex: .init(parameters?.imageIndex), multicast: .init(parameters?.multicast.map { "\($0)" }),
            first: .init(distribution.first, times), last: .init(distribution.last, times))
    }
}
