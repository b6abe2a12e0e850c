import ByteParsing
import FoundationEssentials
public import MeshProtocol

/// What really happened, from the simulation's own books: what was sent, and what of it stands in the capture.
public struct SimulationTruth: Sendable {
    /// What the capture holds of one source under one IV Index.
    public struct Epoch: Sendable {
        /// The lowest SEQ that it holds.
        public var first: UInt32
        /// The highest SEQ that it holds.
        public var last: UInt32
        /// Every SEQ that it holds.
        public var sequences: Set<UInt32> = []
        /// Copies in the capture that can be read.
        public var heard = 0
    }

    /// What one source did.
    public struct Source: Sendable {
        /// By IV Index.
        public var epochs: [UInt32: Epoch] = [:]
        /// The last SEQ that the source used, heard or not.
        public var lastUsed: SequencePosition?
    }

    /// What happened in one network.
    public struct Network: Sendable {
        /// The highest state that a readable beacon in the capture says.
        public var beaconState: IVState?
        /// How many readable beacons the capture holds, by subnet.
        public var beacons: [Int] = []
        /// By unicast address.
        public var sources: [UInt16: Source] = [:]
        /// Access payloads under keys that the key file has or the capture hands out, of which every segment was captured;
        /// hexadecimal.
        public var messages: [String] = []
    }

    /// The scenario's name.
    public var scenario = ""
    /// The seed that it was played with.
    public var seed: UInt64 = 0
    /// In the order of their keys.
    public var networks: [Network] = []
    /// The unicast address of the failed master; `nil` where none fails.
    public var master: UInt16?
    /// In the order of the links.
    public var provisioning: [ProvisioningTruth] = []
    /// What of the master's management can be opened.
    public var management = ManagementTruth()
    /// PDUs and beacons of networks that nobody has keys of.
    public var foreignPDUs = 0
    /// Beacons of networks that nobody has keys of.
    public var foreignBeacons = 0

    mutating func hear(_ position: SequencePosition, from source: UInt16, network: Int) {
        let (index, sequence) = (position.ivIndex.value, position.sequence.value)
        var epoch =
            networks[network].sources[source, default: Source()].epochs[index] ?? Epoch(first: sequence, last: sequence)
        epoch.first = min(epoch.first, sequence)
        epoch.last = max(epoch.last, sequence)
        epoch.sequences.insert(sequence)
        epoch.heard += 1
        networks[network].sources[source, default: Source()].epochs[index] = epoch
    }

    /// What an analysis can know at best: the beacons' state, or a newer one that a readable PDU proves.
    public func state(ofNetwork network: Int) -> IVState? {
        let indexes = networks[network].sources.values.flatMap(\.epochs.keys)
        guard let beacons = networks[network].beaconState else {
            // Without a beacon, what PDUs prove.
            return indexes.max().map { .normalOperation(IVIndex($0)) }
        }
        let newest = indexes.max() ?? 0
        return newest > beacons.transmitIndex.value ? .normalOperation(IVIndex(newest)) : beacons
    }
}

extension SimulationTruth {
    private struct Document: Encodable {
        var schema = "meshscope.truth/1"
        var scenario: String
        var seed: UInt64
        var master: String?
        var networks: [NetworkDocument]
        var foreign_pdus: Int
        var foreign_beacons: Int
    }

    private struct NetworkDocument: Encodable {
        var iv_index: UInt32?
        var update_in_progress: Bool?
        var beacons: [Int]
        var sources: [SourceDocument]
    }

    private struct SourceDocument: Encodable {
        var address: String
        var last_used_iv_index: UInt32?
        var last_used_seq: UInt32?
        var epochs: [EpochDocument]
    }

    private struct EpochDocument: Encodable {
        var iv_index: UInt32
        var first_seq: UInt32
        var last_seq: UInt32
        var distinct: Int
        var heard: Int
    }

    /// The truth as one JSON object of schema `meshscope.truth/1`.
    ///
    /// - Throws: `EncodingError`, for a number that JSON cannot say; no truth has one.
    public func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let documents: [NetworkDocument] = self.networks.enumerated().map { index, network in
            let state = self.state(ofNetwork: index)
            return NetworkDocument(
                iv_index: state?.index.value, update_in_progress: state?.isUpdateInProgress, beacons: network.beacons,
                sources: network.sources.sorted { $0.key < $1.key }.map { self.document(of: $1, address: $0) })
        }
        let document = Document(
            scenario: scenario, seed: seed, master: master.map { "\(MeshAddress($0))" }, networks: documents,
            foreign_pdus: foreignPDUs, foreign_beacons: foreignBeacons)
        return String(decoding: try encoder.encode(document), as: UTF8.self) + "\n"
    }

    private func document(of source: Source, address: UInt16) -> SourceDocument {
        SourceDocument(
            address: "\(MeshAddress(address))", last_used_iv_index: source.lastUsed?.ivIndex.value,
            last_used_seq: source.lastUsed?.sequence.value,
            epochs: source.epochs.sorted { $0.key < $1.key }.map {
                EpochDocument(
                    iv_index: $0, first_seq: $1.first, last_seq: $1.last, distinct: $1.sequences.count, heard: $1.heard)
            })
    }
}
