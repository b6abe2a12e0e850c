/// The JSON of `meshscope.analysis/1`: types apart from the inner ones, so that those may change and these do not.
///
/// Names are the snake case of the properties. A `Nullable` is written as `null`, an optional is left out.
struct JSONModel: HasLongList {
    /// What wrote the report.
    struct Tool: Encodable {
        var name = "meshscope"
        var version: String
    }

    var schema = "meshscope.analysis/1"
    var tool: Tool?
    var captures: [Capture]
    /// `Network`.
    var networks: LongList
    /// The first of `masters`.
    var master: Nullable<Master>
    var masters: [Master]
    var unusableCaptures: [UnusableCapture]
    var closedSolicitations: Int
    var unopened: [Unopened]
    var foreignBeacons: [ForeignBeacon]
    var foreignPrivateBeacons: Int
    var foreignProxyServers: [ForeignProxyServers]
    var proxyServers: [ProxyServer]
    var unprovisionedDevices: [UnprovisionedDevice]
    var provisioningLinks: [ProvisioningLink]
    /// Only where the answer rests on a kept state.
    var listening: Listening?
    var findings: [Finding]

    var longList: LongList { networks }

    /// When somebody listened.
    struct Listening: Encodable {
        struct Gap: Encodable {
            var from: String
            var to: String
            var seconds: Int64
        }

        var since: String
        var until: String
        var goesOn: Bool
        var runs: Int
        var silentSeconds: Int64
        var gaps: [Gap]
    }

    struct Nullable<Value: Encodable>: Encodable {
        var value: Value?

        init(_ value: Value?) {
            self.value = value
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            if let value { try container.encode(value) } else { try container.encodeNil() }
        }
    }

    struct Capture: Encodable {
        var path: String
        var format: String
        var linkTypes: [UInt32]
        var frames: Int
        var crcFailed: Int
        var firstTime: Nullable<String>
        var lastTime: Nullable<String>
        var complete: Bool
        var failure: String?
        var alignment: Alignment?
        /// Of the file, where the report says where it comes from.
        var sha256: Nullable<String>?
    }

    struct Alignment: Encodable {
        /// Seconds that were taken off the capture's times.
        var clockOffset: Double
        var reference: Nullable<Int>
        var commonPdus: Int
        var distinctPdus: Int
        var onlyHere: Int
    }

    struct UnusableCapture: Encodable {
        var path: String
        var reason: String
    }

    struct Network: HasLongList {
        var name: Nullable<String>
        var subnets: [Subnet]
        var iv: Nullable<IV>
        var givenIvIndex: UInt32?
        var ivTimeline: [IVRecord]
        var replacement: Replacement?
        var pdus: PDUs
        /// `Source`.
        var sources: LongList
        /// Where the key file has more than one NetKey.
        var keyAudit: KeyAudit?
        /// Where nobody named the master and none stands out.
        var masterCandidates: [Candidate]?

        var longList: LongList { sources }
    }

    struct Subnet: Encodable {
        var keyIndex: UInt16
        var networkId: String
        var nid: UInt8
        var name: Nullable<String>
        var oldNetworkId: Nullable<String>
        var beacons: Beacons
        var keyRefresh: [KeyRefresh]
        /// Seconds.
        var beaconInterval: Nullable<Double>
        var beaconMarks: [BeaconMark]
    }

    struct BeaconMark: Encodable {
        var time: String
        var ivIndex: UInt32
        var updateInProgress: Bool
        var count: Int
        var capture: Int
        var frame: Int
    }

    struct Replacement: Encodable {
        var startIvIndex: UInt32
        var steps: [ReplacementStep]
    }

    struct ReplacementStep: Encodable {
        var index: UInt32
        var updateInProgress: Bool
        var capture: Int
        var frame: Int
        var outcome: String
        var ownIndex: UInt32
        var ownUpdateInProgress: Bool
        var ownTransmitIndex: UInt32
        var peersHoldSeq: UInt32?
    }

    struct KeyRefresh: Encodable {
        var phase: String
        var flag: Bool
        var firstTime: String
        var lastTime: String
        var count: Int
        var capture: Int
        var frame: Int
    }

    struct Beacons: Encodable {
        var authentic: Int
        var notAuthentic: Int
    }

    struct IV: Encodable {
        var index: UInt32
        var updateInProgress: Bool
        /// How many distinct PDUs open under it, where it was found by a search.
        var confirmedBy: Int?
        var transmitIndex: UInt32
        /// The evidence fits the next state as well: (index + 1, in progress).
        var mayBeInProgress: Bool
        var evidence: String
        var time: String
        var capture: Int
        var frame: Int
    }

    struct IVRecord: Encodable {
        var index: UInt32
        var updateInProgress: Bool
        var firstTime: String
        var lastTime: String
        var evidence: String
        var count: Int
        var capture: Int
        var frame: Int
    }

    struct PDUs: Encodable {
        var heard: Int
        var opened: Int
        var distinct: Int
        var notOpened: Int
    }

    struct Source: Encodable {
        var address: String
        var name: Nullable<String>
        var epochs: [Epoch]
        var recovery: Recovery
        var marks: [Mark]
        var replays: [Mark]
    }

    /// A SEQ, and where it was heard.
    struct Mark: Encodable {
        var time: String
        var ivIndex: UInt32
        var seq: UInt32
        var distinct: Int
        var capture: Int
        var frame: Int
    }

    struct Epoch: Encodable {
        var ivIndex: UInt32
        var firstSeq: UInt32
        var lastSeq: UInt32
        var distinct: Int
        var heard: Int
        var missed: Int
        var skipped: UInt32
        /// SEQ heard ÷ SEQ used, four decimals.
        var coverage: Double
        var longestMissedRun: Int
        var firstTime: String
        var lastTime: String
        var lastCapture: Int
        var lastFrame: Int
    }

    struct Recovery: Encodable {
        var verdict: String
        var ivIndex: UInt32?
        var updateInProgress: Bool?
        var transmitIvIndex: UInt32?
        var lastSeq: UInt32?
        var minimumSeq: UInt32?
        var recommendedSeq: UInt32?
        var margin: [Margin]?
        var basis: Basis?
        var lastHeard: String?
        /// Where times are dates.
        var validUntil: Nullable<String>?
        /// Behind the end of the captures.
        var validForSeconds: Nullable<Int64>?
    }

    /// How long the source was heard, and how long it may have sent unheard; seconds, rounded down.
    struct Basis: Encodable {
        var kind: String
        var heardSeconds: Int64
        var unheardSeconds: Int64
        var assumesNoRestart: Bool
    }

    struct KeyAudit: Encodable {
        struct Key: Encodable {
            var keyIndex: UInt16?
            var old: Bool?
            var aid: UInt8?
            var address: String?
            var opened: Int
            var outcome: String
        }

        struct Node: Encodable {
            var address: String
            var heard: Bool
        }

        struct UnknownAID: Encodable {
            var aid: UInt8
            var messages: Int
        }

        var netKeys: [Key]
        var appKeys: [Key]
        var deviceKeys: [Key]
        var nodes: [Node]
        var unknownAddresses: [String]
        var unknownAids: [UnknownAID]
    }

    struct Longer: Encodable {
        var seconds: Int64
        var recommendedSeq: Nullable<UInt32>
    }

    struct Margin: Encodable {
        var term: String
        var value: UInt32
        var reason: String
    }

    struct Master: Encodable {
        var network: Int
        var address: String
        var chosenBy: String
        var reasons: [String]
        var runnerUp: Nullable<Candidate>
        var elements: [String]
        var newAddress: String?
        /// The verdict of the node: the highest of its elements' verdicts.
        var verdict: String
        var ivIndex: UInt32?
        var updateInProgress: Bool?
        var transmitIvIndex: UInt32?
        var lastSeq: UInt32?
        var minimumSeq: UInt32?
        var recommendedSeq: UInt32?
        /// Where times are dates.
        var validUntil: Nullable<String>?
        /// Where nobody says when it failed.
        var ifItLivedOn: [Longer]?
        var card: JSONCard?
    }

    struct Candidate: Encodable {
        var address: String
        var reasons: [String]
    }

    struct Unopened: Encodable {
        var nid: UInt8
        var heard: Int
    }

    struct ForeignBeacon: Encodable {
        var networkId: String
        var heard: Int
        var firstCapture: Int
        var firstFrame: Int
    }

    struct ForeignProxyServers: Encodable {
        var networkId: String
        var heard: Int
        var devices: Int
    }

    struct ProxyServer: Encodable {
        var network: Int
        var address: Nullable<String>
        var heard: Int
        var firstCapture: Int
        var firstFrame: Int
    }

    struct UnprovisionedDevice: Encodable {
        var uuid: String
        var oob: [String]
        var uriHash: Nullable<String>
        var uri: Nullable<String>
        var heard: Int
        var firstCapture: Int
        var firstFrame: Int
    }

    struct ProvisioningLink: Encodable {
        var bearer: String
        var linkId: Nullable<String>
        var deviceUuid: Nullable<String>
        var algorithm: Nullable<String>
        var elements: Nullable<UInt8>
        var transactions: Int
        var damagedTransactions: Int
        var pdus: [ProvisioningPDU]
        var complete: Bool
        var closed: Nullable<String>
        var failure: Nullable<String>
        var heard: Int
        var firstCapture: Int
        var firstFrame: Int
        var lastCapture: Int
        var lastFrame: Int
    }

    struct ProvisioningPDU: Encodable {
        var name: String
        var fromProvisioner: Bool
        var capture: Int
        var frame: Int
    }

    struct Finding: Encodable {
        var kind: String
        var severity: String
        var count: Int
        var network: Nullable<Int>
        var source: Nullable<String>
        var captures: [Int]
        var frames: [Int]
        /// The same as a sentence.
        var message: String
        var detail: [String: Detail]
    }

    enum Detail: Encodable, Hashable {
        case integer(Int64)
        case flag(Bool)
        case text(String)

        static func number(_ value: some BinaryInteger) -> Detail { .integer(Int64(clamping: value)) }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .integer(let number): try container.encode(number)
            case .flag(let flag): try container.encode(flag)
            case .text(let text): try container.encode(text)
            }
        }
    }
}
